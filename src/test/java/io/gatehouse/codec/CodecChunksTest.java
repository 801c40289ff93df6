package io.gatehouse.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.ProtocolVersion;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A network may cut and join a stream as it likes: the packets are the same, in the same order. */
class CodecChunksTest {
    private static final long SEED = 20261125L;
    private static final CodecLimits WIDE = new CodecLimits(1 << 20, 1 << 20, 32, 1024, 64, 1 << 20, 64);

    @ParameterizedTest
    @EnumSource(ProtocolVersion.class)
    void decode_ofEveryKindCutAtEveryByte_waitsAndLosesNothing(ProtocolVersion version) {
        RandomPackets packets = new RandomPackets(SEED);
        Packet.Connect connect = packets.connect(version);
        for (Packet packet : packets.everyKind(version.isMqtt5())) {
            ByteBuf all = Unpooled.buffer();
            PacketEncoder.encode(connect, version, all);
            int first = all.writerIndex();
            PacketEncoder.encode(packet, version, all);
            int end = all.writerIndex();
            for (int cut = packet instanceof Packet.Publish ? 0 : first; cut < Math.min(end, 1000); cut++) {
                PacketDecoder decoder = new PacketDecoder(WIDE);
                ByteBuf part = Unpooled.buffer();
                part.writeBytes(all, 0, cut);
                List<Packet> got = drain(decoder, part);
                assertThat(got).as("%s cut at %d", packet, cut).hasSize(cut < first ? 0 : 1);
                part.writeBytes(all, cut, end - cut);
                got.addAll(drain(decoder, part));
                assertSame(got, List.of(connect, packet));
                part.release();
            }
            all.release();
        }
    }

    @ParameterizedTest
    @EnumSource(ProtocolVersion.class)
    void decode_ofEveryKindByteByByte_waitsAndLosesNothing(ProtocolVersion version) {
        RandomPackets packets = new RandomPackets(SEED + 1);
        List<Packet> sent = new ArrayList<>(List.of(packets.connect(version)));
        sent.addAll(packets.everyKind(version.isMqtt5()));

        assertSame(decodeInChunks(encoded(sent, version), () -> 1), sent);
    }

    @ParameterizedTest
    @EnumSource(ProtocolVersion.class)
    void decode_ofManyInOneReadAndInRandomChunks_isTheSame(ProtocolVersion version) {
        RandomPackets packets = new RandomPackets(SEED + 2);
        List<Packet> sent = new ArrayList<>(List.of(packets.connect(version)));
        for (int i = 0; i < 100; i++) {
            sent.add(packets.next(version.isMqtt5()));
        }
        ByteBuf all = encoded(sent, version);

        assertSame(decodeInChunks(all, all::readableBytes), sent);
        for (int round = 0; round < 10; round++) {
            Random random = new Random(SEED + round);
            int most = 1 << random.nextInt(15);
            assertSame(decodeInChunks(all, () -> 1 + random.nextInt(most)), sent);
        }
        all.release();
    }

    private interface Sizes {
        int next();
    }

    /** As a connection does it: what is not a whole packet yet stays, and the next chunk is put behind it. */
    private static List<Packet> decodeInChunks(ByteBuf all, Sizes sizes) {
        PacketDecoder decoder = new PacketDecoder(WIDE);
        ByteBuf unread = Unpooled.buffer();
        List<Packet> got = new ArrayList<>();
        for (int at = 0; at < all.writerIndex(); ) {
            int size = Math.min(sizes.next(), all.writerIndex() - at);
            unread.discardReadBytes().writeBytes(all, at, size);
            at += size;
            got.addAll(drain(decoder, unread));
        }
        assertThat(unread.isReadable()).isFalse();
        unread.release();
        return got;
    }

    private static void assertSame(List<Packet> got, List<Packet> sent) {
        assertThat(got)
                .as("seed %d", SEED)
                .usingRecursiveFieldByFieldElementComparator()
                .isEqualTo(sent);
    }

    private static ByteBuf encoded(List<Packet> packets, ProtocolVersion version) {
        ByteBuf out = Unpooled.buffer();
        packets.forEach(packet -> PacketEncoder.encode(packet, version, out));
        return out;
    }

    private static List<Packet> drain(PacketDecoder decoder, ByteBuf bytes) {
        List<Packet> packets = new ArrayList<>();
        for (Packet packet = decoder.decode(bytes); packet != null; packet = decoder.decode(bytes)) {
            packets.add(packet);
        }
        return packets;
    }
}
