package io.gatehouse.policy;

import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Asks a trie which patterns have a topic in common with a filter, over scratch space that is used again. Confined to one
 * thread.
 *
 * <p>The search is deep as the policy's own patterns are, never as what a client sends; it is as broad as the policy
 * where the filter has {@code +}, so it has a budget.
 */
final class Meeting {
    /** {@link #overlaps} gives up after so many nodes and answers yes, which is the safe answer. */
    static final int OVERLAP_BUDGET = 20_000;

    private final Levels levels = new Levels();
    private int budget;

    /**
     * Whether some topic that a filter matches is matched by a pattern with one of the bits. Over its budget the answer
     * is yes: more deliveries are judged than need be.
     */
    boolean overlaps(Binding binding, String filter, int bit) {
        levels.take(filter);
        budget = OVERLAP_BUDGET;
        for (int root : binding.roots()) {
            if (meets(binding, root & ~Trie.DENY_ONLY, root & Trie.DENY_ONLY, 0, bit, null)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Shows a visitor the rules that have a topic in common with a filter, until it says it saw enough or the budget is
     * spent; {@code ~rule} where only a deny would count.
     *
     * @param bit rules with one of these
     * @param nodes budget
     */
    void visit(Binding binding, String filter, int bit, int nodes, IntPredicate enough) {
        levels.take(filter);
        budget = nodes;
        for (int root : binding.roots()) {
            if (meets(binding, root & ~Trie.DENY_ONLY, root & Trie.DENY_ONLY, 0, bit, enough)) {
                return;
            }
        }
    }

    /** @param enough null: the first rule is; true then as soon as one is met, or the budget is spent */
    private boolean meets(Binding binding, int node, int flag, int i, int bit, @Nullable IntPredicate enough) {
        Trie trie = binding.trie();
        if (--budget < 0) {
            return true;
        }
        if ((Walk.counted(trie.below(node), flag) & bit) == 0) {
            return false;
        }
        if (i == levels.count()) {
            if (i == 1 && trie.isEmptyLevel(node)) {
                return false; // "+" meets "/#" in the empty topic only, which does not exist
            }
            return shows(trie, node, flag, Trie.EXACT, bit, enough) || shows(trie, node, flag, Trie.HASH, bit, enough);
        }
        boolean wild = !levels.shutsWildcardsOut(i);
        if (wild && shows(trie, node, flag, Trie.HASH, bit, enough)) {
            return true;
        }
        int kind = levels.kind(i);
        if (kind == Levels.HASH) {
            return deeper(binding, node, flag, i, bit, enough);
        }
        int plus = trie.get(node, Trie.PLUS);
        if (wild && plus != Trie.NONE && meets(binding, plus, flag, i + 1, bit, enough)) {
            return true;
        }
        if (kind == Levels.PLUS) {
            for (int child = trie.firstChild(node); child != Trie.NONE; child = trie.sibling(child)) {
                boolean shut = i == 0 && trie.isDollarLevel(child);
                if (!shut && meets(binding, child, flag, i + 1, bit, enough)) {
                    return true;
                }
            }
        } else {
            int child = trie.child(node, levels, i);
            if (child != Trie.NONE && meets(binding, child, flag, i + 1, bit, enough)) {
                return true;
            }
        }
        return variables(binding, node, flag, i, bit, enough);
    }

    /** The filter goes on with {@code #}: all at this node and below it. */
    private boolean deeper(Binding binding, int node, int flag, int i, int bit, @Nullable IntPredicate enough) {
        Trie trie = binding.trie();
        boolean parent = !levels.isNoTopic(i);
        if (enough == null && (i == 0 || parent)) {
            int reach = i == 0 ? trie.belowWithoutDollar(node) : trie.below(node);
            return (Walk.counted(reach, flag) & bit) != 0;
        }
        if (--budget < 0) {
            return true;
        }
        if (parent && shows(trie, node, flag, Trie.EXACT, bit, enough)) {
            return true;
        }
        int plus = trie.get(node, Trie.PLUS);
        if (plus != Trie.NONE && below(binding, plus, flag, bit, enough)) {
            return true;
        }
        for (int child = trie.firstChild(node); child != Trie.NONE; child = trie.sibling(child)) {
            boolean shut = i == 0 && trie.isDollarLevel(child);
            if (!shut && below(binding, child, flag, bit, enough)) {
                return true;
            }
        }
        int edges = trie.get(node, Trie.VARIABLES);
        for (int k = 0; edges != 0; k++, edges >>>= 1) {
            if ((edges & 1) != 0) {
                int reached = Walk.usable(binding.values()[k], i) == null ? Trie.DENY_ONLY : flag;
                if (below(binding, trie.variableChild(node, k), reached, bit, enough)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean below(Binding binding, int node, int flag, int bit, @Nullable IntPredicate enough) {
        Trie trie = binding.trie();
        return (Walk.counted(trie.below(node), flag) & bit) != 0
                && (shows(trie, node, flag, Trie.HASH, bit, enough) || deeper(binding, node, flag, 2, bit, enough));
    }

    private boolean variables(Binding binding, int node, int flag, int i, int bit, @Nullable IntPredicate enough) {
        Trie trie = binding.trie();
        int edges = trie.get(node, Trie.VARIABLES);
        for (int k = 0; edges != 0; k++, edges >>>= 1) {
            if ((edges & 1) == 0) {
                continue;
            }
            String value = Walk.usable(binding.values()[k], i);
            int reached = value == null ? Trie.DENY_ONLY : flag;
            boolean opens = value == null || levels.kind(i) == Levels.PLUS || levels.equals(i, value);
            if (opens && meets(binding, trie.variableChild(node, k), reached, i + 1, bit, enough)) {
                return true;
            }
        }
        return false;
    }

    private static boolean shows(Trie trie, int node, int flag, int field, int bit, @Nullable IntPredicate enough) {
        if ((Walk.counted(trie.get(node, field), flag) & bit) == 0) {
            return false;
        }
        if (enough == null) {
            return true;
        }
        RuleTable rules = trie.rules;
        for (int rule = trie.firstRule(node); rule != RuleTable.NONE; rule = rules.next(rule)) {
            boolean counts = flag == 0 || (rules.bits(rule) & Bits.DENIES) != 0;
            if (rules.isHash(rule) == (field == Trie.HASH)
                    && counts
                    && (rules.bits(rule) & bit) != 0
                    && enough.test(flag == 0 ? rule : ~rule)) {
                return true;
            }
        }
        return false;
    }
}
