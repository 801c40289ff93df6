package io.gatehouse.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.protocol.MessageProperties;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.ProtocolVersion;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.TopicName;
import io.gatehouse.protocol.UserProperty;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is encoded is decoded to the same. */
class CodecRoundTripTest {
    private static final long SEED = 20261124L;
    private static final CodecLimits WIDE = new CodecLimits(1 << 20, 1 << 20, 32, 1024, 64, 1 << 20, 64);

    @ParameterizedTest
    @EnumSource(ProtocolVersion.class)
    void decode_ofEncoded_isTheSamePacket(ProtocolVersion version) {
        RandomPackets packets = new RandomPackets(SEED);
        for (int round = 0; round < 150; round++) {
            PacketDecoder decoder = new PacketDecoder(WIDE);
            Packet.Connect connect = packets.connect(version);
            assertSame(decoder, connect, version, round);
            for (int i = 0; i < 5; i++) {
                assertSame(decoder, packets.next(version.isMqtt5()), version, round);
            }
        }
    }

    private static void assertSame(PacketDecoder decoder, Packet packet, ProtocolVersion version, int round) {
        ByteBuf bytes = encoded(packet, version);
        Packet decoded = decoder.decode(bytes);
        assertThat(decoded)
                .as("seed %d, round %d", SEED, round)
                .usingRecursiveComparison()
                .isEqualTo(packet);
        assertThat(bytes.isReadable()).isFalse();
        bytes.release();
    }

    /** netty PR #17105: a property length of two bytes must not leak the last property into the payload. */
    @ParameterizedTest
    @ValueSource(ints = {127, 128, 16_383, 16_384})
    void publish_propertiesOfEveryLengthOfLength_keepThePayloadApart(int length) {
        String value = "v".repeat(length - 6);
        MessageProperties properties = new MessageProperties(
                false, MessageProperties.NEVER_EXPIRES, null, null, null, List.of(new UserProperty("k", value)));
        Packet.Publish publish = new Packet.Publish(
                false, 0, TopicName.of("t"), 0, Qos.AT_MOST_ONCE, false, properties, List.of(), Payload.of("payload"));
        PacketDecoder decoder = connected();

        Packet.Publish decoded = (Packet.Publish) decoder.decode(encoded(publish, ProtocolVersion.MQTT_5));

        assertThat(decoded.payload()).isEqualTo(Payload.of("payload"));
        assertThat(decoded.properties().userProperties()).containsExactly(new UserProperty("k", value));
    }

    @Test
    void encode_largerThanTheClientTakes_dropsReasonsThenGivesUp() {
        Packet.SubAck answer = new Packet.SubAck(
                7, List.of(ReasonCode.SUCCESS), "because of this and that", List.of(new UserProperty("a", "b")));
        ByteBuf out = Unpooled.buffer();

        assertThat(PacketEncoder.encode(answer, ProtocolVersion.MQTT_5, 10, true, out))
                .isTrue();
        assertThat(ByteBufUtil.hexDump(out)).isEqualTo("900400070000");
        out.clear();
        assertThat(PacketEncoder.encode(answer, ProtocolVersion.MQTT_5, 4, true, out))
                .isFalse();
        assertThat(out.isReadable()).isFalse();
    }

    @Test
    void encode_withoutProblemInformation_tellsCodesOnly() {
        ByteBuf out = Unpooled.buffer();
        PacketEncoder.encode(
                new Packet.PubAck(1, ReasonCode.NOT_AUTHORIZED, "no", List.of()),
                ProtocolVersion.MQTT_5,
                100,
                false,
                out);
        assertThat(ByteBufUtil.hexDump(out)).isEqualTo("4003000187");
    }

    @Test
    void encode_forMqtt3_saysNoReasonsAndNoProperties() {
        assertThat(hex(new Packet.PubAck(1, ReasonCode.NOT_AUTHORIZED), ProtocolVersion.MQTT_3_1_1))
                .isEqualTo("40020001");
        assertThat(hex(
                        new Packet.SubAck(
                                1, List.of(ReasonCode.NOT_AUTHORIZED, ReasonCode.GRANTED_QOS_1), null, List.of()),
                        ProtocolVersion.MQTT_3_1_1))
                .isEqualTo("900400018001");
        assertThat(hex(
                        new Packet.ConnAck(false, ReasonCode.BAD_USER_NAME_OR_PASSWORD, Packet.ConnAckProperties.NONE),
                        ProtocolVersion.MQTT_3_1_1))
                .isEqualTo("20020004");
        assertThat(hex(
                        new Packet.UnsubAck(1, List.of(ReasonCode.SUCCESS), null, List.of()),
                        ProtocolVersion.MQTT_3_1_1))
                .isEqualTo("b0020001");
    }

    private static String hex(Packet packet, ProtocolVersion version) {
        return ByteBufUtil.hexDump(encoded(packet, version));
    }

    private static PacketDecoder connected() {
        PacketDecoder decoder = new PacketDecoder(WIDE);
        decoder.decode(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump("100d00044d51545405020000000000")));
        return decoder;
    }

    private static ByteBuf encoded(Packet packet, ProtocolVersion version) {
        ByteBuf out = Unpooled.buffer();
        PacketEncoder.encode(packet, version, out);
        return out;
    }
}
