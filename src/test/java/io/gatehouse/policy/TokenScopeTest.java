package io.gatehouse.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.authn.Subject;
import io.gatehouse.json.Json;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens that say what they are for: what the roles allow and the token names, and nothing else. */
class TokenScopeTest {
    private static final int POLICIES = 400;

    private final long seed = Seeds.next();
    private final Random random = new Random(seed);
    private final Universe universe = new Universe();
    private final Judge judge = new Judge();

    /** Items of both with all their caps, each request against a list of all there is. */
    @Test
    void i15_tokenThatSaysWhatItIsFor_narrows_andNeverAdds() {
        for (int i = 0; i < POLICIES; i++) {
            List<Capped> publish = items(random.nextInt(4), false);
            List<Capped> subscribe = items(1 + random.nextInt(4), false);
            List<String> denies = Universe.rules(random).stream()
                    .filter(rule -> rule.startsWith("deny "))
                    .limit(1)
                    .toList();
            List<Capped> mayPublish = items(random.nextInt(4), true);
            List<Capped> maySubscribe = items(1 + random.nextInt(4), true);
            String about = "seed " + seed + ", role " + publish + ", " + subscribe + ", " + denies + ", token "
                    + mayPublish + ", " + maySubscribe;
            Policy policy = TestPolicies.policy(List.of(role(publish, subscribe, denies)));
            Binding binding = TestPolicies.bound(
                    policy,
                    token(Map.of(
                            "jwt.acl.publish", claim(mayPublish, true),
                            "jwt.acl.subscribe", claim(maySubscribe, false))));
            assertThat(binding.refusal()).as(about).isNull();

            List<TopicName> topics = universe.all();
            for (int t = random.nextInt(2); t < topics.size(); t += 2) {
                assertTopic(about, binding, t, List.of(publish, mayPublish), List.of(subscribe, maySubscribe), denies);
            }
            for (int k = 0; k < 20; k++) {
                // of what both know, else nearly nothing is granted
                String filter = k % 2 == 0
                        ? Universe.pattern(random)
                        : any(maySubscribe).topic();
                assertFilter(about, binding, filter, subscribe, maySubscribe, universe.union(denies, "deny sub "));
            }
        }
    }

    private void assertTopic(
            String about,
            Binding binding,
            int t,
            List<List<Capped>> publish,
            List<List<Capped>> subscribe,
            List<String> denies) {
        TopicName topic = universe.all().get(t);
        Qos qos = Qos.of(random.nextInt(3));
        boolean retain = random.nextBoolean();
        int size = 1 + random.nextInt(12);
        boolean denied = matched(denies, "deny pub ", t);
        boolean may = !denied
                && publish.stream()
                        .allMatch(items -> items.stream().anyMatch(item -> item.admits(t, qos, retain, size)));
        boolean keeps = !denied
                && publish.stream()
                        .allMatch(items -> items.stream().anyMatch(item -> item.admits(t, Qos.AT_MOST_ONCE, true, 0)));
        boolean hears = !matched(denies, "deny sub ", t)
                && subscribe.stream()
                        .allMatch(items ->
                                items.stream().anyMatch(item -> item.topics().get(t)));
        assertThat(judge.publish(binding, topic.text(), qos, retain, size, null) == null)
                .as("%s on %s with %s, retain %s, %s bytes", about, topic, qos, retain, size)
                .isEqualTo(may);
        assertThat(judge.retains(binding, topic.text()))
                .as("%s on %s", about, topic)
                .isEqualTo(keeps);
        assertThat(judge.receives(binding, topic)).as("%s on %s", about, topic).isEqualTo(hears);
    }

    private boolean matched(List<String> rules, String verb, int t) {
        return rules.stream()
                .anyMatch(rule -> rule.startsWith(verb)
                        && universe.of(rule.substring(verb.length())).get(t));
    }

    private void assertFilter(
            String about, Binding binding, String filter, List<Capped> role, List<Capped> token, BitSet denied) {
        BitSet asked = universe.of(filter);
        boolean open = !Universe.contains(denied, asked);
        boolean granted = open && Universe.contains(union(role), asked) && Universe.contains(union(token), asked);
        TopicFilter own = TopicFilter.of(filter);
        Verdict verdict = judge.verdict(binding, own, false);
        assertThat(verdict.isGranted()).as("%s on %s", about, filter).isEqualTo(granted);
        assertThat(verdict == Verdict.GRANT && asked.intersects(denied))
                .as("%s on %s", about, filter)
                .isFalse();
        boolean joins = granted
                && Stream.of(role, token)
                        .allMatch(items -> Universe.contains(
                                union(items.stream()
                                        .filter(item -> item.lets("g"))
                                        .toList()),
                                asked));
        assertThat(judge.verdict(binding, TopicFilter.of("$share/g/" + filter), false)
                        .isGranted())
                .as(about + " on a group of " + filter)
                .isEqualTo(joins);
        if (granted) {
            int most = Stream.of(2, 1, 0)
                    .filter(qos -> Stream.of(role, token)
                            .allMatch(items -> Universe.contains(
                                    union(items.stream()
                                            .filter(item -> item.maxQos() >= qos)
                                            .toList()),
                                    asked)))
                    .findFirst()
                    .orElseThrow();
            assertThat(judge.granted(binding, own, Qos.EXACTLY_ONCE).level())
                    .as("%s on %s", about, filter)
                    .isEqualTo(most);
        }
    }

    /**
     * An item, of a role or of a token.
     *
     * @param group that it lets join; null: of a token, any; of a role, none
     */
    private record Capped(
            BitSet topics,
            String topic,
            int maxQos,
            boolean retain,
            int maxPayload,
            @Nullable String group,
            boolean ofToken) {
        boolean admits(int t, Qos qos, boolean retained, int size) {
            return topics.get(t) && qos.level() <= maxQos && (retain || !retained) && size <= maxPayload;
        }

        boolean lets(String name) {
            return group == null ? ofToken : group.equals(name) || group.equals("*");
        }

        @Override
        public String toString() {
            return "{" + topic + ", qos " + maxQos + ", retain " + retain + ", " + maxPayload + " bytes, " + group
                    + "}";
        }
    }

    private List<Capped> items(int count, boolean ofToken) {
        return Stream.generate(() -> {
                    String topic = Universe.pattern(random);
                    int kind = random.nextInt(4);
                    return new Capped(
                            universe.of(topic),
                            topic,
                            random.nextInt(3),
                            random.nextBoolean(),
                            1 + random.nextInt(10),
                            kind == 0 ? "g" : kind == 1 ? "other" : kind == 2 ? "*" : null,
                            ofToken);
                })
                .limit(count)
                .toList();
    }

    private static Role role(List<Capped> publish, List<Capped> subscribe, List<String> denies) {
        Role denying = TestPolicies.role("r", denies, List.of());
        return new Role(
                "r",
                List.of(),
                List.of(),
                publish.stream().map(item -> item(item, item.maxPayload())).toList(),
                subscribe.stream().map(item -> item(item, Limits.UNLIMITED)).toList(),
                denying.denyPublish(),
                denying.denySubscribe(),
                Limits.NONE,
                List.of(),
                false,
                TestPolicies.PLACE);
    }

    private static Item item(Capped item, int maxPayload) {
        return new Item(
                TestPolicies.pattern(item.topic()),
                Qos.of(item.maxQos()),
                item.retain(),
                maxPayload,
                item.group() == null ? List.of() : List.of(item.group()),
                false);
    }

    /** A claim with a mistake is that of nobody: whatever else stands in it, its holder is not let in. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "a/#/b",
                "a+",
                "$share/g/a",
                "$share",
                "",
                "a\u0000",
                "{topic: a}",
                "<user>",
                "a/<user>/b",
                "{\"topic\": 1}",
                "{\"max_qos\": 1}",
                "{\"topic\": \"a\", \"max_qos\": 3}",
                "{\"topic\": \"a\", \"max_qos\": \"1\"}",
                "{\"topic\": \"a\", \"max_qos\": 1.0}",
                "{\"topic\": \"a\", \"maxqos\": 1}",
                "{\"topic\": \"a\", \"shadow\": true}",
                "{\"topic\": \"a\", \"topic\": \"b\"}",
                "{\"topic\": \"a\"} {\"topic\": \"#\"}"
            })
    void acl_withAMistake_refusesTheLogin_andAllowsNothing(String text) {
        for (String key : List.of("jwt.acl", "jwt.acl.publish", "jwt.acl.subscribe", "jwt.acl.all", "jwt.acl.pub.x")) {
            assertRefused(Map.of(key, List.of(text)));
            assertRefused(Map.of(key, List.of("a", text)));
        }
    }

    @Test
    void acl_withAWordOfTheOtherVerb_refusesTheLogin() {
        for (String word : List.of("\"retain\": false", "\"max_payload\": 1", "\"max_payload\": \"4kb\"")) {
            assertRefused(Map.of("jwt.acl.subscribe", List.of("{\"topic\": \"a\", " + word + "}")));
        }
        for (String word : List.of(
                "\"shared\": [\"g\"]", "\"max_payload\": \"4kb\"", "\"max_payload\": -1", "\"retain\": \"no\"")) {
            assertRefused(Map.of("jwt.acl.publish", List.of("{\"topic\": \"a\", " + word + "}")));
        }
        for (String groups : List.of("\"g\"", "[1]", "[\"g*h\"]", "[\"g/h\"]", "[\"\"]")) {
            assertRefused(Map.of("jwt.acl.subscribe", List.of("{\"topic\": \"a\", \"shared\": " + groups + "}")));
        }
    }

    @Test
    void acl_thatIsLong_orDeep_refusesTheLogin() {
        List<String> many = Stream.generate(() -> "a").limit(257).toList();
        assertRefused(Map.of("jwt.acl.publish", many));
        assertRefused(Map.of("jwt.acl.publish", many.subList(0, 200), "jwt.acl.subscribe", many.subList(0, 57)));
        assertRefused(Map.of("jwt.acl.publish", List.of("a/".repeat(64) + "a")));
        Policy policy = TestPolicies.policy(List.of(TestPolicies.role("r", List.of("pub a"), List.of())));
        assertThat(TestPolicies.bound(policy, token(Map.of("jwt.acl.publish", many.subList(0, 256))))
                        .refusal())
                .isNull();
    }

    @Test
    void acl_withNothingInIt_letsIn_andAllowsNothing() {
        Policy policy = TestPolicies.policy(List.of(TestPolicies.role("r", List.of("pub #", "sub #"), List.of())));
        for (String key : List.of("jwt.acl", "jwt.acl.publish", "jwt.acl.subscribe")) {
            Binding binding = TestPolicies.bound(policy, token(Map.of(key, List.of())));
            assertThat(binding.refusal()).isNull();
            assertNothing(binding);
        }
    }

    /** Whoever asks in a token's name, as {@code explain} and a policy's tests do, has the claim as it stands there. */
    @Test
    void acl_asItStandsInTheToken_isReadToo() {
        Policy policy = TestPolicies.policy(List.of(TestPolicies.role("r", List.of("pub #", "sub #"), List.of("*"))));
        Binding binding = TestPolicies.bound(
                policy,
                token(Map.of(
                        "jwt.acl",
                        List.of("{\"publish\": [\"a\", {\"topic\": \"b\", \"max_qos\": 1, \"retain\": false,"
                                + " \"max_payload\": \"1KiB\", \"note\": \"state\"}], \"subscribe\":"
                                + " [{\"topic\": \"c/+\", \"shared\": [\"work*\"], \"max_qos\": 0}]}"))));

        assertThat(judge.publish(binding, "a", Qos.EXACTLY_ONCE, true, 5_000, null))
                .isNull();
        assertThat(judge.publish(binding, "b", Qos.AT_LEAST_ONCE, false, 1024, null))
                .isNull();
        assertThat(judge.publish(binding, "b", Qos.AT_LEAST_ONCE, false, 1025, null))
                .isEqualTo(new Denied(
                        ReasonCode.QUOTA_EXCEEDED,
                        "no rule allows it",
                        "a payload of 1025 bytes is more than its token is for"));
        for (Qos qos : List.of(Qos.EXACTLY_ONCE, Qos.AT_LEAST_ONCE)) {
            boolean retain = qos == Qos.AT_LEAST_ONCE;
            assertThat(judge.publish(binding, "b", qos, retain, 1, null))
                    .extracting(Denied::explanation)
                    .isEqualTo("its token is for the topic, but not for this quality of service or retain");
        }
        assertThat(judge.granted(binding, TopicFilter.of("c/x"), Qos.EXACTLY_ONCE))
                .isEqualTo(Qos.AT_MOST_ONCE);
        assertThat(judge.verdict(binding, TopicFilter.of("$share/workers/c/+"), false))
                .isEqualTo(Verdict.GRANT);
        TopicFilter other = TopicFilter.of("$share/other/c/+");
        assertThat(judge.verdict(binding, other, false)).isEqualTo(Verdict.GROUP_NOT_ALLOWED);
        assertThat(judge.refused(binding, other, Verdict.GROUP_NOT_ALLOWED).explanation())
                .isEqualTo("its token does not let it join the share group \"other\" on \"c/+\"");
    }

    private void assertRefused(Map<String, List<String>> claim) {
        Policy policy = TestPolicies.policy(List.of(TestPolicies.role("r", List.of("pub #", "sub #"), List.of())));
        Binding binding = TestPolicies.bound(policy, token(claim));
        assertThat(binding.refusal())
                .as(claim.toString())
                .isNotNull()
                .extracting(Denied::explanation)
                .asString()
                .startsWith("its token's claim \"acl\" ");
        assertNothing(binding);
        assertNothing(binding.regardless());
    }

    private void assertNothing(Binding binding) {
        for (String topic : List.of("a", "b/c", "tester", "g/a")) {
            assertThat(judge.receives(binding, TopicName.of(topic))).isFalse();
            assertThat(judge.publish(binding, topic, Qos.AT_MOST_ONCE, false, 0, null))
                    .isNotNull();
            assertThat(judge.verdict(binding, TopicFilter.of(topic), false)).isEqualTo(Verdict.NO_ALLOW);
        }
    }

    /** As many items as there may be, all in each other's way: no wider than a role may be. */
    @Test
    void acl_ofAllCombinations_isTaken() {
        List<String> wide = new ArrayList<>();
        for (int i = 0; i < 1 << 8; i++) {
            StringBuilder filter = new StringBuilder();
            for (int bit = 0; bit < 8; bit++) {
                filter.append(bit == 0 ? "" : "/").append((i >> bit & 1) == 0 ? "a" : "+");
            }
            wide.add(filter.toString());
        }
        Policy policy = TestPolicies.policy(List.of(TestPolicies.role("r", List.of("pub #"), List.of())));
        Binding binding = TestPolicies.bound(policy, token(Map.of("jwt.acl.publish", wide)));

        assertThat(binding.refusal()).isNull();
        assertThat(judge.publish(binding, "a/a/a/a/a/a/a/a", Qos.AT_MOST_ONCE, false, 0, null))
                .isNull();
        assertThat(judge.publish(binding, "a/a/a/a/a/a/a", Qos.AT_MOST_ONCE, false, 0, null))
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

    private Capped any(List<Capped> from) {
        return from.get(random.nextInt(from.size()));
    }

    private static List<String> claim(List<Capped> items, boolean publish) {
        return items.stream()
                .map(item -> {
                    Map<String, Object> words = new LinkedHashMap<>();
                    words.put("topic", item.topic());
                    words.put("max_qos", item.maxQos());
                    if (publish) {
                        words.put("retain", item.retain());
                        words.put("max_payload", item.maxPayload());
                    } else if (item.group() != null) {
                        words.put("shared", List.of(item.group()));
                    }
                    return Json.line(words);
                })
                .toList();
    }

    private static BitSet union(List<Capped> items) {
        BitSet union = new BitSet();
        items.forEach(item -> union.or(item.topics()));
        return union;
    }
}
