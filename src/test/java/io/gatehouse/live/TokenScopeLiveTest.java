package io.gatehouse.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A token whose claim {@code acl} says what it is for, at a real broker: its holder's roles, narrowed. */
class TokenScopeLiveTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String POLICY = """
            version: 1
            roles:
              tested: {publish: [a/#], subscribe: [a/#]}
              all: {publish: ["#"], subscribe: ["#"]}
            users: {tom: [tested], bob: [all]}
            """;

    @TempDir
    Path folder;

    private LiveBroker broker;

    @AfterEach
    void stop() {
        broker.close();
    }

    private Mqtt tom(String client, Object acl) {
        String token = broker.token("tom", Duration.ofMinutes(5), Map.of("acl", acl));
        return broker.connect(broker.as("", client).password(token));
    }

    @Test
    void acl_narrowsWhatTheRolesAllow_andAddsNothing() {
        broker = new LiveBroker(folder, POLICY);
        Mqtt tom = tom("t", Map.of("publish", List.of("a/x", "#"), "subscribe", List.of("a/+", "b")));
        assertThat(tom.connack).isZero();
        assertThat(tom.publish("a/x", "1", 1)).isLessThan(0x80);
        assertThat(tom.publish("b", "2", 1)).as("no role allows it").isEqualTo(0x87);
        assertThat(tom.subscribe("b", 0)).isEqualTo(0x87);
        assertThat(tom.subscribe("a/#", 0)).as("the token is not for all of it").isEqualTo(0x87);
        assertThat(tom.subscribe("a/+", 0)).isZero();

        Mqtt narrow = tom("n", Map.of("publish", List.of("a/x")));
        assertThat(narrow.publish("a/x", "3", 1)).isLessThan(0x80);
        assertThat(narrow.publish("a/y", "4", 1)).isEqualTo(0x87);
        assertThat(narrow.subscribe("a/x", 0)).as("not named").isEqualTo(0x87);
        assertThat(tom.heard()).containsExactly("a/x 3");
    }

    @Test
    void acl_withoutItems_allowsNothing() {
        broker = new LiveBroker(folder, POLICY);
        int number = 0;
        for (Object acl : List.of(Map.of(), Map.of("publish", List.of()))) {
            Mqtt tom = tom("t" + number++, acl);
            assertThat(tom.connack).as(acl.toString()).isZero();
            assertThat(tom.publish("a/x", "1", 1)).as(acl.toString()).isEqualTo(0x87);
            assertThat(tom.subscribe("a/x", 1)).as(acl.toString()).isEqualTo(0x87);
        }
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.audit("decision"))
                        .anySatisfy(event -> assertThat(event)
                                .containsEntry("decision", "deny")
                                .containsEntry("target", "a/x")
                                .containsEntry("detail", "its token is not for publishing to it")));
    }

    @Test
    void acl_ofAnotherShape_refusesTheLogin_andSaysWhy() {
        broker = new LiveBroker(folder, POLICY);
        int number = 0;
        for (Object acl : List.of(
                List.of(),
                "a/#",
                List.of("a/#"),
                Map.of("pub", List.of("a/#"), "all", List.of("a/#")),
                Map.of("publish", List.of(1)),
                Map.of("publish", List.of(Map.of("topic", "a/#", "qos", 1))),
                Map.of("publish", Map.of("topic", "a/#")))) {
            assertThat(tom("t" + number++, acl).connack).as(acl.toString()).isEqualTo(0x86);
        }
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.audit("login"))
                        .anySatisfy(event -> assertThat(event)
                                .containsEntry("outcome", "refused")
                                .containsEntry(
                                        "detail",
                                        "the token is refused: claims: 'acl' has an item to publish with \"qos\", which is"
                                                + " not one of topic, max_qos, retain, max_payload, note")));
    }

    @Test
    void acl_withOptions_narrowsEachOfThem() {
        broker = new LiveBroker(folder, POLICY);
        Mqtt tom = tom(
                "t",
                Map.of(
                        "publish", List.of(Map.of("topic", "a/+", "max_qos", 1, "max_payload", "4B")),
                        "subscribe", List.of(Map.of("topic", "a/#", "max_qos", 1), "{a}")));
        assertThat(tom.connack).isZero();
        assertThat(tom.subscribe("a/#", 2)).as("less than asked for").isEqualTo(1);
        assertThat(tom.publish("a/x", "1234", 1)).isLessThan(0x80);
        assertThat(tom.publish("a/x", "12345", 1)).as("too large").isEqualTo(0x97);
        assertThat(tom.publish("a/x", "1", 2)).as("more than it is for").isEqualTo(0x87);
        assertThat(tom.subscribe("{a}", 0))
                .as("a filter is one, brace or not; no role allows it")
                .isEqualTo(0x87);
    }

    @Test
    void acl_holdsThroughAReload_forDeliveriesToo() {
        broker = new LiveBroker(folder, POLICY + "defaults: {wide_subscriptions: filter}\n");
        Mqtt bob = broker.connect("bob", "w");
        Mqtt tom = tom("t", Map.of("subscribe", List.of("a/x")));
        assertThat(tom.subscribe("a/#", 0)).as("filtered, as the policy says").isZero();
        bob.publish("a/x", "1", 0);
        bob.publish("a/y", "2", 0);
        bob.sync();
        assertThat(tom.heard()).containsExactly("a/x 1");

        broker.policy(POLICY.replace("[a/#]}", "[\"#\"]}") + "defaults: {wide_subscriptions: filter}\n");
        bob.publish("a/x", "3", 0);
        bob.publish("a/y", "4", 0);
        bob.sync();
        assertThat(tom.heard()).containsExactly("a/x 3");
    }
}
