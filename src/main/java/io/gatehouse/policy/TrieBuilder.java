package io.gatehouse.policy;

import io.gatehouse.policy.model.Level;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Pattern;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Builds a {@link Trie} rule by rule: nodes in the order they are met, which is parents first, and then each to its place
 * in the table. Confined to the thread that compiles.
 */
final class TrieBuilder {
    private static final int STRIDE = 1 << Trie.SHIFT;

    private final LevelTexts texts = new LevelTexts();
    private final RuleTable rules = new RuleTable();
    private final Map<String, Integer> variables;
    private final List<String> roleNames;

    private int size;
    /** As in the trie, but with nodes numbered as they come. */
    private int[] nodes = new int[Trie.TAG + 64 * STRIDE];

    /** Where the text of a node's literal level is; of others {@link Trie#NONE}. */
    private int[] text = new int[64];

    private int[] firstRule = new int[64];

    /** Node plus one, by tag and key; 0: free. */
    private int[] index = new int[128];

    /**
     * @param variables numbers by name
     * @param roleNames a root for each
     */
    TrieBuilder(Map<String, Integer> variables, List<String> roleNames) {
        this.variables = variables;
        this.roleNames = roleNames;
        for (int role = 0; role < roleNames.size(); role++) {
            node(Trie.tag(Trie.NONE, Trie.ANY), role, Trie.NONE);
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
        nodes[node * STRIDE + (hash ? Trie.HASH : Trie.EXACT)] |= said;
        firstRule[node] =
                rules.add(bits, role, pattern.place(), hash ? ~node : node, firstRule[node], maxPayload, shared);
    }

    private int child(int node, Level step) {
        int at = node * STRIDE;
        if (step instanceof Level.AnyLevel) {
            if (nodes[at + Trie.PLUS] == Trie.NONE) {
                int made = node(Trie.tag(node, Trie.ANY), 0, Trie.NONE);
                nodes[at + Trie.PLUS] = made;
            }
            return nodes[at + Trie.PLUS];
        }
        if (step instanceof Level.Variable variable) {
            int k = Objects.requireNonNull(variables.get(variable.name()), variable::name);
            nodes[at + Trie.VARIABLES] |= 1 << k;
            return indexed(Trie.tag(node, Trie.VARIABLE), k, Trie.NONE);
        }
        String literal = ((Level.Literal) step).text();
        int kind = LevelKey.isShort(literal) ? Trie.SHORT : Trie.LONG;
        return indexed(Trie.tag(node, kind), LevelKey.of(literal), texts.add(literal));
    }

    /** The node with a tag, a key and a text, a new one if there is none. */
    private int indexed(int tag, long key, int place) {
        if ((size + 1) * 2L > index.length) {
            growIndex();
        }
        int slot = Trie.slot(tag, key, index.length);
        while (index[slot] != 0) {
            int known = index[slot] - 1;
            int at = known * STRIDE;
            if (nodes[at + Trie.TAG] == tag && key(at) == key && text[known] == place) {
                return known;
            }
            slot = slot + 1 == index.length ? 0 : slot + 1;
        }
        int made = node(tag, key, place);
        index[slot] = made + 1;
        return made;
    }

    private long key(int at) {
        return (long) nodes[at + Trie.KEY_HIGH] << 32 | nodes[at + Trie.KEY_LOW] & 0xFFFF_FFFFL;
    }

    private void growIndex() {
        int[] old = index;
        index = new int[old.length * 2];
        for (int entry : old) {
            if (entry != 0) {
                int at = (entry - 1) * STRIDE;
                index[free(index, nodes[at + Trie.TAG], key(at))] = entry;
            }
        }
    }

    /** The first free place for a key. */
    private static int free(int[] index, int tag, long key) {
        int slot = Trie.slot(tag, key, index.length);
        while (index[slot] != 0) {
            slot = slot + 1 == index.length ? 0 : slot + 1;
        }
        return slot;
    }

    private int node(int tag, long key, int place) {
        if (size == text.length) {
            int more = size + (size >> 2);
            nodes = Arrays.copyOf(nodes, Trie.TAG + more * STRIDE);
            text = Arrays.copyOf(text, more);
            firstRule = Arrays.copyOf(firstRule, more);
        }
        int at = size * STRIDE;
        nodes[at + Trie.TAG] = tag;
        nodes[at + Trie.KEY_LOW] = (int) key;
        nodes[at + Trie.KEY_HIGH] = (int) (key >>> 32);
        nodes[at + Trie.PLUS] = Trie.NONE;
        text[size] = place;
        firstRule[size] = RuleTable.NONE;
        return size++;
    }

    /** The trie; the builder is of no use afterwards. */
    Trie build() {
        index = new int[0];
        texts.seal();
        // half stays free: a search mostly ends where it begins
        int slots = size * 2 + 2;
        int[] table = new int[Trie.TAG + (slots << Trie.SHIFT)];
        int[] places = new int[size];
        Trie.Cold cold = new Trie.Cold(
                new int[slots],
                new int[slots],
                new int[slots],
                new int[slots],
                new int[slots],
                new int[roleNames.size()]);
        Arrays.fill(cold.firstChild(), Trie.NONE);
        Arrays.fill(cold.sibling(), Trie.NONE);
        for (int n = 0; n < size; n++) {
            places[n] = settle(n, places, table, cold);
        }
        sumUp(places, cold);
        nodes = new int[0];
        text = new int[0];
        firstRule = new int[0];
        rules.settle(places);
        List<String> variableNames = variables.entrySet().stream()
                .sorted(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .toList();
        return new Trie(table, cold, Arrays.copyOf(places, roleNames.size()), texts, rules, roleNames, variableNames);
    }

    /** Puts a node into the table, where its parent is already. */
    private int settle(int n, int[] places, int[] table, Trie.Cold cold) {
        int from = n * STRIDE;
        int parent = parent(n) == Trie.NONE ? Trie.NONE : places[parent(n)];
        int kind = nodes[from + Trie.TAG] & (1 << Trie.KIND_BITS) - 1;
        int tag = Trie.tag(parent, kind);
        int slots = table.length - Trie.TAG >> Trie.SHIFT;
        int slot = Trie.slot(tag, key(from), slots);
        while (table[(slot << Trie.SHIFT) + Trie.TAG] != 0) {
            slot = slot + 1 == slots ? 0 : slot + 1;
        }
        int at = slot << Trie.SHIFT;
        System.arraycopy(nodes, from + Trie.TAG, table, at + Trie.TAG, STRIDE);
        table[at + Trie.TAG] = tag;
        table[at + Trie.PLUS] = Trie.NONE;
        cold.text()[slot] = text[n];
        cold.firstRule()[slot] = firstRule[n];
        if (parent != Trie.NONE && kind == Trie.ANY) {
            table[(parent << Trie.SHIFT) + Trie.PLUS] = slot;
        } else if (kind <= Trie.LONG) {
            table[(parent << Trie.SHIFT) + Trie.TRACES] |= Trie.trace(key(from));
            cold.sibling()[slot] = cold.firstChild()[parent];
            cold.firstChild()[parent] = slot;
        }
        return slot;
    }

    private int parent(int n) {
        return (nodes[n * STRIDE + Trie.TAG] >>> Trie.KIND_BITS) - 1;
    }

    /** Fills in what is below each node; backwards, every node is complete before its parent asks. */
    private void sumUp(int[] places, Trie.Cold cold) {
        int[] below = cold.below();
        int[] withoutDollar = cold.belowWithoutDollar();
        for (int role = 0; role < withoutDollar.length; role++) {
            withoutDollar[role] = nodes[role * STRIDE + Trie.HASH];
        }
        for (int n = size - 1; n >= 0; n--) {
            int here = places[n];
            below[here] |= nodes[n * STRIDE + Trie.EXACT] | nodes[n * STRIDE + Trie.HASH];
            int parent = parent(n);
            if (parent == Trie.NONE) {
                continue;
            }
            below[places[parent]] |= below[here];
            if (parent < withoutDollar.length && !(text[n] != Trie.NONE && texts.startsWithDollar(text[n]))) {
                withoutDollar[parent] |= below[here];
            }
        }
    }
}
