package io.gatehouse.security;

import static io.gatehouse.security.Raw.V31;
import static io.gatehouse.security.Raw.V311;
import static io.gatehouse.security.Raw.V5;
import static io.gatehouse.security.Raw.raw;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.security.RawClient.Frame;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Vulnerabilities of other brokers that came as packets; each test is named by the advisory it answers. */
class LessonsPacketsTest {
    private static LiveBroker broker;

    @BeforeAll
    static void start(@TempDir Path folder) {
        broker = LiveBroker.start(folder);
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    /** Whatever a test did to its connections: others are served as if nothing had been. */
    @AfterEach
    void aNeighbourIsServed() {
        try (RawClient neighbour = broker.client("carl", "neighbour")) {
            assertThat(neighbour.subscribe("a/neighbour", 0)).isZero();
            neighbour.publish("a/neighbour", "x");
            assertThat(neighbour.heardMessages()).containsExactly("a/neighbour x");
        }
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }

    // CVE-2026-44248 (netty-codec-mqtt): too large is refused on the fixed header, before anything is buffered
    @Test
    void cve_2026_44248_declaredLength_isRefusedOnTheFixedHeader() {
        RawClient client = broker.client("ann", "big");
        client.send(hex("30ffffff7f"));
        client.assertDisconnected(0x95);
    }

    // netty#16776: the fix for it refused packets that came in pieces, or many at once
    @Test
    void netty_16776_fragmentedAndPipelinedPackets_areTaken() {
        RawClient client = broker.visitor(V5);
        byte[] all = Raw.joined(
                Raw.connect(V5, "ann", "pieces"),
                Raw.subscribe(V5, 1, "a/pieces", 1),
                Raw.publish(V5, 1, 1, "a/pieces", "x"));
        for (byte one : all) {
            client.send(new byte[] {one});
        }
        client.connected();
        client.read(9);
        List<Frame> both = List.of(client.read(), client.read());
        assertThat(both).extracting(Frame::type).containsExactlyInAnyOrder(3, 4);
        client.send(Raw.ack(0x40, 1));

        client.send(Raw.joined(IntStream.rangeClosed(1, 100)
                .mapToObj(id -> Raw.publish(V5, 0x30, "a/pieces", 0, raw(), "y".repeat(id * 50)))
                .toArray(byte[][]::new)));
        assertThat(client.heard()).hasSize(100);
    }

    // netty PR#17105: a properties length of two and three bytes does not move the payload
    @ParameterizedTest
    @ValueSource(ints = {127, 128, 16_383, 16_384})
    void netty_17105_propertiesOfThisLength_leaveThePayloadWhole(int length) {
        RawClient client = broker.client("ann", "length");
        client.subscribe("a/length", 0);
        Raw properties = raw().u8(0x09).binary(new byte[length - 3]);
        client.send(Raw.publish(V5, 0x30, "a/length", 0, properties, "the payload"));
        byte[] rest = client.read(3).rest();
        assertThat(new String(rest, rest.length - 11, 11)).isEqualTo("the payload");
        assertThat(rest).hasSize((length < 128 ? 1 : length < 16_384 ? 2 : 3) + length + 11);
    }

    // CVE-2023-0809, CVE-2017-7651 (mosquitto): nothing is held for a first packet that is no CONNECT
    @ParameterizedTest
    @ValueSource(strings = {"30ffffff7f", "82ffff7f", "f0ffff03", "10ffffff7f", "10ff7f"})
    void cve_2023_0809_largePacketBeforeLogin_isClosedOnItsHeader(String header) {
        RawClient stranger = broker.visitor(V311);
        stranger.send(hex(header));
        stranger.assertClosedSilently();
    }

    static Stream<Arguments> brokenWills() {
        return Stream.of(
                Arguments.of(
                        "delay twice",
                        raw().u8(0x18)
                                .u32(1)
                                .u8(0x18)
                                .u32(1)
                                .asProperties()
                                .text("a/w")
                                .text("x")),
                Arguments.of(
                        "property of CONNECT",
                        raw().u8(0x21).u16(1).asProperties().text("a/w").text("x")),
                Arguments.of(
                        "longer than the packet", raw().varint(200).u8(0x18).u32(1)),
                Arguments.of("delay cut", raw().u8(2, 0x18, 0)),
                Arguments.of(
                        "payload format 7",
                        raw().u8(0x01, 7).asProperties().text("a/w").text("x")),
                Arguments.of("no topic", raw().u8(0)),
                Arguments.of("empty topic", raw().u8(0).text("").text("x")),
                Arguments.of("wildcard topic", raw().u8(0).text("a/#").text("x")),
                Arguments.of("no payload", raw().u8(0).text("a/w")),
                Arguments.of(
                        "topic of 14,000 bytes",
                        raw().u8(0).text("a".repeat(14_000)).text("x")),
                Arguments.of(
                        "topic of 40,000 bytes",
                        raw().u8(0).text("a".repeat(40_000)).text("x")));
    }

    // CVE-2023-3592, CVE-2021-34431, CVE-2019-11778 (mosquitto): will properties that are wrong; and Netty's codec,
    // which
    // made a will without a topic of one that was too long. The leak detector of the build is at its strictest
    @ParameterizedTest(name = "{0}")
    @MethodSource("brokenWills")
    void cve_2023_3592_brokenWill_closesTheConnection(String name, Raw will) {
        RawClient stranger = broker.visitor(V5);
        stranger.send(Raw.connect(V5, 0xC6, 60, raw(), "will", will, "ann", "green leaves"));
        assertThat(stranger.readToEnd())
                .allSatisfy(answer -> assertThat(answer.u8(1)).isGreaterThanOrEqualTo(0x80));
    }

    // CVE-2021-34432 (mosquitto): a PUBLISH whose topic is empty
    @Test
    void cve_2021_34432_emptyTopic_isRefused() {
        RawClient three = broker.client(V311, "ann", "empty");
        three.publish("", "x");
        three.assertClosedSilently();
        RawClient five = broker.client("ann", "empty");
        five.publish("", "x");
        five.assertDisconnected(0x82);
    }

    // CVE-2018-12543 (mosquitto): topics that start with $ and are not $SYS
    @ParameterizedTest
    @ValueSource(
            strings = {
                "$",
                "$/",
                "$x",
                "$SYS",
                "$SYS/",
                "$SYS/broker/uptime",
                "$share",
                "$share/",
                "$share/g/a",
                "$CONTROL/x",
                "$$"
            })
    void cve_2018_12543_dollarTopics_areRefusedToClients(String topic) {
        RawClient client = broker.client("ann", "dollar");
        assertThat(client.send(Raw.publish(V5, 1, 1, topic, "x")).read(4).u8(2)).isEqualTo(0x87);
        client.publish(topic, "x").settle();
    }

    // CVE-2019-11779, mosquitto#1412: topics of tens of thousands of levels
    @Test
    void cve_2019_11779_topicOf65535Levels_isRefused() {
        String slashes = "/".repeat(65_535);
        RawClient publisher = broker.client("ann", "deep");
        publisher.publish(slashes, "x");
        publisher.assertDisconnected(0x90);
        RawClient subscriber = broker.client("ann", "deep");
        subscriber.send(Raw.subscribe(V5, 1, slashes, 0));
        subscriber.assertDisconnected(0x8F);
        RawClient leaver = broker.client("ann", "deep");
        leaver.send(Raw.unsubscribe(V5, 1, slashes));
        leaver.assertDisconnected(0x8F);
    }

    // CVE-2023-28366 (mosquitto): QoS 2 identifiers that come again and again take no memory
    @Test
    void cve_2023_28366_repeatedQos2Identifiers_areOneExchange() {
        RawClient client = broker.client("ann", "mids");
        byte[] thousand = Raw.joined(IntStream.range(0, 1000)
                .mapToObj(i -> Raw.publish(V5, i == 0 ? 0x34 : 0x3C, "a/mids", 1 + i % 50, raw(), "x"))
                .toArray(byte[][]::new));
        client.send(thousand);
        for (int i = 0; i < 1000; i++) {
            client.read(5);
        }
        client.settle();
    }

    // CVE-2024-8376 (mosquitto): any mix of shared and plain SUBSCRIBE and UNSUBSCRIBE leaves what a map would leave
    @Test
    void cve_2024_8376_mixedSubscriptions_leaveWhatAMapWouldLeave() {
        Random random = new Random(8376);
        List<String> filters = List.of("a/m/x", "a/m/+", "a/m/#", "$share/g/a/m/x", "$share/g/a/m/+", "$share/h/a/m/x");
        RawClient client = broker.client("ann", "mix");
        RawClient publisher = broker.client("bob", "mix-publisher");
        Map<String, Integer> model = new LinkedHashMap<>();
        for (int step = 0; step < 200; step++) {
            String filter = filters.get(random.nextInt(filters.size()));
            if (random.nextBoolean()) {
                assertThat(client.subscribe(filter, 0)).isZero();
                model.put(filter, 0);
            } else {
                Frame unsuback = client.send(Raw.unsubscribe(V5, 1, filter)).read(11);
                assertThat(unsuback.u8(3)).isEqualTo(model.remove(filter) == null ? 0x11 : 0);
            }
            if (step % 10 == 0) {
                publisher.publish("a/m/x", "x").settle();
                assertThat(client.heard().isEmpty()).isEqualTo(model.isEmpty());
            }
        }
    }

    // CVE-2026-33215 (NATS): identifiers are compared whole; these two have one hash in Java
    @Test
    void cve_2026_33215_clientIdsWithOneHash_areTwoSessions() {
        assertThat("AaAaBB".hashCode()).isEqualTo("BBBBBB".hashCode());
        RawClient first = broker.kept("ann", "AaAaBB");
        first.connected();
        first.subscribe("a/hash", 0);
        RawClient second = broker.kept("bob", "BBBBBB");
        assertThat(second.connected()).isFalse();
        first.publish("a/hash", "x");
        assertThat(first.heardMessages()).containsExactly("a/hash x");
        assertThat(second.heard()).isEmpty();
    }

    // CVE-2026-6564 (EMQX): a session is taken over by its owner only; the other changes nothing
    @Test
    void cve_2026_6564_takeoverByAnother_isRefusedAndChangesNothing() {
        RawClient ann = broker.kept("ann", "owned");
        ann.connected();
        ann.subscribe("a/owned", 1);

        RawClient bob = broker.visitor(V5).send(Raw.connect(V5, "bob", "owned"));
        bob.assertRefused(0x85);

        ann.settle();
        await().untilAsserted(() -> assertThat(broker.audit()).contains("\"cause\":\"clientid_conflict\""));
        ann.close();
        broker.visitor(V5)
                .send(Raw.connect(V5, "bob", "owned", false, 60, raw()))
                .assertRefused(0x85);
        assertThat(broker.kept("ann", "owned").connected()).isTrue();
    }

    // NATS 8f5013bf: what SUBSCRIBE may not have, no replay of retained messages and no queue gives away
    @Test
    void nats_8f5013bf_deniedTopic_isNotReplayed_neitherRetainedNorQueued() {
        RawClient guard = broker.client("guard", "vault");
        guard.send(Raw.publish(V5, 0x33, "a/secret/plan", 1, raw(), "secret")).read(4);
        RawClient ann = broker.kept("ann", "curious");
        ann.connected();

        for (String filter : List.of("a/#", "a/+/plan", "a/+/+", "a/+/#")) {
            assertThat(ann.subscribe(filter, 1)).as(filter).isEqualTo(1);
        }
        assertThat(ann.heard())
                .filteredOn(frame -> frame.topic().startsWith("a/secret"))
                .isEmpty();
        ann.close();
        guard.send(Raw.publish(V5, 1, 2, "a/secret/plan", "again")).read(4);
        RawClient back = broker.kept("ann", "curious");
        assertThat(back.connected()).isTrue();
        assertThat(back.heard())
                .filteredOn(frame -> frame.topic().startsWith("a/secret"))
                .isEmpty();
    }

    static Stream<Arguments> underflows() {
        return Stream.of(
                Arguments.of("an acknowledgement without its identifier", "400100"),
                Arguments.of("an empty PUBLISH", "3000"),
                Arguments.of("a topic longer than its packet", "3005ffff612f62"),
                Arguments.of("an identifier cut", "32050003612f6300"),
                Arguments.of("properties longer than their packet", "3006000161057f2600"),
                Arguments.of("a filter longer than its packet", "820600010000ff61"),
                Arguments.of("a filter without options", "8207000100000361" + "2f62"));
    }

    // NATS 778a0c6c, 54e6bf27: fields that end beyond their packet
    @ParameterizedTest(name = "{0}")
    @MethodSource("underflows")
    void nats_778a0c6c_fieldBeyondItsPacket_isMalformed(String name, String packet) {
        byte[] bytes = hex(packet);
        bytes[1] = (byte) (bytes.length - 2);
        RawClient client = broker.client("ann", "underflow");
        client.send(bytes);
        client.assertDisconnected(0x81);
    }

    // NATS 54f29658: control characters of a client never begin a line of ours
    @Test
    void nats_54f29658_controlCharacters_areNoLinesOfTheAuditLog() {
        RawClient client = broker.client("ann", "lines\r\n{\"event\":\"forged\"}\u001b[2J");
        assertThat(client.subscribe("other\n{\"event\":\"forged\"}", 0)).isEqualTo(0x87);
        await().untilAsserted(() -> assertThat(broker.audit()).contains("other\\n{\\\"event\\\""));
        assertThat(broker.audit().lines()).noneMatch(line -> line.startsWith("{\"event\":\"forged\""));
        assertThat(broker.audit()).doesNotContain("\u001b");
    }

    // CVE-2026-32696 (NanoMQ), Moquette: user name and password absent, empty and present, in every version
    @ParameterizedTest
    @ValueSource(ints = {V31, V311, V5})
    void cve_2026_32696_absentAndEmptyCredentials_areRefused(int level, @TempDir Path own) {
        LiveBroker strict = LiveBroker.start(own); // failures slow their address down
        String[] values = {null, "", "ann", "stranger"};
        for (@Nullable String user : values) {
            for (@Nullable String password : new String[] {null, "", "wrong"}) {
                int flags = 2 | (user == null ? 0 : 0x80) | (password == null ? 0 : 0x40);
                RawClient client = strict.visitor(level);
                client.send(Raw.connect(level, flags, 60, raw(), "matrix", raw(), user, password));
                List<Frame> answers = client.readToEnd();
                boolean malformed = level != V5 && user == null && password != null;
                assertThat(answers).as("%s %s", user, password).hasSize(malformed ? 0 : 1);
                assertThat(answers).allMatch(answer -> answer.type() == 2 && answer.u8(1) != 0);
            }
        }
        strict.close();
    }

    // Moquette 0.18.1: a malformed $share ends its sender's connection, and nobody else's on the same event loop
    @Test
    void moquette_957_malformedShare_harmsItsSenderOnly() {
        List<RawClient> others = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            others.add(broker.client("bob", "other" + i));
        }
        for (String filter : List.of("$share", "$share/", "$share//", "$share/g/", "$share/+/a", "$share/g/#/a")) {
            RawClient client = broker.client("ann", "share");
            client.send(Raw.subscribe(V5, 1, filter, 0));
            client.assertDisconnected(0x8F);
        }
        others.forEach(RawClient::settle);
    }

    // Moquette: the will is judged as the publish that it is, before there is a session
    @Test
    void moquette_will_thatMayNotBePublished_isRefusedAtConnect() {
        for (String topic : List.of("a/forbidden", "$SYS/broker/uptime", "own/bob/x")) {
            Raw will = raw().u8(0).text(topic).text("x");
            RawClient client =
                    broker.visitor(V5).send(Raw.connect(V5, 0xC6, 60, raw(), "testament", will, "ann", "green leaves"));
            client.assertRefused(0x87);
        }
    }

    // CVE-2025-62723 (FlashMQ): what waited for a session goes with it
    @Test
    void cve_2025_62723_expiredSession_letsGoOfItsQueue() {
        RawClient away = broker.visitor(V5)
                .send(Raw.connect(
                        V5, "ann", "expiring", false, 60, raw().u8(0x11).u32(1)));
        away.connected();
        away.subscribe("a/expiring", 1);
        away.close();
        RawClient publisher = broker.client("ann", "expiring-publisher");
        long expired = broker.metric("sessions_expired");
        publisher.send(Raw.publish(V5, 1, 1, "a/expiring", "x".repeat(10_000))).read(4);

        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            assertThat(broker.metric("sessions_expired")).isGreaterThan(expired);
            assertThat(broker.metric("queued_bytes")).isZero();
        });
        assertThat(publisher
                        .send(Raw.publish(V5, 1, 2, "a/expiring", "x"))
                        .read(4)
                        .u8(2))
                .isEqualTo(0x10);
    }

    // CVE-2025-59946, CVE-2026-22040 (NanoMQ), CVE-2026-8741 (EMQX): a storm of one client identifier ends with one
    // connection and one consistent session
    @Test
    void cve_2026_22040_takeoverStorm_endsWithOneConnectionAndOneSession() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> storms = new ArrayList<>();
            for (int storm = 0; storm < 4; storm++) {
                storms.add(pool.submit(() -> {
                    for (int i = 0; i < 25; i++) {
                        try (RawClient one = new RawClient(broker.tls("apps"), V5)) {
                            one.send(
                                    Raw.connect(
                                            V5,
                                            "ann",
                                            "storm",
                                            i % 5 == 0,
                                            60,
                                            raw().u8(0x11).u32(1000)),
                                    Raw.subscribe(V5, 1, "a/storm", 2),
                                    Raw.publish(V5, 2, 1 + i, "a/storm", "x"),
                                    Raw.unsubscribe(V5, 2, "a/storm"),
                                    Raw.subscribe(V5, 3, "a/storm", 1));
                        }
                    }
                }));
            }
            for (Future<?> storm : storms) {
                storm.get();
            }
        } finally {
            pool.shutdownNow();
        }
        RawClient last = broker.client("ann", "storm");
        assertThat(last.subscribe("a/storm", 0)).isZero();
        last.publish("a/storm", "calm");
        assertThat(last.heardMessages()).containsExactly("a/storm calm");
    }

    // mosquitto#3448, and all others: bytes at random bring no answer but a refusal, and end nobody else's connection
    @Test
    void mosquitto_3448_randomBytes_endTheirConnectionOnly(@TempDir Path own) {
        LiveBroker hit = LiveBroker.start(own);
        Random random = new Random(3448);
        byte[] connect = Raw.connect(
                V5,
                0xC6,
                60,
                raw().u8(0x11).u32(9),
                "r",
                raw().u8(0).text("a/w").text("x"),
                "ann",
                "green leaves");
        for (int i = 0; i < 150; i++) {
            byte[] mutated = connect.clone();
            for (int change = 0; change <= i % 3; change++) {
                mutated[2 + random.nextInt(mutated.length - 2)] = (byte) random.nextInt(256);
            }
            try (RawClient one = new RawClient(hit.tcp("apps"), V5)) {
                byte[] noise = new byte[64];
                random.nextBytes(noise);
                one.send(noise); // into the handshake
            }
            if (i % 3 == 0) {
                RawClient two = hit.visitor(V5);
                two.send(mutated, Raw.disconnect());
                two.readToEnd();
            }
        }
        hit.client("carl", "survivor").settle();
        hit.close();
    }
}
