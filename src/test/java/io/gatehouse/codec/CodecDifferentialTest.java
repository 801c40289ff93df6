package io.gatehouse.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.ProtocolVersion;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.mqtt.MqttMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Netty's codec says what ours says, in both directions, but for a list of known disagreements. */
class CodecDifferentialTest {
    private static final long SEED = 20261126L;
    private static final int ROUNDS = Integer.getInteger("gatehouse.codec.rounds", 25);
    private static final CodecLimits WIDE = new CodecLimits(1 << 20, 1 << 20, 32, 1024, 64, 1 << 20, 64);

    @ParameterizedTest
    @EnumSource(ProtocolVersion.class)
    void ofClient_ourBytesAndNettys_sayTheSamePacket(ProtocolVersion version) {
        RandomPackets packets = new RandomPackets(SEED);
        for (int round = 0; round < ROUNDS; round++) {
            List<Packet> sent = new ArrayList<>(List.of(packets.connect(version)));
            sent.addAll(packets.everyKind(version.isMqtt5()));
            PacketDecoder ours = new PacketDecoder(WIDE);
            try (NettyCodec netty = new NettyCodec()) {
                for (Packet packet : sent) {
                    MqttMessage read = netty.decode(ourBytes(packet, version));
                    assertSays(read, packet, version);
                    ByteBuf theirs = netty.encode(read);
                    assertThat(ours.decode(theirs)).usingRecursiveComparison().isEqualTo(packet);
                    assertThat(theirs.isReadable()).isFalse();
                    theirs.release();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ProtocolVersion.class)
    void ofServer_ourBytes_sayTheSamePacketToNetty(ProtocolVersion version) {
        RandomPackets packets = new RandomPackets(SEED);
        for (int round = 0; round < ROUNDS; round++) {
            try (NettyCodec netty = new NettyCodec()) {
                NettyCodec.release(netty.decode(ourBytes(packets.connect(version), version)));
                for (Packet packet : packets.everyKindOfServer(version.isMqtt5())) {
                    MqttMessage read = netty.decode(ourBytes(packet, version));
                    assertSays(read, packet, version);
                    NettyCodec.release(read);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void disagreement_thatIsKnown_isThereStill(Disagreement known) {
        Verdicts verdicts = judge(known.afterConnect(), known.version(), ByteBufUtil.decodeHexDump(known.hex()));

        assertThat(verdicts.nettyAccepts()).as(verdicts.toString()).isNotEqualTo(known.oursAccepts());
        if (known.oursAccepts()) {
            assertThat(verdicts.ours).isNull();
        } else {
            assertThat(verdicts.ours).matches(known::explains);
        }
    }

    /** Packets with a mistake or two in them: both refuse, both say the same, or the disagreement is a known one. */
    @Test
    void mutated_bothSayTheSameOrTheDisagreementIsKnown() {
        Random random = new Random(SEED);
        RandomPackets packets = new RandomPackets(SEED);
        for (int round = 0; round < 100 * ROUNDS; round++) {
            ProtocolVersion version = ProtocolVersion.values()[random.nextInt(3)];
            boolean afterConnect = random.nextInt(4) != 0;
            List<Packet> kinds = packets.everyKind(version.isMqtt5());
            Packet packet = afterConnect ? kinds.get(random.nextInt(kinds.size())) : packets.connect(version);
            ByteBuf encoded = ourBytes(packet, version);
            byte[] bytes = Mutation.of(ByteBufUtil.getBytes(encoded), random);

            Verdicts verdicts = judge(afterConnect, version, bytes);

            String what = "seed %d, round %d, %s %s: %s"
                    .formatted(SEED, round, version, ByteBufUtil.hexDump(bytes), verdicts);
            if (verdicts.ours == null) {
                boolean known = verdicts.nettyRefuses && Mutation.isBridgeOrDupOfMqtt31(version, bytes)
                        || verdicts.nettyWaits && Mutation.isConnectOfMqtt31(version, bytes);
                assertThat(known || verdicts.same).as(what).isTrue();
            } else if (verdicts.nettyAccepts()) {
                assertThat(Disagreement.values()).as(what).anyMatch(known -> known.explains(verdicts.ours));
            }
        }
    }

    /**
     * What both made of the same bytes.
     *
     * @param ours our complaint; null: accepted
     * @param nettyWaits Netty's reader does not end with the packet: a field that is longer than its packet is read from
     *     the bytes of the next one, which are not there
     */
    private record Verdicts(@Nullable String ours, boolean nettyRefuses, boolean nettyWaits, boolean same) {
        boolean nettyAccepts() {
            return !nettyRefuses && !nettyWaits;
        }
    }

    private static Verdicts judge(boolean afterConnect, ProtocolVersion version, byte[] bytes) {
        PacketDecoder ours = new PacketDecoder(WIDE);
        try (NettyCodec netty = new NettyCodec()) {
            if (afterConnect) {
                Packet connect = new RandomPackets(SEED).connect(version);
                ours.decode(ourBytes(connect, version));
                NettyCodec.release(netty.decode(ourBytes(connect, version)));
            }
            String complaint = null;
            Packet packet = null;
            try {
                packet = ours.decode(Unpooled.wrappedBuffer(bytes));
                assertThat(packet).isNotNull();
            } catch (MalformedPacket malformed) {
                complaint = malformed.getMessage();
            }
            MqttMessage read = netty.decode(Unpooled.wrappedBuffer(bytes));
            boolean refused = read != null && read.decoderResult().isFailure();
            boolean same = packet != null
                    && read != null
                    && !refused
                    && NettyCodec.packet(read, version).getClass() == packet.getClass();
            if (same) {
                assertThat(NettyCodec.packet(read, version))
                        .as(ByteBufUtil.hexDump(bytes))
                        .usingRecursiveComparison()
                        .isEqualTo(packet);
            }
            if (read != null) {
                NettyCodec.release(read);
            }
            return new Verdicts(complaint, refused, read == null, same);
        }
    }

    private static void assertSays(MqttMessage read, Packet packet, ProtocolVersion version) {
        assertThat(read).as("%s is one packet", packet).isNotNull();
        assertThat(read.decoderResult().cause()).as("%s", packet).isNull();
        assertThat(NettyCodec.packet(read, version))
                .as("seed %d", SEED)
                .usingRecursiveComparison()
                .isEqualTo(packet);
    }

    private static ByteBuf ourBytes(Packet packet, ProtocolVersion version) {
        ByteBuf out = Unpooled.buffer();
        PacketEncoder.encode(packet, version, out);
        return out;
    }
}
