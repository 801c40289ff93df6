package io.gatehouse.policy;

import java.util.Arrays;

/**
 * The literal levels of a policy and their numbers, asked with a piece of a topic and without making a string of it.
 * Filled by the one thread that compiles, read by any afterwards.
 *
 * <p>Only the policy's own levels are in it, so that no client can fill it, and no client can make it collide.
 */
final class LevelDictionary {
    /** Of a level that the policy does not name: only {@code +}, {@code #} and variables match it. */
    static final int UNKNOWN = -1;

    private static final int HASH_FACTOR = 31;

    /** The hash of a level above, its number plus one below; 0: free. */
    private long[] slots = new long[64];

    private char[] pool = new char[256];
    /** Level n is {@code pool[offsets[n], offsets[n + 1])}. */
    private int[] offsets = new int[33];

    private int count;

    /** The number of a level, a new one if it has none. */
    int add(String text) {
        int hash = hash(text);
        int known = id(text, 0, text.length(), hash);
        if (known != UNKNOWN) {
            return known;
        }
        if (count + 1 == offsets.length) {
            offsets = Arrays.copyOf(offsets, offsets.length * 2);
        }
        int start = offsets[count];
        int end = start + text.length();
        if (end > pool.length) {
            pool = Arrays.copyOf(pool, Math.max(end, pool.length * 2));
        }
        text.getChars(0, text.length(), pool, start);
        offsets[count + 1] = end;
        if ((count + 1) * 2 > slots.length) {
            grow();
        }
        put(slots, (long) hash << 32 | (count + 1));
        return count++;
    }

    /** The number of the level {@code text[start, end)}, or {@link #UNKNOWN}; {@code hash} is its {@link #mix}. */
    int id(String text, int start, int end, int hash) {
        long[] table = slots;
        int mask = table.length - 1;
        for (int slot = hash & mask; ; slot = slot + 1 & mask) {
            long entry = table[slot];
            if (entry == 0) {
                return UNKNOWN;
            }
            if ((int) (entry >>> 32) == hash && equal((int) entry - 1, text, start, end)) {
                return (int) entry - 1;
            }
        }
    }

    private boolean equal(int id, String text, int start, int end) {
        int at = offsets[id];
        if (offsets[id + 1] - at != end - start) {
            return false;
        }
        for (int i = start; i < end; i++) {
            if (pool[at++] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    String text(int id) {
        return new String(pool, offsets[id], offsets[id + 1] - offsets[id]);
    }

    boolean startsWithDollar(int id) {
        return offsets[id + 1] > offsets[id] && pool[offsets[id]] == '$';
    }

    int size() {
        return count;
    }

    private void grow() {
        long[] wider = new long[slots.length * 2];
        for (long entry : slots) {
            if (entry != 0) {
                put(wider, entry);
            }
        }
        slots = wider;
    }

    private static void put(long[] table, long entry) {
        int mask = table.length - 1;
        int slot = (int) (entry >>> 32) & mask;
        while (table[slot] != 0) {
            slot = slot + 1 & mask;
        }
        table[slot] = entry;
    }

    /** One more character of a level, from 0 on. */
    static int step(int hash, char c) {
        return hash * HASH_FACTOR + c;
    }

    /** The last step: spreads the hash, so that levels that differ in their last digit lie apart. */
    static int mix(int hash) {
        int mixed = (hash ^ hash >>> 16) * 0x85EB_CA6B;
        return mixed ^ mixed >>> 13;
    }

    private static int hash(String text) {
        int hash = 0;
        for (int i = 0; i < text.length(); i++) {
            hash = step(hash, text.charAt(i));
        }
        return mix(hash);
    }
}
