package io.gatehouse.policy;

import io.gatehouse.policy.model.Limits;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A subject's place in one compiled policy: its class, and the values of its variables. Immutable.
 *
 * @param values by variable; null where absent
 * @param roles names of the active roles
 * @param held names of all roles it has, active or not
 * @param refusal why it may not connect at all; null if it may
 * @param scope what its token is for, bound as a policy of its own; null where no token says
 */
record Binding(
        PolicySet policy,
        long epoch,
        RoleClass roleClass,
        @Nullable String[] values,
        List<String> roles,
        List<String> held,
        Limits limits,
        @Nullable Denied refusal,
        @Nullable Binding scope) {

    /** Of somebody whose rights come from no role. */
    static Binding ofNobody(PolicySet policy, long epoch) {
        return new Binding(
                policy,
                epoch,
                new RoleClass(new int[0], false, false),
                new String[0],
                List.of(),
                List.of(),
                Limits.NONE,
                null,
                null);
    }

    Trie trie() {
        return policy.trie();
    }

    int[] roots() {
        return roleClass.roots();
    }

    /** The same subject, if its login had not been refused: what the rules alone say. */
    Binding regardless() {
        return new Binding(policy, epoch, roleClass, values, roles, held, limits, null, scope);
    }
}
