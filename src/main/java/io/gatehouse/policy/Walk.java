package io.gatehouse.policy;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The three questions to a trie, over scratch space that is used again: nothing is allocated per question.
 *
 * <p>Confined to one thread. A question is asked for a binding: its roots, and the values of its variables.
 *
 * <p>{@link #covers} rests on levels being of infinitely many texts: a {@code +} of the filter stands for a level that no
 * rule names, whose walk takes only {@code +} edges; whatever a named level reaches is a superset of that. So a filter is
 * covered by a union of patterns exactly if that one instance is.
 */
final class Walk {
    /** {@link #overlaps} gives up after so many nodes and answers yes, which is the safe answer. */
    static final int OVERLAP_BUDGET = 20_000;

    private static final int PLUS = -2;
    private static final int HASH = -3;

    // the text that is asked for, taken apart
    private String text = "";
    private int[] starts = new int[33];
    private int[] ends = new int[32];
    private int[] ids = new int[32];
    private int levels;
    private boolean dollar;

    // the frontier
    private int[] now = new int[64];
    private int[] next = new int[64];
    private int count;

    private int budget;

    /** All bits that rules matching a topic name have; stops early once a bit of {@code stop} is among them. */
    int decide(Trie trie, Binding binding, String topic, int stop) {
        take(trie, topic);
        start(binding);
        int bits = 0;
        for (int i = 0; i < levels; i++) {
            boolean wild = i > 0 || !dollar;
            int reached = 0;
            for (int f = 0; f < count; f++) {
                int entry = now[f];
                int node = entry & ~Trie.DENY_ONLY;
                int void_ = entry & Trie.DENY_ONLY;
                if (wild) {
                    bits |= masked(trie.hash[node], void_);
                    int plus = trie.plus[node];
                    if (plus != Trie.NONE) {
                        reached = push(reached, plus | void_);
                    }
                }
                int child = trie.child(node, ids[i]);
                if (child != Trie.NONE) {
                    reached = push(reached, child | void_);
                }
                if (trie.variableEdges[node] != 0) {
                    reached = variables(trie, binding, node, void_, i, reached);
                }
            }
            if ((bits & stop) != 0) {
                return bits;
            }
            if (reached == 0) {
                return bits;
            }
            swap(reached);
        }
        for (int f = 0; f < count; f++) {
            int node = now[f] & ~Trie.DENY_ONLY;
            bits |= masked(trie.exact[node] | trie.hash[node], now[f] & Trie.DENY_ONLY);
        }
        return bits;
    }

    /** Visits the nodes whose rules match a topic name: what {@link #decide} saw, for explaining and for caps. */
    void visit(Trie trie, Binding binding, String topic, Visitor visitor) {
        take(trie, topic);
        start(binding);
        for (int i = 0; i < levels; i++) {
            boolean wild = i > 0 || !dollar;
            int reached = 0;
            for (int f = 0; f < count; f++) {
                int node = now[f] & ~Trie.DENY_ONLY;
                int void_ = now[f] & Trie.DENY_ONLY;
                if (wild) {
                    trie.hashRules(node).forEach(rule -> visitor.rule(rule, void_ != 0));
                    if (trie.plus[node] != Trie.NONE) {
                        reached = push(reached, trie.plus[node] | void_);
                    }
                }
                int child = trie.child(node, ids[i]);
                if (child != Trie.NONE) {
                    reached = push(reached, child | void_);
                }
                if (trie.variableEdges[node] != 0) {
                    reached = variables(trie, binding, node, void_, i, reached);
                }
            }
            swap(reached);
        }
        for (int f = 0; f < count; f++) {
            int node = now[f] & ~Trie.DENY_ONLY;
            boolean denyOnly = (now[f] & Trie.DENY_ONLY) != 0;
            trie.exactRules(node).forEach(rule -> visitor.rule(rule, denyOnly));
            trie.hashRules(node).forEach(rule -> visitor.rule(rule, denyOnly));
        }
    }

    /** Told every rule that matches. */
    interface Visitor {
        void rule(Rule rule, boolean denyOnly);
    }

    /**
     * Whether the patterns with a bit match, together, every topic that a filter matches.
     *
     * @param group if not null, only items that name this group of shared subscriptions count
     */
    boolean covers(Trie trie, Binding binding, String filter, int bit, @Nullable String group) {
        take(trie, filter);
        start(binding);
        for (int i = 0; i < levels; i++) {
            boolean wild = i > 0 || !dollar;
            boolean deeper = ids[i] == HASH;
            int reached = 0;
            boolean parentCovered = false;
            for (int f = 0; f < count; f++) {
                int node = now[f] & ~Trie.DENY_ONLY;
                int void_ = now[f] & Trie.DENY_ONLY;
                if (wild && has(trie, node, false, bit, void_, group)) {
                    return true;
                }
                parentCovered |= deeper && has(trie, node, true, bit, void_, group);
                if (wild && trie.plus[node] != Trie.NONE) {
                    reached = push(reached, trie.plus[node] | void_);
                }
                if (ids[i] >= 0) {
                    int child = trie.child(node, ids[i]);
                    if (child != Trie.NONE) {
                        reached = push(reached, child | void_);
                    }
                }
                if (ids[i] >= Trie.UNKNOWN_LEVEL && trie.variableEdges[node] != 0) {
                    reached = variables(trie, binding, node, void_, i, reached);
                }
            }
            if (deeper) {
                // "a/#" matches "a" too; a lone "#" does not match the empty topic, which does not exist
                if (i > 0 && !parentCovered) {
                    return false;
                }
                swap(reached);
                return coversAllDeeper(trie, bit, group);
            }
            if (reached == 0) {
                return false;
            }
            swap(reached);
        }
        for (int f = 0; f < count; f++) {
            int node = now[f] & ~Trie.DENY_ONLY;
            int void_ = now[f] & Trie.DENY_ONLY;
            if (has(trie, node, true, bit, void_, group) || has(trie, node, false, bit, void_, group)) {
                return true;
            }
        }
        return false;
    }

    private boolean coversAllDeeper(Trie trie, int bit, @Nullable String group) {
        while (count > 0) {
            boolean here = false;
            int reached = 0;
            for (int f = 0; f < count; f++) {
                int node = now[f] & ~Trie.DENY_ONLY;
                int void_ = now[f] & Trie.DENY_ONLY;
                if (has(trie, node, false, bit, void_, group)) {
                    return true;
                }
                here |= has(trie, node, true, bit, void_, group);
                if (trie.plus[node] != Trie.NONE) {
                    reached = push(reached, trie.plus[node] | void_);
                }
            }
            if (!here) {
                return false;
            }
            swap(reached);
        }
        return false;
    }

    private static boolean has(Trie trie, int node, boolean exact, int bit, int void_, @Nullable String group) {
        int bits = masked(exact ? trie.exact[node] : trie.hash[node], void_);
        if ((bits & bit) == 0) {
            return false;
        }
        if (group == null) {
            return true;
        }
        if ((bits & Bits.SHARED) == 0) {
            return false;
        }
        for (Rule rule : exact ? trie.exactRules(node) : trie.hashRules(node)) {
            if ((rule.bits() & bit) != 0
                    && rule.item() != null
                    && SharedGroups.allow(rule.item().shared(), group)) {
                return true;
            }
        }
        return false;
    }

    /** Whether some topic that a filter matches is matched by a pattern with a bit. Over its budget the answer is yes. */
    boolean overlaps(Trie trie, Binding binding, String filter, int bit) {
        take(trie, filter);
        budget = OVERLAP_BUDGET;
        for (int root : binding.roots) {
            if (overlaps(trie, binding, root, 0, bit)) {
                return true;
            }
        }
        return false;
    }

    // recursion is as deep as the policy's own patterns, never as what a client sends
    private boolean overlaps(Trie trie, Binding binding, int entry, int i, int bit) {
        int node = entry & ~Trie.DENY_ONLY;
        int void_ = entry & Trie.DENY_ONLY;
        if (--budget < 0) {
            return true;
        }
        if ((masked(trie.below[node], void_) & bit) == 0) {
            return false;
        }
        if (i == levels) {
            return (masked(trie.exact[node] | trie.hash[node], void_) & bit) != 0;
        }
        boolean wild = i > 0 || !dollar;
        if (wild && (masked(trie.hash[node], void_) & bit) != 0) {
            return true;
        }
        if (ids[i] == HASH) {
            int reach = i > 0 ? trie.below[node] : trie.belowWithoutDollar.getOrDefault(node, trie.below[node]);
            return (masked(reach, void_) & bit) != 0;
        }
        if (wild && trie.plus[node] != Trie.NONE && overlaps(trie, binding, trie.plus[node] | void_, i + 1, bit)) {
            return true;
        }
        if (ids[i] == PLUS) {
            for (int c = trie.childStart[node]; c < trie.childStart[node + 1]; c++) {
                if ((i > 0 || !trie.childDollar[c])
                        && overlaps(trie, binding, trie.childNodes[c] | void_, i + 1, bit)) {
                    return true;
                }
                if (budget < 0) {
                    return true;
                }
            }
        } else {
            int child = trie.child(node, ids[i]);
            if (child != Trie.NONE && overlaps(trie, binding, child | void_, i + 1, bit)) {
                return true;
            }
        }
        int edges = trie.variableEdges[node];
        for (int k = 0; edges != 0; k++, edges >>>= 1) {
            if ((edges & 1) != 0) {
                String value = binding.values[k];
                int reach = value == null ? Trie.DENY_ONLY : void_;
                boolean meets = value == null
                        || ids[i] == PLUS && (i > 0 || value.charAt(0) != '$')
                        || ids[i] != PLUS && equalsLevel(i, value);
                if (meets && overlaps(trie, binding, trie.variableChild(node, k) | reach, i + 1, bit)) {
                    return true;
                }
            }
        }
        return false;
    }

    private int variables(Trie trie, Binding binding, int node, int void_, int i, int reached) {
        int edges = trie.variableEdges[node];
        int size = reached;
        for (int k = 0; edges != 0; k++, edges >>>= 1) {
            if ((edges & 1) != 0) {
                String value = binding.values[k];
                if (value == null) {
                    // closed both ways: an absent value allows nothing and is denied everything
                    size = push(size, trie.variableChild(node, k) | Trie.DENY_ONLY);
                } else if (equalsLevel(i, value)) {
                    size = push(size, trie.variableChild(node, k) | void_);
                }
            }
        }
        return size;
    }

    private boolean equalsLevel(int i, String value) {
        return ends[i] - starts[i] == value.length()
                && text.startsWith(value, starts[i])
                && (i > 0 || value.charAt(0) != '$');
    }

    private static int masked(int bits, int void_) {
        return void_ == 0 ? bits : bits & Bits.DENIES;
    }

    /** Takes a topic or filter apart; {@code +} and {@code #} get numbers of their own. */
    private void take(Trie trie, String topicOrFilter) {
        text = topicOrFilter;
        dollar = !text.isEmpty() && text.charAt(0) == '$';
        levels = 0;
        int length = text.length();
        int start = 0;
        int hash = 0;
        for (int i = 0; i <= length; i++) {
            char c = i < length ? text.charAt(i) : '/';
            if (c != '/') {
                hash = hash * 31 + c;
                continue;
            }
            if (levels == ids.length) {
                starts = Arrays.copyOf(starts, levels * 2);
                ends = Arrays.copyOf(ends, levels * 2);
                ids = Arrays.copyOf(ids, levels * 2);
            }
            starts[levels] = start;
            ends[levels] = i;
            if (i - start == 1 && text.charAt(start) == '+') {
                ids[levels] = PLUS;
            } else if (i - start == 1 && text.charAt(start) == '#') {
                ids[levels] = HASH;
            } else {
                ids[levels] = trie.levels().id(text, start, i, hash);
            }
            levels++;
            start = i + 1;
            hash = 0;
        }
    }

    private void start(Binding binding) {
        count = binding.roots.length;
        if (now.length < count) {
            now = new int[count * 2];
        }
        System.arraycopy(binding.roots, 0, now, 0, count);
    }

    private int push(int size, int entry) {
        if (size == next.length) {
            next = Arrays.copyOf(next, size * 2);
        }
        next[size] = entry;
        return size + 1;
    }

    private void swap(int reached) {
        int[] old = now;
        now = next;
        next = old;
        count = reached;
    }
}
