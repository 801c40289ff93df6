package io.gatehouse.policy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * All patterns of a policy in one trie, as flat arrays: a root per role, shared edges, bits at the nodes. Immutable; any
 * thread, each with its own {@link Walk}.
 *
 * <p>Flat, because a decision at a million rules waits for memory and for nothing else: what it reads of a node lies in
 * one cache line, and so does what it reads of an edge. The roots are the nodes from 0 on, in the order of their roles.
 */
final class Trie {
    static final int NONE = -1;

    /** Flag of an entry reached through an unknown condition or a variable without a value: only its denies count. */
    static final int DENY_ONLY = 1 << 30;

    /** Where an entry's fields lie: its node times this, plus one of the four below. */
    static final int STRIDE = 4;

    /** Bits of the patterns that end here. */
    static final int EXACT = 0;

    /** Bits of the patterns that go on with {@code #}. */
    static final int HASH = 1;

    /** The child on {@code +}, or {@link #NONE}. */
    static final int PLUS = 2;

    /** Bit k: an edge for variable k leaves here. */
    static final int VARIABLES = 3;

    final int[] nodes;

    /** All bits at a node and deeper. */
    final int[] below;

    /** Of a root, what a leading wildcard reaches: all below it but the levels that start with {@code $}. */
    final int[] belowWithoutDollar;

    /** Literal children of node n: {@code children[childStart[n], childStart[n + 1])}. */
    final int[] childStart;

    final int[] children;

    final int[] parent;

    /** What a node hangs on: a literal's number, {@link #ON_PLUS}, or {@code onVariable(k)}. */
    final int[] level;

    static final int ON_PLUS = -1;

    private final int emptyLevel;
    private final int[] firstRule;
    /** Per slot two longs: key and child, so that an edge is one cache line. */
    private final long[] edges;

    final LevelDictionary levels;
    final RuleTable rules;
    private final List<String> roleNames;
    private final List<String> variableNames;

    Trie(
            int[] nodes,
            Reach reach,
            int[] parent,
            int[] level,
            int[] firstRule,
            long[] edges,
            LevelDictionary levels,
            RuleTable rules,
            List<String> roleNames,
            List<String> variableNames) {
        this.nodes = nodes;
        this.below = reach.below;
        this.belowWithoutDollar = reach.belowWithoutDollar;
        this.childStart = reach.childStart;
        this.children = reach.children;
        this.parent = parent;
        this.level = level;
        this.firstRule = firstRule;
        this.edges = edges;
        this.levels = levels;
        this.emptyLevel = levels.id("", 0, 0, LevelDictionary.mix(0));
        this.rules = rules;
        this.roleNames = List.copyOf(roleNames);
        this.variableNames = List.copyOf(variableNames);
    }

    /** What lies below each node, and its literal children. */
    static final class Reach {
        final int[] below;
        final int[] belowWithoutDollar;
        final int[] childStart;
        final int[] children;

        Reach(int[] below, int[] belowWithoutDollar, int[] childStart, int[] children) {
            this.below = below;
            this.belowWithoutDollar = belowWithoutDollar;
            this.childStart = childStart;
            this.children = children;
        }
    }

    static int onVariable(int k) {
        return -2 - k;
    }

    int size() {
        return parent.length;
    }

    /** The child of a node on a literal level, or {@link #NONE}. */
    int child(int node, int literal) {
        return literal < 0 ? NONE : edge(key(node, literal));
    }

    /** The child of a node on variable {@code k}, or {@link #NONE}. */
    int variableChild(int node, int k) {
        return edge(key(node, onVariable(k)));
    }

    /** Whether a node hangs on the literal level that is empty. */
    boolean isEmptyLevel(int node) {
        return level[node] >= 0 && level[node] == emptyLevel;
    }

    /** The first of the chain of rules that end at a node, with {@code #} or without, or {@link RuleTable#NONE}. */
    int firstRule(int node) {
        return firstRule[node];
    }

    static long key(int node, int level) {
        return (long) (node + 1) << 32 | level & 0xFFFF_FFFFL;
    }

    /** The slot of a key in a table of {@code mask + 1} slots. */
    static int slot(long key, int mask) {
        long mixed = key * 0x9E37_79B9_7F4A_7C15L;
        return (int) (mixed >>> 32) & mask;
    }

    private int edge(long key) {
        long[] table = edges;
        int mask = (table.length >> 1) - 1;
        for (int slot = slot(key, mask); ; slot = slot + 1 & mask) {
            long found = table[slot << 1];
            if (found == key) {
                return (int) table[(slot << 1) + 1];
            }
            if (found == 0) {
                return NONE;
            }
        }
    }

    /** A rule of the table in words. */
    Rule rule(int number, boolean denyOnly) {
        int bits = rules.bits(number);
        int inForce = Bits.withShadow(bits);
        boolean deny = (inForce & Bits.DENIES) != 0;
        boolean publish = deny ? (inForce & Bits.DENY_PUBLISH) != 0 : (inForce & Bits.RECEIVE) == 0;
        return new Rule(
                roleNames.get(rules.role(number)),
                pattern(number),
                rules.place(number),
                deny,
                publish,
                Bits.isShadow(bits),
                denyOnly,
                rules.shared(number));
    }

    /** A rule's pattern as it reads in a policy: nothing is stored for it but its place in the trie. */
    String pattern(int number) {
        List<String> words = new ArrayList<>();
        if (rules.isHash(number)) {
            words.add("#");
        }
        for (int node = rules.node(number); parent[node] != NONE; node = parent[node]) {
            words.add(word(level[node]));
        }
        Collections.reverse(words);
        return String.join("/", words);
    }

    /** One level as it reads in a policy. */
    String word(int onLevel) {
        if (onLevel >= 0) {
            return levels.text(onLevel);
        }
        return onLevel == ON_PLUS ? "+" : "<" + variableNames.get(-2 - onLevel) + ">";
    }
}
