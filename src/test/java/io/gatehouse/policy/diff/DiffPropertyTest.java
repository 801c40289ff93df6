package io.gatehouse.policy.diff;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.policy.PolicyUniverse;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * I21: two policies differ, by {@code policy diff}, exactly where enumeration says they do; every difference has a witness.
 * {@code -Ddiff.pairs=20000} tries as many pairs.
 */
class DiffPropertyTest {
    private static final int PAIRS = Integer.getInteger("diff.pairs", 3_000);
    private static final int FILTERS = 40;

    private final long seed = Long.getLong("seed", new Random().nextLong());
    private final Random random = new Random(seed);
    private final PolicyUniverse universe = new PolicyUniverse();

    @Test
    void i21_diff_isWhatEnumerationFinds() {
        int different = 0;
        for (int i = 0; i < PAIRS; i++) {
            List<String> before = universe.rules(random);
            List<String> after = changed(before);
            String about = "seed " + seed + ", " + before + " and " + after;
            List<Change> changes = changes(before, after);
            for (String verb : List.of("pub", "sub")) {
                BitSet lost = universe.left(before, verb);
                BitSet gained = universe.left(after, verb);
                BitSet was = (BitSet) lost.clone();
                lost.andNot(gained);
                gained.andNot(was);
                requireExactly(lost, changes, verb, false, about);
                requireExactly(gained, changes, verb, true, about);
            }
            if (changes.isEmpty()) {
                requireSameAnswers(before, after, about);
            }
            different += changes.isEmpty() ? 0 : 1;
        }
        assertThat(different).as("pairs that differ, seed " + seed).isPositive();
        assertThat(different).as("pairs that do not, seed " + seed).isLessThan(PAIRS);
    }

    /** Everything enumerated is within what is reported, and every report is of something enumerated. */
    private void requireExactly(BitSet expected, List<Change> changes, String verb, boolean gained, String about) {
        BitSet reported = new BitSet();
        for (Change change : changes) {
            if (change.filter() || change.gained() != gained || !change.verb().startsWith(verb)) {
                continue;
            }
            BitSet topics = universe.of(change.pattern());
            assertThat(topics.intersects(expected)).as("%s: %s", about, change).isTrue();
            assertThat(universe.indexOf(change.witness().replace("any", "z")))
                    .as("%s: the witness of %s", about, change)
                    .matches(expected::get);
            reported.or(topics);
        }
        assertThat(PolicyUniverse.contains(reported, expected))
                .as("%s: %s", about, changes)
                .isTrue();
    }

    private void requireSameAnswers(List<String> before, List<String> after, String about) {
        for (int f = 0; f < FILTERS; f++) {
            String filter = universe.pattern(random);
            assertThat(universe.grants(before, filter))
                    .as("%s: %s", about, filter)
                    .isEqualTo(universe.grants(after, filter));
        }
    }

    @Test
    void i21_equalRulesWrittenOtherwise_areNoChange() {
        for (int i = 0; i < PAIRS; i++) {
            List<String> before = universe.rules(random);
            List<String> after = new ArrayList<>(before);
            List<String> rewritten = new ArrayList<>();
            for (String rule : after) {
                // a/# is a with a/+/#; at the root # is +/# alone
                if (rule.endsWith(" #")) {
                    rewritten.add(rule.replace(" #", " +/#"));
                } else if (rule.endsWith("/#") && !rule.endsWith(" /#") && random.nextBoolean()) {
                    rewritten.add(rule.substring(0, rule.length() - 2));
                    rewritten.add(rule.substring(0, rule.length() - 1) + "+/#");
                } else {
                    rewritten.add(rule);
                }
            }
            rewritten.add(before.get(random.nextInt(before.size())));
            Collections.shuffle(rewritten, random);

            assertThat(changes(before, rewritten))
                    .as("seed %d, %s and %s", seed, before, rewritten)
                    .isEmpty();
            assertThat(changes(before, before)).isEmpty();
        }
    }

    private List<String> changed(List<String> before) {
        if (random.nextInt(4) == 0) {
            return universe.rules(random);
        }
        List<String> after = new ArrayList<>(before);
        if (random.nextBoolean()) {
            after.remove(random.nextInt(after.size()));
        } else {
            after.add(universe.rules(random).get(0));
        }
        return after;
    }

    private static List<Change> changes(List<String> before, List<String> after) {
        return PolicyDiff.of(PolicyUniverse.policy(before), PolicyUniverse.policy(after))
                .roles()
                .getOrDefault("tester", List.of());
    }
}
