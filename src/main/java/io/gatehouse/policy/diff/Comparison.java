package io.gatehouse.policy.diff;

import io.gatehouse.policy.diff.PatternTree.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Walks two trees of rules in lock-step, over the levels that occur in them and one fresh level that does not: what a
 * fresh level does, all levels do that no rule names. Confined to one thread.
 *
 * <p>A variable is a level of its own, and may also be any level named beside it, or another variable: each of those cases
 * is walked, and kept where it makes a difference.
 */
final class Comparison {
    /** So many variables beside one level may be it in any combination; beyond, one at a time. */
    private static final int MAX_COMBINED = 3;

    private static final Result SAME = new Result(List.of(), null);

    private final UnaryOperator<Grant> view;

    /** @param view what of a grant is compared */
    private Comparison(UnaryOperator<Grant> view) {
        this.view = view;
    }

    /** Both sides of a difference. */
    private record Pair(Grant before, Grant after) {
        boolean differs() {
            return !before.equals(after);
        }
    }

    /** @param uniform if every topic here and below differs in this one way */
    private record Result(List<Delta> deltas, @Nullable Pair uniform) {}

    /** Where the walk of one tree stands. */
    private record Side(Grant passed, List<Node> frontier) {
        Grant here() {
            Grant grant = passed;
            for (Node node : frontier) {
                grant = grant.and(node.exact).and(node.deeper);
            }
            return grant;
        }

        Side next(boolean wild, List<String> labels) {
            Grant through = passed;
            for (Node node : frontier) {
                through = wild ? through.and(node.deeper) : through;
            }
            return new Side(through, PatternTree.step(frontier, wild, labels));
        }
    }

    /**
     * What is known of variables: the level that one is ({@code <v>} for another variable's), or levels that it is not.
     */
    private record Values(SortedMap<String, String> are, SortedSet<String> areNot) {
        Values with(List<String> equal, List<String> unequal, String level) {
            SortedMap<String, String> more = new TreeMap<>(are);
            SortedSet<String> not = new TreeSet<>(areNot);
            equal.forEach(name -> more.put(name, level));
            unequal.forEach(name -> not.add(name + "/" + level));
            return new Values(more, not);
        }

        boolean isFree(String name, String level) {
            return !are.containsKey(name) && !areNot.contains(name + "/" + level);
        }
    }

    static List<Delta> of(Node before, Node after, UnaryOperator<Grant> view) {
        Result result = new Comparison(view)
                .walk(
                        0,
                        true,
                        new Side(Grant.NOTHING, List.of(before)),
                        new Side(Grant.NOTHING, List.of(after)),
                        new Values(new TreeMap<>(), new TreeSet<>()));
        return result.deltas;
    }

    /** @param noTopic whether the levels so far make up no topic */
    private Result walk(int depth, boolean noTopic, Side before, Side after, Values values) {
        if (before.equals(after)) {
            return SAME;
        }
        Pair here = new Pair(view.apply(before.here()), view.apply(after.here()));
        if (before.frontier.isEmpty() && after.frontier.isEmpty()) {
            return here.differs()
                    ? new Result(List.of(Delta.here(here.before, here.after, true, values.are)), here)
                    : SAME;
        }
        Result fresh = walk(depth + 1, false, before.next(true, List.of()), after.next(true, List.of()), values);
        List<Delta> deltas = new ArrayList<>();
        if (!noTopic && here.differs()) {
            deltas.add(Delta.here(here.before, here.after, false, values.are));
        }
        List<Delta> named = new ArrayList<>();
        boolean uniform = fresh.uniform != null && (noTopic || fresh.uniform.equals(here));
        for (String level : levels(before, after, values)) {
            boolean dollar = depth == 0 && level.startsWith("$");
            List<Delta> found = level(depth, level, before, after, values);
            if (dollar || !like(found, fresh.deltas)) {
                uniform &= dollar;
                found.forEach(delta -> named.add(delta.under(level)));
            }
        }
        if (uniform && fresh.uniform != null) {
            Pair all = fresh.uniform;
            List<Delta> one = new ArrayList<>(List.of(Delta.here(all.before, all.after, true, values.are)));
            one.addAll(named);
            return new Result(one, named.isEmpty() ? all : null);
        }
        fresh.deltas.forEach(delta -> deltas.add(delta.under(PatternTree.PLUS)));
        deltas.addAll(named);
        return deltas.isEmpty() ? SAME : new Result(deltas, null);
    }

    /** The levels that a rule names here: literals, and variables, each as itself or as what it is known to be. */
    private static SortedSet<String> levels(Side before, Side after, Values values) {
        SortedSet<String> levels = new TreeSet<>();
        for (Side side : List.of(before, after)) {
            for (Node node : side.frontier) {
                for (String label : node.children.keySet()) {
                    if (!label.equals(PatternTree.PLUS)) {
                        levels.add(values.are.getOrDefault(label, label));
                    }
                }
            }
        }
        return levels;
    }

    /** What comes of one level, in every case of what the variables beside it may be. */
    private List<Delta> level(int depth, String level, Side before, Side after, Values values) {
        boolean dollar = depth == 0 && level.startsWith("$");
        List<String> labels = new ArrayList<>(List.of(level));
        List<String> free = new ArrayList<>();
        List<String> others = new ArrayList<>();
        if (!dollar) {
            for (String name : variables(before, after)) {
                if (level.equals(values.are.get(name))) {
                    labels.add(name);
                } else if (!name.equals(level) && values.isFree(name, level) && values.isFree(level, name)) {
                    // of two variables that are one, the first one's level is walked
                    (level.startsWith("<") && name.compareTo(level) < 0 ? others : free).add(name);
                }
            }
        }
        boolean noTopic = depth == 0 && level.isEmpty();
        // a variable that is its own level is no other
        List<String> itself = level.startsWith("<") ? List.of(level) : List.of();
        List<String> unlike = new ArrayList<>(others);
        unlike.addAll(free);
        List<Delta> base = step(depth, noTopic, !dollar, labels, before, after, values.with(itself, unlike, level));
        List<Delta> all = new ArrayList<>(base);
        for (List<String> equal : choices(free)) {
            List<String> more = new ArrayList<>(labels);
            more.addAll(equal);
            List<String> unequal = new ArrayList<>(unlike);
            unequal.removeAll(equal);
            List<String> allEqual = new ArrayList<>(itself);
            allEqual.addAll(equal);
            List<Delta> found =
                    step(depth, noTopic, !dollar, more, before, after, values.with(allEqual, unequal, level));
            if (!like(found, base)) {
                all.addAll(found);
            }
        }
        return all;
    }

    private List<Delta> step(
            int depth, boolean noTopic, boolean wild, List<String> labels, Side before, Side after, Values values) {
        return walk(depth + 1, noTopic, before.next(wild, labels), after.next(wild, labels), values).deltas;
    }

    private static SortedSet<String> variables(Side before, Side after) {
        SortedSet<String> names = new TreeSet<>();
        for (Side side : List.of(before, after)) {
            side.frontier.forEach(node -> node.children.keySet().stream()
                    .filter(label -> label.startsWith("<"))
                    .forEach(names::add));
        }
        return names;
    }

    /** Every way that some of the names, at least one, are the level. */
    private static List<List<String>> choices(List<String> names) {
        List<List<String>> choices = new ArrayList<>();
        if (names.size() > MAX_COMBINED) {
            names.forEach(name -> choices.add(List.of(name)));
            choices.add(List.copyOf(names));
            return choices;
        }
        for (int mask = 1; mask < 1 << names.size(); mask++) {
            List<String> some = new ArrayList<>();
            for (int i = 0; i < names.size(); i++) {
                if ((mask >>> i & 1) != 0) {
                    some.add(names.get(i));
                }
            }
            choices.add(some);
        }
        return choices;
    }

    private static boolean like(List<Delta> some, List<Delta> others) {
        if (some.size() != others.size()) {
            return false;
        }
        for (int i = 0; i < some.size(); i++) {
            if (!some.get(i).isLike(others.get(i))) {
                return false;
            }
        }
        return true;
    }
}
