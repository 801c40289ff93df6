package io.gatehouse.security;

import static io.gatehouse.security.Raw.V311;
import static io.gatehouse.security.Raw.V5;
import static io.gatehouse.security.Raw.raw;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.config.Configuration;
import io.gatehouse.config.ConfigurationReader;
import io.gatehouse.security.RawClient.Frame;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every limit on what a client that is in may use: over TLS, with the answer that its version has for it. */
class LimitsTest {
    private static LiveBroker broker;

    @BeforeAll
    static void start(@TempDir Path folder) {
        broker = LiveBroker.start(folder, """
                sessions: {max_queued: 3, max_queued_bytes: 3000, max_inflight: 2}
                limits:
                  max_packet: 4KiB
                  max_packet_before_login: 1KiB
                  max_topic_levels: 4
                  max_topic_bytes: 32
                  max_user_properties: 3
                  max_user_property_bytes: 100
                  max_filters_per_subscribe: 2
                  max_subscriptions: 5
                  max_topic_aliases: 2
                  receive_maximum: 3
                  max_retained: 2
                  max_retained_bytes: 3000
                  max_connections_per_user: 30
                  max_keep_alive: 5s
                """);
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    /** A PUBLISH of QoS 0 that is so large, all of it. */
    private static byte[] packet(int bytes) {
        byte[] whole = Raw.publish(V5, "a/big", "x".repeat(bytes - 11));
        assertThat(whole).hasSize(bytes);
        return whole;
    }

    private static Raw userProperties(int count, int valueBytes) {
        Raw properties = raw();
        for (int i = 0; i < count; i++) {
            properties.u8(0x26).text("k").text("v".repeat(valueBytes));
        }
        return properties;
    }

    @Test
    void limits_byDefault_areFinite(@TempDir Path folder) throws Exception {
        Path file = LiveBroker.write(folder, LiveBroker.POLICY);
        Configuration defaults = ConfigurationReader.read(file).configuration().orElseThrow();
        for (Record limits : List.of(defaults.limits(), defaults.sessions())) {
            for (RecordComponent one : limits.getClass().getRecordComponents()) {
                Object value = one.getAccessor().invoke(limits);
                if (value instanceof Configuration.Penalty penalty) {
                    assertThat(penalty.after()).as("in force").isPositive();
                    assertThat(penalty.longest()).isBetween(Duration.ofSeconds(1), Duration.ofHours(1));
                    continue;
                }
                long number = value instanceof Duration time ? time.toSeconds() : ((Number) value).longValue();
                assertThat(number).as(one.getName()).isPositive().isLessThanOrEqualTo(1L << 30);
            }
        }
        assertThat(defaults.listeners()).allMatch(listener -> listener.maxConnections() <= 1 << 20);
    }

    @Test
    void limit_packet_isOfTheWholePacket_andAnnounced() {
        RawClient client = broker.visitor(V5).send(Raw.connect(V5, "ann", "packet"));
        assertThat(client.read(2).holds("2700001000")).isTrue();
        client.subscribe("a/big", 0);
        client.send(packet(4096));
        assertThat(client.heard()).hasSize(1);
        client.send(packet(4097));
        client.assertDisconnected(0x95);
        RawClient three = broker.client(V311, "ann", "packet3");
        three.send(raw().u8(0x30, 0x81, 0x20));
        three.assertClosedSilently();
    }

    @Test
    void limit_packetBeforeLogin_isSmaller() {
        RawClient stranger = broker.visitor(V5);
        stranger.send(raw().u8(0x10).varint(1022));
        stranger.assertClosedSilently();
        RawClient client = broker.client("ann", "before");
        client.send(packet(1025)).settle();
    }

    @Test
    void limit_topicDepthAndLength_ofNamesFiltersAndWills() {
        for (String topic : List.of("a/2/3/4/5", "a/" + "x".repeat(31))) {
            RawClient publisher = broker.client("ann", "topic");
            publisher.publish(topic, "x");
            publisher.assertDisconnected(0x90);
            RawClient subscriber = broker.client("ann", "topic");
            subscriber.send(Raw.subscribe(V5, 1, topic, 0));
            subscriber.assertDisconnected(0x8F);
            RawClient leaver = broker.client(V311, "ann", "topic");
            leaver.send(Raw.unsubscribe(V311, 1, topic));
            leaver.assertClosedSilently();
            RawClient willing = broker.visitor(V5);
            willing.send(Raw.connect(
                    V5, 0xC6, 60, raw(), "topic", raw().u8(0).text(topic).text("x"), "ann", "green leaves"));
            willing.assertRefused(0x90);
        }
        RawClient client = broker.client("ann", "topic");
        assertThat(client.subscribe("a/2/3/4", 0)).isZero();
        client.publish("a/" + "x".repeat(30), "x").publish("a/2/3/4", "x");
        assertThat(client.heardMessages()).containsExactly("a/2/3/4 x");
    }

    @Test
    void limit_userProperties_areCountedAndWeighed() {
        RawClient client = broker.client("ann", "properties");
        client.send(Raw.publish(V5, 0x30, "a/p", 0, userProperties(3, 32), "x")).settle();
        client.send(Raw.publish(V5, 0x30, "a/p", 0, userProperties(4, 1), "x"));
        client.assertDisconnected(0x97);

        RawClient heavy = broker.client("ann", "properties");
        heavy.send(Raw.publish(V5, 0x30, "a/p", 0, userProperties(3, 33), "x"));
        heavy.assertDisconnected(0x97);
        RawClient subscriber = broker.client("ann", "properties");
        subscriber.send(
                Raw.subscribe(V5, 1, userProperties(1, 100), raw().text("a/p").u8(0)));
        subscriber.assertDisconnected(0x97);
        RawClient stranger = broker.visitor(V5);
        stranger.send(Raw.connect(V5, "ann", "properties", true, 60, userProperties(4, 1)));
        stranger.assertRefused(0x97);
    }

    @Test
    void limit_filtersPerSubscribe_endsTheConnection() {
        Raw two = raw().text("a/1").u8(0).text("a/2").u8(0);
        RawClient client = broker.client("ann", "filters");
        client.send(Raw.subscribe(V5, 1, raw(), two)).read(9);
        client.send(Raw.subscribe(V5, 1, raw(), two.text("a/3").u8(0)));
        client.assertDisconnected(0x97);
        RawClient leaver = broker.client("ann", "filters");
        leaver.send(raw().u16(1).u8(0).text("a/1").text("a/2").text("a/3").packet(0xA2));
        leaver.assertDisconnected(0x97);
    }

    @Test
    void limit_subscriptions_refusesTheNext_andReplacingIsNone() {
        RawClient client = broker.client("ann", "subscriptions");
        for (int i = 1; i <= 5; i++) {
            assertThat(client.subscribe("a/s" + i, 0)).isZero();
        }
        assertThat(client.subscribe("a/s6", 0)).isEqualTo(0x97);
        assertThat(client.subscribe("a/s5", 1)).isEqualTo(1);
        client.send(Raw.unsubscribe(V5, 1, "a/s5")).read(11);
        assertThat(client.subscribe("a/s6", 0)).isZero();

        RawClient three = broker.client(V311, "ann", "subscriptions3");
        for (int i = 1; i <= 5; i++) {
            three.subscribe("a/s" + i, 0);
        }
        assertThat(three.subscribe("a/s6", 0)).isEqualTo(0x80);
    }

    @Test
    void limit_receiveMaximumAndAliases_areAnnouncedAndEnforced() {
        RawClient client = broker.visitor(V5).send(Raw.connect(V5, "ann", "window"));
        Frame connack = client.read(2);
        assertThat(connack.holds("210003")).isTrue();
        assertThat(connack.holds("220002")).isTrue();
        for (int id = 1; id <= 3; id++) {
            client.send(Raw.publish(V5, 2, id, "a/w", "x")).read(5);
        }
        client.send(Raw.publish(V5, 2, 4, "a/w", "x"));
        client.assertDisconnected(0x93);
        RawClient alias = broker.client("ann", "window");
        alias.send(Raw.publish(V5, 0x30, "a/w", 0, raw().u8(0x23).u16(3), "x"));
        alias.assertDisconnected(0x94);
    }

    @Test
    void limit_inflightAndQueue_thenThePublisherIsTold() {
        RawClient slow = broker.client("ann", "slow");
        slow.subscribe("a/slow", 1);
        RawClient publisher = broker.client("bob", "slow-publisher");
        for (int id = 1; id <= 5; id++) {
            assertThat(publisher
                            .send(Raw.publish(V5, 1, id, "a/slow", "x"))
                            .read(4)
                            .body())
                    .as("two in flight, three waiting")
                    .hasSize(2);
        }
        long dropped = broker.metric("publish_dropped");
        assertThat(publisher.send(Raw.publish(V5, 1, 6, "a/slow", "x")).read(4).u8(2))
                .isEqualTo(0x97);
        assertThat(publisher.send(Raw.publish(V5, 2, 7, "a/slow", "x")).read(5).u8(2))
                .isEqualTo(0x97);
        assertThat(broker.metric("publish_dropped")).isEqualTo(dropped + 2);
        RawClient three = broker.client(V311, "bob", "slow-publisher3");
        three.send(Raw.publish(V311, 1, 1, "a/slow", "x"));
        three.assertClosedSilently(); // 3.1.1 has no other way to say that nobody has it

        List<Frame> heard = slow.heard();
        assertThat(heard).hasSize(2);
        slow.send(
                Raw.ack(0x40, heard.get(0).publishId()),
                Raw.ack(0x40, heard.get(1).publishId()));
        assertThat(slow.heard()).hasSize(2);
        assertThat(publisher.send(Raw.publish(V5, 1, 8, "a/slow", "x")).read(4).body())
                .hasSize(2);
    }

    @Test
    void limit_queuedBytes_areThoseOfPropertiesToo() {
        RawClient away = broker.kept("ann", "away");
        away.connected();
        away.subscribe("a/away", 1);
        away.close();
        RawClient publisher = broker.client("bob", "away-publisher");
        Raw data = raw().u8(0x09).binary(new byte[1400]);
        assertThat(publisher
                        .send(Raw.publish(V5, 0x32, "a/away", 1, data, ""))
                        .read(4)
                        .body())
                .hasSize(2);
        assertThat(publisher
                        .send(Raw.publish(V5, 0x32, "a/away", 2, raw(), "x".repeat(1400)))
                        .read(4)
                        .body())
                .hasSize(2);
        assertThat(publisher
                        .send(Raw.publish(V5, 0x32, "a/away", 3, data, ""))
                        .read(4)
                        .u8(2))
                .isEqualTo(0x97);
        assertThat(publisher
                        .send(Raw.publish(V5, 0x32, "a/away", 4, raw(), "x".repeat(180)))
                        .read(4)
                        .body())
                .as("what fits is taken")
                .hasSize(2);
    }

    @Test
    void limit_retained_countAndBytes() {
        RawClient client = broker.client("ann", "retained");
        assertThat(retain(client, "a/r1", raw(), "x")).isEqualTo(0x10);
        assertThat(retain(client, "a/r2", raw(), "x")).isEqualTo(0x10);
        RawClient listener = broker.client("ann", "listens");
        listener.subscribe("a/r3", 1);
        assertThat(retain(client, "a/r3", raw(), "x")).isEqualTo(0x97);
        assertThat(listener.heard()).as("what is refused may come again").isEmpty();
        listener.send(Raw.unsubscribe(V5, 2, "a/r3")).read(11);
        long dropped = broker.metric("publish_dropped");
        client.send(Raw.publish(V5, 0x31, "a/r3", 0, raw(), "x")).settle();
        assertThat(broker.metric("publish_dropped")).isEqualTo(dropped + 1);
        assertThat(retain(client, "a/r2", raw(), "x".repeat(2500))).isEqualTo(0x10);
        assertThat(retain(client, "a/r1", raw().u8(0x09).binary(new byte[600]), ""))
                .as("clears, and is not kept")
                .isEqualTo(0x10);
        assertThat(retain(client, "a/r3", raw().u8(0x09).binary(new byte[600]), "x"))
                .isEqualTo(0x97);
        assertThat(retain(client, "a/r2", raw(), "")).isEqualTo(0x10);
        assertThat(retain(client, "a/r3", raw().u8(0x09).binary(new byte[600]), "x"))
                .isEqualTo(0x10);
        client.subscribe("a/r3", 0);
        assertThat(client.heard()).hasSize(1);
        assertThat(retain(client, "a/r3", raw(), "")).isZero();
    }

    private static int retain(RawClient client, String topic, Raw properties, String payload) {
        client.send(Raw.publish(V5, 0x33, topic, 1, properties, payload));
        Frame answer = client.read();
        while (answer.type() == 3) {
            answer = client.read();
        }
        return answer.body().length > 2 ? answer.u8(2) : 0;
    }

    @Test
    void limit_keepAlive_0AndLonger_areCutAndEnforced() {
        RawClient none = broker.visitor(V5).send(Raw.connect(V5, "bob", "silent", true, 0, raw()));
        assertThat(none.read(2).holds("130005")).as("server keep alive").isTrue();
        RawClient three = broker.visitor(V311).send(Raw.connect(V311, "bob", "silent3", true, 0, raw()));
        three.connected();
        RawClient longer = broker.visitor(V5).send(Raw.connect(V5, "bob", "silent65535", true, 65_535, raw()));
        assertThat(longer.read(2).holds("130005")).isTrue();
        none.assertDisconnected(0x8D);
        longer.assertDisconnected(0x8D);
        three.assertClosedSilently();
        await().untilAsserted(() -> assertThat(broker.audit()).contains("\"cause\":\"keep_alive\""));
    }
}
