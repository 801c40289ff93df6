package io.gatehouse.security;

import static io.gatehouse.security.Raw.V311;
import static io.gatehouse.security.Raw.V5;
import static io.gatehouse.security.Raw.raw;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.security.RawClient.Frame;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What brokers are known to get wrong about messages on their way. */
class GotchasDeliveryTest {
    private static LiveBroker broker;

    @BeforeAll
    static void start(@TempDir Path folder) {
        broker = LiveBroker.start(folder);
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    private static byte[] retained(String topic, int qos, String payload, Raw properties) {
        return Raw.publish(V5, 0x31 | qos << 1, topic, qos == 0 ? 0 : 9, properties, payload);
    }

    // protocol-gotchas 17: replay, live copies, clearing, retain handling [MQTT-3.3.1-6 to -13]
    @Test
    void gotcha_17_retained_isReplayedAndClearedAsTheSpecificationSays() {
        RawClient publisher = broker.client("ann", "r17p");
        publisher.send(retained("a/r17", 1, "x", raw())).read(4);
        RawClient client = broker.client("ann", "r17");

        client.send(Raw.subscribe(V5, 1, "a/r17", 0)).read(9);
        Frame replayed = client.read(3);
        assertThat(replayed.retain()).isTrue();
        assertThat(replayed.qos()).as("the lower of both").isZero();
        client.send(Raw.subscribe(V5, 1, "a/r17", 0b01_0000)).read(9); // only if new, which it is not
        assertThat(client.heard()).isEmpty();
        client.send(Raw.subscribe(V5, 1, "a/#", 0b10_0000)).read(9); // never
        client.send(Raw.subscribe(V5, 1, "$share/g/a/r17", 0)).read(9); // never for shared ones
        client.send(Raw.unsubscribe(V5, 1, "$share/g/a/r17")).read(11);
        client.send(Raw.unsubscribe(V5, 1, "a/#")).read(11);
        assertThat(client.heard()).isEmpty();
        client.send(Raw.subscribe(V5, 1, "a/r17", 0)).read(9);
        assertThat(client.heard()).as("again, as 3.1.1 always does").hasSize(1);

        publisher.send(retained("a/r17", 0, "y", raw())).settle();
        assertThat(client.read(3).retain()).as("a live copy").isFalse();
        client.send(Raw.subscribe(V5, 1, "a/r17", 0b10_1000)).read(9); // as published
        publisher.send(retained("a/r17", 0, "", raw())).settle();
        assertThat(client.read(3).retain())
                .as("the clearing is delivered, as published")
                .isTrue();
        client.send(Raw.subscribe(V5, 1, "a/r17", 0)).read(9);
        assertThat(client.heard()).isEmpty();
    }

    // protocol-gotchas 18: expiry is counted down while retained, and ends the message [MQTT-3.3.2-5, -6];
    // an exchange of QoS 2 that has begun goes on (26: PUBREL is what is sent again)
    @Test
    void gotcha_18_26_expiry_endsTheMessage_butNotAnExchangeThatHasBegun() {
        RawClient publisher = broker.client("ann", "e18p");
        RawClient leaver = broker.kept("ann", "e18");
        leaver.connected();
        leaver.subscribe("a/e18", 2);
        publisher.send(Raw.publish(V5, 0x35, "a/e18", 5, raw().u8(0x02).u32(1), "x"));
        Frame begun = leaver.read(3);
        int id = begun.publishId();
        leaver.send(Raw.ack(0x50, id)).read(6);
        leaver.close();

        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            try (RawClient looking = broker.client("ann", "e18look")) {
                looking.subscribe("a/e18", 0);
                assertThat(looking.heard()).isEmpty(); // the retained copy is as old as the other
            }
        });
        RawClient back = broker.kept("ann", "e18");
        assertThat(back.connected()).isTrue();
        Frame resumed = back.read(6);
        assertThat(resumed.u16(0)).isEqualTo(id);
        assertThat(back.send(Raw.ack(0x70, id)).heard()).isEmpty();
    }

    @Test
    void gotcha_18_expiry_isForwardedCountedDown() {
        RawClient publisher = broker.client("ann", "e18d");
        publisher.send(retained("a/e18d", 0, "x", raw().u8(0x02).u32(1000))).settle();

        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            try (RawClient looking = broker.client("ann", "e18dlook")) {
                looking.subscribe("a/e18d", 0);
                byte[] rest = looking.read(3).rest();
                assertThat(rest[1]).isEqualTo((byte) 0x02);
                assertThat((rest[4] & 0xFF) << 8 | rest[5] & 0xFF).isBetween(900, 999);
            }
        });
    }

    static Stream<Arguments> aliases() {
        return Stream.of(
                Arguments.of("0", Raw.publish(V5, 0x30, "a/b", 0, raw().u8(0x23).u16(0), "x"), 0x94),
                Arguments.of(
                        "above the maximum",
                        Raw.publish(V5, 0x30, "a/b", 0, raw().u8(0x23).u16(33), "x"),
                        0x94),
                Arguments.of(
                        "unknown", Raw.publish(V5, 0x30, "", 0, raw().u8(0x23).u16(7), "x"), 0x82),
                Arguments.of("none and no topic", Raw.publish(V5, 0x30, "", 0, raw(), "x"), 0x82));
    }

    // protocol-gotchas 19: topic aliases [MQTT-3.3.2-7 to -12]
    @ParameterizedTest(name = "{0}")
    @MethodSource("aliases")
    void gotcha_19_aliasThatStandsForNothing_isRefused(String name, byte[] publish, int reason) {
        RawClient client = broker.client("ann", "alias");
        client.send(publish);
        client.assertDisconnected(reason);
    }

    // protocol-gotchas 19: an alias ends with its connection, and the topic goes out whole
    @Test
    void gotcha_19_alias_isOfOneConnectionAndDirection() {
        RawClient watcher = broker.client(V311, "ann", "alias-watcher");
        watcher.subscribe("a/long/topic", 0);
        RawClient client = broker.kept("ann", "alias-keeper");
        client.connected();
        client.send(Raw.publish(V5, 0x30, "a/long/topic", 0, raw().u8(0x23).u16(3), "x"));
        client.send(Raw.publish(V5, 0x30, "", 0, raw().u8(0x23).u16(3), "y")).settle();
        assertThat(watcher.heardMessages()).containsExactly("a/long/topic x", "a/long/topic y");
        client.close();

        RawClient again = broker.kept("ann", "alias-keeper");
        again.connected();
        again.send(Raw.publish(V5, 0x30, "", 0, raw().u8(0x23).u16(3), "z"));
        again.assertDisconnected(0x82);
        assertThat(watcher.heard()).isEmpty();
    }

    // protocol-gotchas 19, 29: a message too large for the client is dropped, and takes no alias with it
    // [MQTT-3.1.2-24, -25]
    @Test
    void gotcha_19_29_largerThanTheClientTakes_isDropped_andAliasesStayTrue() {
        RawClient client = broker.visitor(V5)
                .send(Raw.connect(
                        V5,
                        "ann",
                        "small",
                        true,
                        60,
                        raw().u8(0x27).u32(60).u8(0x22).u16(5)));
        client.connected();
        client.subscribe("a/small/+", 0);
        RawClient publisher = broker.client("ann", "small-publisher");
        publisher.publish("a/small/one", "x".repeat(100));
        publisher.publish("a/small/one", "1").publish("a/small/one", "2").settle();

        List<Frame> heard = client.heard();
        assertThat(heard).hasSize(2);
        assertThat(heard.get(0).topic())
                .as("the first that is sent names the topic")
                .isEqualTo("a/small/one");
    }

    // protocol-gotchas 21: one copy at the highest QoS [3.1.1 MQTT-3.3.5-1], with all identifiers [MQTT-3.3.4-2 to -5]
    @Test
    void gotcha_21_overlappingSubscriptions_getOneCopy() {
        RawClient client = broker.client("ann", "overlap");
        client.send(Raw.subscribe(V5, 1, raw().u8(0x0B, 1), raw().text("a/o/#").u8(0)))
                .read(9);
        client.send(Raw.subscribe(V5, 2, raw().u8(0x0B, 2), raw().text("a/+/x").u8(1)))
                .read(9);
        broker.client("ann", "overlap-publisher")
                .send(Raw.publish(V5, 1, 1, "a/o/x", "m"))
                .read(4);

        List<Frame> heard = client.heard();
        assertThat(heard).hasSize(1);
        assertThat(heard.get(0).qos()).isEqualTo(1);
        assertThat(heard.get(0).holds("0b01")).isTrue();
        assertThat(heard.get(0).holds("0b02")).isTrue();
    }

    // protocol-gotchas 22: No Local goes by the client identifier [MQTT-3.8.3-3]
    @Test
    void gotcha_22_noLocal_skipsTheOwnMessagesOnly() {
        RawClient client = broker.client("ann", "local");
        client.send(Raw.subscribe(V5, 1, "a/local", 0b100)).read(9);
        client.publish("a/local", "mine");
        broker.client("ann", "local-other").publish("a/local", "yours").settle();
        assertThat(client.heardMessages()).containsExactly("a/local yours");
    }

    // protocol-gotchas 23, 24: one code each in order; the subscription is in force by its SUBACK, a better one
    // replaces it
    @Test
    void gotcha_23_24_subscribe_answersEachInOrder_andIsInForceByTheSuback() {
        RawClient client = broker.client("ann", "suback");
        Raw filters = raw().text("a/1")
                .u8(0)
                .text("a/secret/x")
                .u8(2)
                .text("a/2")
                .u8(1)
                .text("other")
                .u8(0)
                .text("a/3")
                .u8(2);
        client.send(Raw.subscribe(V5, 1, raw(), filters));
        Frame suback = client.read(9);
        assertThat(suback.toString()).startsWith("90 0001").endsWith("0087018702");
        RawClient publisher = broker.client("ann", "suback-publisher");
        for (int i = 0; i < 50; i++) {
            client.send(Raw.subscribe(V5, 7, "a/s/" + i, 0)).read(9);
            publisher.publish("a/s/" + i, "at once").settle();
            assertThat(client.heard()).hasSize(1);
        }
        client.send(Raw.subscribe(V5, 8, "a/1", 1)).read(9);
        publisher.send(Raw.publish(V5, 1, 1, "a/1", "x")).read(4);
        assertThat(client.heard())
                .singleElement()
                .satisfies(one -> assertThat(one.qos()).isEqualTo(1));
    }

    // protocol-gotchas 25: UNSUBACK always; what is in flight completes [MQTT-3.10.4-2 to -4]
    @Test
    void gotcha_25_unsubscribe_isAlwaysAnswered_andWhatIsInFlightCompletes() {
        RawClient client = broker.client("ann", "unsub");
        client.subscribe("a/unsub", 2);
        broker.client("ann", "unsub-publisher")
                .send(Raw.publish(V5, 2, 1, "a/unsub", "x"))
                .read(5);
        Frame delivered = client.read(3);

        Frame unsuback = client.send(Raw.unsubscribe(V5, 2, "a/unsub")).read(11);
        assertThat(unsuback.u8(3)).isZero();
        client.send(Raw.ack(0x50, delivered.publishId())).read(6);
        client.send(Raw.ack(0x70, delivered.publishId()));
        assertThat(client.send(Raw.unsubscribe(V5, 3, "a/unsub")).read(11).u8(3))
                .isEqualTo(0x11);
        RawClient three = broker.client(V311, "ann", "unsub3");
        assertThat(three.send(Raw.unsubscribe(V311, 3, "a/none")).read(11).body())
                .hasSize(2);
    }

    // protocol-gotchas 26: a repeated PUBLISH is delivered once; PUBREL of nothing is 0x92, and plain before 5.0
    @Test
    void gotcha_26_qos2_isDeliveredOnce_andReleasesWhatIsThere() {
        RawClient watcher = broker.client("ann", "q2w");
        watcher.subscribe("a/q2", 0);
        RawClient client = broker.client("ann", "q2");
        client.send(Raw.publish(V5, 2, 1, "a/q2", "once")).read(5);
        client.send(Raw.publish(V5, 0x3C, "a/q2", 1, raw(), "once")).read(5);
        assertThat(client.send(Raw.ack(0x62, 1)).read(7).body()).hasSize(2);
        Frame unknown = client.send(Raw.ack(0x62, 1)).read(7);
        assertThat(unknown.u8(2)).isEqualTo(0x92);
        client.send(Raw.publish(V5, 2, 1, "a/q2", "twice")).read(5);
        assertThat(watcher.heardMessages()).containsExactly("a/q2 once", "a/q2 twice");

        RawClient three = broker.client(V311, "ann", "q23");
        assertThat(three.send(Raw.ack(0x62, 77)).read(7).body()).hasSize(2);
    }

    // protocol-gotchas 26: a PUBREC with an error ends the exchange, frees its identifier and its place
    @Test
    void gotcha_26_pubrecWithAnError_endsTheExchange() {
        RawClient client = broker.visitor(V5)
                .send(Raw.connect(V5, "ann", "nack", true, 60, raw().u8(0x21).u16(1)));
        client.connected();
        client.subscribe("a/nack", 2);
        RawClient publisher = broker.client("ann", "nack-publisher");
        publisher.send(Raw.publish(V5, 2, 1, "a/nack", "1"), Raw.publish(V5, 2, 2, "a/nack", "2"));
        Frame first = client.read(3);
        assertThat(client.heard()).as("receive maximum 1").isEmpty();

        client.send(raw().u16(first.publishId()).u8(0x83).packet(0x50));

        Frame second = client.read(3);
        assertThat(second.rest()[1]).isEqualTo((byte) '2');
        client.send(Raw.ack(0x50, second.publishId())).read(6);
        assertThat(client.send(Raw.ack(0x70, second.publishId())).heard()).isEmpty();
    }

    // protocol-gotchas 27: again on reconnect only, with DUP and the same identifier; DUP goes no further
    // [MQTT-4.4.0-1, -2, 3.3.1-3]
    @Test
    void gotcha_27_unacknowledged_isSentAgainOnReconnectOnly() {
        RawClient client = broker.kept("ann", "again");
        client.connected();
        client.subscribe("a/again", 1);
        RawClient publisher = broker.client("ann", "again-publisher");
        publisher.send(Raw.publish(V5, 0x3A, "a/again", 1, raw(), "x")).read(4);
        Frame first = client.read(3);
        assertThat(first.dup()).isFalse();
        assertThat(client.heard()).as("no timer sends it again").isEmpty();
        client.close();

        RawClient back = broker.kept("ann", "again");
        back.connected();
        Frame second = back.read(3);
        assertThat(second.dup()).isTrue();
        assertThat(second.publishId()).isEqualTo(first.publishId());
    }

    // protocol-gotchas 28: both directions keep to the receive maximum [MQTT-3.3.4-7 to -9]; QoS 0 is not counted
    @Test
    void gotcha_28_receiveMaximum_isKeptAndEnforced() {
        RawClient client = broker.visitor(V5)
                .send(Raw.connect(V5, "ann", "rm", true, 60, raw().u8(0x21).u16(2)));
        client.connected();
        client.subscribe("a/rm", 1);
        RawClient publisher = broker.client("ann", "rm-publisher");
        for (int id = 1; id <= 5; id++) {
            publisher.send(Raw.publish(V5, 1, id, "a/rm", "x")).read(4);
        }
        publisher.publish("a/rm", "zero").settle();
        List<Frame> heard = client.heard();
        assertThat(heard).extracting(Frame::qos).containsExactly(1, 1, 0);
        client.send(Raw.ack(0x40, heard.get(0).publishId()));
        assertThat(client.heard()).hasSize(1);

        RawClient flood = broker.client("ann", "rm-flood");
        flood.send(Raw.joined(IntStream.rangeClosed(1, 101)
                .mapToObj(id -> Raw.publish(V5, 2, id, "a/rm-none", "x"))
                .toArray(byte[][]::new)));
        flood.assertDisconnected(0x93);
    }

    // protocol-gotchas 31: answers and messages in the order of receipt [MQTT-4.6.0-1 to -6]
    @Test
    void gotcha_31_order_isKept_whileAwayToo() {
        RawClient away = broker.kept("ann", "order");
        away.connected();
        away.subscribe("a/order", 1);
        away.close();
        RawClient publisher = broker.client("ann", "order-publisher");
        publisher.send(Raw.joined(IntStream.rangeClosed(1, 80)
                .mapToObj(id -> Raw.publish(V5, 1, id, "a/order", Integer.toString(id)))
                .toArray(byte[][]::new)));
        for (int id = 1; id <= 80; id++) {
            assertThat(publisher.read(4).u16(0)).isEqualTo(id);
        }

        RawClient back = broker.kept("ann", "order");
        back.connected();
        for (int id = 1; id <= 80; id++) {
            Frame next = back.read(3);
            assertThat(new String(next.rest(), 1, next.rest().length - 1)).isEqualTo(Integer.toString(id));
            back.send(Raw.ack(0x40, next.publishId()));
        }
    }

    // protocol-gotchas 32: a/# is a too, + is an empty level too, $ is not for leading wildcards, nothing is normalised
    @Test
    void gotcha_32_wildcards_matchAsTheSpecificationSays() {
        RawClient client = broker.client("ann", "wild");
        client.subscribe("a/wild/#", 0);
        client.subscribe("a/+/empty", 0);
        RawClient publisher = broker.client("ann", "wild-publisher");
        for (String topic : List.of("a/wild", "a/wild/", "a/wild//x", "a/Wild", "a//empty", "a/empty", "a/wildx")) {
            publisher.publish(topic, "x");
        }
        publisher.settle();
        assertThat(client.heardMessages()).containsExactly("a/wild x", "a/wild/ x", "a/wild//x x", "a//empty x");

        RawClient reader = broker.client("reader", "wild-reader");
        assertThat(reader.subscribe("#", 0)).isEqualTo(0x87);
        assertThat(reader.subscribe("+/broker/uptime", 0)).isEqualTo(0x87);
    }

    // protocol-gotchas 33: one member a message, among those who may have it; a refusal of one is not sent to another
    @Test
    void gotcha_33_shared_isJudgedByFilterAndGroup_andGoesToOneMember() {
        RawClient one = broker.client("ann", "share1");
        RawClient two = broker.client("bob", "share2");
        assertThat(one.subscribe("$share/g/a/share/+", 1)).isEqualTo(1);
        assertThat(two.subscribe("$share/g/a/share/+", 1)).isEqualTo(1);
        assertThat(one.subscribe("$share/g/a/secret/#", 0)).isEqualTo(0x87);
        assertThat(one.subscribe("$share/g/own/ann/x", 0))
                .as("no group is allowed there")
                .isEqualTo(0x87);
        RawClient publisher = broker.client("carl", "share-publisher");
        for (int id = 1; id <= 10; id++) {
            publisher.send(Raw.publish(V5, 1, id, "a/share/" + id, "x")).read(4);
        }
        List<Frame> ones = one.heard();
        List<Frame> twos = two.heard();
        assertThat(Stream.concat(ones.stream(), twos.stream()).map(Frame::topic))
                .doesNotHaveDuplicates()
                .hasSize(10);

        Frame refused = (ones.isEmpty() ? twos : ones).get(0);
        (ones.isEmpty() ? two : one)
                .send(raw().u16(refused.publishId()).u8(0x83).packet(0x40));
        assertThat(one.heard()).isEmpty();
        assertThat(two.heard()).isEmpty();
    }

    // protocol-gotchas 36: 5.0 is told 0x87; 3.1.1 gets its acknowledgement, and nobody the message [3.1.1
    // MQTT-3.3.5-2]
    @Test
    void gotcha_36_publishThatPolicyRefuses_isToldIn5_andDroppedIn311() {
        RawClient guard = broker.client("guard", "g36");
        guard.subscribe("a/secret/#", 0);
        RawClient five = broker.client("ann", "p36");
        assertThat(five.send(Raw.publish(V5, 1, 1, "a/forbidden", "x")).read(4).u8(2))
                .isEqualTo(0x87);
        assertThat(five.send(Raw.publish(V5, 2, 2, "other", "x")).read(5).u8(2)).isEqualTo(0x87);
        five.publish("other", "x").settle();
        RawClient three = broker.client(V311, "ann", "p363");
        assertThat(three.send(Raw.publish(V311, 1, 1, "a/forbidden", "x"))
                        .read(4)
                        .body())
                .hasSize(2);
        assertThat(guard.heard()).isEmpty();
        await().untilAsserted(() -> assertThat(broker.audit()).contains("\"target\":\"a/forbidden\""));
    }
}
