package io.gatehouse.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A policy that changes under connected clients, and under those that are away. */
class ReloadTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    private LiveBroker broker;

    private LiveBroker start(String rules, String... more) {
        broker = new LiveBroker(folder, policy(rules), more);
        return broker;
    }

    @AfterEach
    void stop() {
        if (broker != null) {
            broker.close();
        }
    }

    /** Ann has the rules; bob may publish and hear everything. */
    private static String policy(String rules) {
        return """
                version: 1
                roles:
                  tested:
                    publish: [own/ann]
                %s
                  all:
                    publish: ["#"]
                    subscribe: ["#"]
                users:
                  ann: [tested]
                  bob: [all]
                """.formatted(rules.indent(4));
    }

    @Test
    void b12_reloadTakesAnAllow_theSubscriptionSleeps_andWakesWhenTheRightIsBack() {
        start("subscribe: [\"a/#\", \"b/#\"]");
        Mqtt ann = broker.connect("ann", "c");
        ann.subscribe("a/#", 0);
        ann.subscribe("b/#", 0);
        Mqtt bob = broker.connect("bob", "w");

        broker.policy(policy("subscribe: [\"b/#\"]"));
        bob.publish("a/x", "1", 0);
        bob.publish("b/x", "2", 0);
        assertThat(ann.heard()).containsExactly("b/x 2");
        assertThat(ann.isGone()).isFalse();

        broker.policy(policy("subscribe: [\"a/#\", \"b/#\"]"));
        bob.publish("a/x", "3", 0);
        assertThat(ann.heard()).containsExactly("a/x 3");

        assertThat(broker.metric("subscriptions_revoked")).isEqualTo(1);
        await().atMost(PATIENCE).untilAsserted(() -> {
            assertThat(broker.audit("revoke"))
                    .singleElement()
                    .satisfies(event -> assertThat(event)
                            .containsEntry("user", "ann")
                            .containsEntry("outcome", "dormant")
                            .containsEntry("filters", List.of("a/#"))
                            .containsEntry("rules", List.of("no rule allows it")));
            assertThat(broker.reloads())
                    .hasSize(2)
                    .first()
                    .satisfies(event -> assertThat(event)
                            .containsEntry("outcome", "loaded")
                            .containsEntry("lost", 1)
                            .containsEntry("ended", 0)
                            .hasEntrySatisfying(
                                    "policy",
                                    stamp -> assertThat(stamp.toString()).startsWith("{revision=2, digest=")));
        });
    }

    @Test
    void reload_takesAnAllow_whereThatDisconnects_theClientGoes() {
        start("subscribe: [\"a/#\"]", "policy: on_revoke: disconnect");
        Mqtt five = broker.connect("ann", "c5");
        five.subscribe("a/#", 0);
        Mqtt four = broker.connect(broker.as("ann", "c4").level(4));
        four.subscribe("a/b", 0);
        Mqtt other = broker.connect("ann", "none");

        broker.policy(policy("subscribe: [other]"));

        await().atMost(PATIENCE).until(() -> five.isGone() && four.isGone());
        assertThat(five.disconnectReason()).isEqualTo(0x87);
        assertThat(four.disconnectReason()).as("MQTT 3 has no word for it").isEqualTo(-1);
        assertThat(other.sync()).isTrue();
    }

    @Test
    void b13_reloadTakesTheLastRole_theClientGoes_andItsWillStaysUnsaid() {
        start("subscribe: [\"a/#\"]");
        Mqtt bob = broker.connect("bob", "r");
        bob.subscribe("own/#", 0);
        Mqtt ann = broker.connect(broker.as("ann", "c").will("own/ann"));
        assertThat(ann.connack).isZero();

        broker.policy("""
                version: 1
                roles:
                  all: {publish: ["#"], subscribe: ["#"]}
                users: {bob: [all]}
                """);

        await().atMost(PATIENCE).until(ann::isGone);
        assertThat(ann.disconnectReason()).isEqualTo(0x87);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.audit("decision"))
                        .anySatisfy(event -> assertThat(event).containsEntry("action", "will")));
        assertThat(bob.heard()).isEmpty();
        assertThat(broker.connect("ann", "c").connack).isEqualTo(0x87);
    }

    @Test
    void reload_whileTheClientIsAway_countsItsSessionToo_andWhatWaitsIsNotDelivered() {
        start("subscribe: [\"a/#\"]");
        Mqtt ann = broker.connect(broker.as("ann", "c").kept());
        ann.subscribe("a/#", 1);
        broker.drop(ann);
        Mqtt bob = broker.connect("bob", "w");
        bob.publish("a/x", "waits", 1);

        broker.policy(policy("subscribe: [\"b/#\"]"));
        bob.publish("a/x", "never", 1);

        assertThat(broker.metric("subscriptions_revoked")).isEqualTo(1);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.audit("revoke"))
                        .singleElement()
                        .satisfies(event -> assertThat(event).containsEntry("outcome", "away")));
        Mqtt back = broker.connect(broker.as("ann", "c").kept());
        assertThat(back.sessionPresent).isTrue();
        assertThat(back.heard()).isEmpty();
        broker.policy(policy("subscribe: [\"a/#\"]"));
        bob.publish("a/x", "again", 1);
        assertThat(back.heard()).contains("a/x again").doesNotContain("a/x never");
    }

    @Test
    void reload_takesAPublishersRight_whatItLeftIsHidden_counted_andThereAgainLater() {
        start("subscribe: [\"a/#\"]");
        Mqtt ann = broker.connect("ann", "c");
        ann.publish("own/ann", "left", 1, true);
        Mqtt bob = broker.connect("bob", "r");

        broker.policy(policy("subscribe: [\"a/#\"]\ndeny: {publish: [own/ann]}"));
        bob.subscribe("own/#", 0);
        assertThat(bob.heard()).isEmpty();
        assertThat(broker.metric("retained_withheld")).isEqualTo(1);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.reloads())
                        .singleElement()
                        .satisfies(event -> assertThat(event)
                                .containsEntry("retained_hidden", 1)
                                .containsKey("swept_in_ms")));

        broker.policy(policy("subscribe: [\"a/#\"]"));
        bob.subscribe("own/+", 0);
        assertThat(bob.heard()).containsExactly("own/ann left");
    }

    @Test
    void change_onDisk_actsWithoutBeingAskedFor() {
        start("subscribe: [\"a/#\"]");
        Mqtt ann = broker.connect("ann", "c");
        ann.subscribe("a/#", 0);
        Mqtt bob = broker.connect("bob", "w");

        broker.write("policies/10-main.yaml", policy("subscribe: [\"b/#\"]"));

        await().atMost(PATIENCE).until(() -> broker.metric("policy_reloads") == 1);
        bob.publish("a/x", "no", 0);
        assertThat(ann.heard()).isEmpty();
    }

    @Test
    void b14_reloadWithAMistakeInTheThirdOfFiveFiles_changesNothing_andSaysWhere() {
        start("subscribe: [\"a/#\"]");
        Mqtt ann = broker.connect("ann", "c");
        for (int i = 20; i < 60; i += 10) {
            broker.write(
                    "policies/" + i + ".yaml",
                    "version: 1\nroles:\n  more-" + i + ":\n    " + (i == 30 ? "publsh" : "publish") + ": [x]\n");
        }
        broker.reload();

        assertThat(broker.metric("policy_stale")).isEqualTo(1);
        assertThat(ann.subscribe("a/#", 0)).isZero();
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.reloads())
                        .anySatisfy(event -> assertThat(event)
                                .containsEntry("outcome", "refused")
                                .hasEntrySatisfying(
                                        "problems",
                                        problems ->
                                                assertThat(problems.toString()).contains("30.yaml:4:5: error P104"))));

        broker.write("policies/30.yaml", "version: 1\nroles: {more-30: {publish: [x]}}\n");
        broker.reload();
        assertThat(broker.metric("policy_stale")).isZero();
    }

    @Test
    void b15_reloadWithAFailingTest_changesNothing_andNamesIt() {
        start("subscribe: [\"a/#\"]");
        broker.policy(policy("subscribe: [\"b/#\"]") + """
                tests:
                  - as: {user: ann}
                    can: [subscribe a/#]
                """);

        assertThat(broker.metric("policy_stale")).isEqualTo(1);
        assertThat(broker.connect("ann", "c").subscribe("a/#", 0)).isZero();
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.reloads())
                        .anySatisfy(event -> assertThat(event.get("problems").toString())
                                .containsPattern("10-main.yaml:[0-9]+:[0-9]+: error P150")));
    }

    @Test
    void reload_ofAnEmptyFolder_changesNothing() throws Exception {
        start("subscribe: [\"a/#\"]");
        Files.delete(broker.path("policies/10-main.yaml"));
        broker.reload();

        assertThat(broker.metric("policy_stale")).isEqualTo(1);
        assertThat(broker.connect("ann", "c").subscribe("a/#", 0)).isZero();
    }

    @Test
    void reconnect_byAnotherDoorWithFewerRights_takesThemFromWhatTheSessionHolds() {
        start("subscribe: [\"b/#\"]");
        broker.policy("""
                version: 1
                roles:
                  base: {publish: [x]}
                  inside: {subscribe: ["a/#"], when: {listener: one}}
                  all: {publish: ["#"]}
                users: {ann: [base, inside], bob: [all]}
                """);
        Mqtt ann = broker.connect(broker.as("ann", "c").kept());
        assertThat(ann.subscribe("a/#", 1)).isEqualTo(1);
        Mqtt bob = broker.connect("bob", "w");
        broker.drop(ann);
        bob.publish("a/x", "queued", 1);

        Mqtt outside = broker.connect("two", broker.as("ann", "c").kept());
        bob.publish("a/x", "live", 1);
        assertThat(outside.heard()).isEmpty();
        broker.drop(outside);

        Mqtt inside = broker.connect(broker.as("ann", "c").kept());
        bob.publish("a/x", "inside", 1);
        // what waited is judged when it is read from the store: outside, where it goes, or inside, where it may be
        // heard
        assertThat(inside.heard()).contains("a/x inside").doesNotContain("a/x live");
    }

    /** I18 at the socket: from the return of a reload on, nothing of the old policy arrives, however busy the publishers. */
    @Test
    void reload_underLoad_nothingOfTheOldPolicyArrivesAfterItReturned() {
        start("subscribe: [\"a/#\"]");
        Mqtt ann = broker.connect("ann", "c");
        ann.subscribe("a/#", 0);
        java.util.concurrent.atomic.AtomicBoolean stop = new java.util.concurrent.atomic.AtomicBoolean();
        List<Thread> writers = new java.util.ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Mqtt bob = broker.connect("bob", "w" + i);
            Thread writer = new Thread(() -> {
                while (!stop.get()) {
                    for (int n = 0; n < 20; n++) {
                        bob.send("a/x", new byte[1], 0, false, new Bytes());
                    }
                    bob.sync();
                }
            });
            writer.start();
            writers.add(writer);
        }
        try {
            for (int round = 0; round < 5; round++) {
                await().atMost(PATIENCE).until(() -> !ann.received().isEmpty());
                broker.policy(policy("subscribe: [\"b/#\"]"));
                ann.received();
                long routed = (long) broker.metric("publish_received");
                await().atMost(PATIENCE).until(() -> broker.metric("publish_received") > routed + 100);
                assertThat(ann.received()).isEmpty();
                broker.policy(policy("subscribe: [\"a/#\"]"));
            }
        } finally {
            stop.set(true);
        }
        writers.forEach(writer -> {
            try {
                writer.join();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
    }
}
