package io.gatehouse.policy;

import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Pattern;
import io.gatehouse.policy.model.Role;
import org.jspecify.annotations.Nullable;

/**
 * One rule as it stands in the trie, for explaining and for the caps that are no bits.
 *
 * @param role the role it belongs to
 * @param item null for a deny
 * @param bits what it allows or denies
 */
record Rule(Role role, Pattern pattern, @Nullable Item item, boolean publish, int bits) {
    boolean isDeny() {
        return item == null;
    }

    /** {@code file:line}. */
    String place() {
        return pattern.place().fileAndLine();
    }
}
