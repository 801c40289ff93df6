package io.gatehouse.policy.diff;

import io.gatehouse.policy.model.Level;
import io.gatehouse.policy.model.Pattern;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * The rules of a set of roles for one verb, as a tree of levels. Trees that one {@link Interner} made share what is equal
 * in them, so that equal subtrees are one object: two policies that differ in one rule differ on one path. Immutable.
 */
final class PatternTree {
    static final String PLUS = "+";

    private PatternTree() {}

    /** A place in the tree: what ends here, what goes on with {@code #}, and the levels below. */
    static final class Node {
        final int id;
        final Grant exact;
        final Grant deeper;
        final Map<String, Node> children;

        private Node(int id, Grant exact, Grant deeper, Map<String, Node> children) {
            this.id = id;
            this.exact = exact;
            this.deeper = deeper;
            this.children = children;
        }
    }

    /** A tree while it is built. */
    static final class Builder {
        private Grant exact = Grant.NOTHING;
        private Grant deeper = Grant.NOTHING;
        private final Map<String, Builder> children = new HashMap<>();

        void add(Pattern pattern, Grant grant) {
            Builder at = this;
            for (Level level : pattern.levels()) {
                if (level instanceof Level.AnyDeeper) {
                    at.deeper = at.deeper.and(grant);
                    return;
                }
                at = at.children.computeIfAbsent(level.toString(), text -> new Builder());
            }
            at.exact = at.exact.and(grant);
        }
    }

    /** Makes equal subtrees one object. Confined to one thread. */
    static final class Interner {
        private final Map<Shape, Node> nodes = new HashMap<>();

        private record Shape(Grant exact, Grant deeper, Map<String, Integer> children) {}

        Node intern(Builder built) {
            Map<String, Node> children = new TreeMap<>();
            Map<String, Integer> ids = new HashMap<>();
            built.children.forEach((level, child) -> {
                Node node = intern(child);
                children.put(level, node);
                ids.put(level, node.id);
            });
            return nodes.computeIfAbsent(
                    new Shape(built.exact, built.deeper, ids),
                    shape -> new Node(nodes.size(), built.exact, built.deeper, children));
        }
    }

    /** The nodes that one level leads to. */
    static List<Node> step(List<Node> frontier, boolean wild, Collection<String> labels) {
        List<Node> next = new ArrayList<>();
        for (Node node : frontier) {
            Node plus = wild ? node.children.get(PLUS) : null;
            if (plus != null) {
                next.add(plus);
            }
            for (String label : labels) {
                Node child = node.children.get(label);
                if (child != null) {
                    next.add(child);
                }
            }
        }
        if (next.size() > 1) {
            next.sort(Comparator.comparingInt(node -> node.id));
            for (int i = next.size() - 1; i > 0; i--) {
                if (next.get(i) == next.get(i - 1)) {
                    next.remove(i);
                }
            }
        }
        return next;
    }

    /** Whether the grants of a kind cover, together, all that a filter matches; see {@code Walk.covers}. */
    static boolean covers(Node root, List<String> filter, Predicate<Grant> kind) {
        List<Node> frontier = List.of(root);
        for (int i = 0; i < filter.size(); i++) {
            String level = filter.get(i);
            boolean wild = i > 0 || !level.startsWith("$");
            if (wild && frontier.stream().anyMatch(node -> kind.test(node.deeper))) {
                return true;
            }
            if (level.equals("#")) {
                boolean parent = i == 0
                        || i == 1 && filter.get(0).isEmpty()
                        || frontier.stream().anyMatch(node -> kind.test(node.exact));
                return parent && coversDeeper(step(frontier, true, List.of()), kind);
            }
            frontier = step(frontier, wild, level.equals(PLUS) ? List.of() : List.of(level));
        }
        return frontier.stream().anyMatch(node -> kind.test(node.exact) || kind.test(node.deeper));
    }

    private static boolean coversDeeper(List<Node> from, Predicate<Grant> kind) {
        for (List<Node> frontier = from; !frontier.isEmpty(); frontier = step(frontier, true, List.of())) {
            if (frontier.stream().anyMatch(node -> kind.test(node.deeper))) {
                return true;
            }
            if (frontier.stream().noneMatch(node -> kind.test(node.exact))) {
                return false;
            }
        }
        return false;
    }
}
