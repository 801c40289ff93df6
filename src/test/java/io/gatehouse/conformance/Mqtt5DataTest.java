package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Data types, fixed header, packet identifiers and properties (MQTT 5.0, chapters 1 and 2). */
@Conformance(Specification.MQTT_5)
class Mqtt5DataTest {
    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse();

    private static byte[] hex(String bytes) {
        return HexFormat.of().parseHex(bytes);
    }

    // 1.5 data representation

    @ParameterizedTest
    @ValueSource(
            strings = {
                "eda080",
                "edbfbf",
                "c080",
                "c1bf",
                "e08080",
                "f0808080",
                "f4908080",
                "e282",
                "80",
                "fe",
                "ff",
                "f8808080"
            })
    @Statement({"MQTT-1.5.4-1", "MQTT-3.3.2-1"})
    void mqtt_1_5_4_1_topicThatIsNotUtf8_isMalformed(String topic) {
        RawClient client = HOUSE.client();
        client.send(new Bytes().binary(hex(topic)).raw(Props.none().done()).packet(0x30));
        client.disconnected(0x81);
    }

    @ParameterizedTest
    @ValueSource(ints = {Props.CONTENT_TYPE, Props.RESPONSE_TOPIC})
    @Statement({"MQTT-1.5.4-1", "MQTT-3.3.2-13", "MQTT-3.3.2-19"})
    void mqtt_1_5_4_1_propertyThatIsNotUtf8_isMalformed(int property) {
        RawClient client = HOUSE.client();
        Props wrong =
                Props.none().raw(new Bytes().u8(property).binary(hex("eda080")).done());
        client.send(Packets.publish(5, "t", "", 0, 0, 0, wrong));
        client.disconnected(0x81);
    }

    @ParameterizedTest
    @CsvSource({"eda080, 76", "6e, eda080", "6e00, 76", "6e, 00"})
    @Statement({"MQTT-1.5.7-1", "MQTT-1.5.4-1", "MQTT-1.5.4-2"})
    void mqtt_1_5_7_1_userPropertyThatIsNotText_isMalformed(String name, String value) {
        RawClient client = HOUSE.client();
        Props wrong = Props.none()
                .raw(new Bytes()
                        .u8(Props.USER_PROPERTY)
                        .binary(hex(name))
                        .binary(hex(value))
                        .done());
        client.send(Packets.publish(5, "t", "", 0, 0, 0, wrong));
        client.disconnected(0x81);
    }

    @Test
    @Statement({"MQTT-1.5.4-2", "MQTT-4.7.3-2"})
    void mqtt_1_5_4_2_nulInATopicOrAFilter_isMalformed() {
        RawClient publisher = HOUSE.client();
        publisher.send(Packets.publish("a\0b", "", 0, 0));
        publisher.disconnected(0x81);
        RawClient subscriber = HOUSE.client();
        subscriber.send(Packets.subscribe(5, 1, Props.none(), "a\0b", 0));
        subscriber.disconnected(0x81);
        HOUSE.knock(Connect.v5("a\0b")).refused(0x81);
    }

    @Test
    @Statement("MQTT-1.5.4-3")
    void mqtt_1_5_4_3_byteOrderMark_isKept() {
        RawClient client = HOUSE.client();
        String topic = "\uFEFF" + HOUSE.name();
        client.subscribe(topic, 0);
        client.publish(topic, "with", 0);
        client.publish(topic.substring(1), "without", 0);

        Received message = client.next(Received.PUBLISH);
        assertThat(message.topic()).isEqualTo(topic);
        assertThat(message.payload()).isEqualTo("with");
        assertThat(client.received()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"c08000", "3085000001740061", "30808080800101", "c0ffffffff"})
    @Statement("MQTT-1.5.5-1")
    void mqtt_1_5_5_1_lengthLongerThanNeedBe_isMalformed(String bytes) {
        RawClient client = HOUSE.client();
        client.send(hex(bytes));
        client.disconnected(0x81);
    }

    @ParameterizedTest
    @ValueSource(strings = {"8000", "828000", "8080808001"})
    @Statement("MQTT-1.5.5-1")
    void mqtt_1_5_5_1_propertyLengthLongerThanNeedBe_isMalformed(String length) {
        RawClient client = HOUSE.client();
        client.send(new Bytes().text("t").raw(hex(length)).raw(new byte[2]).packet(0x30));
        client.disconnected(0x81);
    }

    @Test
    @Statement("MQTT-1.5.5-1")
    void mqtt_1_5_5_1_lengthsOfTheBroker_areAsShortAsTheyCanBe() {
        // the test client refuses a longer one; these have lengths on both sides of every step
        RawClient client = HOUSE.client();
        String topic = HOUSE.name();
        client.subscribe(topic, 1);
        for (int size : List.of(0, 100, 127, 128, 300, 16_383, 16_384, 70_000)) {
            client.publish(topic, "x".repeat(size), 1);
            assertThat(client.accept().payload()).hasSize(size);
        }
    }

    // 2.1.3 flags

    @ParameterizedTest
    @CsvSource({
        "40, 4", "50, 5", "62, 6", "70, 7", "82, 8", "a2, 10", "c0, 12", "e0, 14", "f0, 15",
    })
    @Statement({"MQTT-2.1.3-1", "MQTT-3.6.1-1", "MQTT-3.8.1-1", "MQTT-3.10.1-1", "MQTT-3.14.1-1", "MQTT-3.15.1-1"})
    void mqtt_2_1_3_1_reservedFlags_areMalformed(String first, int type) {
        int right = Integer.parseInt(first, 16);
        for (int flags : List.of(0, 1, 2, 4, 8, 15)) {
            if (flags != (right & 0x0F)) {
                RawClient client = HOUSE.client();
                client.send(new Bytes().u16(1).packet(type << 4 | flags));
                client.disconnected(0x81);
            }
        }
    }

    @Test
    @Statement({"MQTT-2.1.3-1", "MQTT-3.1.4-1"})
    void mqtt_2_1_3_1_reservedFlagsOfConnect_endTheConnection() {
        byte[] connect = Connect.v5(HOUSE.name()).bytes();
        connect[0] = 0x11;
        HOUSE.open(5).send(connect).closed();
    }

    @ParameterizedTest
    @ValueSource(ints = {0x00, 0x20, 0x90, 0xB0, 0xD0})
    @Statement("MQTT-4.13.1-1")
    void mqtt_4_13_1_1_packetsThatAreNotAClients_endTheConnection(int first) {
        RawClient client = HOUSE.client();
        client.send(new Bytes().u16(1).packet(first));
        client.disconnected(first == 0 ? 0x81 : 0x82);
    }

    @Test
    @Statement("MQTT-4.13.1-1")
    void mqtt_4_13_1_1_packetsCutShortOrTooLong_areMalformed() {
        RawClient tooLong = HOUSE.client();
        tooLong.send(Bytes.of(0xC0, 1, 0).done());
        tooLong.disconnected(0x81);
        RawClient cut = HOUSE.client();
        cut.send(new Bytes().u16(5).raw(RawClient.utf8("abc")).packet(0x30));
        cut.disconnected(0x81);
        RawClient properties = HOUSE.client();
        properties.send(new Bytes().text("t").vbi(40).raw(new byte[10]).packet(0x30));
        properties.disconnected(0x81);
    }

    // 2.2.1 packet identifiers

    @Test
    @Statement("MQTT-2.2.1-2")
    void mqtt_2_2_1_2_qos0_hasNoIdentifier() {
        RawClient client = HOUSE.client();
        String topic = HOUSE.name();
        client.subscribe(topic, 2);
        // had the packet an identifier, these two bytes would begin the payload
        client.send(Packets.publish(topic, "\0\0x", 0, 0));
        assertThat(client.next(Received.PUBLISH).payload()).isEqualTo("\0\0x");
    }

    @Test
    @Statement("MQTT-2.2.1-3")
    void mqtt_2_2_1_3_identifier0_isAProtocolError() {
        for (byte[] packet : List.of(
                Packets.publish("t", "", 1, 0),
                Packets.publish("t", "", 2, 0),
                Packets.subscribe(5, 0, Props.none(), "t", 0),
                Packets.unsubscribe(5, 0, "t"),
                Packets.ack(0x40, 0),
                Packets.ack(0x62, 0))) {
            RawClient client = HOUSE.client();
            client.send(packet);
            client.disconnected(0x82);
        }
    }

    @Test
    @Statement({"MQTT-2.2.1-4", "MQTT-4.3.2-1", "MQTT-4.3.3-1"})
    void mqtt_2_2_1_4_identifiersOfTheServer_areNotZeroAndNotInUse() {
        RawClient client = HOUSE.client();
        String topic = HOUSE.name();
        client.subscribe(topic, 2);
        java.util.Set<Integer> inUse = new java.util.HashSet<>();
        for (int i = 0; i < 50; i++) {
            client.publish(topic, "x", 1 + i % 2);
            Received message = client.take(Received.PUBLISH);
            assertThat(message.packetId()).isPositive();
            assertThat(inUse.add(message.packetId())).isTrue();
        }
    }

    @Test
    @Statement({"MQTT-2.2.1-5", "MQTT-2.2.1-6", "MQTT-3.8.4-2", "MQTT-3.10.4-5"})
    void mqtt_2_2_1_5_answersHaveTheIdentifierOfWhatTheyAnswer() {
        RawClient client = HOUSE.client();
        client.send(Packets.subscribe(5, 0x1234, Props.none(), "x", 0));
        assertThat(client.next(Received.SUBACK).packetId()).isEqualTo(0x1234);
        client.send(Packets.unsubscribe(5, 65_535, "x"));
        assertThat(client.next(Received.UNSUBACK).packetId()).isEqualTo(65_535);
        client.send(Packets.publish(HOUSE.name(), "", 1, 0x0102));
        assertThat(client.next(Received.PUBACK).packetId()).isEqualTo(0x0102);
        client.send(Packets.publish(HOUSE.name(), "", 2, 0x0203));
        assertThat(client.next(Received.PUBREC).packetId()).isEqualTo(0x0203);
        client.send(Packets.ack(0x62, 0x0203));
        assertThat(client.next(Received.PUBCOMP).packetId()).isEqualTo(0x0203);
    }

    @Test
    @Statement("MQTT-2.2.1-5")
    void mqtt_2_2_1_5_identifiersOfBothDirections_areIndependent() {
        RawClient client = HOUSE.client();
        String topic = HOUSE.name();
        client.subscribe(topic, 2);
        // the broker's first identifier is 1 as well
        client.send(Packets.publish(topic, "both", 2, 1));
        int theirs = client.take(Received.PUBLISH).packetId();
        assertThat(client.take(Received.PUBREC).packetId()).isEqualTo(1);
        client.send(Packets.ack(0x50, theirs), Packets.ack(0x62, 1));
        assertThat(client.take(Received.PUBREL).packetId()).isEqualTo(theirs);
        assertThat(client.take(Received.PUBCOMP).reason()).isZero();
        client.send(Packets.ack(0x70, theirs));
        assertThat(client.received()).isEmpty();
    }

    // 2.2.2 properties

    @Test
    @Statement("MQTT-2.2.2-1")
    void mqtt_2_2_2_1_packetWithoutProperties_saysSo() {
        // the test client reads a property length wherever there is one; here the payload would be taken for it
        RawClient client = HOUSE.client();
        String topic = HOUSE.name();
        client.subscribe(topic, 0);
        client.publish(topic, "\u0005abc", 0);
        assertThat(client.next(Received.PUBLISH).payload()).isEqualTo("\u0005abc");
        RawClient without = HOUSE.client();
        without.send(new Bytes().text("t").packet(0x30));
        without.disconnected(0x81);
    }

    @ParameterizedTest
    @ValueSource(ints = {Props.SESSION_EXPIRY, Props.MAXIMUM_QOS, Props.WILL_DELAY, 0, 4, 43, 127})
    @Statement({"MQTT-2.2.2-1", "MQTT-4.13.1-1"})
    void mqtt_2_2_2_1_propertyOfAnotherPacket_isMalformed(int property) {
        RawClient client = HOUSE.client();
        client.send(Packets.publish(5, "t", "", 0, 0, 0, Props.none().u32(property, 1)));
        client.disconnected(0x81);
    }

    @ParameterizedTest
    @CsvSource({"1, 0101", "2, 00000001", "3, 000161", "8, 000161", "9, 000161", "35, 0001"})
    @Statement("MQTT-4.13.1-1")
    void mqtt_4_13_1_1_propertyTwice_isAProtocolError(int property, String value) {
        byte[] one = new Bytes()
                .u8(property)
                .raw(property == 1 ? new byte[] {1} : hex(value))
                .done();
        RawClient client = HOUSE.client();
        client.send(Packets.publish(5, "t", "", 0, 0, 0, Props.none().raw(one).raw(one)));
        client.disconnected(0x82);
    }
}
