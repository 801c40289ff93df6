package io.gatehouse.policy;

import io.gatehouse.policy.model.Level;
import io.gatehouse.policy.model.Pattern;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Builds a {@link Trie} rule by rule. Confined to the thread that compiles. */
final class TrieBuilder {
    private final Map<String, Integer> levels = new HashMap<>();
    private final Map<String, Integer> variables;
    private final List<Integer> roots = new ArrayList<>();
    private final Map<Integer, List<Rule>> exactRules = new HashMap<>();
    private final Map<Integer, List<Rule>> hashRules = new HashMap<>();

    private int nodes;
    private int[] exact = new int[64];
    private int[] hash = new int[64];
    private int[] plus = new int[64];
    private int[] variableEdges = new int[64];
    private int[] parent = new int[64];
    /** The literal level a node hangs on; below 0 for other edges. */
    private int[] level = new int[64];

    private long[] edgeKeys = new long[256];
    private int[] edgeNodes = new int[256];
    private int edges;

    TrieBuilder(Map<String, Integer> variables) {
        this.variables = variables;
    }

    int root() {
        int root = node(Trie.NONE, Integer.MIN_VALUE);
        roots.add(root);
        return root;
    }

    void add(int root, Rule rule) {
        Pattern pattern = rule.pattern();
        int node = root;
        for (Level step : pattern.levels()) {
            if (step instanceof Level.AnyDeeper) {
                hash[node] |= rule.bits();
                hashRules.computeIfAbsent(node, n -> new ArrayList<>(1)).add(rule);
                return;
            }
            node = child(node, step);
        }
        exact[node] |= rule.bits();
        exactRules.computeIfAbsent(node, n -> new ArrayList<>(1)).add(rule);
    }

    private int child(int node, Level step) {
        if (step instanceof Level.AnyLevel) {
            if (plus[node] == Trie.NONE) {
                plus[node] = node(node, -1);
            }
            return plus[node];
        }
        int number;
        if (step instanceof Level.Variable variable) {
            int k = java.util.Objects.requireNonNull(variables.get(variable.name()));
            variableEdges[node] |= 1 << k;
            number = -2 - k;
        } else {
            number = levels.computeIfAbsent(((Level.Literal) step).text(), text -> levels.size());
        }
        long key = Trie.key(node, number);
        int slot = find(key);
        if (edgeKeys[slot] == 0) {
            int made = node(node, number);
            if (++edges * 2 > edgeKeys.length) {
                growEdges();
                slot = find(key);
            }
            edgeKeys[slot] = key;
            edgeNodes[slot] = made;
        }
        return edgeNodes[slot];
    }

    private int find(long key) {
        int mask = edgeKeys.length - 1;
        int slot = Trie.slot(key, mask);
        while (edgeKeys[slot] != 0 && edgeKeys[slot] != key) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private void growEdges() {
        long[] oldKeys = edgeKeys;
        int[] oldNodes = edgeNodes;
        edgeKeys = new long[oldKeys.length * 2];
        edgeNodes = new int[oldNodes.length * 2];
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != 0) {
                int slot = find(oldKeys[i]);
                edgeKeys[slot] = oldKeys[i];
                edgeNodes[slot] = oldNodes[i];
            }
        }
    }

    private int node(int parentNode, int number) {
        if (nodes == exact.length) {
            int size = nodes * 2;
            exact = Arrays.copyOf(exact, size);
            hash = Arrays.copyOf(hash, size);
            plus = Arrays.copyOf(plus, size);
            variableEdges = Arrays.copyOf(variableEdges, size);
            parent = Arrays.copyOf(parent, size);
            level = Arrays.copyOf(level, size);
        }
        plus[nodes] = Trie.NONE;
        parent[nodes] = parentNode;
        level[nodes] = number;
        return nodes++;
    }

    Trie build() {
        int[] below = new int[nodes];
        int[] counts = new int[nodes + 1];
        Map<Integer, Integer> belowWithoutDollar = new HashMap<>();
        boolean[] dollarLevels = new boolean[levels.size()];
        levels.forEach((text, id) -> dollarLevels[id] = text.startsWith("$"));
        roots.forEach(root -> belowWithoutDollar.put(root, hash[root]));
        // children are made after their parents: backwards, every node is complete before its parent asks
        for (int n = nodes - 1; n >= 0; n--) {
            below[n] |= exact[n] | hash[n];
            int p = parent[n];
            if (p == Trie.NONE) {
                continue;
            }
            below[p] |= below[n];
            boolean literal = level[n] >= 0;
            if (literal) {
                counts[p + 1]++;
            }
            if (parent[p] == Trie.NONE && !(literal && dollarLevels[level[n]])) {
                belowWithoutDollar.merge(p, below[n], (a, b) -> a | b);
            }
        }
        for (int n = 0; n < nodes; n++) {
            counts[n + 1] += counts[n];
        }
        int[] childStart = counts.clone();
        int[] next = Arrays.copyOf(counts, nodes);
        int[] childNodes = new int[childStart[nodes]];
        boolean[] childDollar = new boolean[childStart[nodes]];
        for (int n = 0; n < nodes; n++) {
            if (parent[n] != Trie.NONE && level[n] >= 0) {
                int at = next[parent[n]]++;
                childNodes[at] = n;
                childDollar[at] = dollarLevels[level[n]];
            }
        }
        return new Trie(
                Arrays.copyOf(exact, nodes),
                Arrays.copyOf(hash, nodes),
                below,
                Arrays.copyOf(plus, nodes),
                Arrays.copyOf(variableEdges, nodes),
                Map.copyOf(belowWithoutDollar),
                childStart,
                childNodes,
                childDollar,
                edgeKeys,
                edgeNodes,
                new LevelDictionary(levels),
                exactRules,
                hashRules);
    }
}
