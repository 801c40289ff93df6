package io.gatehouse.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is read of a server's first flight, byte by byte and all at once; and that nonsense does no harm. */
class KeyExchangeTest {
    static ByteBuf record(int type, ByteBuf body) {
        return Unpooled.buffer()
                .writeByte(type)
                .writeShort(0x0303)
                .writeShort(body.readableBytes())
                .writeBytes(body);
    }

    static ByteBuf message(int type, ByteBuf body) {
        return Unpooled.buffer()
                .writeByte(type)
                .writeMedium(body.readableBytes())
                .writeBytes(body);
    }

    private static ByteBuf hello(int session, ByteBuf extensions) {
        return message(
                2,
                Unpooled.buffer()
                        .writeShort(0x0303)
                        .writeZero(32)
                        .writeByte(session)
                        .writeZero(session)
                        .writeShort(0x1301)
                        .writeByte(0)
                        .writeShort(extensions.readableBytes())
                        .writeBytes(extensions));
    }

    private static ByteBuf extension(int type, ByteBuf body) {
        return Unpooled.buffer()
                .writeShort(type)
                .writeShort(body.readableBytes())
                .writeBytes(body);
    }

    private static ByteBuf tls13(int group) {
        return record(
                22,
                hello(
                        32,
                        Unpooled.wrappedBuffer(
                                extension(43, Unpooled.buffer().writeShort(0x0304)),
                                extension(
                                        51,
                                        Unpooled.buffer()
                                                .writeShort(group)
                                                .writeShort(2)
                                                .writeShort(7)))));
    }

    private static String whole(ByteBuf... flight) {
        KeyExchange exchange = new KeyExchange();
        exchange.read(Unpooled.wrappedBuffer(flight));
        return exchange.group();
    }

    private static String byByte(ByteBuf... flight) {
        KeyExchange exchange = new KeyExchange();
        ByteBuf all = Unpooled.wrappedBuffer(flight);
        while (all.isReadable()) {
            exchange.read(all.readSlice(1));
        }
        return exchange.group();
    }

    @Test
    void group_ofTls13_isThatOfTheKeyShare() {
        assertThat(whole(tls13(0x11EC))).isEqualTo("X25519MLKEM768");
        assertThat(byByte(tls13(29))).isEqualTo("x25519");
        assertThat(whole(tls13(0x6399))).isEqualTo("other");
    }

    @Test
    void group_ofTls12_isThatOfTheServerKeyExchange_behindALongChain() {
        ByteBuf flight = Unpooled.wrappedBuffer(
                hello(0, Unpooled.EMPTY_BUFFER),
                message(11, Unpooled.buffer().writeZero(20_000)),
                message(12, Unpooled.buffer().writeByte(3).writeShort(24).writeZero(90)));
        ByteBuf first = record(22, flight.readSlice(16_000));
        ByteBuf second = record(22, flight);
        assertThat(whole(first.duplicate(), second.duplicate())).isEqualTo("secp384r1");
        assertThat(byByte(first, second)).isEqualTo("secp384r1");
    }

    @Test
    void group_ofAResumedSessionOfTls12_isNone() {
        ByteBuf hello = record(22, hello(32, Unpooled.EMPTY_BUFFER));
        assertThat(byByte(hello, record(20, Unpooled.buffer().writeByte(1)))).isEqualTo(KeyExchange.NONE);
    }

    @Test
    void nonsense_isUnknown_andDoesNoHarm() {
        assertThat(whole(record(21, Unpooled.buffer().writeShort(0x0228)))).isEqualTo(KeyExchange.UNKNOWN);
        assertThat(whole(record(22, message(2, Unpooled.buffer().writeZero(3)))))
                .isEqualTo(KeyExchange.UNKNOWN);
        KeyExchange endless = new KeyExchange();
        for (int i = 0; i < 10; i++) {
            endless.read(record(22, message(11, Unpooled.buffer().writeZero(16_000))));
        }
        assertThat(endless.isDone()).isFalse();
        endless.read(
                record(22, Unpooled.buffer().writeByte(11).writeMedium(0xFFFFFF).writeZero(16_000)));
        for (int i = 0; i < 5; i++) {
            endless.read(record(22, Unpooled.buffer().writeZero(16_000)));
        }
        assertThat(endless.isDone()).isTrue();
        assertThat(endless.group()).isEqualTo(KeyExchange.UNKNOWN);
        Random random = new Random(7);
        for (int i = 0; i < 5_000; i++) {
            byte[] bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            ByteBuf body = Unpooled.wrappedBuffer(bytes);
            new KeyExchange().read(record(22, random.nextBoolean() ? body : message(2, body)));
        }
    }
}
