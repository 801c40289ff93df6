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

/** What the policy decided, as the audit log of a broker tells it. */
class DecisionAuditTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String POLICY = """
            version: 1
            roles:
              tested:
                publish:
                  - a/#
                  - {topic: b, max_qos: 1, retain: false}
                subscribe: [a/+, {topic: a/+/#, shared: [g]}]
                deny: {publish: [a/secret]}
            users:
              ann: [tested]
            """;

    @TempDir
    Path folder;

    private LiveBroker broker;

    @AfterEach
    void stop() {
        broker.close();
    }

    @Test
    void allowed_whereAllAreSampled_isWrittenWithItsRuleAndPolicy() {
        broker = new LiveBroker(folder, POLICY, "audit: sample_allowed: 1");
        Mqtt ann = broker.connect(broker.as("ann", "c").will("a/will"));
        assertThat(ann.publish("a/x", "secret payload", 1, true)).isLessThan(0x80);
        assertThat(ann.publish("b", "x", 0)).isLessThan(0x80);
        assertThat(ann.publish("a/secret", "no", 1)).isEqualTo(0x87);
        assertThat(ann.subscribe("$share/g/a/+/x", 2)).isEqualTo(2);
        assertThat(ann.subscribe("a/+/#", 1)).isEqualTo(1);
        broker.drop(ann);

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(allows())
                        .extracting(event -> event.get("action") + " " + event.get("target"))
                        .containsExactly(
                                "publish a/x",
                                "publish b",
                                "subscribe $share/g/a/+/x",
                                "subscribe a/+/#",
                                "will a/will"));
        String file = folder.resolve("policies/10-main.yaml").toString();
        assertThat(allows().get(0))
                .containsEntry("user", "ann")
                .containsEntry("client", "c")
                .containsEntry("listener", "one")
                .containsEntry("address", "127.0.0.1")
                .containsEntry("rule", file + ":5")
                .containsEntry("detail", "allowed by \"a/#\" of role \"tested\"")
                .containsEntry("retain", true)
                .hasEntrySatisfying("qos", qos -> assertThat(qos).hasToString("1"))
                .hasEntrySatisfying("one_in", one -> assertThat(one).hasToString("1"))
                .doesNotContainKey("count")
                .hasEntrySatisfying("policy", policy -> {
                    assertThat(((Map<?, ?>) policy).get("revision")).hasToString("1");
                    assertThat(((Map<?, ?>) policy).get("digest").toString()).matches("[0-9a-f]{64}");
                });
        assertThat(allows().get(1)).containsEntry("rule", file + ":6").containsEntry("retain", false);
        assertThat(allows().get(2)).containsEntry("rule", file + ":7").doesNotContainKey("retain");
        assertThat(broker.audit("decision").toString()).doesNotContain("secret payload");
        assertThat(broker.audit("decision"))
                .filteredOn("decision", "deny")
                .singleElement()
                .satisfies(event -> assertThat(event).containsEntry("target", "a/secret"));
    }

    @Test
    void allowed_afterAReload_namesTheNewPolicy() {
        broker = new LiveBroker(folder, POLICY, "audit: sample_allowed: 1");
        Mqtt ann = broker.connect("ann", "c");
        ann.publish("a/x", "before", 1);
        broker.policy("# one line more\n" + POLICY);
        ann.publish("a/x", "after", 1);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.audit("policy.load"))
                        .as("that of the start, too")
                        .extracting(
                                event -> event.get("outcome") + " " + ((Map<?, ?>) event.get("policy")).get("revision"))
                        .containsExactly("loaded 1", "loaded 2"));

        await().atMost(PATIENCE).untilAsserted(() -> assertThat(allows()).hasSize(2));
        assertThat(allows())
                .extracting(event -> event.get("rule").toString().replaceAll(".*:", ""))
                .containsExactly("5", "6");
        assertThat(allows())
                .extracting(event ->
                        ((Map<?, ?>) event.get("policy")).get("revision").toString())
                .containsExactly("1", "2");
    }

    @Test
    void allowed_byDefault_isNotWritten() {
        broker = new LiveBroker(folder, POLICY);
        Mqtt ann = broker.connect("ann", "c");
        assertThat(ann.publish("a/x", "x", 1)).isLessThan(0x80);
        assertThat(ann.subscribe("a/+", 1)).isEqualTo(1);
        assertThat(ann.publish("a/secret", "no", 1)).isEqualTo(0x87);

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.audit("decision")).hasSize(1));
        assertThat(allows()).isEmpty();
    }

    @Test
    void connect_thatThePolicyDenies_isADecisionWithItsRuleAndPolicy() {
        String bound =
                POLICY.replace("users:", "  bound: {publish: [a/#], client_id: [\"cat-*\"]}\nusers:\n  cat: [bound]");
        broker = new LiveBroker(folder, bound);
        assertThat(broker.connect("bob", "b").connack).isEqualTo(0x87);
        assertThat(broker.connect("cat", "dog").connack).isEqualTo(0x85);
        Mqtt cat = broker.connect("cat", "cat-1");
        assertThat(cat.connack).isZero();
        broker.policy(POLICY);
        await().atMost(PATIENCE).until(cat::isGone);

        String file = folder.resolve("policies/10-main.yaml").toString();
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.audit("decision"))
                        .extracting(event -> event.get("action") + " " + event.get("user") + " " + event.get("target")
                                + " " + event.get("rule") + " "
                                + ((Map<?, ?>) event.get("policy")).get("revision"))
                        .containsExactly(
                                "connect bob b no rule allows it 1",
                                "connect cat dog " + file + ":9 1",
                                "connect cat cat-1 no rule allows it 2"));
        assertThat(broker.audit("login")).filteredOn("outcome", "refused").hasSize(2);
    }

    @Test
    void revoked_namesTheRuleThatTookEach() {
        broker = new LiveBroker(folder, POLICY);
        Mqtt ann = broker.connect("ann", "c");
        ann.subscribe("a/+", 0);
        ann.subscribe("a/x", 0);
        broker.policy(POLICY.replace("{publish: [a/secret]}", "{publish: [a/secret], subscribe: [a/x]}"));
        broker.policy(POLICY.replace("subscribe: [a/+,", "subscribe: [b,").replace("{topic: a/+/#,", "{topic: c,"));

        String file = folder.resolve("policies/10-main.yaml").toString();
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.audit("revoke"))
                        .extracting(event -> event.get("filters") + " " + event.get("rules"))
                        .containsExactly("[a/x] [" + file + ":8]", "[a/+] [no rule allows it]"));
        assertThat(broker.audit("revoke"))
                .extracting(event ->
                        ((Map<?, ?>) event.get("policy")).get("revision").toString())
                .containsExactly("2", "3");
    }

    @Test
    void denied_saysWhatWasAsked_andByWhatItsLoginWasProved() {
        broker = new LiveBroker(folder, POLICY + "  tom: [tested]\n");
        Mqtt ann = broker.connect("ann", "c");
        assertThat(ann.publish("a/secret", "no", 1)).isEqualTo(0x87);
        assertThat(ann.publish("b", "kept", 0, true)).isZero();
        assertThat(ann.subscribe("c", 2)).isEqualTo(0x87);
        assertThat(broker.connect(broker.as("ann", "w").will("c")).connack).isEqualTo(0x87);
        Mqtt tom = broker.connect(
                broker.as("", "t").password(broker.token("tom", Duration.ofMinutes(5), Map.of("tenant", "acme"))));
        assertThat(tom.publish("c", "no", 1)).isEqualTo(0x87);
        broker.connect(broker.as("ann", "wrong").password("guess"));

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.audit("decision"))
                        .extracting(event -> event.get("action") + " " + event.get("target") + " qos "
                                + event.get("qos") + " retain " + event.get("retain") + " by " + event.get("method")
                                + " " + event.get("jwt_iss") + " " + event.get("jwt_sub"))
                        .containsExactly(
                                "publish a/secret qos 1 retain false by password null null",
                                "publish b qos 0 retain true by password null null",
                                "subscribe c qos 2 retain null by password null null",
                                "connect w qos null retain null by password null null",
                                "publish c qos 1 retain false by jwt " + LiveBroker.ISSUER + " tom"));
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.audit("login"))
                        .extracting(event -> event.get("client") + " " + event.get("outcome") + " "
                                + event.get("method") + " " + event.get("jwt_sub"))
                        .containsExactly(
                                "c accepted password null",
                                "w refused password null",
                                "t accepted jwt tom",
                                "wrong refused null null"));
        broker.policy(POLICY);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.audit("ended"))
                        .anySatisfy(event ->
                                assertThat(event).containsEntry("client", "t").containsEntry("jwt_sub", "tom")));
    }

    private List<Map<String, Object>> allows() {
        return broker.audit("decision").stream()
                .filter(event -> "allow".equals(event.get("decision")))
                .toList();
    }
}
