package io.gatehouse.policy;

import java.util.List;

/** The names of share groups that an item lets join: exact, or with a trailing {@code *}. Stateless. */
final class SharedGroups {
    private SharedGroups() {}

    static boolean allow(List<String> patterns, String group) {
        for (String pattern : patterns) {
            boolean prefix = pattern.endsWith("*");
            if (prefix ? group.startsWith(pattern.substring(0, pattern.length() - 1)) : group.equals(pattern)) {
                return true;
            }
        }
        return false;
    }
}
