package io.gatehouse.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The {@code limits} of roles and of everyone at the socket; of payloads and rates see {@link BehaviourRowsTest}. */
class RoleLimitsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    private LiveBroker broker;

    @BeforeEach
    void start() {
        broker = new LiveBroker(folder, """
                version: 1
                roles:
                  loose:
                    subscribe: ["#"]
                    publish: ["#"]
                    limits: {connections: 5, subscriptions: 9, queued: 50}
                  tight: {publish: [x], limits: {connections: 2, subscriptions: 3}}
                  slow: {subscribe: ["#"], limits: {receive_max: 2, queued: 4}}
                  meagre: {publish: ["#"], limits: {publish_bytes: 16/s}}
                  writer: {publish: ["#"]}
                users:
                  ann: [loose, tight]
                  bob: [writer]
                  cat: [slow]
                  dan: [meagre]
                everyone: {limits: {max_payload: 8KiB}}
                """);
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    @Test
    void connections_ofTheStrictestRole_areOfTheUser_andATakeoverIsNone() {
        Mqtt first = broker.connect("ann", "1");
        Mqtt second = broker.connect("ann", "2");
        assertThat(second.connack).isZero();
        assertThat(broker.connect("ann", "3").connack).isEqualTo(0x97);
        assertThat(broker.connect("bob", "3").connack).as("another user").isZero();
        assertThat(broker.connect("ann", "2").connack).as("in place of its own").isZero();
        await().atMost(PATIENCE).until(second::isGone);
        broker.drop(first);
        assertThat(broker.connect("ann", "4").connack).as("one has left").isZero();
    }

    @Test
    void subscriptions_ofTheStrictestRole_areRefusedAbove_untilOneIsGivenUp() {
        Mqtt ann = broker.connect("ann", "c");
        assertThat(ann.subscribe("a", 0)).isZero();
        assertThat(ann.subscribe("b", 0)).isZero();
        assertThat(ann.subscribe("c", 0)).isZero();
        assertThat(ann.subscribe("d", 0)).isEqualTo(0x97);
        assertThat(ann.subscribe("c", 0)).as("the same again").isZero();
        assertThat(ann.unsubscribe("a")).isZero();
        assertThat(ann.subscribe("d", 0)).isZero();
    }

    @Test
    void receiveMax_isHowManyAreInFlight() {
        Mqtt cat = broker.connect(broker.as("cat", "c").silent());
        assertThat(cat.subscribe("a", 1)).isEqualTo(1);
        Mqtt bob = broker.connect("bob", "w");
        for (int i = 0; i < 5; i++) {
            bob.publish("a", "m" + i, 1);
        }
        assertThat(cat.heard()).containsExactly("a m0", "a m1");
    }

    @Test
    void queued_isHowManyWait_andNoMore() {
        Mqtt cat = broker.connect(broker.as("cat", "c").kept());
        assertThat(cat.subscribe("a", 1)).isEqualTo(1);
        broker.drop(cat);
        Mqtt bob = broker.connect("bob", "w");
        for (int i = 0; i < 10; i++) {
            bob.publish("a", "m" + i, 1);
        }
        Mqtt back = broker.connect(broker.as("cat", "c").kept());
        await().atMost(PATIENCE).until(() -> back.peek().size() >= 4);
        assertThat(back.heard()).hasSize(4);
        assertThat(broker.metric("publish_dropped")).isEqualTo(6);
    }

    @Test
    void publishBytes_areOfPayloads_andAreToldWhenTheyAreSpent() {
        Mqtt dan = broker.connect("dan", "d");
        assertThat(dan.publish("a", new byte[2000], 1, false, new Bytes()))
                .as("more than a second's worth, but first")
                .isLessThan(0x80);
        assertThat(dan.publish("a", new byte[16], 1, false, new Bytes())).isEqualTo(0x97);
        assertThat(dan.publish("a", new byte[16], 2, false, new Bytes())).isEqualTo(0x97);
    }

    /** A refusal by a limit is a denial like any other, for the auditor too. */
    @Test
    void limits_thatRefuse_areInTheAuditLog() {
        Mqtt dan = broker.connect("dan", "d");
        dan.publish("a", new byte[2000], 1, false, new Bytes());
        assertThat(dan.publish("a", new byte[16], 1, true, new Bytes())).isEqualTo(0x97);
        Mqtt ann = broker.connect("ann", "c");
        for (String filter : List.of("a", "b", "c")) {
            ann.subscribe(filter, 0);
        }
        assertThat(ann.subscribe("d", 2)).isEqualTo(0x97);

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.audit("decision"))
                        .extracting(event -> event.get("action") + " " + event.get("target") + " qos "
                                + event.get("qos") + " retain " + event.get("retain") + " " + event.get("reason") + " "
                                + event.get("rule") + ": " + event.get("detail"))
                        .containsExactly(
                                "publish a qos 1 retain true 151 limits.publish_bytes: it publishes more bytes a second than it"
                                        + " may",
                                "subscribe d qos 2 retain null 151 limits.subscriptions: it has 3 subscriptions, as many as it"
                                        + " may"));
    }

    @Test
    void limits_ofEveryone_holdForThoseWhoseRolesHaveNone_andChangeWithAReload() {
        Mqtt bob = broker.connect("bob", "w");
        assertThat(bob.publish("a", new byte[8192], 1, false, new Bytes())).isLessThan(0x80);
        assertThat(bob.publish("a", new byte[8193], 1, false, new Bytes())).isEqualTo(0x97);
        broker.policy("""
                version: 1
                roles: {writer: {publish: ["#"], limits: {max_payload: 16}}}
                users: {bob: [writer]}
                """);
        assertThat(bob.publish("a", new byte[17], 1, false, new Bytes())).isEqualTo(0x97);
        assertThat(bob.publish("a", new byte[16], 1, false, new Bytes())).isLessThan(0x80);
    }
}
