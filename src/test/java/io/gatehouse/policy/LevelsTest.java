package io.gatehouse.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.TopicFilter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Levels are compared character by character, however they are looked up. */
class LevelsTest {
    private static final List<String> LEVELS = List.of(
            "",
            "a",
            "A",
            "12345678",
            "123456789",
            "1234567",
            "ÿÿÿÿÿÿÿÿ",
            "Ā",
            "Ā2345678",
            "é",
            "e\u0301",
            "日本",
            "日本語の温度計です",
            "😀",
            "😀😀😀😀😀",
            "a level that is longer than most",
            "a level that is longer than mosT",
            "$a level that is longer than most",
            "two words",
            "x".repeat(4_000));

    private final Judge judge = new Judge();

    @Test
    void ruleOnOneLevel_allowsThatOneOnly() {
        for (String named : LEVELS) {
            Binding binding = TestPolicies.bound(List.of("pub t/" + named + "/+"));
            for (String asked : LEVELS) {
                assertThat(allowed(binding, "t/" + asked + "/x"))
                        .as("\"%s\" asked of \"%s\"", asked, named)
                        .isEqualTo(asked.equals(named));
            }
        }
    }

    @Test
    void rulesOnAllLevels_allowEachInItsPlace() {
        List<String> rules = new ArrayList<>();
        for (String first : LEVELS) {
            for (String second : LEVELS) {
                if (first.length() != second.length()) {
                    rules.add("pub t/" + first + "/" + second);
                }
            }
        }
        Binding binding = TestPolicies.bound(rules);
        for (String first : LEVELS) {
            for (String second : LEVELS) {
                assertThat(allowed(binding, "t/" + first + "/" + second))
                        .as("%s, %s", first, second)
                        .isEqualTo(first.length() != second.length());
            }
        }
    }

    @Test
    void levelWithTheHashOfAnother_isAnotherLevel() {
        // found by reducing the lattice of all texts with the hash zero
        String named = "peaaxaanakaa";
        String forged = "aataaxoasaqt";
        assertThat(LevelKey.of(forged)).isEqualTo(LevelKey.of(named));
        Binding one = TestPolicies.bound(List.of("pub t/" + named, "sub t/" + named + "/#"));
        Binding both = TestPolicies.bound(List.of("pub t/" + named + "/x", "pub t/" + forged + "/y"));

        assertThat(allowed(one, "t/" + named)).isTrue();
        assertThat(allowed(one, "t/" + forged)).isFalse();
        assertThat(judge.verdict(one, TopicFilter.of("t/" + forged + "/#"), false))
                .isEqualTo(Verdict.NO_ALLOW);
        assertThat(allowed(both, "t/" + named + "/x")).isTrue();
        assertThat(allowed(both, "t/" + named + "/y")).isFalse();
        assertThat(allowed(both, "t/" + forged + "/y")).isTrue();
        assertThat(allowed(both, "t/" + forged + "/x")).isFalse();
    }

    @ParameterizedTest(name = "{0} levels")
    @ValueSource(ints = {1, 31, 32, 33, 64, 65, 256})
    void topicOfManyLevels_isTakenApartWhole(int levels) {
        String deep = "a/".repeat(levels - 1) + "a";
        Binding binding = TestPolicies.bound(List.of("pub " + deep));

        assertThat(allowed(binding, deep)).isTrue();
        assertThat(allowed(binding, deep + "/a")).isFalse();
        assertThat(allowed(binding, deep + "/")).isFalse();
    }

    @Test
    void deeperTopicsThanAnyPolicy_areDecidedAndSearched() {
        String deep = "a/".repeat(30_000) + "a";
        Binding binding = TestPolicies.bound(List.of(
                "pub a/#", "sub a/#", "deny sub " + "a/".repeat(200) + "b", "deny sub " + "+/".repeat(255) + "#"));

        assertThat(allowed(binding, deep)).isTrue();
        assertThat(judge.verdict(binding, TopicFilter.of(deep), false)).isEqualTo(Verdict.ALL_DENIED);
        assertThat(judge.verdict(binding, TopicFilter.of("a/" + "+/".repeat(30_000) + "#"), false))
                .isEqualTo(Verdict.ALL_DENIED);
        assertThat(judge.verdict(binding, TopicFilter.of("a/#"), false)).isEqualTo(Verdict.GRANT_AND_FILTER);
    }

    @Test
    void compile_ofTooManyLevels_isAProblem() {
        assertThat(PolicySet.compile(TestPolicies.policy(List.of(
                                TestPolicies.role("deep", List.of("pub " + "a/".repeat(256) + "a"), List.of()))))
                        .problems())
                .extracting(problem -> problem.code() + " " + problem.message())
                .containsExactly("P116 topic pattern has more than 256 levels.");
    }

    @Test
    void rule_isShownAsItWasWritten() {
        for (String pattern : List.of("a", "/", "//", "+", "#", "a/+/#", "<user>/x/<cn>", "a//b/", "é/日本語の温度計です/#")) {
            Binding binding = TestPolicies.bound(List.of("sub " + pattern));

            assertThat(binding.trie().pattern(0)).isEqualTo(pattern);
        }
    }

    private boolean allowed(Binding binding, String topic) {
        return judge.publish(binding, topic, Qos.AT_MOST_ONCE, false, 0, null) == null;
    }
}
