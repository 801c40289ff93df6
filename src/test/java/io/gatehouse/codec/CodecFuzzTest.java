package io.gatehouse.codec;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.ProtocolVersion;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.mqtt.MqttMessage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What no bytes may do to the codec. An ordinary run takes the seeds, which our encoder makes; {@code scripts/fuzz} lets
 * Jazzer look for more, guided by the branches they reach.
 *
 * <p>The first byte of an input says which version speaks (3: the input begins with its CONNECT itself) and how the rest
 * is cut into reads.
 */
class CodecFuzzTest {
    private static final long SEED = 20261127L;
    private static final CodecLimits LIMITS = new CodecLimits(64 << 10, 64 << 10, 8, 200, 4, 4);
    private static final List<ByteBuf> CONNECTS = Stream.of(ProtocolVersion.values())
            .map(version -> encoded(new RandomPackets(SEED).connect(version), version))
            .toList();

    static Stream<byte[]> seeds() {
        RandomPackets packets = new RandomPackets(SEED);
        Stream.Builder<byte[]> seeds = Stream.builder();
        for (ProtocolVersion version : ProtocolVersion.values()) {
            Packet.Connect connect = packets.connect(version);
            seeds.add(seed(3, version, List.of(connect)));
            for (Packet packet : packets.everyKind(version.isMqtt5())) {
                seeds.add(seed(version.ordinal(), version, List.of(packet)));
                seeds.add(seed(version.ordinal() | 16, version, List.of(packet, packets.next(version.isMqtt5()))));
            }
            // what a server sends: refused, and by the right rule
            for (Packet packet : packets.everyKindOfServer(version.isMqtt5())) {
                seeds.add(seed(version.ordinal(), version, List.of(packet)));
            }
        }
        return seeds.build();
    }

    /** Whole or in pieces: the same packets, then the same complaint, which is the codec's own; every packet takes bytes. */
    @MethodSource("seeds")
    @FuzzTest(maxDuration = "1h")
    void decode_ofAnything_isTheSameHoweverItIsCut(byte[] input) {
        if (input.length == 0) {
            return;
        }
        Outcome whole = decode(input, input.length);
        Outcome cut = decode(input, 1 + (input[0] >> 2 & 0x1F));

        assertThat(cut.complaint).isEqualTo(whole.complaint);
        assertThat(cut.packets.size()).isEqualTo(whole.packets.size());
        for (int i = 0; i < whole.packets.size(); i++) {
            require(bytesOf(cut.packets.get(i), whole.version), bytesOf(whole.packets.get(i), whole.version));
        }
    }

    /** What was understood can be said again, is understood alike, and said a second time in the same bytes. */
    @MethodSource("seeds")
    @FuzzTest(maxDuration = "1h")
    void decode_encodeAndDecode_isTheSamePacket(byte[] input) {
        Outcome first = decode(input, Math.max(1, input.length));
        for (Packet packet : first.packets) {
            PacketDecoder decoder = decoder(packet instanceof Packet.Connect ? null : first.version);
            ByteBuf said = encoded(packet, first.version);
            byte[] bytes = ByteBufUtil.getBytes(said);
            Packet again = decoder.decode(said);
            if (again == null || said.isReadable()) {
                throw new AssertionError("not one whole packet: " + ByteBufUtil.hexDump(bytes));
            }
            require(bytesOf(again, first.version), bytes);
        }
    }

    /** A message that a client publishes reaches clients of each version in bytes that Netty understands as we do. */
    @MethodSource("seeds")
    @FuzzTest(maxDuration = "1h")
    void publish_passedOnInEachVersion_isUnderstoodByOthers(byte[] input) {
        for (Packet packet : decode(input, Math.max(1, input.length)).packets) {
            if (packet instanceof Packet.Publish publish && publish.topic() != null) {
                for (ProtocolVersion version : ProtocolVersion.values()) {
                    requireUnderstood(publish, version);
                }
            }
        }
    }

    private static void requireUnderstood(Packet.Publish publish, ProtocolVersion version) {
        List<Integer> identifiers = version.isMqtt5() ? List.of(7, 268_435_455) : List.of();
        Packet.Publish delivery =
                Packet.Publish.of(publish.message(publish.topic()), publish.packetId(), publish.dup(), identifiers);
        try (NettyCodec netty = new NettyCodec()) {
            NettyCodec.release(netty.decode(CONNECTS.get(version.ordinal()).retainedDuplicate()));
            MqttMessage read = netty.decode(encoded(delivery, version));
            if (read == null || read.decoderResult().isFailure()) {
                throw new AssertionError("not understood: " + read);
            }
            require(bytesOf(NettyCodec.packet(read, version), version), bytesOf(delivery, version));
            NettyCodec.release(read);
        }
    }

    private record Outcome(
            ProtocolVersion version,
            List<Packet> packets,
            @Nullable String complaint) {}

    private static Outcome decode(byte[] input, int chunk) {
        if (input.length == 0) {
            return new Outcome(ProtocolVersion.MQTT_5, List.of(), null);
        }
        int speaking = input[0] & 3;
        ProtocolVersion version = speaking == 3 ? null : ProtocolVersion.values()[speaking];
        PacketDecoder decoder = decoder(version);
        List<Packet> packets = new ArrayList<>();
        ByteBuf unread = Unpooled.buffer();
        try {
            for (int at = 1; at < input.length; at += chunk) {
                unread.writeBytes(input, at, Math.min(chunk, input.length - at));
                int before = unread.readableBytes();
                for (Packet packet = decoder.decode(unread); packet != null; packet = decoder.decode(unread)) {
                    if (unread.readableBytes() >= before) {
                        throw new AssertionError("a packet of no bytes: " + packet);
                    }
                    before = unread.readableBytes();
                    packets.add(packet);
                    if (packet instanceof Packet.Connect connect) {
                        version = connect.version();
                    }
                }
            }
        } catch (MalformedPacket refused) {
            return new Outcome(spoken(version), packets, refused.reason() + ": " + refused.getMessage());
        } finally {
            unread.release();
        }
        return new Outcome(spoken(version), packets, null);
    }

    private static ProtocolVersion spoken(@Nullable ProtocolVersion version) {
        return version == null ? ProtocolVersion.MQTT_5 : version;
    }

    private static PacketDecoder decoder(@Nullable ProtocolVersion version) {
        PacketDecoder decoder = new PacketDecoder(LIMITS);
        if (version != null) {
            decoder.decode(CONNECTS.get(version.ordinal()).duplicate());
        }
        return decoder;
    }

    private static byte[] seed(int first, ProtocolVersion version, List<Packet> packets) {
        ByteBuf out = Unpooled.buffer().writeByte(first);
        packets.forEach(packet -> PacketEncoder.encode(packet, version, out));
        return ByteBufUtil.getBytes(out);
    }

    private static byte[] bytesOf(Packet packet, ProtocolVersion version) {
        return ByteBufUtil.getBytes(encoded(packet, version));
    }

    private static ByteBuf encoded(Packet packet, ProtocolVersion version) {
        ByteBuf out = Unpooled.buffer();
        PacketEncoder.encode(packet, version, out);
        return out;
    }

    private static void require(byte[] got, byte[] expected) {
        if (!Arrays.equals(got, expected)) {
            throw new AssertionError("got " + ByteBufUtil.hexDump(got) + ", expected " + ByteBufUtil.hexDump(expected));
        }
    }
}
