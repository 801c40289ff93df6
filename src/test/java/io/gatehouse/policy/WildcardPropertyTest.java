package io.gatehouse.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.policy.model.Policy;
import io.gatehouse.protocol.TopicFilter;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is said of whole filters: covered, met, granted; held against enumeration. */
class WildcardPropertyTest {
    private static final int POLICIES = 2_000;
    private static final int FILTERS = 12;

    private final Universe universe = new Universe();
    private final long seed = Seeds.next();
    private final Random random = new Random(seed);
    private final Judge judge = new Judge();

    @Test
    void i7_covers_isContainmentInTheUnion() {
        int onlyByUnion = 0;
        for (int i = 0; i < POLICIES; i++) {
            List<String> rules = moreAllows();
            Binding binding = TestPolicies.bound(rules);
            BitSet allowed = universe.union(rules, "sub ");
            for (int f = 0; f < FILTERS; f++) {
                String filter = Universe.pattern(random);
                boolean contained = Universe.contains(allowed, universe.of(filter));

                assertThat(judge.walk().covers(binding, filter, Bits.RECEIVE, null))
                        .as(about(rules, filter))
                        .isEqualTo(contained);
                boolean byOne = rules.stream()
                        .filter(rule -> rule.startsWith("sub "))
                        .anyMatch(rule -> Universe.contains(universe.of(rule.substring(4)), universe.of(filter)));
                onlyByUnion += contained && !byOne ? 1 : 0;
            }
        }
        assertThat(onlyByUnion)
                .as("filters that only a union covers, seed " + seed)
                .isPositive();
    }

    @Test
    void i8_overlaps_isAWitness() {
        for (int i = 0; i < POLICIES; i++) {
            List<String> rules = Universe.rules(random);
            Binding binding = TestPolicies.bound(rules);
            BitSet denied = universe.union(rules, "deny sub ");
            BitSet allowed = universe.union(rules, "sub ");
            for (int f = 0; f < FILTERS; f++) {
                String filter = Universe.pattern(random);

                assertThat(judge.meeting().overlaps(binding, filter, Bits.DENY_SUBSCRIBE))
                        .as(about(rules, filter))
                        .isEqualTo(universe.of(filter).intersects(denied));
                assertThat(judge.meeting().overlaps(binding, filter, Bits.RECEIVE))
                        .as(about(rules, filter))
                        .isEqualTo(universe.of(filter).intersects(allowed));
            }
        }
    }

    @Test
    void i8_budgetSpent_isAYes() {
        List<String> rules = new ArrayList<>(List.of("sub #"));
        for (int i = 0; i < Meeting.OVERLAP_BUDGET + 1; i++) {
            rules.add("deny sub s/" + i + "/x/y");
        }
        Binding binding = TestPolicies.bound(rules);

        // no rule ends in z: with all the time in the world the answer would be no
        assertThat(judge.meeting().overlaps(binding, "+/+/+/z", Bits.DENY_SUBSCRIBE))
                .isTrue();
        assertThat(judge.meeting().overlaps(binding, "s/1/+/z", Bits.DENY_SUBSCRIBE))
                .isFalse();
        assertThat(judge.verdict(binding, TopicFilter.of("+/+/+/z"), false)).isEqualTo(Verdict.GRANT_AND_FILTER);
    }

    @Test
    void i9_verdict_tellsTheTruthAboutEveryTopic() {
        for (int i = 0; i < POLICIES; i++) {
            List<String> rules = Universe.rules(random);
            Binding binding = TestPolicies.bound(rules);
            BitSet left = universe.left(rules, "sub");
            BitSet allowed = universe.union(rules, "sub ");
            BitSet denied = universe.union(rules, "deny sub ");
            for (int f = 0; f < FILTERS; f++) {
                String filter = Universe.pattern(random);
                BitSet asked = universe.of(filter);
                Verdict expected = Universe.contains(denied, asked)
                        ? Verdict.ALL_DENIED
                        : !asked.intersects(allowed)
                                ? Verdict.NO_ALLOW
                                : !Universe.contains(allowed, asked)
                                        ? Verdict.WIDER_THAN_ALLOWED
                                        : asked.intersects(denied) ? Verdict.GRANT_AND_FILTER : Verdict.GRANT;

                Verdict verdict = judge.verdict(binding, TopicFilter.of(filter), false);

                assertThat(verdict).as(about(rules, filter)).isEqualTo(expected);
                assertThat(verdict == Verdict.GRANT && !Universe.contains(left, asked))
                        .as(about(rules, filter))
                        .isFalse();
            }
        }
    }

    @Test
    void i10_narrowerThanGranted_isNeverTooWide() {
        for (int i = 0; i < POLICIES; i++) {
            List<String> rules = moreAllows();
            Binding binding = TestPolicies.bound(rules);
            String wide = Universe.pattern(random);
            if (!judge.verdict(binding, TopicFilter.of(wide), false).isGranted()) {
                continue;
            }
            for (int f = 0; f < FILTERS; f++) {
                String narrow = Universe.pattern(random);
                if (Universe.contains(universe.of(wide), universe.of(narrow))) {
                    assertThat(judge.verdict(binding, TopicFilter.of(narrow), false))
                            .as(about(rules, narrow) + " within " + wide)
                            .isNotIn(Verdict.WIDER_THAN_ALLOWED, Verdict.NO_ALLOW);
                }
            }
        }
    }

    @Test
    void i11_leadingWildcard_neverReachesDollarTopics() {
        for (int i = 0; i < POLICIES; i++) {
            String pattern = (random.nextBoolean() ? "+/" : "") + Universe.pattern(random);
            if (!pattern.startsWith("+") && !pattern.startsWith("#")) {
                continue;
            }
            Binding binding = TestPolicies.bound(List.of("sub " + pattern));
            universe.all().stream()
                    .filter(topic -> topic.startsWithDollar())
                    .forEach(topic -> assertThat(judge.receives(binding, topic))
                            .as("seed %d, %s on %s", seed, pattern, topic)
                            .isFalse());
        }
    }

    @Test
    void i12_sharedFilter_isJudgedAsItsFilterAndItsGroup() {
        for (int i = 0; i < POLICIES; i++) {
            List<String> rules = Universe.rules(random);
            Policy named = TestPolicies.policy(List.of(TestPolicies.role("r", rules, List.of("jobs", "night*"))));
            Binding binding = TestPolicies.bound(named, TestPolicies.anybody());
            String filter = Universe.pattern(random);
            Verdict plain = judge.verdict(binding, TopicFilter.of(filter), false);
            if (filter.isEmpty()) {
                continue;
            }

            assertThat(shared(binding, "jobs", filter)).as(about(rules, filter)).isEqualTo(plain);
            assertThat(shared(binding, "nightly", filter))
                    .as(about(rules, filter))
                    .isEqualTo(plain);
            for (String other : List.of("job", "jobs2", "nigh")) {
                assertThat(shared(binding, other, filter))
                        .as(about(rules, filter))
                        .isEqualTo(plain.isGranted() ? Verdict.GROUP_NOT_ALLOWED : plain);
            }
        }
    }

    @Test
    void intersection_ofTwoFilters_isWhatBothMatch() {
        for (int i = 0; i < POLICIES * FILTERS; i++) {
            String one = Universe.pattern(random);
            String other = Universe.pattern(random);
            BitSet both = (BitSet) universe.of(one).clone();
            both.and(universe.of(other));

            assertThat(Intersection.of(one, other).map(universe::of).orElse(new BitSet()))
                    .as("seed %d, %s and %s", seed, one, other)
                    .isEqualTo(both);
        }
    }

    @Test
    void widestFilter_isWithinTheOneAskedFor_andGranted() {
        int offered = 0;
        for (int i = 0; i < POLICIES; i++) {
            List<String> rules = moreAllows();
            Binding binding = TestPolicies.bound(rules);
            String filter = Universe.pattern(random);
            if (judge.verdict(binding, TopicFilter.of(filter), false) != Verdict.WIDER_THAN_ALLOWED) {
                continue;
            }
            Optional<String> widest = Intersection.widest(judge, binding, TopicFilter.of(filter));
            if (widest.isPresent()) {
                offered++;
                assertThat(judge.verdict(binding, TopicFilter.of(widest.get()), false)
                                .isGranted())
                        .as(about(rules, filter) + " offers " + widest)
                        .isTrue();
                assertThat(Universe.contains(universe.of(filter), universe.of(widest.get())))
                        .as(about(rules, filter) + " offers " + widest)
                        .isTrue();
            }
        }
        assertThat(offered).isPositive();
    }

    private Verdict shared(Binding binding, String group, String filter) {
        return judge.verdict(binding, TopicFilter.of("$share/" + group + "/" + filter), false);
    }

    /** Unions that cover are rare among few rules: more of them, of subscribing, and shallow. */
    private List<String> moreAllows() {
        List<String> rules = Universe.rules(random);
        for (int i = 0; i < 4; i++) {
            String pattern = Universe.pattern(random);
            rules.add("sub " + pattern);
            if (pattern.endsWith("/+")) {
                // with its parent and what is below, a union of three is as wide as one
                rules.add("sub " + pattern + "/+/#");
                rules.add("sub " + pattern + "/+");
            }
        }
        rules.removeIf(rule -> rule.split("/", -1).length > Universe.MAX_LEVELS);
        return rules;
    }

    private String about(List<String> rules, String filter) {
        return "seed " + seed + ", rules " + rules + ", filter " + filter;
    }
}
