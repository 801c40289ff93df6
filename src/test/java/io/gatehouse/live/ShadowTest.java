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

/** Shadow statements in a running broker: no answer is another, and where it would be, that is told. */
class ShadowTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String POLICY = """
            version: 1
            roles:
              live:
                publish: [a/#, {topic: trial/item, shadow: true}]
                subscribe: [a/#]
                limits: {max_payload: 10}
              trial:
                shadow: true
                publish: [b, "$SYS/#"]
                subscribe: [c]
                deny: {publish: [a/secret], subscribe: [a/hidden]}
            users:
              ann: [live, trial]
              bob: [live]
              cat: [trial]
            """;

    @TempDir
    Path folder;

    private LiveBroker broker;

    @AfterEach
    void stop() {
        broker.close();
    }

    @Test
    void shadow_thatWouldAnswerOtherwise_isCountedAndWritten_andChangesNothing() {
        broker = new LiveBroker(folder, POLICY);
        Mqtt ann = broker.connect("ann", "c");
        assertThat(ann.subscribe("a/#", 1)).isEqualTo(1);
        assertThat(ann.subscribe("c", 1)).isEqualTo(0x87);
        assertThat(ann.publish("a/secret", "1", 1)).isLessThan(0x80);
        assertThat(ann.publish("a/hidden", "2", 1)).isLessThan(0x80);
        assertThat(ann.publish("a/plain", "3", 1)).isLessThan(0x80);
        assertThat(ann.publish("b", "4", 1)).isEqualTo(0x87);
        assertThat(ann.publish("trial/item", "5", 1)).isEqualTo(0x87);
        assertThat(ann.heard()).containsExactly("a/secret 1", "a/hidden 2", "a/plain 3");

        String file = folder.resolve("policies/10-main.yaml").toString();
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(told())
                        .containsExactlyInAnyOrder(
                                "allow subscribe c trial " + file + ":10",
                                "deny publish a/secret trial " + file + ":11",
                                "deny receive a/hidden trial " + file + ":11",
                                "allow publish b trial " + file + ":9",
                                "allow publish trial/item live " + file + ":4"));
        assertThat(broker.audit("shadow"))
                .allSatisfy(event -> assertThat(event)
                        .containsEntry("user", "ann")
                        .containsEntry("client", "c")
                        .containsEntry("listener", "one")
                        .hasEntrySatisfying(
                                "policy",
                                policy -> assertThat(((Map<?, ?>) policy).get("revision"))
                                        .hasToString("1")));
        assertThat(broker.broker().metricsText())
                .contains("gatehouse_policy_shadow_total{role=\"trial\",would=\"deny\"} 2.0")
                .contains("gatehouse_policy_shadow_total{role=\"trial\",would=\"allow\"} 2.0")
                .contains("gatehouse_policy_shadow_total{role=\"live\",would=\"allow\"} 1.0");
    }

    @Test
    void shadow_ofWhatTheEngineItselfRefuses_isNoDifference() {
        broker = new LiveBroker(folder, POLICY);
        Mqtt ann = broker.connect("ann", "c");
        assertThat(ann.publish("$SYS/x", "1", 1)).isEqualTo(0x87);
        assertThat(ann.publish("b", "more than ten bytes", 1)).isEqualTo(0x97);
        Mqtt bob = broker.connect("bob", "b");
        assertThat(bob.publish("a/secret", "1", 1)).isLessThan(0x80);
        assertThat(ann.publish("a/secret", "the last", 1)).isLessThan(0x80);

        await().atMost(PATIENCE).untilAsserted(() -> assertThat(told()).hasSize(1));
        assertThat(told().get(0)).startsWith("deny publish a/secret");
    }

    @Test
    void shadow_ofManyAlike_isWrittenOnceASecond_withTheirNumber() {
        broker = new LiveBroker(folder, POLICY);
        Mqtt ann = broker.connect("ann", "c");
        int many = 300;
        for (int i = 0; i < many; i++) {
            ann.publish("a/secret", "x", 0);
        }
        ann.sync();
        await().atMost(PATIENCE).untilAsserted(() -> {
            assertThat(ann.publish("a/secret", "x", 1)).isLessThan(0x80);
            assertThat(broker.audit("shadow").size()).isGreaterThan(1);
        });
        List<Map<String, Object>> events = broker.audit("shadow");
        assertThat(events.get(0)).doesNotContainKey("count");
        long told = events.size()
                + events.stream()
                        .mapToLong(event ->
                                Long.parseLong(event.getOrDefault("count", 0).toString()))
                        .sum();
        assertThat(told).isGreaterThan(many);
        assertThat(events.size()).isLessThan(many);
    }

    /** A role that is a shadow lets nobody in. */
    @Test
    void connect_withShadowRolesOnly_isRefused() {
        broker = new LiveBroker(folder, POLICY);
        assertThat(broker.connect("cat", "c").connack).isEqualTo(0x87);
    }

    @Test
    void reload_thatBringsAShadow_isSeenByWhoIsThere_andOneThatTakesItIsSilent() {
        String plain = POLICY.replace("live, trial]", "live]");
        broker = new LiveBroker(folder, plain);
        Mqtt ann = broker.connect("ann", "c");
        ann.subscribe("a/#", 0);
        ann.publish("a/hidden", "before", 1);
        broker.policy(POLICY);
        ann.publish("a/hidden", "while", 1);
        broker.policy(plain);
        ann.publish("a/hidden", "after", 1);

        assertThat(ann.heard()).containsExactly("a/hidden before", "a/hidden while", "a/hidden after");
        assertThat(broker.broker().metricsText())
                .contains("gatehouse_policy_shadow_total{role=\"trial\",would=\"deny\"} 1.0");
    }

    private List<String> told() {
        return broker.audit("shadow").stream()
                .map(event -> event.get("would") + " " + event.get("action") + " " + event.get("target") + " "
                        + event.get("role") + " " + event.get("rule"))
                .toList();
    }
}
