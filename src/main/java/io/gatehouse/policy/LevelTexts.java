package io.gatehouse.policy;

import java.util.Arrays;

/**
 * The texts of a policy's literal levels, each once, by where they begin. Filled by the one thread that compiles, read by
 * any afterwards.
 */
final class LevelTexts {
    /** Texts one after the other, each after its length; a level is no longer than a string of the protocol. */
    private char[] pool = new char[256];

    private int end;

    /** Where a text begins, plus one, by its key; 0: free. Gone once all are in. */
    private int[] index = new int[128];

    private int count;

    /** The place of a text. */
    int add(String text) {
        int slot = slot(text);
        if (index[slot] != 0) {
            return index[slot] - 1;
        }
        if (++count * 2 > index.length) {
            grow();
            slot = slot(text);
        }
        int next = end + 1 + text.length();
        if (next > pool.length) {
            pool = Arrays.copyOf(pool, Math.max(next, pool.length * 2));
        }
        int place = end;
        pool[place] = (char) text.length();
        text.getChars(0, text.length(), pool, place + 1);
        end = next;
        index[slot] = place + 1;
        return place;
    }

    private int slot(String text) {
        int mask = index.length - 1;
        int slot = spread(LevelKey.of(text)) & mask;
        while (index[slot] != 0 && !equal(index[slot] - 1, text, 0, text.length())) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private static int spread(long key) {
        return (int) ((key ^ key >>> 32) * 0x9E37_79B9_7F4A_7C15L >>> 32);
    }

    private void grow() {
        int[] old = index;
        index = new int[old.length * 2];
        for (int entry : old) {
            if (entry != 0) {
                index[slot(text(entry - 1))] = entry;
            }
        }
    }

    /** No text comes any more. */
    void seal() {
        index = new int[0];
        pool = Arrays.copyOf(pool, end);
    }

    String text(int place) {
        return new String(pool, place + 1, pool[place]);
    }

    boolean startsWithDollar(int place) {
        return pool[place] > 0 && pool[place + 1] == '$';
    }

    /** Whether a text is {@code other[start, stop)}. */
    boolean equal(int place, String other, int start, int stop) {
        if (pool[place] != stop - start) {
            return false;
        }
        int at = place + 1;
        for (int i = start; i < stop; i++) {
            if (pool[at++] != other.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
