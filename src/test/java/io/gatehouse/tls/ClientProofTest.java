package io.gatehouse.tls;

import static io.gatehouse.tls.KeyExchangeTest.message;
import static io.gatehouse.tls.KeyExchangeTest.record;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.tls.CertificateRefused.Code;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a client of TLS 1.2 proves its key with, however its bytes are cut; and what comes before and behind. */
class ClientProofTest {
    private static final ByteBuf CHANGE = record(20, Unpooled.buffer().writeByte(1));

    private static ByteBuf verify(int algorithm) {
        return message(
                15, Unpooled.buffer().writeShort(algorithm).writeShort(64).writeZero(64));
    }

    private static ByteBuf certificate(int bytes) {
        return message(
                11, Unpooled.buffer().writeMedium(bytes + 3).writeMedium(bytes).writeZero(bytes));
    }

    /** Reads a flight in pieces of one length. */
    private static ClientProof read(int piece, ByteBuf... flight) {
        ClientProof proof = new ClientProof();
        ByteBuf all = Unpooled.wrappedBuffer(flight);
        while (all.isReadable()) {
            proof.read(all.readSlice(Math.min(piece, all.readableBytes())));
        }
        return proof;
    }

    private static String said(ClientProof proof) {
        return proof.refusal()
                .map(refused -> {
                    assertThat(refused.code()).isEqualTo(Code.CERT_WEAK_PROOF);
                    return refused.getMessage();
                })
                .orElse("");
    }

    @ParameterizedTest
    @CsvSource({
        "0x0401, ''", // RSA with SHA-256
        "0x0403, ''",
        "0x0503, ''",
        "0x0601, ''",
        "0x0804, ''", // RSA-PSS
        "0x0807, ''", // Ed25519
        "0x0201, the client proves its key with SHA-1",
        "0x0203, the client proves its key with SHA-1",
        "0x0101, the client proves its key with MD5",
        "0x0303, the client proves its key with SHA-224",
        "0x0001, the client proves its key with algorithm 0x0001",
        "0x0707, the client proves its key with algorithm 0x0707",
        "0xff01, the client proves its key with algorithm 0xff01"
    })
    void proof_ofAlgorithm_isRefusedUnlessItIsNamed(String algorithm, String why) {
        int number = Integer.decode(algorithm);
        for (int piece : new int[] {1, 7, 100_000}) {
            ByteBuf one = Unpooled.wrappedBuffer(
                    record(22, certificate(600)),
                    record(22, message(16, Unpooled.buffer().writeZero(66))));
            assertThat(said(read(piece, one, record(22, verify(number)), CHANGE.duplicate())))
                    .isEqualTo(why);
            // three messages in one record, and one message in a record for each byte
            ByteBuf together = Unpooled.wrappedBuffer(certificate(600), verify(number));
            assertThat(said(read(piece, record(22, together)))).isEqualTo(why);
            ByteBuf alone = verify(number);
            ByteBuf scattered = Unpooled.buffer();
            while (alone.isReadable()) {
                scattered.writeBytes(record(22, alone.readSlice(1)));
            }
            assertThat(said(read(piece, scattered))).isEqualTo(why);
        }
    }

    /** It may not be used to look away. */
    @Test
    void alert_beforeTheProof_doesNotEndTheLook() {
        ByteBuf warning = record(21, Unpooled.buffer().writeShort(0x0164));
        assertThat(said(read(3, warning, record(22, verify(0x0201))))).contains("SHA-1");
        assertThat(said(read(3, record(22, message(15, Unpooled.EMPTY_BUFFER)))))
                .contains("0x0000");
    }

    @Test
    void change_orWhatIsEncrypted_endsTheLook_andHowMuchComesBehindDoesNotMatter() {
        ClientProof resumed =
                read(100_000, CHANGE.duplicate(), Unpooled.buffer().writeZero(90_000));
        assertThat(resumed.isDone()).isTrue();
        assertThat(resumed.refusal()).isEmpty();
        ClientProof encrypted = read(5, record(23, Unpooled.buffer().writeZero(40)));
        assertThat(encrypted.isDone()).isTrue();
        assertThat(encrypted.refusal()).isEmpty();
        ClientProof good =
                read(100_000, record(22, verify(0x0403)), Unpooled.buffer().writeZero(99_000));
        assertThat(good.isDone()).isTrue();
        assertThat(good.refusal()).isEmpty();
    }

    @Test
    void flight_withoutEnd_isRefused() {
        ClientProof proof = new ClientProof();
        ByteBuf begun =
                record(22, Unpooled.buffer().writeByte(11).writeMedium(0xFFFFFF).writeZero(16_000));
        for (int i = 0; i < 6; i++) {
            proof.read(i == 0 ? begun : record(22, Unpooled.buffer().writeZero(16_000)));
        }
        assertThat(proof.isDone()).isTrue();
        assertThat(said(proof)).contains("more than 65536 bytes");
    }

    @Test
    void nonsense_doesNoHarm() {
        Random random = new Random(11);
        for (int i = 0; i < 5_000; i++) {
            byte[] bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            ByteBuf body = Unpooled.wrappedBuffer(bytes);
            int type = random.nextBoolean() ? 11 : 15;
            read(9, record(22, random.nextBoolean() ? body : message(type, body)), record(22, verify(0x0201)));
        }
    }
}
