package io.gatehouse.policy;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Who has which roles. Immutable; any thread.
 *
 * @param users roles by user name
 * @param assignments roles by condition
 */
record Roster(Map<String, int[]> users, List<Assigned> assignments) {

    /** One row of {@code assign}. */
    record Assigned(Conditions to, int[] roles) {}

    /**
     * The roles of somebody, by number, before their own conditions: unknown where only an unknown condition gives them.
     */
    SortedMap<Integer, Truth> of(Circumstances circumstances) {
        SortedMap<Integer, Truth> held = new TreeMap<>();
        String user = circumstances.subject().user();
        if (!user.isEmpty()) {
            give(held, users.getOrDefault(user, new int[0]), Truth.TRUE);
        }
        for (Assigned row : assignments) {
            give(held, row.roles, row.to.test(circumstances));
        }
        return held;
    }

    static void give(Map<Integer, Truth> held, int[] roles, Truth truth) {
        if (truth != Truth.FALSE) {
            for (int role : roles) {
                held.merge(role, truth, Truth::or);
            }
        }
    }
}
