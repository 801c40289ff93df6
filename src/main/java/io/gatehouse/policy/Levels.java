package io.gatehouse.policy;

import java.util.Arrays;

/** A topic or filter taken apart, over scratch space that is used again. Confined to one thread. */
final class Levels {
    /** The number of a filter's {@code +}. */
    static final int PLUS = -2;

    /** The number of a filter's {@code #}. */
    static final int HASH = -3;

    private String text = "";
    private int[] starts = new int[32];
    private int[] ends = new int[32];
    private int[] ids = new int[32];
    private int count;
    private boolean dollar;

    void take(LevelDictionary dictionary, String topicOrFilter) {
        text = topicOrFilter;
        int length = topicOrFilter.length();
        dollar = length > 0 && topicOrFilter.charAt(0) == '$';
        int n = 0;
        int start = 0;
        int hash = 0;
        for (int i = 0; i <= length; i++) {
            if (i < length) {
                char c = topicOrFilter.charAt(i);
                if (c != '/') {
                    hash = LevelDictionary.step(hash, c);
                    continue;
                }
            }
            if (n == ids.length) {
                starts = Arrays.copyOf(starts, n * 2);
                ends = Arrays.copyOf(ends, n * 2);
                ids = Arrays.copyOf(ids, n * 2);
            }
            starts[n] = start;
            ends[n] = i;
            ids[n++] = number(dictionary, topicOrFilter, start, i, hash);
            start = i + 1;
            hash = 0;
        }
        count = n;
    }

    private static int number(LevelDictionary dictionary, String text, int start, int end, int hash) {
        if (end - start == 1) {
            char only = text.charAt(start);
            if (only == '+') {
                return PLUS;
            }
            if (only == '#') {
                return HASH;
            }
        }
        return dictionary.id(text, start, end, LevelDictionary.mix(hash));
    }

    int count() {
        return count;
    }

    /** The literal's number, {@link LevelDictionary#UNKNOWN}, {@link #PLUS} or {@link #HASH}. */
    int id(int i) {
        return ids[i];
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
}
