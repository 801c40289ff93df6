package io.gatehouse.policy;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The literal levels of a policy and their numbers, asked with a piece of a topic and without making a string of it.
 * Immutable; any thread.
 *
 * <p>Only the policy's own levels are in it, so that no client can fill it, and no client can make it collide.
 */
final class LevelDictionary {
    private final @Nullable String[] texts;
    private final int[] ids;
    private final int mask;

    LevelDictionary(Map<String, Integer> levels) {
        int size = Integer.highestOneBit(Math.max(8, levels.size() * 2 - 1)) << 1;
        this.texts = new @Nullable String[size];
        this.ids = new int[size];
        this.mask = size - 1;
        levels.forEach((text, id) -> {
            int slot = spread(hash(text, 0, text.length())) & mask;
            while (texts[slot] != null) {
                slot = slot + 1 & mask;
            }
            texts[slot] = text;
            ids[slot] = id;
        });
    }

    /** The number of the level {@code text[start, end)}, or {@link Trie#UNKNOWN_LEVEL}. */
    int id(String text, int start, int end, int hash) {
        for (int slot = spread(hash) & mask; ; slot = slot + 1 & mask) {
            String candidate = texts[slot];
            if (candidate == null) {
                return Trie.UNKNOWN_LEVEL;
            }
            if (candidate.length() == end - start && text.startsWith(candidate, start)) {
                return ids[slot];
            }
        }
    }

    static int hash(String text, int start, int end) {
        int hash = 0;
        for (int i = start; i < end; i++) {
            hash = hash * 31 + text.charAt(i);
        }
        return hash;
    }

    private static int spread(int hash) {
        return (hash ^ hash >>> 15) * 0x85EB_CA6B;
    }
}
