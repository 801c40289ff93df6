package io.gatehouse.security;

import static io.gatehouse.security.Raw.V31;
import static io.gatehouse.security.Raw.V311;
import static io.gatehouse.security.Raw.V5;
import static io.gatehouse.security.Raw.raw;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.security.RawClient.Frame;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What brokers are known to get wrong between the first byte and the end of a connection. */
class GotchasConnectTest {
    private static LiveBroker broker;

    @BeforeAll
    static void start(@TempDir Path folder) {
        broker = LiveBroker.start(folder);
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    // protocol-gotchas 6: a second CONNECT [MQTT-3.1.0-2]
    @Test
    void gotcha_6_secondConnect_isAProtocolError() {
        RawClient five = broker.client("ann", "twice");
        five.send(Raw.connect(V5, "ann", "twice"));
        five.assertDisconnected(0x82);

        RawClient pipelined = broker.visitor(V311);
        pipelined.send(Raw.connect(V311, "ann", "twice"), Raw.connect(V311, "bob", "other"));
        assertThat(pipelined.readToEnd()).allMatch(frame -> frame.type() == 2).hasSizeLessThan(2);
    }

    // protocol-gotchas 6: anything before CONNECT is closed without a word [MQTT-3.1.0-1]
    @ParameterizedTest
    @ValueSource(
            ints = {0x20, 0x30, 0x32, 0x40, 0x50, 0x62, 0x70, 0x82, 0x90, 0xA2, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0, 0x00})
    void gotcha_6_firstPacketOfAnotherType_isClosedSilently(int first) {
        RawClient stranger = broker.visitor(V311);
        stranger.send(raw().u8(first, 0));
        stranger.assertClosedSilently();
    }

    // protocol-gotchas 7: protocol levels that nobody speaks [MQTT-3.1.2-2]
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 6, 127, 0x85, 0xFF})
    void gotcha_7_unknownProtocolLevel_isAnsweredWithCode1AndClosed(int level) {
        RawClient stranger = broker.visitor(V311);
        stranger.send(raw().text("MQTT").u8(level, 2).u16(60).text("c").packet(0x10));
        stranger.assertRefused(1);
    }

    // protocol-gotchas 7: MQIsdp is 3.1, and bridges set the high bit of 3 and 4
    @Test
    void gotcha_7_mqisdpAndTheBridgeBit_areTaken() {
        broker.client(V31, "ann", "old");
        for (int level : List.of(0x83, 0x84)) {
            RawClient bridge = broker.visitor(V311);
            bridge.send(raw().text(level == 0x83 ? "MQIsdp" : "MQTT")
                    .u8(level, 0xC2)
                    .u16(60)
                    .text("bridge")
                    .text("ann")
                    .text("green leaves")
                    .packet(0x10));
            assertThat(bridge.connected()).isFalse();
        }
    }

    // protocol-gotchas 8: will flags without a will, Will QoS 3, the reserved bit [MQTT-3.1.2-3, -11 to -14]
    @ParameterizedTest
    @ValueSource(ints = {0x03, 0x0A, 0x12, 0x22, 0x3A, 0x1E})
    void gotcha_8_connectFlags_thatContradict_closeTheConnection(int flags) {
        for (int level : List.of(V311, V5)) {
            RawClient stranger = broker.visitor(level);
            Raw will = (flags & 4) == 0
                    ? raw()
                    : level == V5
                            ? raw().u8(0).text("a/w").text("x")
                            : raw().text("a/w").text("x");
            stranger.send(Raw.connect(level, flags, 60, raw(), "c", will, null, null));
            if (level == V5) {
                stranger.assertRefused(0x81);
            } else {
                stranger.assertClosedSilently(); // MQTT 3 has no code for it
            }
        }
    }

    // protocol-gotchas 8: a password without a user name: never in 3.1.1 [MQTT-3.1.2-22], legal in 5.0
    @Test
    void gotcha_8_passwordWithoutUserName_isMalformedIn311AndALoginIn5() {
        RawClient three = broker.visitor(V311);
        three.send(Raw.connect(V311, 0x42, 60, raw(), "c", raw(), null, "green leaves"));
        three.assertClosedSilently();

        RawClient five = broker.visitor(V5);
        five.send(Raw.connect(V5, 0x42, 60, raw(), "c", raw(), null, "green leaves"));
        five.assertRefused(0x86);
    }

    // protocol-gotchas 9: no client identifier: 3.1.1 without clean session 2 [MQTT-3.1.3-8], 5.0 gets one of its own
    @Test
    void gotcha_9_emptyClientId_isRefusedOrAssigned() {
        RawClient three = broker.visitor(V311);
        three.send(Raw.connect(V311, "ann", "", false, 60, raw()));
        three.assertRefused(2);

        RawClient old = broker.visitor(V31);
        old.send(Raw.connect(V31, "ann", ""));
        old.assertRefused(2);

        List<String> assigned = Stream.of(1, 2)
                .map(time -> broker.visitor(V5).send(Raw.connect(V5, "ann", "")).read(2))
                .peek(connack -> assertThat(connack.u8(1)).isZero())
                .map(Frame::toString)
                .toList();
        assertThat(assigned).allMatch(connack -> connack.contains("120025")); // Assigned Client Identifier, 37 long
        assertThat(assigned.get(0)).isNotEqualTo(assigned.get(1));
    }

    // protocol-gotchas 10: packets behind a CONNECT that is refused are dropped [MQTT-3.1.4-6]
    @Test
    void gotcha_10_packetsBehindARefusedConnect_areNotProcessed() {
        RawClient watcher = broker.client("ann", "watcher");
        watcher.subscribe("a/behind", 0);
        byte[] refused = Raw.connect(V5, 0xC2, 60, raw(), "c10", raw(), "ann", "wrong");

        RawClient stranger = broker.visitor(V5);
        stranger.send(refused, Raw.publish(V5, "a/behind", "leaked"), Raw.subscribe(V5, 1, "a/#", 0));
        stranger.assertRefused(0x86);

        assertThat(watcher.heard()).isEmpty();
    }

    // protocol-gotchas 10: and those behind one that is accepted are, in order
    @Test
    void gotcha_10_packetsBehindAnAcceptedConnect_areProcessedAfterIt() {
        RawClient client = broker.visitor(V311);
        client.send(Raw.connect(V311, "ann", "eager"), Raw.subscribe(V311, 1, "a/eager", 0));
        client.send(Raw.publish(V311, "a/eager", "x"));

        client.connected();
        assertThat(client.read(9).u8(2)).isZero();
        assertThat(client.read(3).topic()).isEqualTo("a/eager");
    }

    // protocol-gotchas 11: the old connection is told 0x8E [MQTT-3.1.4-3], its will fires, the session goes on
    @Test
    void gotcha_11_takeover_tellsTheOldConnection_firesItsWill_keepsTheSession() {
        RawClient watcher = broker.client("ann", "heir");
        watcher.subscribe("a/taken", 0);
        byte[] withWill = Raw.connect(
                V5,
                0xC4,
                60,
                raw().u8(0x11).u32(1000),
                "taken",
                raw().u8(0).text("a/taken").text("x"),
                "ann",
                "green leaves");
        RawClient old = broker.visitor(V5).send(withWill);
        old.connected();
        old.subscribe("a/kept", 1);

        RawClient taking = broker.kept("ann", "taken");

        assertThat(taking.connected()).isTrue();
        old.assertDisconnected(0x8E);
        assertThat(watcher.read(3).topic()).isEqualTo("a/taken");
        watcher.send(Raw.publish(V5, "a/kept", "still"));
        assertThat(taking.read(3).topic()).isEqualTo("a/kept");
    }

    // protocol-gotchas 12: session present [MQTT-3.2.2-2, -3, -6]
    @Test
    void gotcha_12_sessionPresent_isToldTruly_andNeverTo31() {
        RawClient first = broker.kept("ann", "present");
        assertThat(first.connected()).isFalse();
        first.send(Raw.disconnect()).readToEnd();
        RawClient second = broker.kept("ann", "present");
        assertThat(second.connected()).isTrue();
        second.send(Raw.disconnect()).readToEnd();
        RawClient refused = broker.visitor(V5);
        refused.send(Raw.connect(V5, 0xC0, 60, raw(), "present", raw(), "ann", "wrong"));
        refused.assertRefused(0x86); // asserts session present 0 too
        assertThat(broker.visitor(V5).send(Raw.connect(V5, "ann", "present")).connected())
                .isFalse(); // clean start

        RawClient old = broker.visitor(V31).send(Raw.connect(V31, "ann", "present31", false, 60, raw()));
        old.connected();
        old.send(Raw.disconnect()).readToEnd();
        RawClient again = broker.visitor(V31).send(Raw.connect(V31, "ann", "present31", false, 60, raw()));
        assertThat(again.connected()).isFalse();
    }

    // protocol-gotchas 13: bytes are no packet: only a whole one keeps a connection alive [MQTT-3.1.2-22]
    @Test
    void gotcha_13_keepAlive_isNotMetByDribblingBytes() {
        RawClient client = broker.visitor(V5).send(Raw.connect(V5, "ann", "dribble", true, 1, raw()));
        client.connected();
        client.send(raw().u8(0x30).varint(1000).text("a/b").u8(0).bytes());

        List<Frame> said = client.dribble((byte) 'x', 150);

        assertThat(said)
                .singleElement()
                .satisfies(last -> assertThat(last.toString()).startsWith("e0 8d"));
    }

    // protocol-gotchas 14: codes of 3 are 1 to 5, without properties; then it is closed [MQTT-3.2.2-4, -5]
    @Test
    void gotcha_14_refusals_speakTheClientsVersion_andClose() {
        for (int level : List.of(V31, V311)) {
            RawClient wrong = broker.visitor(level);
            wrong.send(Raw.connect(level, 0xC2, 60, raw(), "c14", raw(), "ann", "wrong"));
            Frame connack = wrong.read(2);
            assertThat(connack.body()).hasSize(2);
            assertThat(connack.u8(1)).isEqualTo(4);
            wrong.assertClosedSilently();

            RawClient nobody = broker.visitor(level);
            nobody.send(Raw.connect(level, "nobody", "c14"));
            nobody.assertRefused(5);
        }
        RawClient nobody = broker.visitor(V5);
        nobody.send(Raw.connect(V5, "nobody", "c14"));
        nobody.assertRefused(0x87);
    }

    private RawClient willing(String clientId, Raw willProperties, String topic) {
        Raw will = willProperties.asProperties();
        will.text(topic).text("gone");
        RawClient client = broker.visitor(V5)
                .send(Raw.connect(V5, 0xC6, 60, raw().u8(0x11).u32(1000), clientId, will, "ann", "green leaves"));
        client.connected();
        return client;
    }

    // protocol-gotchas 15: DISCONNECT 0x00 deletes the will, 0x04 and an abrupt end publish it [MQTT-3.1.2-8, -10]
    @Test
    void gotcha_15_will_isPublishedButAfterAGoodbye() {
        RawClient watcher = broker.client("ann", "w15");
        watcher.subscribe("a/w15/+", 0);

        RawClient polite = willing("w15a", raw(), "a/w15/polite");
        polite.send(Raw.disconnect()).readToEnd();
        RawClient asking = willing("w15b", raw(), "a/w15/asking");
        asking.send(raw().u8(4).packet(0xE0)).readToEnd();
        assertThat(watcher.read(3).topic()).isEqualTo("a/w15/asking");
        willing("w15c", raw(), "a/w15/abrupt").close();
        assertThat(watcher.read(3).topic()).isEqualTo("a/w15/abrupt");

        assertThat(watcher.heard()).isEmpty();
    }

    // protocol-gotchas 15: a will keeps its properties, but for the delay, which is the broker's business
    @Test
    void gotcha_15_willProperties_areForwarded_theDelayIsNot() {
        RawClient watcher = broker.client("ann", "w15p");
        watcher.subscribe("a/w15p", 0);
        Raw properties = raw().u8(0x18)
                .u32(1)
                .u8(0x03)
                .text("text/plain")
                .u8(0x26)
                .text("k")
                .text("v");

        willing("w15d", properties, "a/w15p").close();

        Frame heard = watcher.read(3);
        assertThat(heard.holds("030" + "00a" + "746578742f706c61696e")).isTrue();
        assertThat(heard.holds("2600016b000176")).isTrue();
        assertThat(heard.holds("1800000001")).isFalse();
    }

    // protocol-gotchas 16: no expiry at CONNECT, one at DISCONNECT (section 3.14.2.2.2)
    @Test
    void gotcha_16_sessionExpiry_fromNothing_isAProtocolError() {
        RawClient client = broker.client("ann", "c16");
        client.send(raw().u8(0).u8(5).u8(0x11).u32(10).packet(0xE0));
        client.assertDisconnected(0x82);
    }

    // protocol-gotchas 16: forever is cut to what is configured, and the client is told
    @Test
    void gotcha_16_sessionExpiry_forever_isCutAndTold() {
        RawClient client = broker.visitor(V5);
        client.send(Raw.connect(V5, "ann", "c16f", true, 60, raw().u8(0x11).u32(0xFFFFFFFFL)));
        Frame connack = client.read(2);
        assertThat(connack.holds("11" + String.format("%08x", 7 * 24 * 3600))).isTrue();
        client.send(raw().u8(0).u8(5).u8(0x11).u32(0).packet(0xE0)).assertClosedSilently();
        assertThat(broker.kept("ann", "c16f").connected()).isFalse();
    }

    static Stream<Arguments> zeroes() {
        return Stream.of(
                Arguments.of("receive maximum 0", raw().u8(0x21).u16(0)), // protocol-gotchas 28
                Arguments.of("maximum packet size 0", raw().u8(0x27).u32(0))); // protocol-gotchas 29
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("zeroes")
    void gotcha_28_29_zeroMaximum_isAProtocolError(String name, Raw properties) {
        RawClient client = broker.visitor(V5);
        client.send(Raw.connect(V5, "ann", "zero", true, 60, properties));
        client.assertRefused(0x82);
    }

    // protocol-gotchas 34: AUTH of a client that named no method; a method that nobody knows [MQTT-4.12.0-1]
    @Test
    void gotcha_34_enhancedAuthentication_outOfPlace_isRefused() {
        RawClient client = broker.client("ann", "auth");
        client.send(raw().u8(0x19).u8(0).packet(0xF0));
        client.assertDisconnected(0x82);

        RawClient unknown = broker.visitor(V5);
        unknown.send(Raw.connect(V5, "ann", "auth", true, 60, raw().u8(0x15).text("MAGIC")));
        unknown.assertRefused(0x8C);

        RawClient three = broker.client(V311, "ann", "auth3");
        three.send(raw().packet(0xF0));
        three.assertClosedSilently();
    }

    // protocol-gotchas 34: during an exchange only AUTH and DISCONNECT may come [MQTT-3.1.2-30]
    @Test
    void gotcha_34_otherPacketsDuringTheExchange_closeIt() {
        RawClient client = broker.visitor(V5);
        Raw method = raw().u8(0x15).text("SCRAM-SHA-256").u8(0x16).text("n,,n=ann,r=fyko+d2lbbFgONRv9qkxdawL");
        client.send(Raw.connect(V5, 0x02, 60, method, "scram", raw(), null, null));
        Frame challenge = client.read(15);
        assertThat(challenge.u8(0)).isEqualTo(0x18);

        client.send(Raw.subscribe(V5, 1, "a/b", 0));

        client.assertRefused(0x82);
    }

    // protocol-gotchas 37: who stays is told 0x8B
    @Test
    void gotcha_37_shutdown_isTold(@TempDir Path folder) {
        LiveBroker stopping = LiveBroker.start(folder);
        RawClient client = stopping.client("ann", "last");
        RawClient three = stopping.client(V311, "ann", "last3");

        stopping.broker().close();

        client.assertDisconnected(0x8B);
        three.assertClosedSilently();
    }
}
