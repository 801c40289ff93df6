package io.gatehouse.policy;

/** A set of characters written as {@code a-z0-9._-}: ranges and single characters, a dash first or last is itself. */
public final class CharacterClass {
    private CharacterClass() {}

    /** Whether a text says a set: not an empty one, and none of its ranges backwards. */
    public static boolean isValid(String set) {
        for (int i = 0; i < set.length(); i++) {
            if (i + 2 < set.length() && set.charAt(i + 1) == '-') {
                if (set.charAt(i) > set.charAt(i + 2)) {
                    return false;
                }
                i += 2;
            }
        }
        return !set.isEmpty();
    }

    static boolean contains(String set, char c) {
        for (int i = 0; i < set.length(); i++) {
            if (i + 2 < set.length() && set.charAt(i + 1) == '-') {
                if (c >= set.charAt(i) && c <= set.charAt(i + 2)) {
                    return true;
                }
                i += 2;
            } else if (set.charAt(i) == c) {
                return true;
            }
        }
        return false;
    }
}
