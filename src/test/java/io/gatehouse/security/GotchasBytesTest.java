package io.gatehouse.security;

import static io.gatehouse.security.Raw.V311;
import static io.gatehouse.security.Raw.V5;
import static io.gatehouse.security.Raw.raw;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.security.RawClient.Frame;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes that brokers are known to take and should not: each is refused with its code, and the connection closes. */
class GotchasBytesTest {
    private static LiveBroker broker;

    @BeforeAll
    static void start(@TempDir Path folder) {
        broker = LiveBroker.start(folder);
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }

    // protocol-gotchas 1: ill-formed UTF-8 [MQTT-1.5.4-1, -2], 3.1.1 [MQTT-1.5.3-1, -2]
    @ParameterizedTest
    @ValueSource(
            strings = {"612f00", "612fc080", "612feda080", "612fff", "612ff4908080", "612fe282", "612fe0809f", "612f80"
            })
    void gotcha_1_illFormedUtf8_isMalformed(String topic) {
        RawClient five = broker.client("ann", "utf5");
        five.send(raw().binary(hex(topic)).u8(0).packet(0x30));
        five.assertDisconnected(0x81);

        RawClient three = broker.client(V311, "ann", "utf3");
        three.send(raw().binary(hex(topic)).packet(0x30));
        three.assertClosedSilently();

        RawClient stranger = broker.visitor(V5);
        stranger.send(
                raw().text("MQTT").u8(5, 2).u16(60).u8(0).binary(hex(topic)).packet(0x10));
        stranger.assertRefused(0x81);
    }

    // protocol-gotchas 1: a byte order mark is a character like others [MQTT-1.5.4-3]
    @Test
    void gotcha_1_byteOrderMark_isKept() {
        RawClient client = broker.client(V311, "ann", "bom");
        client.subscribe("a/+", 0);
        client.send(raw().binary(hex("612fefbbbf78")).packet(0x30));

        Frame heard = client.heard().get(0);
        assertThat(heard.topic().getBytes(StandardCharsets.UTF_8)).isEqualTo(hex("612fefbbbf78"));
    }

    // protocol-gotchas 2: five bytes, or more than need be (section 1.5.5, [MQTT-1.5.5-1])
    @ParameterizedTest
    @ValueSource(strings = {"c0ffffffff01", "c08000", "3080808000"})
    void gotcha_2_variableByteInteger_ofFiveBytesOrPadded_isMalformed(String packet) {
        RawClient client = broker.client("ann", "vbi");
        client.send(hex(packet));
        client.assertDisconnected(0x81);
    }

    // protocol-gotchas 2: the same within the properties
    @Test
    void gotcha_2_propertyLength_padded_isMalformed() {
        RawClient client = broker.client("ann", "vbi-properties");
        client.send(raw().text("a/b").u8(0x80, 0x00).packet(0x30));
        client.assertDisconnected(0x81);
    }

    // protocol-gotchas 3: reserved flags of the fixed header [MQTT-2.1.3-1], 3.1.1 [MQTT-2.2.2-2]
    @ParameterizedTest
    @ValueSource(ints = {0x80, 0x83, 0xA0, 0x60, 0xC1, 0xE1, 0x41, 0x36, 0xF1})
    void gotcha_3_reservedFlags_areMalformed(int first) {
        byte[] packet = switch (first >> 4) {
            case 8 -> raw().u16(1).u8(0).text("a/b").u8(0).packet(first);
            case 10 -> raw().u16(1).u8(0).text("a/b").packet(first);
            case 3 -> raw().text("a/b").u16(1).u8(0).packet(first);
            case 4, 6 -> raw().u16(1).packet(first);
            default -> raw().packet(first);
        };
        RawClient client = broker.client("ann", "flags");
        client.send(packet);
        client.assertDisconnected(0x81);
    }

    // protocol-gotchas 4: packet identifier 0 (section 2.2.1)
    @ParameterizedTest
    @ValueSource(ints = {0x32, 0x34, 0x82, 0xA2, 0x62})
    void gotcha_4_packetIdentifier0_isAProtocolError(int first) {
        byte[] packet = switch (first >> 4) {
            case 3 -> Raw.publish(V5, first, "a/b", 0, raw(), "x");
            case 8 -> Raw.subscribe(V5, 0, "a/b", 0);
            case 10 -> Raw.unsubscribe(V5, 0, "a/b");
            default -> Raw.ack(first, 0);
        };
        RawClient client = broker.client("ann", "id0");
        client.send(packet);
        client.assertDisconnected(0x82);
    }

    // protocol-gotchas 4: both sides number their own packets
    @Test
    void gotcha_4_packetIdentifiers_ofBothSides_areIndependent() {
        RawClient client = broker.client(V311, "ann", "ids");
        client.subscribe("a/ids", 1);
        client.send(Raw.publish(V311, 1, 1, "a/ids", "x"));

        Frame first = client.read();
        Frame second = client.read();
        Frame delivered = first.type() == 3 ? first : second;
        Frame acknowledged = first.type() == 4 ? first : second;
        assertThat(delivered.publishId()).isEqualTo(1);
        assertThat(acknowledged.u16(0)).isEqualTo(1);
        client.send(Raw.ack(0x40, 1)).settle();
    }

    static Stream<Arguments> properties() {
        return Stream.of(
                Arguments.of("payload format twice", raw().u8(0x01, 0, 0x01, 0), 0x82),
                Arguments.of("expiry twice", raw().u8(0x02).u32(1).u8(0x02).u32(1), 0x82),
                Arguments.of(
                        "content type twice", raw().u8(0x03).text("x").u8(0x03).text("x"), 0x82),
                Arguments.of(
                        "response topic twice",
                        raw().u8(0x08).text("a/x").u8(0x08).text("a/x"),
                        0x82),
                Arguments.of("alias twice", raw().u8(0x23).u16(1).u8(0x23).u16(1), 0x82),
                Arguments.of("a property of CONNECT", raw().u8(0x21).u16(5), 0x81),
                Arguments.of("a property of wills", raw().u8(0x18).u32(5), 0x81),
                Arguments.of("no property at all", raw().u8(0x7E), 0x81),
                Arguments.of("a wide identifier of none", raw().u8(0x81, 0x02), 0x81),
                Arguments.of("payload format 2", raw().u8(0x01, 2), 0x82),
                Arguments.of("a value beyond the section", raw().u8(0x02, 0), 0x81));
    }

    // protocol-gotchas 5: duplicate properties and properties of other packets (section 2.2.2.2)
    @ParameterizedTest(name = "{0}")
    @MethodSource("properties")
    void gotcha_5_properties_duplicatedOrForeign_areRefused(String name, Raw properties, int reason) {
        RawClient client = broker.client("ann", "properties");
        client.send(Raw.publish(V5, 0x30, "a/b", 0, properties, "x"));
        client.assertDisconnected(reason);
    }

    // protocol-gotchas 5: user properties may come again, alike too, and keep their order
    @Test
    void gotcha_5_userProperties_repeated_areForwardedInOrder() {
        RawClient client = broker.client("ann", "user-properties");
        client.subscribe("a/up", 0);
        Raw two = raw().u8(0x26)
                .text("k")
                .text("1")
                .u8(0x26)
                .text("k")
                .text("1")
                .u8(0x26)
                .text("j")
                .text("2");
        client.send(Raw.publish(V5, 0x30, "a/up", 0, two, "x"));

        assertThat(client.heard())
                .singleElement()
                .satisfies(frame -> assertThat(frame.holds(HexFormat.of().formatHex(two.bytes())))
                        .isTrue());
    }

    // protocol-gotchas 20: response topics, subscription identifiers
    static Stream<Arguments> publishProperties() {
        return Stream.of(
                Arguments.of("response topic with a wildcard", raw().u8(0x08).text("a/#"), 0x82),
                Arguments.of("empty response topic", raw().u8(0x08).text(""), 0x82),
                Arguments.of("subscription identifier", raw().u8(0x0B, 1), 0x82));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("publishProperties")
    void gotcha_20_publishProperties_notForClients_areProtocolErrors(String name, Raw properties, int reason) {
        RawClient client = broker.client("ann", "publish-properties");
        client.send(Raw.publish(V5, 0x30, "a/b", 0, properties, "x"));
        client.assertDisconnected(reason);
    }

    @Test
    void gotcha_20_subscriptionIdentifier0_isAProtocolError() {
        RawClient client = broker.client("ann", "sub-id-0");
        client.send(Raw.subscribe(V5, 1, raw().u8(0x0B, 0), raw().text("a/b").u8(0)));
        client.assertDisconnected(0x82);
    }

    static Stream<Arguments> subscriptions() {
        return Stream.of(
                Arguments.of("No Local on a shared subscription", "$share/g/a/#", 0b100, 0x82), // [MQTT-3.8.3-4]
                Arguments.of("reserved bit 6", "a/b", 0b0100_0000, 0x81), // [MQTT-3.8.3-5]
                Arguments.of("reserved bit 7", "a/b", 0b1000_0000, 0x81),
                Arguments.of("retain handling 3", "a/b", 0b0011_0000, 0x82),
                Arguments.of("QoS 3", "a/b", 3, 0x82));
    }

    // protocol-gotchas 22: subscription options
    @ParameterizedTest(name = "{0}")
    @MethodSource("subscriptions")
    void gotcha_22_subscriptionOptions_thatMustNotBe_areRefused(String name, String filter, int options, int reason) {
        RawClient client = broker.client("ann", "options");
        client.send(Raw.subscribe(V5, 1, filter, options));
        client.assertDisconnected(reason);
    }

    // protocol-gotchas 23: SUBSCRIBE and UNSUBSCRIBE without a filter [MQTT-3.8.3-2, MQTT-3.10.3-2]
    @ParameterizedTest
    @ValueSource(ints = {0x82, 0xA2})
    void gotcha_23_noFilter_isAProtocolError(int first) {
        RawClient client = broker.client("ann", "no-filter");
        client.send(raw().u16(1).u8(0).packet(first));
        client.assertDisconnected(0x82);
    }

    // protocol-gotchas 27: DUP with QoS 0 [MQTT-3.3.1-2]
    @Test
    void gotcha_27_dupWithQos0_isMalformed() {
        RawClient client = broker.client("ann", "dup0");
        client.send(Raw.publish(V5, 0x38, "a/b", 0, raw(), "x"));
        client.assertDisconnected(0x81);
    }

    // protocol-gotchas 32: filters that are none [MQTT-4.7.1-1, -2, 4.7.3-1, 4.8.2-1, -2]
    @ParameterizedTest
    @ValueSource(
            strings = {
                "a/#/b",
                "a#",
                "a+",
                "+a/b",
                "",
                "$share//a",
                "$share/g",
                "$share/g/",
                "$share/g+/a",
                "$share/#/a"
            })
    void gotcha_32_invalidFilters_areRefused(String filter) {
        RawClient client = broker.client("ann", "filters");
        client.send(Raw.subscribe(V5, 1, filter, 0));
        client.assertDisconnected(0x8F);
    }

    // protocol-gotchas 32: topics that are none
    @ParameterizedTest
    @ValueSource(strings = {"a/+", "a/#", "#", "+"})
    void gotcha_32_topicWithAWildcard_isRefused(String topic) {
        RawClient client = broker.client("ann", "topics");
        client.publish(topic, "x");
        client.assertDisconnected(0x90);
    }

    // protocol-gotchas 38: what servers send, a client must not (CVE-2021-28166)
    @ParameterizedTest
    @ValueSource(strings = {"20020000", "2003000000", "900400010000", "b00400010000", "d000", "f000"})
    void gotcha_38_serverOnlyPackets_fromAClient_areProtocolErrors(String packet) {
        RawClient five = broker.client("ann", "server-only");
        five.send(hex(packet));
        five.assertDisconnected(0x82);

        RawClient three = broker.client(V311, "ann", "server-only-3");
        three.send(hex(packet));
        three.assertClosedSilently();
    }
}
