package io.gatehouse.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.authn.Subject;
import io.gatehouse.policy.model.Role;
import io.gatehouse.protocol.Qos;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What {@code policy explain} has to say. */
class ExplanationTest {

    @Test
    void publish_denied_showsTheDenyThatDecides_thenWhatWouldAllow() {
        Explanation.Bound anna = asked("pub plant/+/cmd/#", "deny pub plant/+/cmd/firmware/#", "pub other");

        Explanation answer = anna.publish("plant/dev-press7/cmd/firmware/v2", Qos.AT_MOST_ONCE, false, 0);

        assertThat(answer.allowed()).isFalse();
        assertThat(answer.verdict()).isEqualTo("DENY");
        assertThat(answer.detail()).isEqualTo("denied by \"plant/+/cmd/firmware/#\" of role \"tester\"");
        assertThat(answer.lines())
                .containsExactly(
                        new Explanation.Line(
                                true,
                                "plant/+/cmd/firmware/#",
                                "tester",
                                "test.yaml:1",
                                "decides (a deny always wins)"),
                        new Explanation.Line(false, "plant/+/cmd/#", "tester", "test.yaml:1", "(would allow)"));
        assertThat(answer.roles()).containsExactly("tester");
    }

    @Test
    void publish_allowed_showsWhatAllows() {
        Explanation answer = asked("pub a/+", "pub a/b").publish("a/b", Qos.AT_MOST_ONCE, false, 0);

        assertThat(answer.allowed()).isTrue();
        assertThat(answer.lines()).extracting(Explanation.Line::note).containsExactly("decides", "allows too");
    }

    @Test
    void publish_withoutAnyRule_showsNone() {
        Explanation answer = asked("pub a/+").publish("b", Qos.AT_MOST_ONCE, false, 0);

        assertThat(answer.allowed()).isFalse();
        assertThat(answer.detail()).isEqualTo("no rule allows publishing to it");
        assertThat(answer.lines()).isEmpty();
    }

    @Test
    void subscribe_withAHole_showsAnExampleOfIt() {
        Explanation answer = asked("sub home/#", "deny sub home/alarm/#").subscribe("home/#", Qos.EXACTLY_ONCE);

        assertThat(answer.verdict()).isEqualTo("GRANT+FILTER");
        assertThat(answer.grantedQos()).contains(Qos.EXACTLY_ONCE);
        assertThat(answer.lines())
                .containsExactly(
                        new Explanation.Line(false, "home/#", "tester", "test.yaml:1", "covers the filter"),
                        new Explanation.Line(
                                true,
                                "home/alarm/#",
                                "tester",
                                "test.yaml:1",
                                "hole: e.g. home/alarm/x is never delivered"));
    }

    @Test
    void subscribe_widerThanAllowed_namesTheWidestThatWouldBeGranted() {
        Explanation answer = asked("sub home/#").subscribe("#", Qos.AT_MOST_ONCE);

        assertThat(answer.allowed()).isFalse();
        assertThat(answer.detail())
                .isEqualTo("\"#\" is wider than allowed; the widest filter that would be granted is \"home/#\"");
    }

    @Test
    void subscribe_withAVariable_namesItsValueInWhatWouldBeGranted() {
        Explanation.Bound press = Authorizer.asker(TestPolicies.set("sub dev/<cn>/#"), TestPolicies.CLOCK)
                .as(TestPolicies.subject(Map.of("cn", "press-07")), "c", Optional.empty());

        assertThat(press.subscribe("dev/+/cmd", Qos.AT_MOST_ONCE).detail())
                .endsWith("the widest filter that would be granted is \"dev/press-07/cmd\"");
    }

    @Test
    void connect_refused_saysWhy() {
        Explanation.Bound nobody = Authorizer.asker(TestPolicies.set("pub dev/<cn>/#"), TestPolicies.CLOCK)
                .as(new Subject("anna", java.util.Set.of(), "", null, Map.of()), "c", Optional.empty());

        assertThat(nobody.connect().allowed()).isFalse();
        assertThat(nobody.connect().detail()).isEqualTo("variable <cn> has no value: cert.cn is absent");
        assertThat(nobody.receive("a").allowed()).isFalse();
    }

    @Test
    void i22_decidingRule_taken_away_changesTheAnswerOrAnotherListedRuleTakesOver() {
        long seed = Seeds.next();
        Random random = new Random(seed);
        Universe universe = new Universe();
        for (int i = 0; i < 2_000; i++) {
            List<String> rules = new ArrayList<>(Universe.rules(random));
            String topic =
                    universe.all().get(random.nextInt(universe.all().size())).text();
            boolean publish = random.nextBoolean();
            Explanation before = asked(rules, publish, topic);
            if (before.lines().isEmpty()) {
                continue;
            }
            Explanation.Line deciding = before.lines().get(0);
            String rule = (deciding.deny() ? "deny " : "") + (publish ? "pub " : "sub ") + deciding.pattern();
            assertThat(rules).as("seed %d", seed).contains(rule);
            List<String> rest = new ArrayList<>(rules);
            rest.remove(rule);
            Explanation after = asked(rest, publish, topic);

            boolean another = !after.lines().isEmpty()
                    && before.lines().stream()
                            .skip(1)
                            .anyMatch(line ->
                                    line.pattern().equals(after.lines().get(0).pattern()));
            boolean noneEither = deciding.deny() && before.lines().size() == 1;
            assertThat(after.allowed() != before.allowed() || another || noneEither)
                    .as("seed %d, rules %s, topic %s", seed, rules, topic)
                    .isTrue();
        }
    }

    @Test
    void shadowDifference_namesTheStatement() {
        Role live = TestPolicies.role("live", List.of("pub a/#", "sub a/#"), List.of());
        Role trial = TestPolicies.shadow(
                TestPolicies.role("trial", List.of("deny pub a/x", "pub b", "deny sub a/x", "sub b/#"), List.of()));
        List<ShadowListener.Difference> seen = new ArrayList<>();
        Authorizer authorizer = new Authorizer(
                TestPolicies.compiled(TestPolicies.policy(List.of(live, trial))),
                TestPolicies.CLOCK,
                (asked, rights, difference) -> seen.add(difference));
        Rights rights = TestPolicies.rights(authorizer);

        for (String topic : List.of("a/x", "b", "a/y", "c")) {
            authorizer.publish(
                    rights,
                    io.gatehouse.protocol.Message.of(
                            topic, Qos.AT_MOST_ONCE, false, io.gatehouse.protocol.Payload.EMPTY));
        }
        for (String filter : List.of("b/c", "a/#", "a/x")) {
            authorizer.subscribe(
                    rights,
                    io.gatehouse.protocol.Subscription.of(
                            io.gatehouse.protocol.TopicFilter.of(filter), Qos.AT_MOST_ONCE));
        }

        AuthorizedSubscription all = (AuthorizedSubscription) authorizer.subscribe(
                rights,
                io.gatehouse.protocol.Subscription.of(io.gatehouse.protocol.TopicFilter.of("a/#"), Qos.AT_MOST_ONCE));
        assertThat(all.permits(io.gatehouse.protocol.TopicName.of("a/x"))).isTrue();
        assertThat(all.permits(io.gatehouse.protocol.TopicName.of("a/y"))).isTrue();
        // a response topic is not compared: whether its sender may hear it is no rule's word on this topic
        assertThat(authorizer.publish(rights, BehaviourTest.asking("a/y", "elsewhere")))
                .isInstanceOf(Denied.class);

        assertThat(seen)
                .containsExactly(
                        new ShadowListener.Difference("publish", "a/x", false, "trial", "test.yaml:1"),
                        new ShadowListener.Difference("publish", "b", true, "trial", "test.yaml:1"),
                        new ShadowListener.Difference("subscribe", "b/c", true, "trial", "test.yaml:1"),
                        new ShadowListener.Difference("subscribe", "a/x", false, "trial", "test.yaml:1"),
                        new ShadowListener.Difference("receive", "a/x", false, "trial", "test.yaml:1"));
    }

    private static Explanation asked(List<String> rules, boolean publish, String topic) {
        Explanation.Bound bound = asked(rules.toArray(String[]::new));
        return publish ? bound.publish(topic, Qos.AT_MOST_ONCE, false, 0) : bound.receive(topic);
    }

    private static Explanation.Bound asked(String... rules) {
        return Authorizer.asker(TestPolicies.set(rules), TestPolicies.CLOCK)
                .as(TestPolicies.anybody(), "c", Optional.empty());
    }
}
