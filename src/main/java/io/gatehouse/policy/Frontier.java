package io.gatehouse.policy;

import java.util.ArrayList;
import java.util.List;

/**
 * How many rules of a role one topic can match in parallel: what a decision costs at worst.
 *
 * <p>Follows, level by level, both the {@code +} edges and the literal that most nodes of the frontier share; that is the
 * topic an attacker would choose, too.
 */
final class Frontier {
    private Frontier() {}

    /** @param first a rule below the widest place, for the message */
    record Width(int matches, String first) {}

    static Width widest(Trie trie, int root) {
        List<Integer> now = List.of(root);
        int widest = 1;
        int at = root;
        while (!now.isEmpty()) {
            if (now.size() > widest) {
                widest = now.size();
                at = now.get(0);
                if (widest > PolicySet.MAX_FRONTIER * 4) {
                    break;
                }
            }
            List<Integer> next = new ArrayList<>();
            List<Integer> literals = new ArrayList<>();
            for (int node : now) {
                if (trie.plus[node] != Trie.NONE) {
                    next.add(trie.plus[node]);
                }
                int edges = trie.variableEdges[node];
                for (int k = 0; edges != 0; k++, edges >>>= 1) {
                    if ((edges & 1) != 0) {
                        next.add(trie.variableChild(node, k));
                    }
                }
                // of its literal children, the one with the most below it
                int best = Trie.NONE;
                for (int c = trie.childStart[node]; c < trie.childStart[node + 1]; c++) {
                    int child = trie.childNodes[c];
                    if (best == Trie.NONE || fanOut(trie, child) > fanOut(trie, best)) {
                        best = child;
                    }
                }
                if (best != Trie.NONE) {
                    literals.add(best);
                }
            }
            next.addAll(literals);
            now = next;
        }
        return new Width(widest, rule(trie, at));
    }

    private static int fanOut(Trie trie, int node) {
        return trie.childStart[node + 1] - trie.childStart[node] + (trie.plus[node] != Trie.NONE ? 1 : 0);
    }

    private static String rule(Trie trie, int from) {
        int node = from;
        while (true) {
            if (!trie.exactRules(node).isEmpty()) {
                return trie.exactRules(node).get(0).pattern().text();
            }
            if (!trie.hashRules(node).isEmpty()) {
                return trie.hashRules(node).get(0).pattern().text();
            }
            if (trie.plus[node] != Trie.NONE) {
                node = trie.plus[node];
            } else if (trie.childStart[node] < trie.childStart[node + 1]) {
                node = trie.childNodes[trie.childStart[node]];
            } else if (trie.variableEdges[node] != 0) {
                node = trie.variableChild(node, Integer.numberOfTrailingZeros(trie.variableEdges[node]));
            } else {
                return "";
            }
        }
    }
}
