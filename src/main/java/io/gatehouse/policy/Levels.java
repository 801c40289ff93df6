package io.gatehouse.policy;

import java.util.Arrays;

/** A topic or filter taken apart, over scratch space that is used again. Confined to one thread. */
final class Levels {
    /** Kinds of levels; the literal ones are as in {@link Trie}. */
    static final int PLUS = 4;

    static final int HASH = 5;

    private String text = "";
    private int[] starts = new int[32];
    private int[] ends = new int[32];
    private int[] kinds = new int[32];
    private long[] keys = new long[32];
    private int count;
    private boolean dollar;

    void take(String topicOrFilter) {
        text = topicOrFilter;
        int length = topicOrFilter.length();
        dollar = length > 0 && topicOrFilter.charAt(0) == '$';
        count = 0;
        int start = 0;
        long packed = 0;
        long hash = 0;
        int widest = 0;
        for (int i = 0; i < length; i++) {
            char c = topicOrFilter.charAt(i);
            if (c != '/') {
                packed = LevelKey.pack(packed, c);
                hash = LevelKey.step(hash, c);
                widest |= c;
                continue;
            }
            add(start, i, packed, hash, widest);
            start = i + 1;
            packed = 0;
            hash = 0;
            widest = 0;
        }
        add(start, length, packed, hash, widest);
    }

    private void add(int start, int end, long packed, long hash, int widest) {
        int n = count;
        if (n == kinds.length) {
            starts = Arrays.copyOf(starts, n * 2);
            ends = Arrays.copyOf(ends, n * 2);
            kinds = Arrays.copyOf(kinds, n * 2);
            keys = Arrays.copyOf(keys, n * 2);
        }
        starts[n] = start;
        ends[n] = end;
        boolean isShort = end - start <= LevelKey.SHORT_CHARS && widest < LevelKey.SHORT_LIMIT;
        keys[n] = isShort ? packed : hash;
        kinds[n] = !isShort ? Trie.LONG : packed == '+' ? PLUS : packed == '#' ? HASH : Trie.SHORT;
        count = n + 1;
    }

    int count() {
        return count;
    }

    /** {@link Trie#SHORT}, {@link Trie#LONG}, {@link #PLUS} or {@link #HASH}. */
    int kind(int i) {
        return kinds[i];
    }

    /** The {@link LevelKey} of a literal. */
    long key(int i) {
        return keys[i];
    }

    /** Whether no wildcard matches the level here: a first level that starts with {@code $} [MQTT-4.7.2-1]. */
    boolean shutsWildcardsOut(int i) {
        return i == 0 && dollar;
    }

    /** Whether the levels before one make up the empty topic, which does not exist: {@code /#} is {@code /} and below. */
    boolean isNoTopic(int i) {
        return i == 0 || i == 1 && ends[0] == 0;
    }

    boolean equals(int i, String value) {
        int start = starts[i];
        return ends[i] - start == value.length() && text.startsWith(value, start);
    }

    boolean equals(int i, LevelTexts texts, int place) {
        return texts.equal(place, text, starts[i], ends[i]);
    }
}
