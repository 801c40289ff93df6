package io.gatehouse.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The places where a delivery is judged, one test each: it fails when that one check is taken out, which {@code
 * scripts/mutants} shows. Messages of other brokers and of extensions, the last of them, have no door of their own: whatever
 * is routed was authorized under a named principal, which the architecture test holds.
 */
class DeliveryChecksTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String OPEN = policy("subscribe: [\"a/#\", {topic: \"a/#\", shared: [g]}]");
    private static final String SHUT =
            policy("subscribe: [\"a/#\", {topic: \"a/#\", shared: [g]}]\ndeny: {subscribe: [a/secret]}");

    @TempDir
    Path folder;

    private LiveBroker broker;
    private Mqtt writer;

    private static String policy(String ann) {
        return """
                version: 1
                roles:
                  tested:
                    publish: [own/x]
                %s
                  all: {publish: ["#", "$SYS/#"], subscribe: [{topic: "#", shared: [g]}]}
                  sys: {subscribe: ["$SYS/broker/#"]}
                users:
                  ann: [tested]
                  bob: [all]
                  eve: [sys]
                """.formatted(ann.indent(4));
    }

    @BeforeEach
    void start() {
        broker = new LiveBroker(folder, SHUT, "sys: {interval: 1s}");
        writer = broker.connect("bob", "writer");
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    @Test
    void check1_liveFanOut() {
        Mqtt ann = broker.connect("ann", "c");
        assertThat(ann.subscribe("a/#", 1)).isEqualTo(1);
        writer.publish("a/secret", "no", 1);
        writer.publish("a/open", "yes", 1);
        assertThat(ann.heard()).containsExactly("a/open yes");
    }

    @Test
    void check2_retainedReplay() {
        writer.publish("a/secret", "no", 1, true);
        writer.publish("a/open", "yes", 1, true);
        Mqtt ann = broker.connect("ann", "c");
        assertThat(ann.subscribe("a/#", 1)).isEqualTo(1);
        assertThat(ann.heard()).containsExactly("a/open yes");
    }

    @Test
    void check3_offlineQueue() {
        broker.policy(OPEN);
        Mqtt ann = broker.connect(broker.as("ann", "c").kept());
        ann.subscribe("a/#", 1);
        broker.drop(ann);
        writer.publish("a/secret", "no", 1);
        writer.publish("a/open", "yes", 1);
        broker.policy(SHUT);
        assertThat(broker.connect(broker.as("ann", "c").kept()).heard()).containsExactly("a/open yes");
    }

    @Test
    void check4_inFlightResend() {
        broker.policy(OPEN);
        Mqtt ann = broker.connect(broker.as("ann", "c").kept().silent());
        ann.subscribe("a/#", 1);
        writer.publish("a/secret", "no", 1);
        writer.publish("a/open", "yes", 1);
        assertThat(ann.heard()).containsExactly("a/secret no", "a/open yes");
        broker.drop(ann);
        broker.policy(SHUT);
        assertThat(broker.connect(broker.as("ann", "c").kept()).heard()).containsExactly("a/open yes");
    }

    @Test
    void check5_shareMemberChoice() {
        Mqtt ann = broker.connect("ann", "c");
        Mqtt bob = broker.connect("bob", "b");
        assertThat(ann.subscribe("$share/g/a/#", 1)).isEqualTo(1);
        assertThat(bob.subscribe("$share/g/a/#", 1)).isEqualTo(1);
        for (int i = 0; i < 20; i++) {
            writer.publish("a/secret", "to bob", 1);
        }
        assertThat(bob.heard()).hasSize(20);
        assertThat(ann.heard()).isEmpty();
    }

    @Test
    void check5_shareMemberChoice_ofMembersThatAreAway() {
        Mqtt ann = broker.connect(broker.as("ann", "c").kept());
        Mqtt bob = broker.connect(broker.as("bob", "b").kept());
        ann.subscribe("$share/g/a/#", 1);
        bob.subscribe("$share/g/a/#", 1);
        broker.drop(ann);
        broker.drop(bob);
        for (int i = 0; i < 20; i++) {
            writer.publish("a/secret", "to bob", 1);
        }
        assertThat(broker.connect(broker.as("ann", "c").kept()).heard()).isEmpty();
        assertThat(broker.connect(broker.as("bob", "b").kept()).heard()).hasSize(20);
    }

    /** A message of QoS 2 is routed where it is decided, once: neither its repetition nor its release is another moment. */
    @Test
    void check6_qos2AtItsRelease() {
        Mqtt reader = broker.connect("bob", "reader");
        reader.subscribe("own/x", 0);
        Mqtt ann = broker.connect(broker.as("ann", "c").level(4));
        broker.policy(policy("deny: {publish: [own/x]}"));
        int denied = ann.publishWithoutRelease("own/x", "no");
        broker.policy(policy("note: its right is back"));
        ann.repeat(denied, "own/x", "no");
        ann.release(denied);
        assertThat(reader.heard()).isEmpty();

        int allowed = ann.publishWithoutRelease("own/x", "yes");
        ann.repeat(allowed, "own/x", "yes");
        assertThat(reader.heard()).containsExactly("own/x yes");
        broker.policy(policy("deny: {publish: [own/x]}"));
        ann.release(allowed);
        assertThat(reader.heard()).isEmpty();
    }

    @Test
    void check7_willAtConnect() {
        assertThat(broker.connect(broker.as("ann", "c").will("own/y")).connack).isEqualTo(0x87);
        assertThat(broker.connect(broker.as("ann", "c").will("own/x")).connack).isZero();
    }

    @Test
    void check7_willWhenItFires() {
        Mqtt reader = broker.connect("bob", "reader");
        reader.subscribe("own/#", 0);
        Mqtt ann = broker.connect(broker.as("ann", "c").will("own/x"));
        assertThat(ann.connack).isZero();
        broker.policy(policy("deny: {publish: [own/x]}"));
        broker.drop(ann);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.audit("decision"))
                        .singleElement()
                        .satisfies(event -> assertThat(event)
                                .containsEntry("action", "will")
                                .containsEntry("user", "ann")
                                .containsEntry("target", "own/x")));
        assertThat(reader.heard()).isEmpty();
    }

    @Test
    void check8_retainedOfAPublisherThatLostItsRight() {
        Mqtt ann = broker.connect("ann", "c");
        ann.publish("own/x", "left", 1, true);
        broker.policy(policy("deny: {publish: [own/x]}"));
        Mqtt reader = broker.connect("bob", "reader");
        reader.subscribe("own/#", 0);
        assertThat(reader.heard()).isEmpty();
    }

    @Test
    void check9_topicsOfTheBroker() {
        Mqtt eve = broker.connect("eve", "e");
        assertThat(eve.subscribe("$SYS/#", 0)).isEqualTo(0x87);
        assertThat(eve.subscribe("$SYS/broker/#", 0)).isZero();
        assertThat(writer.publish("$SYS/broker/uptime", "forged", 1)).isEqualTo(0x87);
        assertThat(writer.publish("$SYS/broker/forged", "forged", 1)).isEqualTo(0x87);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(eve.heard())
                        .anyMatch(text -> text.startsWith("$SYS/broker/uptime "))
                        .noneMatch(text -> text.contains("forged")));
        Mqtt all = broker.connect("bob", "all");
        all.subscribe("#", 0);
        all.subscribe("+/broker/#", 0);
        double before = broker.metric("publish_sent");
        await().atMost(PATIENCE).until(() -> broker.metric("publish_sent") > before);
        assertThat(all.heard()).noneMatch(text -> text.startsWith("$"));
    }
}
