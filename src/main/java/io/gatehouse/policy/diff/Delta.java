package io.gatehouse.policy.diff;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Topics that are answered otherwise: those of one path of levels. Immutable.
 *
 * @param path levels; {@code +} is any other level than those named beside it
 * @param deeper whether everything below is answered otherwise in the same way
 * @param where what variables have to be for it
 */
record Delta(List<String> path, boolean deeper, Grant before, Grant after, SortedMap<String, String> where) {
    Delta {
        path = List.copyOf(path);
    }

    static Delta here(Grant before, Grant after, boolean deeper, Map<String, String> where) {
        SortedMap<String, String> others = new TreeMap<>(where);
        others.entrySet().removeIf(value -> value.getKey().equals(value.getValue()));
        return new Delta(List.of(), deeper, before, after, others);
    }

    Delta under(String level) {
        List<String> longer = new ArrayList<>(path.size() + 1);
        longer.add(level);
        longer.addAll(path);
        return new Delta(longer, deeper, before, after, where);
    }

    /** Whether it says the same, whatever the variables are. */
    boolean isLike(Delta other) {
        return path.equals(other.path)
                && deeper == other.deeper
                && before.equals(other.before)
                && after.equals(other.after);
    }

    String pattern() {
        String text = String.join("/", path);
        return !deeper ? text : path.isEmpty() ? "#" : text + "/#";
    }

    /** One topic that it is true of; variables stand for themselves. */
    String witness() {
        List<String> levels = new ArrayList<>();
        for (String level : path) {
            levels.add(level.equals(PatternTree.PLUS) ? "any" : level);
        }
        if (levels.isEmpty() || levels.equals(List.of(""))) {
            levels.add("any");
        }
        return String.join("/", levels);
    }
}
