package io.gatehouse.policy;

import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Role;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A subject's place in one compiled policy: the roots of its active roles, and the values of its variables. Immutable.
 */
final class Binding {
    final PolicySet policy;
    final long epoch;
    final int[] roots;
    final @Nullable String[] values;
    final List<Role> roles;
    final Limits limits;

    /** Why it may not connect at all; null if it may. */
    final @Nullable Denied refusal;

    Binding(
            PolicySet policy,
            long epoch,
            int[] roots,
            @Nullable String[] values,
            List<Role> roles,
            Limits limits,
            @Nullable Denied refusal) {
        this.policy = policy;
        this.epoch = epoch;
        this.roots = roots;
        this.values = values;
        this.roles = List.copyOf(roles);
        this.limits = limits;
        this.refusal = refusal;
    }
}
