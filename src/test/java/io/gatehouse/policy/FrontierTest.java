package io.gatehouse.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.config.Problem;
import io.gatehouse.policy.model.Role;
import io.gatehouse.protocol.Qos;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How many rules one topic can match in parallel, and that a policy that lets it be too many does not load. */
class FrontierTest {

    @Test
    void compile_ofAllCombinations_isRefusedWithTheirNumber() {
        PolicySet.Compilation compilation = PolicySet.compile(TestPolicies.policy(List.of(combinations(9))));

        assertThat(compilation.set()).isEmpty();
        assertThat(compilation.problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem.code()).isEqualTo("P140"))
                .extracting(Problem::message)
                .asString()
                .startsWith("role \"wide\" needs 512 parallel matches for one topic (limit 256): "
                        + "too many \"+\"/literal combinations. First: ");
    }

    @Test
    void compile_ofAsManyAsAllowed_loads() {
        PolicySet set = TestPolicies.compiled(TestPolicies.policy(List.of(combinations(8))));
        Binding binding = TestPolicies.bind(set, TestPolicies.anybody());

        assertThat(new Judge().publish(binding, "a/a/a/a/a/a/a/a", Qos.AT_MOST_ONCE, false, 0, null))
                .isNull();
    }

    @Test
    void widerThan_wildcardBehindManyLiterals_isFoundWhereverItStands() {
        for (String place : List.of("a0", "a1/b1/c1", "a2/b2", "z")) {
            List<String> rules =
                    new ArrayList<>(List.of("pub z/z/z", "pub " + place + "/x/y", "pub " + place + "/+/y"));
            for (int i = 0; i < 5; i++) {
                rules.add("pub a" + i + "/b" + i + "/c" + i);
                rules.add("pub a" + i + "/b/#");
            }
            Role one = TestPolicies.role("one", rules, List.of());
            Role literal = TestPolicies.role("literal", rules.subList(3, rules.size()), List.of());
            PolicySet set = TestPolicies.compiled(TestPolicies.policy(List.of(literal, one)));

            assertThat(Frontier.widerThan(set.trie(), 1).values())
                    .as(place)
                    .singleElement()
                    .satisfies(width -> assertThat(width.matches()).isEqualTo(2));
        }
    }

    @Test
    void compile_ofManyShapesThatNoTopicHasTogether_loads() {
        // 512 shapes, but a first level each: no topic meets two of them
        List<String> rules = new ArrayList<>();
        for (int i = 0; i < 512; i++) {
            StringBuilder rule = new StringBuilder("pub only" + i);
            for (int bit = 0; bit < 9; bit++) {
                rule.append((i >> bit & 1) == 0 ? "/a" : "/+");
            }
            rules.add(rule.toString());
        }

        assertThat(PolicySet.compile(TestPolicies.policy(List.of(TestPolicies.role("narrow", rules, List.of()))))
                        .set())
                .isPresent();
    }

    @Test
    void compile_ofTooManyToSearch_isRefused() {
        // every level has a hundred literals and "+": more topics than can be tried
        Random random = new Random(7);
        List<String> rules = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            StringBuilder rule = new StringBuilder("pub ");
            for (int level = 0; level < 12; level++) {
                rule.append(level == 0 ? "" : "/").append(random.nextBoolean() ? "+" : "l" + random.nextInt(100));
            }
            rules.add(rule.toString());
        }
        long start = System.nanoTime();

        PolicySet.Compilation compilation =
                PolicySet.compile(TestPolicies.policy(List.of(TestPolicies.role("dense", rules, List.of()))));

        assertThat(compilation.set()).isEmpty();
        assertThat(System.nanoTime() - start).as("nanoseconds").isLessThan(20_000_000_000L);
    }

    @Test
    void compile_ofTooWideDeniesForEveryone_isRefused() {
        Role wide = combinations(9);
        Role everyone = new Role(
                "everyone",
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                wide.publish().stream().map(item -> item.topic()).toList(),
                List.of(),
                wide.limits(),
                List.of(),
                false,
                TestPolicies.PLACE);
        var policy = TestPolicies.policy(List.of(TestPolicies.role("r", List.of("pub a"), List.of())));
        var with = new io.gatehouse.policy.model.Policy(
                policy.defaults(),
                policy.variables(),
                policy.roles(),
                policy.groups(),
                policy.users(),
                policy.assignments(),
                List.of(everyone),
                policy.tests(),
                policy.files());

        assertThat(PolicySet.compile(with).problems())
                .singleElement()
                .extracting(Problem::message)
                .asString()
                .startsWith("everyone needs 512 parallel matches");
    }

    /** A walk stands on as many nodes as there are beginnings of patterns that a topic meets: no more than this says. */
    @Test
    void i26_width_isTheMostBeginningsOfPatternsThatOneTopicMeets() {
        long seed = Seeds.next();
        Random random = new Random(seed);
        Universe universe = new Universe();
        for (int i = 0; i < 300; i++) {
            List<String> rules = new ArrayList<>();
            for (int k = random.nextInt(4); k >= 0; k--) {
                rules.addAll(Universe.rules(random));
            }
            Trie trie = TestPolicies.compiled(
                            TestPolicies.policy(List.of(TestPolicies.role("tester", rules, List.of()))))
                    .trie();
            int most = 1;
            for (var topic : universe.all()) {
                String[] levels = topic.text().split("/", -1);
                for (int depth = 1; depth <= levels.length; depth++) {
                    most = Math.max(most, beginnings(rules, levels, depth));
                }
            }
            int width = Frontier.widerThan(trie, 0).get(0).matches();
            assertThat(width).as("seed %d, rules %s", seed, rules).isEqualTo(most);
        }
    }

    private static int beginnings(List<String> rules, String[] topic, int depth) {
        java.util.Set<String> met = new java.util.HashSet<>();
        for (String rule : rules) {
            String[] pattern = rule.substring(rule.lastIndexOf(' ') + 1).split("/", -1);
            boolean meets = pattern.length >= depth;
            for (int i = 0; meets && i < depth; i++) {
                meets = pattern[i].equals("+") || pattern[i].equals(topic[i]);
            }
            if (meets) {
                met.add(String.join("/", List.of(pattern).subList(0, depth)));
            }
        }
        return met.size();
    }

    /** All patterns of {@code a} and {@code +} of one depth. */
    private static Role combinations(int depth) {
        List<String> rules = new ArrayList<>();
        for (int i = 0; i < 1 << depth; i++) {
            StringBuilder rule = new StringBuilder("pub ");
            for (int bit = 0; bit < depth; bit++) {
                rule.append(bit == 0 ? "" : "/").append((i >> bit & 1) == 0 ? "a" : "+");
            }
            rules.add(rule.toString());
        }
        return TestPolicies.role("wide", rules, List.of());
    }
}
