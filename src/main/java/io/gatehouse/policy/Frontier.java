package io.gatehouse.policy;

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

    /**
     * The width of every role whose width is over a limit.
     *
     * @param roots how many there are
     */
    static Map<Integer, Width> widerThan(Trie trie, int roots, int limit) {
        int[] shape = new int[trie.size()];
        int[] depth = new int[trie.size()];
        int[] root = new int[trie.size()];
        Map<Long, Integer> shapes = new HashMap<>();
        Map<Long, Integer> perLevel = new HashMap<>();
        Map<Integer, Integer> bounds = new HashMap<>();
        for (int n = 0; n < trie.size(); n++) {
            int p = trie.parent[n];
            if (p == Trie.NONE) {
                root[n] = n;
                shape[n] = -1 - n;
                continue;
            }
            root[n] = root[p];
            depth[n] = depth[p] + 1;
            long key = (long) shape[p] << 32 | Math.min(trie.level[n], 0) & 0xFFFF_FFFFL;
            Integer known = shapes.putIfAbsent(key, shapes.size());
            shape[n] = known == null ? shapes.size() - 1 : known;
            if (known == null) {
                int here = perLevel.merge((long) root[n] << 32 | depth[n], 1, Integer::sum);
                bounds.merge(root[n], here, Math::max);
            }
        }
        Map<Integer, Width> wide = new HashMap<>();
        bounds.forEach((role, bound) -> {
            if (bound > limit && role < roots) {
                Frontier search = new Frontier(trie, role);
                search.follow(List.of(role));
                int width = search.budget > 0 ? search.widest : bound;
                if (width > limit) {
                    wide.put(role, new Width(width, search.rule(search.widestAt)));
                }
            }
        });
        return wide;
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
            int plus = trie.nodes[node * Trie.STRIDE + Trie.PLUS];
            if (plus != Trie.NONE) {
                always.add(plus);
            }
            int edges = trie.nodes[node * Trie.STRIDE + Trie.VARIABLES];
            for (int k = 0; edges != 0; k++, edges >>>= 1) {
                if ((edges & 1) != 0) {
                    always.add(trie.variableChild(node, k));
                }
            }
            for (int c = trie.childStart[node]; c < trie.childStart[node + 1]; c++) {
                int child = trie.children[c];
                byLiteral
                        .computeIfAbsent(trie.level[child], literal -> new ArrayList<>())
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
            int plus = trie.nodes[node * Trie.STRIDE + Trie.PLUS];
            int edges = trie.nodes[node * Trie.STRIDE + Trie.VARIABLES];
            if (plus != Trie.NONE) {
                node = plus;
            } else if (edges != 0) {
                node = trie.variableChild(node, Integer.numberOfTrailingZeros(edges));
            } else {
                node = trie.children[trie.childStart[node]];
            }
        }
        return trie.pattern(trie.firstRule(node));
    }
}
