package io.gatehouse.policy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * All patterns of a policy in one trie, as flat arrays: a root per role, bits at the nodes. Immutable; any thread, each
 * with its own {@link Walk}.
 *
 * <p>A decision at a million rules waits for memory and for nothing else. So a node is what a hash table finds under its
 * parent and its level, with all that a decision reads of it beside that key: one step down is one read. A node's number
 * is its place in that table.
 */
final class Trie {
    static final int NONE = -1;

    /** Flag of an entry reached through an unknown condition or a variable without a value: only its denies count. */
    static final int DENY_ONLY = 1 << 30;

    /**
     * The fields of node n are at {@code table[(n << SHIFT) + FIELD]}. They begin four ints into the table: behind the
     * sixteen bytes of an array's header, two nodes are then one cache line, where the collector places large arrays at
     * the start of a region, as G1 does.
     */
    static final int SHIFT = 3;

    /** The parent's number plus one, times four, plus the kind of its level; 0: free. */
    static final int TAG = 4;

    /** The two halves of the level's {@link LevelKey}, or the number of its variable, or of a root the one of its role. */
    static final int KEY_LOW = 5;

    static final int KEY_HIGH = 6;

    /** Bits of the patterns that end here. */
    static final int EXACT = 7;

    /** Bits of the patterns that go on with {@code #}. */
    static final int HASH = 8;

    /** The child on {@code +}, or {@link #NONE}. */
    static final int PLUS = 9;

    /** Bit k: an edge for variable k leaves here. */
    static final int VARIABLES = 10;

    /** The {@link #trace} of every literal child: most searches for one that is not there end before they begin. */
    static final int TRACES = 11;

    /** Kinds: a literal whose key is its text. */
    static final int SHORT = 0;

    /** A literal whose text is compared. */
    static final int LONG = 1;

    static final int VARIABLE = 2;

    /** {@code +}; and of a root, which has no parent. */
    static final int ANY = 3;

    static final int KIND_BITS = 2;

    /** As many as {@link #VARIABLES} has room for. */
    static final int MAX_VARIABLES = 32;

    private final int[] table;
    private final int slots;

    /** What only refusals and subscriptions ask, by node. */
    private final Cold cold;

    final int[] roots;
    final LevelTexts texts;
    final RuleTable rules;
    private final List<String> roleNames;
    private final List<String> variableNames;

    /**
     * By node, but for the last.
     *
     * @param firstRule of the chain of rules that end here, with {@code #} or without, or {@link RuleTable#NONE}
     * @param text where a literal's text is
     * @param below all bits here and deeper
     * @param firstChild of its literal children
     * @param sibling the next literal child of the same parent
     * @param belowWithoutDollar by role: what a leading wildcard reaches, all but the levels that start with {@code $}
     */
    record Cold(int[] firstRule, int[] text, int[] below, int[] firstChild, int[] sibling, int[] belowWithoutDollar) {}

    Trie(
            int[] table,
            Cold cold,
            int[] roots,
            LevelTexts texts,
            RuleTable rules,
            List<String> roleNames,
            List<String> variableNames) {
        this.table = table;
        this.slots = table.length - TAG >> SHIFT;
        this.cold = cold;
        this.roots = roots;
        this.texts = texts;
        this.rules = rules;
        this.roleNames = List.copyOf(roleNames);
        this.variableNames = List.copyOf(variableNames);
    }

    static int tag(int parent, int kind) {
        return parent + 1 << KIND_BITS | kind;
    }

    /** Where the search for a node begins, in a table of any size. */
    static int slot(int tag, long key, int slots) {
        long mixed = (key ^ tag * 0x9E37_79B9_7F4A_7C15L) * 0xBF58_476D_1CE4_E5B9L;
        mixed = (mixed ^ mixed >>> 32) * 0x94D0_49BB_1331_11EBL;
        return (int) ((mixed >>> 32) * slots >>> 32);
    }

    /** One bit of thirty-two, by key. */
    static int trace(long key) {
        return 1 << (int) (key * 0xD6E8_FEB8_6659_FD93L >>> 59);
    }

    int get(int node, int field) {
        return table[(node << SHIFT) + field];
    }

    /** The child of a node on a literal level, or {@link #NONE}. */
    int child(int node, Levels levels, int i) {
        int kind = levels.kind(i);
        long key = levels.key(i);
        if ((get(node, TRACES) & trace(key)) == 0 || kind > LONG) {
            return NONE;
        }
        int[] nodes = table;
        int tag = tag(node, kind);
        for (int slot = slot(tag, key, slots); ; slot = slot + 1 == slots ? 0 : slot + 1) {
            int at = slot << SHIFT;
            if (nodes[at + TAG] == tag
                    && nodes[at + KEY_LOW] == (int) key
                    && nodes[at + KEY_HIGH] == (int) (key >>> 32)
                    && (kind == SHORT || levels.equals(i, texts, cold.text[slot]))) {
                return slot;
            }
            if (nodes[at + TAG] == 0) {
                return NONE;
            }
        }
    }

    /** The child of a node on variable {@code k}, of which {@link #VARIABLES} says that it is there. */
    int variableChild(int node, int k) {
        int tag = tag(node, VARIABLE);
        int slot = slot(tag, k, slots);
        while (get(slot, TAG) != tag || get(slot, KEY_LOW) != k) {
            slot = slot + 1 == slots ? 0 : slot + 1;
        }
        return slot;
    }

    int firstRule(int node) {
        return cold.firstRule[node];
    }

    /** The first literal child of a node, or {@link #NONE}. */
    int firstChild(int node) {
        return cold.firstChild[node];
    }

    /** The next literal child of the same parent, or {@link #NONE}. */
    int sibling(int node) {
        return cold.sibling[node];
    }

    /** All bits at a node and deeper. */
    int below(int node) {
        return cold.below[node];
    }

    /** Of a root, all that a leading wildcard reaches. */
    int belowWithoutDollar(int root) {
        return cold.belowWithoutDollar[get(root, KEY_LOW)];
    }

    private int kind(int node) {
        return get(node, TAG) & (1 << KIND_BITS) - 1;
    }

    private boolean isLiteral(int node) {
        return kind(node) <= LONG;
    }

    /** Whether a node hangs on a literal level that starts with {@code $}. */
    boolean isDollarLevel(int node) {
        return isLiteral(node) && texts.startsWithDollar(cold.text[node]);
    }

    /** Whether a node hangs on the literal level that is empty. */
    boolean isEmptyLevel(int node) {
        return kind(node) == SHORT && get(node, KEY_LOW) == 0 && get(node, KEY_HIGH) == 0;
    }

    /** Equal for equal levels: of literals 0 and up, of {@code +} and each variable below. */
    int onLevel(int node) {
        return switch (kind(node)) {
            case VARIABLE -> -2 - get(node, KEY_LOW);
            case ANY -> -1;
            default -> cold.text[node];
        };
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
        int node = rules.node(number);
        for (int parent = parent(node); parent != NONE; node = parent, parent = parent(node)) {
            words.add(word(node));
        }
        Collections.reverse(words);
        return String.join("/", words);
    }

    /** Where a node hangs, or {@link #NONE} of a root. */
    int parent(int node) {
        return (get(node, TAG) >>> KIND_BITS) - 1;
    }

    private String word(int node) {
        return switch (kind(node)) {
            case VARIABLE -> "<" + variableNames.get(get(node, KEY_LOW)) + ">";
            case ANY -> "+";
            default -> texts.text(cold.text[node]);
        };
    }
}
