package io.gatehouse.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rows of behaviour in which rights change under a client, at the sockets; B12 to B15 are {@link ReloadTest}'s. */
class ReloadRowsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    private LiveBroker broker;

    @AfterEach
    void stop() {
        broker.close();
    }

    private static String policy(String ann) {
        return """
                version: 1
                roles:
                  tested:
                %s
                  all: {publish: ["#"], subscribe: [{topic: "#", shared: [g]}]}
                users:
                  ann: [tested]
                  bob: [all]
                """.formatted(ann.indent(4));
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5})
    void b7_willWhoseRightIsGoneWhenItFires_isNotPublished_andAudited(int level) {
        broker = new LiveBroker(folder, policy("publish: [a, b]"));
        Mqtt bob = broker.connect("bob", "r");
        bob.subscribe("a", 0);
        Mqtt ann = broker.connect(broker.as("ann", "c").level(level).will("a"));

        broker.policy(policy("publish: [b]"));
        broker.drop(ann);

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.audit("decision"))
                        .singleElement()
                        .satisfies(event -> assertThat(event)
                                .containsEntry("action", "will")
                                .containsEntry("decision", "deny")
                                .containsEntry("user", "ann")));
        assertThat(bob.heard()).isEmpty();
    }

    @Test
    void b10_memberThatLosesItsRight_makesNothingVanish() {
        String both = policy("subscribe: [{topic: \"jobs/#\", shared: [g]}]");
        broker = new LiveBroker(folder, both);
        Mqtt ann = broker.connect("ann", "a");
        Mqtt bob = broker.connect("bob", "b");
        ann.subscribe("$share/g/jobs/#", 1);
        bob.subscribe("$share/g/jobs/#", 1);
        Mqtt writer = broker.connect("bob", "w");

        broker.policy(policy("subscribe: [other]"));
        for (int i = 0; i < 20; i++) {
            assertThat(writer.publish("jobs/x", "job " + i, 1)).isZero();
        }

        assertThat(bob.heard()).hasSize(20);
        assertThat(ann.heard()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5})
    void b11_denyThatComes_cutsTheNextMessage_andNothingElse(int level) {
        broker = new LiveBroker(folder, policy("subscribe: [\"a/#\"]"));
        Mqtt ann = broker.connect(broker.as("ann", "c").level(level));
        ann.subscribe("a/#", 0);
        Mqtt writer = broker.connect("bob", "w");
        writer.publish("a/secret", "before", 0);

        broker.policy(policy("subscribe: [\"a/#\"]\ndeny: {subscribe: [a/secret]}"));
        writer.publish("a/secret", "after", 0);
        writer.publish("a/open", "after", 0);

        assertThat(ann.heard()).containsExactly("a/secret before", "a/open after");
        assertThat(ann.isGone()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5})
    void b19_windowThatCloses_takesItsRights_withoutAPacketFromAnybody(int level) {
        broker = new LiveBroker(folder, """
                version: 1
                roles:
                  always: {publish: [x]}
                  shift:
                    subscribe: ["a/#"]
                    when: {time: "Mon-Sun 08:00-18:00 Europe/Berlin"}
                  only:
                    subscribe: ["a/#"]
                    when: {time: "Mon-Sun 08:00-18:00 Europe/Berlin"}
                  all: {publish: ["#"], subscribe: ["#"]}
                users: {ann: [always, shift], cat: [only], bob: [all]}
                """, Instant.parse("2026-11-25T16:59:00Z"));
        Mqtt ann = broker.connect(broker.as("ann", "a").level(level));
        assertThat(ann.subscribe("a/#", 0)).isZero();
        Mqtt cat = broker.connect(broker.as("cat", "c").level(level));
        Mqtt writer = broker.connect("bob", "w");
        writer.publish("a/x", "in time", 0);
        assertThat(ann.heard()).containsExactly("a/x in time");

        broker.setTime(Instant.parse("2026-11-25T17:00:00Z"));
        await().atMost(PATIENCE).until(cat::isGone);
        assertThat(cat.disconnectReason()).isEqualTo(level == 5 ? 0x87 : -1);
        await().atMost(PATIENCE).until(() -> broker.metric("subscriptions_revoked") == 1);
        writer.publish("a/x", "too late", 0);
        assertThat(ann.heard()).isEmpty();
        assertThat(broker.connect(broker.as("cat", "c").level(level)).connack).isEqualTo(level == 5 ? 0x87 : 5);

        broker.setTime(Instant.parse("2026-11-26T07:00:01Z"));
        await().atMost(PATIENCE).until(() -> broker.reloads().size() == 2);
        assertThat(broker.connect("cat", "c").connack).isZero();
        writer.publish("a/x", "next day", 0);
        assertThat(ann.heard()).containsExactly("a/x next day");
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.reloads())
                        .hasSize(2)
                        .allSatisfy(event -> assertThat(event).containsEntry("outcome", "window")));
    }
}
