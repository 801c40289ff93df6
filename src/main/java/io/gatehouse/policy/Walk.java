package io.gatehouse.policy;

import java.util.Arrays;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Asks a trie what matches a topic, and whether a filter is covered, over scratch space that is used again: nothing is
 * allocated per question. Confined to one thread.
 *
 * <p>A question is asked for a binding. The walk goes down from all roots of its class together; the entries it stands
 * on are the frontier. A variable is an edge that one level's text opens, never text put into a pattern; one without a
 * value opens for every level, with only the denies behind it counting.
 *
 * <p>{@link #covers} rests on levels being of infinitely many texts: a {@code +} of the filter stands for a level that no
 * rule names, whose walk takes only {@code +} edges; whatever a named level reaches is a superset of that. So a filter is
 * covered by a union of patterns exactly if that one instance is.
 */
final class Walk {
    private final Levels levels = new Levels();
    private int[] now = new int[64];
    private int[] next = new int[64];
    private int count;

    /** {@link #decide} for a question that payload caps have no part in. */
    static final long NO_PAYLOAD = Long.MAX_VALUE;

    /**
     * All bits of the rules that match a topic name; stops early once a bit of {@code stop} is among them.
     *
     * @param payloadBytes rules with a smaller cap than this do not count
     */
    int decide(Binding binding, String topic, int stop, long payloadBytes) {
        Trie trie = binding.trie();
        levels.take(topic);
        start(binding);
        int depth = levels.count();
        int bits = 0;
        for (int i = 0; i < depth; i++) {
            boolean wild = !levels.shutsWildcardsOut(i);
            int reached = 0;
            for (int f = 0; f < count; f++) {
                int flag = now[f] & Trie.DENY_ONLY;
                int node = now[f] ^ flag;
                if (wild) {
                    bits |= counted(said(trie, node, Trie.HASH, payloadBytes), flag);
                }
                reached = step(binding, node, flag, i, false, reached);
            }
            if ((bits & stop) != 0 || reached == 0) {
                return bits;
            }
            swap(reached);
        }
        for (int f = 0; f < count; f++) {
            int flag = now[f] & Trie.DENY_ONLY;
            int node = now[f] ^ flag;
            int both = said(trie, node, Trie.EXACT, payloadBytes) | said(trie, node, Trie.HASH, payloadBytes);
            bits |= counted(both, flag);
        }
        return bits;
    }

    /** A node's bits, with those of its capped rules that have room for the payload. */
    private static int said(Trie trie, int node, int field, long payloadBytes) {
        int bits = trie.get(node, field);
        return (bits & Bits.ANY_CAPPED) == 0 ? bits : bits | uncapped(trie, node, field, payloadBytes);
    }

    private static int uncapped(Trie trie, int node, int field, long payloadBytes) {
        RuleTable rules = trie.rules;
        int bits = 0;
        for (int rule = trie.firstRule(node); rule != RuleTable.NONE; rule = rules.next(rule)) {
            if (rules.isHash(rule) == (field == Trie.HASH) && payloadBytes <= rules.maxPayloadBytes(rule)) {
                bits |= rules.bits(rule);
            }
        }
        return bits;
    }

    /** Whether a test holds for one of the rules that match a topic name; {@code ~rule} where only a deny would count. */
    boolean anyMatching(Binding binding, String topic, IntPredicate test) {
        Trie trie = binding.trie();
        levels.take(topic);
        start(binding);
        for (int i = 0; i < levels.count(); i++) {
            int reached = 0;
            for (int f = 0; f < count; f++) {
                int flag = now[f] & Trie.DENY_ONLY;
                int node = now[f] ^ flag;
                if (!levels.shutsWildcardsOut(i) && anyAt(trie, node, flag, true, test)) {
                    return true;
                }
                reached = step(binding, node, flag, i, false, reached);
            }
            swap(reached);
        }
        for (int f = 0; f < count; f++) {
            int flag = now[f] & Trie.DENY_ONLY;
            int node = now[f] ^ flag;
            if (anyAt(trie, node, flag, true, test) || anyAt(trie, node, flag, false, test)) {
                return true;
            }
        }
        return false;
    }

    private static boolean anyAt(Trie trie, int node, int flag, boolean hash, IntPredicate test) {
        for (int rule = trie.firstRule(node); rule != RuleTable.NONE; rule = trie.rules.next(rule)) {
            if (trie.rules.isHash(rule) == hash && test.test(flag == 0 ? rule : ~rule)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether the patterns with one of the bits match, together, every topic that a filter matches.
     *
     * @param group if not null, only items that name this group of shared subscriptions count
     */
    boolean covers(Binding binding, String filter, int bit, @Nullable String group) {
        Trie trie = binding.trie();
        levels.take(filter);
        start(binding);
        int depth = levels.count();
        for (int i = 0; i < depth; i++) {
            boolean wild = !levels.shutsWildcardsOut(i);
            if (wild && anyHas(trie, Trie.HASH, bit, group)) {
                return true;
            }
            if (levels.kind(i) == Levels.HASH) {
                // "a/#" matches "a" too
                if (!levels.isNoTopic(i) && !anyHas(trie, Trie.EXACT, bit, group)) {
                    return false;
                }
                stepAll(binding, i, true);
                return coversAllDeeper(binding, bit, group);
            }
            stepAll(binding, i, levels.kind(i) == Levels.PLUS);
            if (count == 0) {
                return false;
            }
        }
        return anyHas(trie, Trie.EXACT, bit, group) || anyHas(trie, Trie.HASH, bit, group);
    }

    private boolean coversAllDeeper(Binding binding, int bit, @Nullable String group) {
        Trie trie = binding.trie();
        while (count > 0) {
            if (anyHas(trie, Trie.HASH, bit, group)) {
                return true;
            }
            if (!anyHas(trie, Trie.EXACT, bit, group)) {
                return false;
            }
            stepAll(binding, 1, true);
        }
        return false;
    }

    private boolean anyHas(Trie trie, int field, int bit, @Nullable String group) {
        for (int f = 0; f < count; f++) {
            int flag = now[f] & Trie.DENY_ONLY;
            int node = now[f] ^ flag;
            int bits = counted(trie.get(node, field), flag);
            if ((bits & bit) != 0 && (group == null || letsJoin(trie, node, field, bit, group))) {
                return true;
            }
        }
        return false;
    }

    private static boolean letsJoin(Trie trie, int node, int field, int bit, String group) {
        RuleTable rules = trie.rules;
        for (int rule = trie.firstRule(node); rule != RuleTable.NONE; rule = rules.next(rule)) {
            if (rules.isHash(rule) == (field == Trie.HASH)
                    && (rules.bits(rule) & bit) != 0
                    && rules.lets(rule, group)) {
                return true;
            }
        }
        return false;
    }

    private void stepAll(Binding binding, int i, boolean anything) {
        int reached = 0;
        for (int f = 0; f < count; f++) {
            int flag = now[f] & Trie.DENY_ONLY;
            reached = step(binding, now[f] ^ flag, flag, i, anything, reached);
        }
        swap(reached);
    }

    /**
     * Puts the children of a node on one level onto the next frontier.
     *
     * @param anything whether the level is one that no rule names
     */
    private int step(Binding binding, int node, int flag, int i, boolean anything, int reached) {
        Trie trie = binding.trie();
        int size = reached;
        int plus = trie.get(node, Trie.PLUS);
        if (plus != Trie.NONE && (anything || !levels.shutsWildcardsOut(i))) {
            size = push(size, plus | flag);
        }
        int child = anything ? Trie.NONE : trie.child(node, levels, i);
        if (child != Trie.NONE) {
            size = push(size, child | flag);
        }
        int edges = trie.get(node, Trie.VARIABLES);
        for (int k = 0; edges != 0; k++, edges >>>= 1) {
            if ((edges & 1) != 0) {
                String value = usable(binding.values()[k], i);
                if (value == null) {
                    // closed both ways: an absent value allows nothing and is denied everything
                    size = push(size, trie.variableChild(node, k) | Trie.DENY_ONLY);
                } else if (!anything && levels.equals(i, value)) {
                    size = push(size, trie.variableChild(node, k) | flag);
                }
            }
        }
        return size;
    }

    /** A value as it counts on a level: at the first one, none that starts with {@code $} does. */
    static @Nullable String usable(@Nullable String value, int i) {
        return value != null && i == 0 && value.charAt(0) == '$' ? null : value;
    }

    /** What a node's bits come to. */
    static int counted(int bits, int denyOnlyFlag) {
        return denyOnlyFlag == 0 ? bits : bits & Bits.DENIES;
    }

    private void start(Binding binding) {
        int[] roots = binding.roots();
        count = roots.length;
        if (now.length < count) {
            now = new int[count * 2];
        }
        System.arraycopy(roots, 0, now, 0, count);
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
