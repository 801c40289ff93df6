package io.gatehouse.policy;

import io.gatehouse.authn.AuthMethod;
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

    /**
     * One row of {@code assign}.
     *
     * @param anonymous whether it says that it is for those, too, who do not log in
     */
    record Assigned(Conditions to, int[] roles, boolean anonymous) {}

    /**
     * The roles of somebody, by number, before their own conditions: unknown where only an unknown condition gives them.
     */
    SortedMap<Integer, Truth> of(Circumstances circumstances) {
        SortedMap<Integer, Truth> held = new TreeMap<>();
        String user = circumstances.subject().user();
        if (!user.isEmpty()) {
            give(held, users.getOrDefault(user, new int[0]), Truth.TRUE);
        }
        boolean anonymous = circumstances.subject().methods().contains(AuthMethod.ANONYMOUS);
        for (Assigned row : assignments) {
            Truth truth = row.to.test(circumstances);
            // a listener that asks nobody is one word, a row for nobody in particular is the other: without it, denies
            // only
            give(held, row.roles, anonymous && !row.anonymous ? truth.and(Truth.UNKNOWN) : truth);
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
