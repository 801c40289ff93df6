package io.gatehouse.policy;

import java.util.List;
import java.util.Map;

/**
 * All patterns of a policy in one trie, as flat arrays: a root per role, shared edges, bits at the nodes.
 *
 * <p>Immutable; any thread, each with its own {@link Walk}. A node's {@code exact} bits are those of patterns that end
 * there, its {@code hash} bits those of patterns that go on with {@code #}, {@code below} everything at it and deeper.
 */
final class Trie {
    static final int NONE = -1;

    /** A node reached through an unknown condition or an absent variable: its allows are void, its denies are not. */
    static final int DENY_ONLY = 1 << 30;

    /** Levels of topics that no literal of the policy equals. */
    static final int UNKNOWN_LEVEL = -1;

    final int[] exact;
    final int[] hash;
    final int[] below;
    final int[] plus;
    /** Bit k: an edge for variable k leaves here. */
    final int[] variableEdges;

    /** Of a root, what a leading wildcard can reach: all below it but the levels that start with {@code $}. */
    final Map<Integer, Integer> belowWithoutDollar;

    /** Literal children of node n: from {@code childStart[n]} to {@code childStart[n + 1]} in {@code childLevels/-Nodes}. */
    final int[] childStart;

    final int[] childNodes;
    final boolean[] childDollar;

    private final long[] edgeKeys;
    private final int[] edgeNodes;

    private final LevelDictionary levels;
    private final Map<Integer, List<Rule>> exactRules;
    private final Map<Integer, List<Rule>> hashRules;

    Trie(
            int[] exact,
            int[] hash,
            int[] below,
            int[] plus,
            int[] variableEdges,
            Map<Integer, Integer> belowWithoutDollar,
            int[] childStart,
            int[] childNodes,
            boolean[] childDollar,
            long[] edgeKeys,
            int[] edgeNodes,
            LevelDictionary levels,
            Map<Integer, List<Rule>> exactRules,
            Map<Integer, List<Rule>> hashRules) {
        this.exact = exact;
        this.hash = hash;
        this.below = below;
        this.plus = plus;
        this.variableEdges = variableEdges;
        this.belowWithoutDollar = belowWithoutDollar;
        this.childStart = childStart;
        this.childNodes = childNodes;
        this.childDollar = childDollar;
        this.edgeKeys = edgeKeys;
        this.edgeNodes = edgeNodes;
        this.levels = levels;
        this.exactRules = exactRules;
        this.hashRules = hashRules;
    }

    LevelDictionary levels() {
        return levels;
    }

    List<Rule> exactRules(int node) {
        return exactRules.getOrDefault(node, List.of());
    }

    List<Rule> hashRules(int node) {
        return hashRules.getOrDefault(node, List.of());
    }

    /** The child of a node on a literal level, or {@link #NONE}. */
    int child(int node, int level) {
        return level < 0 ? NONE : edge(key(node, level));
    }

    /** The child of a node on variable {@code k}, or {@link #NONE}. */
    int variableChild(int node, int k) {
        return edge(key(node, -2 - k));
    }

    static long key(int node, int level) {
        return (long) (node + 1) << 32 | level & 0xFFFF_FFFFL;
    }

    static int slot(long key, int mask) {
        long mixed = key * 0x9E37_79B9_7F4A_7C15L;
        return (int) (mixed >>> 32) & mask;
    }

    private int edge(long key) {
        int mask = edgeKeys.length - 1;
        for (int i = slot(key, mask); ; i = i + 1 & mask) {
            long found = edgeKeys[i];
            if (found == key) {
                return edgeNodes[i];
            }
            if (found == 0) {
                return NONE;
            }
        }
    }
}
