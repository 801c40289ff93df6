package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** PUBLISH, SUBSCRIBE, UNSUBSCRIBE, topics and text in MQTT 3.1.1 (sections 1.5, 2, 3.3 to 3.12 and 4.7). */
@Conformance(Specification.MQTT_3_1_1)
class Mqtt311PublishTest {
    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse();

    private final String topic = HOUSE.name();
    private final RawClient client = HOUSE.client(Connect.v311(HOUSE.name()));

    private RawClient another() {
        return HOUSE.client(Connect.v311(HOUSE.name()));
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }

    // text and flags

    @ParameterizedTest
    @ValueSource(strings = {"61c0af", "61eda080", "61ff", "61e282", "6180"})
    @Statement({"MQTT-1.5.3-1", "MQTT-3.3.2-1", "MQTT-3.8.3-1", "MQTT-3.10.3-1"})
    void mqtt_1_5_3_1_topicOrFilterThatIsNotText_closes(String text) {
        client.send(new Bytes().binary(hex(text)).packet(0x30)).closed();
        another().send(new Bytes().u16(1).binary(hex(text)).u8(0).packet(0x82)).closed();
        another().send(new Bytes().u16(1).binary(hex(text)).packet(0xA2)).closed();
    }

    @Test
    @Statement({"MQTT-1.5.3-2", "MQTT-4.7.3-2"})
    void mqtt_1_5_3_2_nul_closes() {
        client.send(new Bytes().text("a\u0000b").packet(0x30)).closed();
        another().send(new Bytes().u16(1).text("a\u0000b").u8(0).packet(0x82)).closed();
    }

    @Test
    @Statement("MQTT-1.5.3-3")
    void mqtt_1_5_3_3_byteOrderMark_isKept() {
        client.subscribe("+", 0);
        another().publish("\uFEFF" + topic, "x", 0);
        assertThat(client.next(Received.PUBLISH).topic().getBytes(StandardCharsets.UTF_8))
                .startsWith(0xEF, 0xBB, 0xBF);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "PUBACK, 41020001",
        "PUBREC, 51020001",
        "PUBREL, 60020001",
        "PUBREL, 63020001",
        "PUBCOMP, 71020001",
        "SUBSCRIBE, 8006000100016100",
        "SUBSCRIBE, 8306000100016100",
        "UNSUBSCRIBE, a00500010001 61",
        "UNSUBSCRIBE, a3050001000161",
        "PINGREQ, c100",
        "DISCONNECT, e100",
        "type 0, 0000",
        "type 15, f000"
    })
    @Statement({"MQTT-2.2.2-1", "MQTT-2.2.2-2", "MQTT-3.6.1-1", "MQTT-3.8.1-1", "MQTT-3.10.1-1", "MQTT-4.8.0-1"})
    void mqtt_2_2_2_2_reservedFlagsAndTypes_close(String name, String packet) {
        client.send(hex(packet.replace(" ", ""))).closed();
    }

    @ParameterizedTest
    @ValueSource(strings = {"3205000161 0000", "82060000 00016100", "a2050000 000161", "620200 00"})
    @Statement("MQTT-2.3.1-1")
    void mqtt_2_3_1_1_identifier0_closes(String packet) {
        client.send(hex(packet.replace(" ", ""))).closed();
    }

    @Test
    @Statement("MQTT-3.3.1-4")
    void mqtt_3_3_1_4_qos3_closes() {
        client.send(new Bytes().text(topic).u16(1).packet(0x36)).closed();
    }

    @ParameterizedTest
    @ValueSource(strings = {"20020000", "9003000100", "b0020001", "d000"})
    @Statement("MQTT-4.8.0-1")
    void mqtt_4_8_0_1_packetsThatServersSend_close(String packet) {
        client.send(hex(packet)).closed();
    }

    // retained messages

    @Test
    @Statement({"MQTT-3.3.1-5", "MQTT-3.3.1-6", "MQTT-3.3.1-8", "MQTT-3.3.1-9", "MQTT-3.8.4-6"})
    void mqtt_3_3_1_5_retained_isKeptWithItsQos_andReplayedToNewSubscriptions() {
        another().publish(topic + "/1", "one", 2, true, Props.none());
        another().publish(topic + "/2", "two", 1, true, Props.none());
        client.subscribe(topic + "/+", 2);
        List<Received> replayed = client.received();
        assertThat(replayed).extracting(Received::payload).containsExactlyInAnyOrder("one", "two");
        assertThat(replayed).allMatch(Received::retain);
        assertThat(replayed).extracting(Received::qos).containsExactlyInAnyOrder(2, 1);
        another().publish(topic + "/3", "live", 0, true, Props.none());
        assertThat(client.received())
                .singleElement()
                .satisfies(live -> assertThat(live.retain()).isFalse());
        for (int i = 1; i <= 3; i++) {
            another().retain(topic + "/" + i, "");
        }
    }

    @Test
    @Statement({"MQTT-3.3.1-7", "MQTT-3.3.1-12"})
    void mqtt_3_3_1_7_qos0Retained_takesThePlaceOfTheOneBefore_andNoOtherMessageDoes() {
        another().retain(topic, "old");
        another().publish(topic, "new", 0, true, Props.none());
        another().publish(topic, "passing", 1);
        client.subscribe(topic, 2);
        assertThat(client.heard()).containsExactly("new");
        another().retain(topic, "");
    }

    @Test
    @Statement({"MQTT-3.3.1-10", "MQTT-3.3.1-11"})
    void mqtt_3_3_1_10_emptyRetained_isDeliveredAndTakesTheOtherAway() {
        another().retain(topic, "x");
        client.subscribe(topic, 0);
        client.next(Received.PUBLISH);
        another().retain(topic, "");
        Received live = client.next(Received.PUBLISH);
        assertThat(live.payload()).isEmpty();
        assertThat(live.retain()).isFalse();
        RawClient later = another();
        later.subscribe(topic, 0);
        assertThat(later.received()).isEmpty();
    }

    // topics

    @ParameterizedTest
    @ValueSource(strings = {"a/+", "a/#", "#", "a+b"})
    @Statement({"MQTT-3.3.2-2", "MQTT-4.7.1-1"})
    void mqtt_3_3_2_2_topicWithAWildcard_closes(String wrong) {
        client.send(Packets.publish(4, wrong, "x", 0, 0, 0, Props.none())).closed();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a/#/b", "a#", "#/a", "##", "a+", "+a", "a/b+/c", ""})
    @Statement({"MQTT-4.7.1-2", "MQTT-4.7.1-3", "MQTT-4.7.3-1"})
    void mqtt_4_7_1_2_filterWithAMisplacedWildcard_closes(String wrong) {
        client.send(Packets.subscribe(4, 1, Props.none(), wrong, 0)).closed();
    }

    @Test
    @Statement({"MQTT-4.7.3-1", "MQTT-3.3.2-1"})
    void mqtt_4_7_3_1_emptyTopic_closes() {
        client.send(Packets.publish(4, "", "x", 0, 0, 0, Props.none())).closed();
    }

    @ParameterizedTest(name = "{0} and {1}: {2}")
    @CsvSource({
        "T, T, true",
        "T/#, T, true",
        "T/#, T/a/b, true",
        "T/+, T/a, true",
        "T/+, T/, true",
        "T/+, T, false",
        "T/+, T/a/b, false",
        "T/+/c, T/b/c, true",
        "T/+/c, T//c, true",
        "T/A, T/a, false",
        "T/a, T/a/, false",
        "T/a/, T/a, false",
        "/T, T, false",
        "+/T, /T, true",
        "T/\u00e4, T/a\u0308, false",
        "T/+/#, T, false"
    })
    @Statement({"MQTT-3.3.2-3", "MQTT-4.7.3-4", "MQTT-4.7.1-2", "MQTT-4.7.1-3"})
    void mqtt_4_7_3_4_matching_isByTheLetter(String filter, String name, boolean matches) {
        client.subscribe(filter.replace("T", topic), 0);
        another().publish(name.replace("T", topic), "x", 0);
        List<Received> heard = client.received();
        assertThat(heard).hasSize(matches ? 1 : 0);
        assertThat(heard).allMatch(one -> one.topic().equals(name.replace("T", topic)));
    }

    @Test
    @Statement("MQTT-4.7.2-1")
    void mqtt_4_7_2_1_wildcardsAtTheStart_doNotMatchDollar() {
        client.subscribe("#", 0);
        client.subscribe("+/" + topic, 0);
        RawClient exact = another();
        exact.subscribe("$test/" + topic, 0);
        another().publish("$test/" + topic, "x", 1);
        assertThat(client.received()).isEmpty();
        assertThat(exact.heard()).containsExactly("x");
    }

    // subscriptions

    @Test
    @Statement("MQTT-3.3.5-1")
    void mqtt_3_3_5_1_overlappingSubscriptions_getTheHighestQos() {
        client.subscribe(topic + "/#", 0);
        client.subscribe(topic + "/+", 2);
        client.subscribe(topic + "/a", 1);
        another().publish(topic + "/a", "x", 2);
        assertThat(client.received())
                .singleElement()
                .satisfies(one -> assertThat(one.qos()).isEqualTo(2));
    }

    @ParameterizedTest
    @CsvSource({"0, 2, 0", "2, 0, 0", "1, 2, 1", "2, 1, 1", "2, 2, 2", "1, 1, 1"})
    @Statement({"MQTT-3.8.4-6", "MQTT-3.8.4-5", "MQTT-3.8.4-1", "MQTT-3.8.4-2", "MQTT-2.3.1-7"})
    void mqtt_3_8_4_6_message_comesAtTheLowerOfBoth(int published, int granted, int delivered) {
        assertThat(client.subscribe(topic, granted)).isEqualTo(granted);
        another().publish(topic, "x", published);
        assertThat(client.accept().qos()).isEqualTo(delivered);
    }

    @Test
    @Statement({"MQTT-3.8.4-3", "MQTT-3.3.1-6"})
    void mqtt_3_8_4_3_sameFilterAgain_replacesAndReplays() {
        another().retain(topic, "kept");
        client.subscribe(topic, 0);
        assertThat(client.heard()).containsExactly("kept");
        client.subscribe(topic, 1);
        assertThat(client.received())
                .singleElement()
                .satisfies(one -> assertThat(one.qos()).isEqualTo(1));
        another().publish(topic, "x", 1);
        assertThat(client.received()).as("one subscription, one copy").hasSize(1);
        another().retain(topic, "");
    }

    @Test
    @Statement({"MQTT-3.8.4-4", "MQTT-3.8.4-5", "MQTT-3.9.3-1", "MQTT-3.9.3-2"})
    void mqtt_3_8_4_4_severalFilters_haveOneAnswerInTheirOrder() {
        RawClient guest =
                HOUSE.client(Connect.v311(HOUSE.name()).user(ConformanceHouse.GUEST, ConformanceHouse.PASSWORD));
        guest.send(new Bytes()
                .u16(7)
                .text("guest/" + topic)
                .u8(2)
                .text("forbidden")
                .u8(1)
                .text("guest/1")
                .u8(0)
                .text("guest/2")
                .u8(1)
                .packet(0x82));
        assertThat(guest.next(Received.SUBACK).reasons()).containsExactly(2, 0x80, 0, 1);
        another().publish("guest/" + topic, "x", 1);
        assertThat(guest.heard()).containsExactly("x");
    }

    @Test
    @Statement("MQTT-3.3.5-2")
    void mqtt_3_3_5_2_publishThatIsNotAllowed_isAcknowledgedAndDropped() {
        client.subscribe("forbidden/" + topic, 0);
        RawClient guest =
                HOUSE.client(Connect.v311(HOUSE.name()).user(ConformanceHouse.GUEST, ConformanceHouse.PASSWORD));
        for (int qos = 0; qos <= 2; qos++) {
            assertThat(guest.publish("forbidden/" + topic, "x", qos)).isZero();
        }
        assertThat(client.received()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"82020001", "a2020001"})
    @Statement({"MQTT-3.8.3-3", "MQTT-3.10.3-2"})
    void mqtt_3_8_3_3_noFilter_closes(String packet) {
        client.send(hex(packet)).closed();
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 8, 0x10, 0x80})
    @Statement("MQTT-3.8.3-4")
    void mqtt_3_8_3_4_reservedBitsAndQos3_close(int options) {
        client.send(Packets.subscribe(4, 1, Props.none(), topic, options)).closed();
    }

    @Test
    @Statement({"MQTT-3.10.4-1", "MQTT-3.10.4-2", "MQTT-3.10.4-4", "MQTT-3.10.4-5", "MQTT-2.3.1-7"})
    void mqtt_3_10_4_1_unsubscribe_endsTheSameFilterOnly_andIsAlwaysAnswered() {
        client.subscribe(topic + "/+", 0);
        client.subscribe(topic + "/a", 0);
        client.unsubscribe(topic + "/#");
        client.unsubscribe(topic + "/A");
        client.unsubscribe(topic + "/+");
        another().publish(topic + "/b", "no", 0);
        another().publish(topic + "/a", "yes", 0);
        assertThat(client.heard()).containsExactly("yes");
        client.unsubscribe(topic + "/a");
        another().publish(topic + "/a", "no", 0);
        assertThat(client.received()).isEmpty();
    }

    @Test
    @Statement("MQTT-3.10.4-3")
    void mqtt_3_10_4_3_messageOnItsWay_arrives() {
        client.subscribe(topic, 2);
        another().publish(topic, "x", 2);
        Received sent = client.next(Received.PUBLISH);
        client.unsubscribe(topic);
        client.send(Packets.ack(0x50, sent.packetId()));
        assertThat(client.next(Received.PUBREL).packetId()).isEqualTo(sent.packetId());
        client.send(Packets.ack(0x70, sent.packetId()));
        assertThat(client.received()).isEmpty();
    }

    @Test
    @Statement("MQTT-3.10.4-6")
    void mqtt_3_10_4_6_severalFilters_haveOneAnswer() {
        client.subscribe(topic + "/a", 0);
        client.subscribe(topic + "/b", 0);
        client.send(new Bytes()
                .u16(9)
                .text(topic + "/a")
                .text(topic + "/none")
                .text(topic + "/b")
                .packet(0xA2));
        assertThat(client.next(Received.UNSUBACK).packetId()).isEqualTo(9);
        another().publish(topic + "/a", "x", 0);
        another().publish(topic + "/b", "x", 0);
        assertThat(client.received()).isEmpty();
    }

    @Test
    @Statement("MQTT-3.12.4-1")
    void mqtt_3_12_4_1_ping_isAnswered() {
        client.send(Packets.PINGREQ, Packets.PINGREQ);
        client.next(Received.PINGRESP);
        client.next(Received.PINGRESP);
    }
}
