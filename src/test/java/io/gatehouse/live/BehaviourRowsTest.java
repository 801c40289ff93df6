package io.gatehouse.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The rows of behaviour B1 to B24, at the sockets of a whole broker, in MQTT 3.1.1 (level 4) and 5.0 (level 5) where they
 * differ. Those that need a policy to change are {@link ReloadRowsTest}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BehaviourRowsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String POLICY = """
            version: 1
            vars:
              site: {from: jwt.site}
              line: {from: jwt.line}
            roles:
              rows:
                publish:
                  - {topic: b1, max_qos: 1}
                  - {topic: b4, retain: false}
                  - b6/a
                  - b16/a
                  - {topic: b17, max_payload: 4KiB}
                  - b21
                  - ask
                subscribe:
                  - {topic: b2/#, max_qos: 1}
                  - {topic: b3/#, max_qos: 1}
                  - {topic: b3/b, max_qos: 2}
                  - jobs/#
                  - {topic: jobs/#, shared: [workers, "night*"]}
                  - answers/me
                  - b21
                  - b20
              watcher:
                subscribe: ["#"]
                publish: [b20, b4, jobs/x]
              slow:
                publish: [b18]
                limits: {publish_rate: 10/s}
              placed:
                publish: [site/<site>/<line>/#]
            users:
              ann: [rows]
              bob: [watcher]
              cat: [slow]
              dan: [placed]
            assign:
              - {to: {auth: jwt}, roles: [rows]}
            """;

    private LiveBroker broker;

    @BeforeAll
    void start(@TempDir Path folder) {
        broker = new LiveBroker(folder, POLICY, "limits: {max_packet: 16KiB}");
    }

    @AfterAll
    void stop() {
        broker.close();
    }

    private Mqtt ann(int level) {
        return broker.connect(broker.as("ann", "").level(level));
    }

    private Mqtt listening(String filter) {
        Mqtt bob = broker.connect("bob", "");
        assertThat(bob.subscribe(filter, 2)).isLessThan(3);
        bob.heard();
        return bob;
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5})
    void b1_publishAboveItsRulesQos_isRefused(int level) {
        Mqtt bob = listening("b1");
        Mqtt ann = ann(level);
        assertThat(ann.publish("b1", "one", 1)).isZero();
        // MQTT 3.1.1 has no word for it: acknowledged and dropped
        assertThat(ann.publish("b1", "two", 2)).isEqualTo(level == 5 ? 0x87 : 0);
        assertThat(bob.heard()).containsExactly("b1 one");
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5})
    void b2_subscribeAboveItsRulesQos_isGrantedLess(int level) {
        assertThat(ann(level).subscribe("b2/#", 2)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5})
    void b3_moreQosForAPart_isNotMoreForAll(int level) {
        Mqtt ann = ann(level);
        assertThat(ann.subscribe("b3/#", 2)).isEqualTo(1);
        assertThat(ann.subscribe("b3/b", 2)).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5})
    void b4_b5_retainedWhereNoneIsAllowed_isRefused_deletingToo(int level) {
        Mqtt bob = broker.connect("bob", "");
        assertThat(bob.publish("b4", "kept", 1, true)).isIn(0, 0x10);
        Mqtt ann = ann(level);
        assertThat(ann.publish("b4", "plain", 1, false)).isIn(0, 0x10);
        assertThat(ann.publish("b4", "mine", 1, true)).isEqualTo(level == 5 ? 0x87 : 0);
        assertThat(ann.publish("b4", "", 1, true)).isEqualTo(level == 5 ? 0x87 : 0);

        Mqtt late = broker.connect("bob", "");
        late.subscribe("b4", 0);
        assertThat(late.heard()).containsExactly("b4 kept");
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5})
    void b6_willOnWhatItMayNotPublish_isRefusedAtConnect(int level) {
        assertThat(broker.connect(broker.as("ann", "").level(level).will("b6/a")).connack)
                .isZero();
        Mqtt refused = broker.connect(broker.as("ann", "").level(level).will("b6/b"));
        assertThat(refused.connack).isEqualTo(level == 5 ? 0x87 : 5);
        await().atMost(PATIENCE).until(refused::isGone);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5})
    void b8_shareGroupWithoutTheWord_isRefused(int level) {
        Mqtt ann = ann(level);
        assertThat(ann.subscribe("jobs/#", 0)).isZero();
        assertThat(ann.subscribe("$share/g/jobs/#", 0)).isEqualTo(level == 5 ? 0x87 : 0x80);
        broker.connect("bob", "").publish("jobs/x", "for all", 1);
        assertThat(ann.heard()).containsExactly("jobs/x for all");
    }

    @Test
    void b9_shareGroup_isItsExactName_orAStar() {
        Mqtt ann = ann(5);
        assertThat(ann.subscribe("$share/workers/jobs/#", 0)).isZero();
        assertThat(ann.subscribe("$share/nightshift/jobs/#", 0)).isZero();
        assertThat(ann.subscribe("$share/workers2/jobs/#", 0)).isEqualTo(0x87);
        assertThat(ann.subscribe("$share/worker/jobs/#", 0)).isEqualTo(0x87);
    }

    @Test
    void b16_topicAlias_isResolvedBeforeItIsJudged() {
        Mqtt bob = listening("b16/#");
        Mqtt ann = ann(5);
        Bytes alias = new Bytes().byte1(0x23).short2(5);
        byte[] payload = "x".getBytes(StandardCharsets.UTF_8);
        assertThat(ann.publish("b16/a", payload, 1, false, alias)).isZero();
        assertThat(ann.publish("", payload, 1, false, alias)).isZero();
        assertThat(ann.publish("b16/b", payload, 1, false, alias)).isEqualTo(0x87);
        assertThat(ann.publish("", payload, 1, false, alias))
                .as("it stands for b16/b now")
                .isEqualTo(0x87);
        assertThat(bob.heard()).containsExactly("b16/a x", "b16/a x");
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5})
    void b17_payloadOverItsRules_isRefused(int level) {
        Mqtt bob = listening("b17");
        Mqtt ann = ann(level);
        assertThat(ann.publish("b17", new byte[4096], 1, false, new Bytes())).isZero();
        assertThat(ann.publish("b17", new byte[5120], 1, false, new Bytes())).isEqualTo(level == 5 ? 0x97 : 0);
        assertThat(ann.publish("b17", new byte[5120], 2, false, new Bytes())).isEqualTo(level == 5 ? 0x97 : 0);
        assertThat(bob.received())
                .singleElement()
                .satisfies(one -> assertThat(one.payload()).hasSize(4096));
    }

    @Test
    void b17_packetOverTheLimitOfAll_endsTheConnectionBeforeItsBytesAreThere() {
        Mqtt ann = ann(5);
        ann.announce(1 << 20);
        await().atMost(PATIENCE).until(ann::isGone);
        assertThat(ann.disconnectReason()).isEqualTo(0x95);
    }

    /** MQTT 3.1.1 has no word for it: what cannot be kept is not acknowledged, and the connection ends. */
    @Test
    void b18_fasterThanItsRate_inMqtt311_endsWithoutAnAcknowledgement() {
        Mqtt cat = broker.connect(broker.as("cat", "").level(4));
        for (int i = 0; i < 200; i++) {
            cat.send("b18", new byte[1], 1, false, new Bytes());
        }
        await().atMost(PATIENCE).until(cat::isGone);
    }

    @Test
    void b18_fasterThanItsRate_isDroppedAndTold_andEndsWhenItGoesOn() {
        Mqtt bob = listening("b18");
        Mqtt cat = broker.connect(broker.as("cat", "").level(5));
        double dropped = broker.metric("publish_dropped");
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            ids.add(cat.send("b18", new byte[1], 1 + i % 2, false, new Bytes()));
        }
        List<Integer> reasons = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            reasons.add(cat.acknowledgement(1 + i % 2, ids.get(i)));
        }
        cat.sync();
        int passed = bob.received().size();
        assertThat(passed).isBetween(10, 59);
        assertThat(broker.metric("publish_dropped") - dropped).isGreaterThanOrEqualTo(60 - passed);
        assertThat(reasons.subList(0, 10)).containsOnly(0);
        assertThat(reasons).contains(0x97);
        assertThat(reasons.stream().filter(reason -> reason == 0)).hasSize(passed);

        for (int i = 0; i < 3000; i++) {
            cat.send("b18", new byte[1], 0, false, new Bytes());
        }
        await().atMost(PATIENCE).until(cat::isGone);
        assertThat(cat.disconnectReason()).isEqualTo(0x96);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5})
    void b20_tokenThatEnds_endsTheConnection_andWhatWaitsStaysForTheNextLogin(int level) {
        String soon = broker.token("tom", Duration.ofSeconds(2), Map.of());
        Mqtt tom = broker.connect(
                broker.as("", "tom" + level).password(soon).level(level).kept());
        assertThat(tom.connack).isZero();
        tom.subscribe("b20", 1);

        await().atMost(PATIENCE).until(tom::isGone);
        assertThat(tom.disconnectReason()).isEqualTo(level == 5 ? 0xA0 : -1);
        assertThat(broker.audit("ended"))
                .anySatisfy(event -> assertThat(event)
                        .containsEntry("client", "tom" + level)
                        .containsEntry("cause", "expired")
                        .containsEntry("reason", 0xA0));
        assertThat(broker.connect("bob", "").publish("b20", "waits", 1)).isZero();

        String fresh = broker.token("tom", Duration.ofMinutes(5), Map.of());
        Mqtt back = broker.connect(
                broker.as("", "tom" + level).password(fresh).level(level).kept());
        assertThat(back.sessionPresent).isTrue();
        assertThat(back.heard()).containsExactly("b20 waits");
    }

    /** I32 with it: nothing of the other's session changes. */
    @ParameterizedTest
    @ValueSource(ints = {4, 5})
    void b21_clientIdOfAnother_isRefused_andTheOtherUntouched(int level) {
        Mqtt ann = broker.connect(broker.as("ann", "hers").level(level).kept());
        ann.subscribe("b21", 1);
        for (boolean clean : new boolean[] {true, false}) {
            Mqtt.Options options = broker.as("bob", "hers").level(level);
            options.cleanStart = clean;
            Mqtt bob = broker.connect(options);
            assertThat(bob.connack).isEqualTo(level == 5 ? 0x85 : 2);
            await().atMost(PATIENCE).until(bob::isGone);
        }
        Mqtt token = broker.connect(broker.as("", "hers")
                .password(broker.token("ann", Duration.ofMinutes(1), Map.of()))
                .level(level));
        assertThat(token.connack).as("the same name from another source").isEqualTo(level == 5 ? 0x85 : 2);

        assertThat(ann.publish("b21", "still here", 1)).isZero();
        assertThat(ann.heard()).containsExactly("b21 still here");
        broker.drop(ann);
        broker.connect("ann", "writer").publish("b21", "queued", 1);
        assertThat(broker.connect(broker.as("bob", "hers").level(level)).connack)
                .isNotZero();
        Mqtt back = broker.connect(broker.as("ann", "hers").level(level).kept());
        assertThat(back.sessionPresent).isTrue();
        assertThat(back.heard()).containsExactly("b21 queued");
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.audit("ended"))
                        .anySatisfy(event -> assertThat(event)
                                .containsEntry("cause", "clientid_conflict")
                                .containsEntry("user", "bob")));
    }

    @Test
    void b22_responseTopicThatItMayNotHear_isRefused() {
        Mqtt ann = ann(5);
        byte[] payload = new byte[0];
        assertThat(ann.publish("ask", payload, 1, false, new Bytes().byte1(0x08).text("answers/me")))
                .isIn(0, 0x10);
        assertThat(ann.publish("ask", payload, 1, false, new Bytes().byte1(0x08).text("answers/you")))
                .isEqualTo(0x87);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.audit("decision"))
                        .anySatisfy(event -> assertThat(event)
                                .containsEntry("action", "response_topic")
                                .containsEntry("target", "answers/you")));
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5})
    void b23_unsubscribe_isNeverAPrivilege(int level) {
        Mqtt ann = ann(level);
        ann.subscribe("jobs/#", 0);
        assertThat(ann.unsubscribe("jobs/#")).isZero();
        assertThat(ann.unsubscribe("what/it/may/not/have")).isEqualTo(level == 5 ? 0x11 : 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5})
    void b24_roleWhoseVariableIsMissing_refusesTheLogin_andSaysWhich(int level) {
        Mqtt dan = broker.connect(broker.as("dan", "d").level(level));
        assertThat(dan.connack).isEqualTo(level == 5 ? 0x87 : 5);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.audit("login"))
                        .anySatisfy(event -> assertThat(event)
                                .containsEntry("outcome", "refused")
                                .hasEntrySatisfying(
                                        "detail",
                                        detail -> assertThat(detail.toString())
                                                .contains("has no value: ")
                                                .containsPattern("<(site|line)>"))));
    }

    @Test
    void sysTopics_areHeardByWhoNamesThemOnly_andWrittenByNobody() {
        Mqtt bob = broker.connect("bob", "");
        assertThat(bob.subscribe("#", 0)).isZero();
        assertThat(bob.subscribe("$SYS/#", 0)).isEqualTo(0x87);
        assertThat(bob.publish("$SYS/broker/uptime", "0", 1)).isEqualTo(0x87);
        assertThat(bob.heard()).noneMatch(text -> text.startsWith("$SYS"));
    }
}
