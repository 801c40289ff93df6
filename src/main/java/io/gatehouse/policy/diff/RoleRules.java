package io.gatehouse.policy.diff;

import io.gatehouse.policy.diff.PatternTree.Builder;
import io.gatehouse.policy.diff.PatternTree.Interner;
import io.gatehouse.policy.diff.PatternTree.Node;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/** What sets of roles of one policy come to, with all they include and with what everyone is denied. Immutable. */
final class RoleRules {
    private final Policy policy;
    private final Interner interner;

    RoleRules(Policy policy, Interner interner) {
        this.policy = policy;
        this.interner = interner;
    }

    Node tree(Collection<String> roles, boolean publish) {
        Builder builder = new Builder();
        for (String name : closure(roles)) {
            Role role = policy.roles().get(name);
            if (role != null) {
                add(role, publish, builder);
            }
        }
        policy.everyone().forEach(role -> add(role, publish, builder));
        return interner.intern(builder);
    }

    private static void add(Role role, boolean publish, Builder builder) {
        if (role.shadow()) {
            return;
        }
        for (Item item : publish ? role.publish() : role.subscribe()) {
            if (!item.shadow()) {
                builder.add(item.topic(), publish ? Grant.publish(item) : Grant.subscribe(item));
            }
        }
        (publish ? role.denyPublish() : role.denySubscribe()).forEach(pattern -> builder.add(pattern, Grant.deny()));
    }

    /** Some roles with all they include. */
    SortedSet<String> closure(Collection<String> roles) {
        SortedSet<String> all = new TreeSet<>();
        List<String> open = new ArrayList<>(roles);
        while (!open.isEmpty()) {
            String name = open.remove(open.size() - 1);
            Role role = policy.roles().get(name);
            if (role != null && all.add(name)) {
                open.addAll(policy.broughtBy(role));
            }
        }
        return all;
    }
}
