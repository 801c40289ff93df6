package io.gatehouse.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.authn.Subject;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens that say what they are for: what the roles allow and the token names, and nothing else. */
class TokenScopeTest {
    private static final int POLICIES = 600;

    private final long seed = Seeds.next();
    private final Random random = new Random(seed);
    private final Universe universe = new Universe();
    private final Judge judge = new Judge();

    @Test
    void i15_tokenThatSaysWhatItIsFor_narrows_andNeverAdds() {
        for (int i = 0; i < POLICIES; i++) {
            List<String> rules = Universe.rules(random);
            List<String> publish = filters();
            List<String> subscribe = filters();
            String about = "seed " + seed + ", rules " + rules + ", token " + publish + " and " + subscribe;
            Policy policy = TestPolicies.policy(List.of(TestPolicies.role("r", rules, List.of("*"))));
            Binding binding = TestPolicies.bound(
                    policy, token(Map.of("jwt.acl.publish", publish, "jwt.acl.subscribe", subscribe)));

            BitSet mayPublish = universe.left(rules, "pub");
            mayPublish.and(union(publish));
            BitSet mayReceive = universe.left(rules, "sub");
            mayReceive.and(union(subscribe));
            List<TopicName> topics = universe.all();
            for (int t = 0; t < topics.size(); t++) {
                String topic = topics.get(t).text();
                assertThat(judge.receives(binding, topics.get(t)))
                        .as(about + " on " + topic)
                        .isEqualTo(mayReceive.get(t));
                assertThat(judge.publish(binding, topic, Qos.AT_LEAST_ONCE, true, 1, null) == null)
                        .as(about + " on " + topic)
                        .isEqualTo(mayPublish.get(t));
                assertThat(judge.retains(binding, topic))
                        .as(about + " on " + topic)
                        .isEqualTo(mayPublish.get(t));
            }
            for (int k = 0; k < 20; k++) {
                // of what both know, else nearly nothing is granted
                String filter = k % 2 == 0 ? Universe.pattern(random) : any(subscribe);
                BitSet asked = universe.of(filter);
                BitSet denied = universe.union(rules, "deny sub ");
                boolean granted = Universe.contains(universe.union(rules, "sub "), asked)
                        && Universe.contains(union(subscribe), asked)
                        && !Universe.contains(denied, asked);
                Verdict verdict = judge.verdict(binding, TopicFilter.of(filter), false);
                assertThat(verdict.isGranted()).as(about + " on " + filter).isEqualTo(granted);
                assertThat(verdict == Verdict.GRANT && asked.intersects(denied))
                        .as(about + " on " + filter)
                        .isFalse();
                assertThat(judge.verdict(binding, TopicFilter.of("$share/g/" + filter), false))
                        .as(about + " on " + filter)
                        .isEqualTo(verdict);
            }
        }
    }

    /** Whatever else stands in the claim, and however it is spelt, allows nothing. */
    @ParameterizedTest
    @ValueSource(strings = {"a/#/b", "a+", "$share/g/a", "$share", "", "a\u0000", "{topic: a}", "pub a", "<user>", "*"})
    void acl_ofWhatIsNoFilter_allowsNothing(String text) {
        Policy policy = TestPolicies.policy(List.of(TestPolicies.role("r", List.of("pub #", "sub #"), List.of())));
        for (String key : List.of("jwt.acl", "jwt.acl.publish", "jwt.acl.subscribe", "jwt.acl.all", "jwt.acl.pub.x")) {
            Binding binding = TestPolicies.bound(policy, token(Map.of(key, List.of(text))));
            assertThat(binding.refusal()).isNull();
            assertNothing(binding);
        }
        for (String key : List.of("jwt.acl", "jwt.acl.publish", "jwt.acl.subscribe")) {
            assertNothing(TestPolicies.bound(policy, token(Map.of(key, List.of()))));
        }
    }

    private void assertNothing(Binding binding) {
        for (String topic : List.of("a", "b/c", "tester", "g/a")) {
            assertThat(judge.receives(binding, TopicName.of(topic))).isFalse();
            assertThat(judge.publish(binding, topic, Qos.AT_MOST_ONCE, false, 0, null))
                    .isNotNull();
            assertThat(judge.verdict(binding, TopicFilter.of(topic), false)).isEqualTo(Verdict.NO_ALLOW);
        }
    }

    @Test
    void acl_withTooManyCombinations_allowsNothing() {
        List<String> wide = new ArrayList<>();
        for (int i = 0; i < 1 << 9; i++) {
            StringBuilder filter = new StringBuilder();
            for (int bit = 0; bit < 9; bit++) {
                filter.append(bit == 0 ? "" : "/").append((i >> bit & 1) == 0 ? "a" : "+");
            }
            wide.add(filter.toString());
        }
        Policy policy = TestPolicies.policy(List.of(TestPolicies.role("r", List.of("pub #"), List.of())));
        Binding binding = TestPolicies.bound(policy, token(Map.of("jwt.acl.publish", wide)));

        assertThat(judge.publish(binding, "a/a/a/a/a/a/a/a/a", Qos.AT_MOST_ONCE, false, 0, null))
                .isNotNull();
    }

    /** Where what is wide is granted and filtered, too: a token that is for a part of a filter does not make up for the roles. */
    @Test
    void wideFilters_areGranted_whereRolesAndTokenHaveAPartOfThem() {
        Policy strict = TestPolicies.policy(
                List.of(TestPolicies.role("r", List.of("sub a/b", "sub c/#", "deny sub c/#"), List.of())));
        Policy policy = new Policy(
                new Policy.Defaults(true, false, true),
                Map.of(),
                strict.roles(),
                Map.of(),
                Map.of(),
                strict.assignments(),
                List.of(),
                List.of(),
                Map.of());
        Binding binding = TestPolicies.bound(
                policy, token(Map.of("jwt.acl.subscribe", List.of("x/y", "a/b", "a/c", "c/d", "$S/x"))));

        assertThat(judge.verdict(binding, TopicFilter.of("a/#"), false)).isEqualTo(Verdict.GRANT_AND_FILTER);
        assertThat(judge.receives(binding, TopicName.of("a/b"))).isTrue();
        assertThat(judge.receives(binding, TopicName.of("a/c"))).isFalse();
        assertThat(judge.verdict(binding, TopicFilter.of("x/#"), false)).isEqualTo(Verdict.NO_ALLOW);
        assertThat(judge.verdict(binding, TopicFilter.of("c/#"), false)).isEqualTo(Verdict.ALL_DENIED);
        assertThat(judge.verdict(binding, TopicFilter.of("$share/g/a/#"), false))
                .isEqualTo(Verdict.GROUP_NOT_ALLOWED);
    }

    @Test
    void refusals_sayThatItIsTheToken() {
        Policy policy = TestPolicies.policy(List.of(TestPolicies.role("r", List.of("pub a/#", "sub a/#"), List.of())));
        Binding binding = TestPolicies.bound(
                policy, token(Map.of("jwt.acl.publish", List.of("a/b"), "jwt.acl.subscribe", List.of("a/+"))));

        assertThat(judge.publish(binding, "a/c", Qos.AT_MOST_ONCE, false, 0, null))
                .extracting(Denied::explanation)
                .isEqualTo("its token is not for publishing to it");
        TopicFilter elsewhere = TopicFilter.of("a/b/c");
        assertThat(judge.refused(binding, elsewhere, judge.verdict(binding, elsewhere, false))
                        .explanation())
                .isEqualTo("its token is not for subscribing to \"a/b/c\"");
        TopicFilter wide = TopicFilter.of("a/#");
        assertThat(judge.verdict(binding, wide, false)).isEqualTo(Verdict.WIDER_THAN_ALLOWED);
        assertThat(judge.verdict(binding, TopicFilter.of("a/+"), false)).isEqualTo(Verdict.GRANT);
    }

    private static Subject token(Map<String, List<String>> attributes) {
        return new Subject("tester", Set.of(), "devices", null, attributes);
    }

    private List<String> filters() {
        return Stream.generate(() -> Universe.pattern(random))
                .limit(1 + random.nextInt(4))
                .toList();
    }

    private String any(List<String> from) {
        return from.get(random.nextInt(from.size()));
    }

    private BitSet union(List<String> filters) {
        BitSet union = new BitSet();
        filters.forEach(filter -> union.or(universe.of(filter)));
        return union;
    }
}
