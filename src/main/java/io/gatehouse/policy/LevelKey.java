package io.gatehouse.policy;

/**
 * What a literal level of a topic or a pattern is looked up by: sixty-four bits. Stateless.
 *
 * <p>A short level, of up to eight characters below U+0100, is its own key: equal keys are equal texts, and nothing else
 * needs to be read. U+0000 is in no level, so that a shorter one is another key. Any other level has a hash for a key,
 * and its text is compared.
 */
final class LevelKey {
    static final int SHORT_CHARS = 8;
    static final int SHORT_LIMIT = 0x100;

    private LevelKey() {}

    /** One more character of a short level, from 0 on. */
    static long pack(long key, char c) {
        return key << 8 | c;
    }

    /** One more character of any level's hash, from 0 on. */
    static long step(long hash, char c) {
        return hash * 0x5851_F42D_4C95_7F2DL + c;
    }

    static boolean isShort(String text) {
        if (text.length() > SHORT_CHARS) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= SHORT_LIMIT) {
                return false;
            }
        }
        return true;
    }

    static long of(String text) {
        boolean isShort = isShort(text);
        long key = 0;
        for (int i = 0; i < text.length(); i++) {
            key = isShort ? pack(key, text.charAt(i)) : step(key, text.charAt(i));
        }
        return key;
    }
}
