package io.gatehouse.policy;

import io.gatehouse.policy.model.Policy;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** The {@link Universe} and the policies over it, for the tests of other packages. Confined to one thread. */
public final class PolicyUniverse {
    private final Universe universe = new Universe();
    private final Judge judge = new Judge();
    private final Map<String, Integer> numbers = new HashMap<>();

    public PolicyUniverse() {
        for (int i = 0; i < universe.all().size(); i++) {
            numbers.put(universe.all().get(i).text(), i);
        }
    }

    /** A policy whose role {@code tester} everybody has. */
    public static Policy policy(List<String> rules) {
        return TestPolicies.policy(List.of(TestPolicies.role("tester", rules, List.of())));
    }

    public List<String> rules(Random random) {
        return Universe.rules(random);
    }

    public String pattern(Random random) {
        return Universe.pattern(random);
    }

    public BitSet of(String pattern) {
        return universe.of(pattern);
    }

    public BitSet left(List<String> rules, String verb) {
        return universe.left(rules, verb);
    }

    /** Every topic, by number. */
    public List<String> topics() {
        return universe.all().stream().map(TopicName::text).toList();
    }

    /** The number of a topic; -1 if it is not in this universe. */
    public int indexOf(String topic) {
        return numbers.getOrDefault(topic, -1);
    }

    public static boolean contains(BitSet whole, BitSet part) {
        return Universe.contains(whole, part);
    }

    /** Whether the engine grants a filter under some rules. */
    public boolean grants(List<String> rules, String filter) {
        return judge.verdict(TestPolicies.bound(rules), TopicFilter.of(filter), false)
                .isGranted();
    }
}
