package io.gatehouse.policy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How many patterns of a role one topic can match in parallel: what a decision costs at worst.
 *
 * <p>Two patterns that reach one level of one topic differ in which of their levels are wildcards, variables or
 * literals; so there are never more of them than different such shapes. Where that bound is small, as in nearly every
 * policy, it is the answer; else the topics themselves are searched, within a budget, and a policy that outlasts it is
 * taken at its bound.
 */
final class Frontier {
    private static final int BUDGET = 2_000_000;

    private final Trie trie;
    private int budget = BUDGET;
    private int widest = 1;
    private int widestAt;

    private Frontier(Trie trie, int root) {
        this.trie = trie;
        this.widestAt = root;
    }

    /** @param first a rule below the widest place, for the message */
    record Width(int matches, String first) {}

    /** The width of every role whose width is over a limit, by number. */
    static Map<Integer, Width> widerThan(Trie trie, int limit) {
        Map<Integer, Width> wide = new HashMap<>();
        for (int role = 0; role < trie.roots.length; role++) {
            int bound = isOfLiterals(trie, trie.roots[role]) ? 1 : shapes(trie, trie.roots[role]);
            if (bound > limit) {
                Frontier search = new Frontier(trie, trie.roots[role]);
                search.follow(List.of(trie.roots[role]));
                int width = search.budget > 0 ? search.widest : bound;
                if (width > limit) {
                    wide.put(role, new Width(width, search.rule(search.widestAt)));
                }
            }
        }
        return wide;
    }

    /** Whether a role's patterns have no wildcard and no variable but at their end: a topic then matches along one path. */
    private static boolean isOfLiterals(Trie trie, int root) {
        // depth first, the way back by the nodes' parents: a role each for very many devices is looked through
        int node = root;
        while (true) {
            if (trie.get(node, Trie.PLUS) != Trie.NONE || trie.get(node, Trie.VARIABLES) != 0) {
                return false;
            }
            int next = trie.firstChild(node);
            while (next == Trie.NONE) {
                if (node == root) {
                    return true;
                }
                next = trie.sibling(node);
                if (next == Trie.NONE) {
                    node = trie.parent(node);
                }
            }
            node = next;
        }
    }

    /** How many different shapes the patterns of a role have at most at one level. */
    private static int shapes(Trie trie, int root) {
        Map<Long, Integer> known = new HashMap<>();
        Map<Integer, Integer> perLevel = new HashMap<>();
        int most = 1;
        // node, its shape, its depth
        ArrayDeque<int[]> open = new ArrayDeque<>(List.of(new int[] {root, -1, 0}));
        while (!open.isEmpty()) {
            int[] next = open.pop();
            for (int child : children(trie, next[0])) {
                long key = (long) next[1] << 32 | Math.min(trie.onLevel(child), 0) & 0xFFFF_FFFFL;
                Integer before = known.putIfAbsent(key, known.size());
                int shape = before == null ? known.size() - 1 : before;
                if (before == null) {
                    most = Math.max(most, perLevel.merge(next[2], 1, Integer::sum));
                }
                if (!children(trie, child).isEmpty()) {
                    open.push(new int[] {child, shape, next[2] + 1});
                }
            }
        }
        return most;
    }

    private static List<Integer> children(Trie trie, int node) {
        List<Integer> children = wildChildren(trie, node);
        for (int child = trie.firstChild(node); child != Trie.NONE; child = trie.sibling(child)) {
            children.add(child);
        }
        return children;
    }

    private static List<Integer> wildChildren(Trie trie, int node) {
        List<Integer> children = new ArrayList<>();
        if (trie.get(node, Trie.PLUS) != Trie.NONE) {
            children.add(trie.get(node, Trie.PLUS));
        }
        int edges = trie.get(node, Trie.VARIABLES);
        for (int k = 0; edges != 0; k++, edges >>>= 1) {
            if ((edges & 1) != 0) {
                children.add(trie.variableChild(node, k));
            }
        }
        return children;
    }

    /** Tries, level by level, every literal that some pattern has there: whatever else a topic has, it matches less. */
    private void follow(List<Integer> frontier) {
        if (frontier.size() > widest) {
            widest = frontier.size();
            widestAt = frontier.get(0);
        }
        budget -= frontier.size();
        if (budget <= 0) {
            return;
        }
        List<Integer> always = new ArrayList<>();
        Map<Integer, List<Integer>> byLiteral = new HashMap<>();
        for (int node : frontier) {
            always.addAll(wildChildren(trie, node));
            for (int child = trie.firstChild(node); child != Trie.NONE; child = trie.sibling(child)) {
                byLiteral
                        .computeIfAbsent(trie.onLevel(child), literal -> new ArrayList<>())
                        .add(child);
            }
        }
        if (byLiteral.isEmpty() && !always.isEmpty()) {
            follow(always);
        }
        for (List<Integer> literal : byLiteral.values()) {
            literal.addAll(always);
            follow(literal);
        }
    }

    private String rule(int from) {
        int node = from;
        while (trie.firstRule(node) == RuleTable.NONE) {
            node = children(trie, node).get(0);
        }
        return trie.pattern(trie.firstRule(node));
    }
}
