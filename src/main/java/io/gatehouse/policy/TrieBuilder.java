package io.gatehouse.policy;

import io.gatehouse.policy.model.Level;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Pattern;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Builds a {@link Trie} rule by rule. Confined to the thread that compiles. */
final class TrieBuilder {
    private final LevelDictionary levels = new LevelDictionary();
    private final RuleTable rules = new RuleTable();
    private final Map<String, Integer> variables;
    private final List<String> roleNames;

    private int size;
    private int[] nodes = new int[64 * Trie.STRIDE];
    private int[] parent = new int[64];
    private int[] level = new int[64];
    private int[] firstRule = new int[64];

    private long[] edges = new long[2 * 128];
    private int edgeCount;

    /**
     * @param variables numbers by name
     * @param roleNames a root for each
     */
    TrieBuilder(Map<String, Integer> variables, List<String> roleNames) {
        this.variables = variables;
        this.roleNames = roleNames;
        for (int role = 0; role < roleNames.size(); role++) {
            node(Trie.NONE, Trie.ON_PLUS);
        }
    }

    void add(int role, Pattern pattern, int bits) {
        add(role, pattern, bits, Limits.UNLIMITED, List.of());
    }

    /**
     * Adds a rule.
     *
     * @param bits what it says
     * @param maxPayload of one message; a rule with a cap admits nothing before its cap was asked
     * @param shared names of share groups
     */
    void add(int role, Pattern pattern, int bits, long maxPayload, List<String> shared) {
        int node = role;
        boolean hash = false;
        for (Level step : pattern.levels()) {
            if (step instanceof Level.AnyDeeper) {
                hash = true;
                break;
            }
            node = child(node, step);
        }
        int said = bits;
        if (maxPayload < Limits.UNLIMITED) {
            said = Bits.isShadow(bits) ? Bits.shadow(Bits.CAPPED) : Bits.CAPPED;
        }
        nodes[node * Trie.STRIDE + (hash ? Trie.HASH : Trie.EXACT)] |= said;
        firstRule[node] =
                rules.add(bits, role, pattern.place(), hash ? ~node : node, firstRule[node], maxPayload, shared);
    }

    private int child(int node, Level step) {
        if (step instanceof Level.AnyLevel) {
            int plus = nodes[node * Trie.STRIDE + Trie.PLUS];
            if (plus == Trie.NONE) {
                plus = node(node, Trie.ON_PLUS);
                nodes[node * Trie.STRIDE + Trie.PLUS] = plus;
            }
            return plus;
        }
        int on;
        if (step instanceof Level.Variable variable) {
            int k = Objects.requireNonNull(variables.get(variable.name()), variable::name);
            nodes[node * Trie.STRIDE + Trie.VARIABLES] |= 1 << k;
            on = Trie.onVariable(k);
        } else {
            on = levels.add(((Level.Literal) step).text());
        }
        long key = Trie.key(node, on);
        int slot = find(edges, key);
        if (edges[slot] == 0) {
            if (++edgeCount * 8L > edges.length / 2 * 5L) {
                growEdges();
                slot = find(edges, key);
            }
            edges[slot] = key;
            edges[slot + 1] = node(node, on);
        }
        return (int) edges[slot + 1];
    }

    /** The index of a key's slot, or of the free one where it belongs. */
    private static int find(long[] table, long key) {
        int mask = (table.length >> 1) - 1;
        int slot = Trie.slot(key, mask);
        while (table[slot << 1] != 0 && table[slot << 1] != key) {
            slot = slot + 1 & mask;
        }
        return slot << 1;
    }

    private void growEdges() {
        long[] wider = new long[edges.length * 2];
        for (int i = 0; i < edges.length; i += 2) {
            if (edges[i] != 0) {
                int slot = find(wider, edges[i]);
                wider[slot] = edges[i];
                wider[slot + 1] = edges[i + 1];
            }
        }
        edges = wider;
    }

    private int node(int parentNode, int on) {
        if (size == parent.length) {
            int more = size + (size >> 1);
            nodes = Arrays.copyOf(nodes, more * Trie.STRIDE);
            parent = Arrays.copyOf(parent, more);
            level = Arrays.copyOf(level, more);
            firstRule = Arrays.copyOf(firstRule, more);
        }
        nodes[size * Trie.STRIDE + Trie.PLUS] = Trie.NONE;
        parent[size] = parentNode;
        level[size] = on;
        firstRule[size] = RuleTable.NONE;
        return size++;
    }

    Trie build() {
        List<String> variableNames = variables.entrySet().stream()
                .sorted(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .toList();
        return new Trie(
                Arrays.copyOf(nodes, size * Trie.STRIDE),
                reach(),
                Arrays.copyOf(parent, size),
                Arrays.copyOf(level, size),
                Arrays.copyOf(firstRule, size),
                edges,
                levels,
                rules,
                roleNames,
                variableNames);
    }

    private Trie.Reach reach() {
        int roots = roleNames.size();
        int[] below = new int[size];
        int[] withoutDollar = new int[roots];
        int[] childStart = new int[size + 1];
        for (int root = 0; root < roots; root++) {
            withoutDollar[root] = nodes[root * Trie.STRIDE + Trie.HASH];
        }
        // children are made after their parents: backwards, every node is complete before its parent asks
        for (int n = size - 1; n >= 0; n--) {
            below[n] |= nodes[n * Trie.STRIDE + Trie.EXACT] | nodes[n * Trie.STRIDE + Trie.HASH];
            int p = parent[n];
            if (p == Trie.NONE) {
                continue;
            }
            below[p] |= below[n];
            boolean literal = level[n] >= 0;
            if (literal) {
                childStart[p + 1]++;
            }
            if (p < roots && !(literal && levels.startsWithDollar(level[n]))) {
                withoutDollar[p] |= below[n];
            }
        }
        for (int n = 0; n < size; n++) {
            childStart[n + 1] += childStart[n];
        }
        int[] free = Arrays.copyOf(childStart, size);
        int[] children = new int[childStart[size]];
        for (int n = 0; n < size; n++) {
            if (parent[n] != Trie.NONE && level[n] >= 0) {
                children[free[parent[n]]++] = n;
            }
        }
        return new Trie.Reach(below, withoutDollar, childStart, children);
    }
}
