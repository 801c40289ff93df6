package io.gatehouse.policy;

import io.gatehouse.protocol.TopicName;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Every topic over a small alphabet, and the sets of them that patterns match, by the letter of the specification and
 * nothing clever: what the engine is held against.
 *
 * <p>Policies are over {@code a}, {@code b}, the empty level and {@code $S}, at most four levels deep. One level that no
 * policy names, at every place and one deeper than they go, stands for all that there are: so what holds here for all
 * topics holds for all topics there are.
 */
final class Universe {
    static final int MAX_LEVELS = 4;
    private static final List<String> NAMED = List.of("a", "b", "", "$S");
    private static final List<String> ALL = List.of("a", "b", "", "$S", "z", "$z");

    private static final List<TopicName> TOPICS = topics();

    private final Map<String, BitSet> matched = new HashMap<>();

    private static List<TopicName> topics() {
        List<TopicName> topics = new ArrayList<>();
        List<String> longest = List.of();
        for (int depth = 1; depth <= MAX_LEVELS + 1; depth++) {
            List<String> longer = new ArrayList<>();
            for (String level : depth == MAX_LEVELS + 1 ? List.of("a", "z") : ALL) {
                if (depth == 1) {
                    longer.add(level);
                } else {
                    longest.forEach(head -> longer.add(head + "/" + level));
                }
            }
            longer.stream().filter(text -> !text.isEmpty()).map(TopicName::of).forEach(topics::add);
            longest = longer;
        }
        return Collections.unmodifiableList(topics);
    }

    List<TopicName> all() {
        return TOPICS;
    }

    /** The topics that a pattern or filter matches. */
    BitSet of(String pattern) {
        return matched.computeIfAbsent(pattern, text -> {
            BitSet set = new BitSet(TOPICS.size());
            String[] levels = text.split("/", -1);
            for (int i = 0; i < TOPICS.size(); i++) {
                set.set(i, matches(levels, TOPICS.get(i).text().split("/", -1)));
            }
            return set;
        });
    }

    /** Section 4.7 of MQTT, read aloud. */
    static boolean matches(String[] pattern, String[] topic) {
        boolean leadingWildcard = pattern[0].equals("+") || pattern[0].equals("#");
        if (leadingWildcard && topic[0].startsWith("$")) {
            return false;
        }
        int last = pattern.length - 1;
        if (pattern[last].equals("#")) {
            return topic.length >= last && heads(pattern, topic, last);
        }
        return topic.length == pattern.length && heads(pattern, topic, pattern.length);
    }

    private static boolean heads(String[] pattern, String[] topic, int levels) {
        for (int i = 0; i < levels; i++) {
            if (!pattern[i].equals("+") && !pattern[i].equals(topic[i])) {
                return false;
            }
        }
        return true;
    }

    /** The topics that rules such as {@code pub a/#} and {@code deny sub b} leave: allowed by one, denied by none. */
    BitSet left(List<String> rules, String verb) {
        BitSet left = union(rules, verb + " ");
        left.andNot(union(rules, "deny " + verb + " "));
        return left;
    }

    BitSet union(List<String> rules, String prefix) {
        BitSet union = new BitSet();
        rules.stream()
                .filter(rule -> rule.startsWith(prefix))
                .forEach(rule -> union.or(of(rule.substring(prefix.length()))));
        return union;
    }

    static boolean contains(BitSet whole, BitSet part) {
        BitSet rest = (BitSet) part.clone();
        rest.andNot(whole);
        return rest.isEmpty();
    }

    /** One to six rules, two thirds of them allows. */
    static List<String> rules(Random random) {
        List<String> rules = new ArrayList<>();
        for (int i = 1 + random.nextInt(6); i > 0; i--) {
            rules.add((random.nextInt(3) == 0 ? "deny " : "")
                    + (random.nextInt(3) == 0 ? "pub " : "sub ")
                    + pattern(random));
        }
        return rules;
    }

    static String pattern(Random random) {
        StringBuilder text = new StringBuilder();
        int levels = 1 + random.nextInt(MAX_LEVELS);
        for (int i = 0; i < levels; i++) {
            boolean last = i == levels - 1;
            int kind = random.nextInt(10);
            String level = kind < 3 ? "+" : kind < 6 && last ? "#" : NAMED.get(random.nextInt(NAMED.size()));
            text.append(i == 0 ? "" : "/").append(level);
        }
        return text.isEmpty() ? "a" : text.toString();
    }
}
