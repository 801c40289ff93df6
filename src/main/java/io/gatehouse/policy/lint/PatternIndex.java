package io.gatehouse.policy.lint;

import io.gatehouse.policy.model.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Rules by their patterns, to ask what contains a pattern and what it meets. A variable is a level of its own, equal to
 * itself only: what it stands for is not known here. Confined to one thread.
 */
final class PatternIndex {
    private static final String PLUS = "+";

    private final Node root = new Node();

    /** A place in the tree of levels. */
    private static final class Node {
        private final Map<String, Node> children = new HashMap<>();
        private final List<Statement> exact = new ArrayList<>();
        private final List<Statement> deeper = new ArrayList<>();
    }

    PatternIndex(Iterable<Statement> statements) {
        for (Statement statement : statements) {
            Node node = root;
            for (Level level : statement.pattern().levels()) {
                if (!(level instanceof Level.AnyDeeper)) {
                    node = node.children.computeIfAbsent(level.toString(), text -> new Node());
                }
            }
            (statement.goesDeeper() ? node.deeper : node.exact).add(statement);
        }
    }

    /** The rules whose pattern alone matches all that another's matches; that one itself, too, if it is here. */
    List<Statement> containing(Statement asked) {
        List<Statement> found = new ArrayList<>();
        List<Node> frontier = List.of(root);
        int depth = 0;
        for (Level level : asked.pattern().levels()) {
            boolean wild = depth > 0 || !asked.startsWithDollar();
            for (Node node : frontier) {
                if (wild) {
                    found.addAll(node.deeper);
                }
            }
            if (level instanceof Level.AnyDeeper) {
                return found;
            }
            frontier = step(frontier, level, wild);
            depth++;
        }
        for (Node node : frontier) {
            found.addAll(node.exact);
            found.addAll(node.deeper);
        }
        return found;
    }

    /** Whether the rules together match all that a pattern matches; see {@code Walk.covers}. */
    boolean covers(Statement asked) {
        List<Node> frontier = List.of(root);
        int depth = 0;
        for (Level level : asked.pattern().levels()) {
            boolean wild = depth > 0 || !asked.startsWithDollar();
            if (wild && frontier.stream().anyMatch(node -> !node.deeper.isEmpty())) {
                return true;
            }
            if (level instanceof Level.AnyDeeper) {
                return (depth == 0 || frontier.stream().anyMatch(node -> !node.exact.isEmpty()))
                        && coversDeeper(step(frontier, new Level.AnyLevel(), true));
            }
            frontier = step(frontier, level, wild);
            depth++;
        }
        return frontier.stream().anyMatch(node -> !node.exact.isEmpty() || !node.deeper.isEmpty());
    }

    private static boolean coversDeeper(List<Node> from) {
        for (List<Node> frontier = from; !frontier.isEmpty(); frontier = step(frontier, new Level.AnyLevel(), true)) {
            if (frontier.stream().anyMatch(node -> !node.deeper.isEmpty())) {
                return true;
            }
            if (frontier.stream().allMatch(node -> node.exact.isEmpty())) {
                return false;
            }
        }
        return false;
    }

    private static List<Node> step(List<Node> frontier, Level level, boolean wild) {
        List<Node> next = new ArrayList<>();
        for (Node node : frontier) {
            Node plus = wild ? node.children.get(PLUS) : null;
            if (plus != null) {
                next.add(plus);
            }
            Node same = level instanceof Level.AnyLevel ? null : node.children.get(level.toString());
            if (same != null) {
                next.add(same);
            }
        }
        return next;
    }

    /** A rule with a topic in common with a pattern that also passes a test; null if there is none. A variable may be any level. */
    @Nullable
    Statement meeting(Statement asked, Predicate<Statement> test) {
        return meeting(root, asked, 0, test);
    }

    private static @Nullable Statement meeting(Node node, Statement asked, int depth, Predicate<Statement> test) {
        List<Level> levels = asked.pattern().levels();
        boolean end = depth == levels.size();
        Level level = end ? null : levels.get(depth);
        boolean wild = depth > 0 || !asked.startsWithDollar();
        Statement found = wild || end ? first(node.deeper, test) : null;
        if (found == null && (end || level instanceof Level.AnyDeeper)) {
            found = first(node.exact, test);
        }
        if (found != null || end) {
            return found;
        }
        boolean any =
                level instanceof Level.AnyDeeper || level instanceof Level.AnyLevel || level instanceof Level.Variable;
        int next = level instanceof Level.AnyDeeper ? depth : depth + 1;
        for (Map.Entry<String, Node> child : node.children.entrySet()) {
            String text = child.getKey();
            boolean open = text.equals(PLUS) || text.startsWith("<");
            boolean shut = depth == 0 && (text.startsWith("$") && any && asked.startsWild() || open && !wild);
            if (!shut && (any || open || text.equals(String.valueOf(level)))) {
                found = meeting(child.getValue(), asked, next, test);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    private static @Nullable Statement first(List<Statement> statements, Predicate<Statement> test) {
        return statements.stream().filter(test).findFirst().orElse(null);
    }
}
