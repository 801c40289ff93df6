package io.gatehouse.policy;

import io.gatehouse.protocol.TopicFilter;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What two filters have in common, as a filter: what would be granted, and what is never delivered. Stateless. */
final class Intersection {
    private static final int SEARCH_NODES = 500;
    private static final int CANDIDATES = 8;

    private Intersection() {}

    /** The widest filter within the one asked for that would be granted; one of the first few that are found. */
    static Optional<String> widest(Judge judge, Binding binding, TopicFilter asked) {
        Trie trie = binding.trie();
        Set<String> found = new LinkedHashSet<>();
        judge.meeting().visit(binding, asked.pattern(), Bits.RECEIVE, SEARCH_NODES, entry -> {
            if (entry >= 0) {
                of(asked.pattern(), bound(binding, trie.pattern(entry))).ifPresent(found::add);
            }
            return found.size() == CANDIDATES;
        });
        return found.stream()
                .filter(filter ->
                        judge.verdict(binding, TopicFilter.of(filter), false).isGranted())
                .min(Comparator.comparing((String filter) -> !filter.endsWith("#"))
                        .thenComparing(filter -> filter.split("/", -1).length)
                        .thenComparing(
                                filter -> -filter.chars().filter(c -> c == '+').count())
                        .thenComparing(Comparator.naturalOrder()));
    }

    /** Whether one rule's pattern matches, for one subject, all that a filter matches. */
    static boolean coversAlone(Binding binding, String pattern, String filter) {
        // the empty topic, the parent of all, does not exist
        return of(bound(binding, pattern), filter)
                .filter(common -> common.equals(filter)
                        || filter.equals("#") && common.equals("+/#")
                        || filter.equals("/#") && common.equals("/+/#"))
                .isPresent();
    }

    /** A topic that a deny takes out of a filter. */
    static Optional<String> hole(Binding binding, String asked, Rule deny) {
        return of(asked, bound(binding, deny.pattern()))
                .map(filter ->
                        filter.equals("#") ? "x" : filter.replace("+", "x").replace("#", "x"));
    }

    /** A rule's pattern with the values of one subject; without a value nothing of the kind is a filter. */
    private static String bound(Binding binding, String pattern) {
        if (pattern.indexOf('<') < 0) {
            return pattern;
        }
        String[] levels = pattern.split("/", -1);
        for (int i = 0; i < levels.length; i++) {
            if (levels[i].startsWith("<")) {
                @Nullable
                String value = binding.policy().value(binding, levels[i].substring(1, levels[i].length() - 1));
                // an absent value is denied every level
                levels[i] = value == null ? "+" : value;
            }
        }
        return String.join("/", levels);
    }

    /** All topics that both filters match, as one filter; empty if there is none. */
    static Optional<String> of(String one, String other) {
        // the empty topic does not exist
        return common(one, other).filter(filter -> !filter.isEmpty());
    }

    private static Optional<String> common(String one, String other) {
        String[] a = one.split("/", -1);
        String[] b = other.split("/", -1);
        StringBuilder common = new StringBuilder();
        for (int i = 0; ; i++) {
            boolean deeperA = i < a.length && a[i].equals("#");
            boolean deeperB = i < b.length && b[i].equals("#");
            String level;
            if (deeperA && deeperB) {
                level = "#";
            } else if (deeperA || deeperB) {
                String[] rest = deeperA ? b : a;
                if (i == rest.length) {
                    return Optional.of(common.toString());
                }
                level = rest[i];
            } else if (i == a.length || i == b.length) {
                return a.length == b.length ? Optional.of(common.toString()) : Optional.empty();
            } else if (a[i].equals("+") || a[i].equals(b[i])) {
                level = b[i];
            } else if (b[i].equals("+")) {
                level = a[i];
            } else {
                return Optional.empty();
            }
            if (i == 0 && level.startsWith("$") && (wild(a[0]) || wild(b[0]))) {
                return Optional.empty(); // [MQTT-4.7.2-1]
            }
            common.append(i == 0 ? "" : "/").append(level);
            if (level.equals("#")) {
                return Optional.of(common.toString());
            }
            if (deeperA) {
                a = extend(a, i);
            } else if (deeperB) {
                b = extend(b, i);
            }
        }
    }

    private static boolean wild(String level) {
        return level.equals("+") || level.equals("#");
    }

    /** {@code #} one level further on: it matches what comes next, too. */
    private static String[] extend(String[] levels, int at) {
        String[] longer = new String[at + 2];
        System.arraycopy(levels, 0, longer, 0, at);
        longer[at] = "+";
        longer[at + 1] = "#";
        return longer;
    }
}
