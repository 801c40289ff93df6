package io.gatehouse.policy.lint;

import io.gatehouse.policy.model.Assignment;
import io.gatehouse.policy.model.Condition;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who holds which roles together, as far as the policy names them: each user of it, and whoever matches one row of
 * {@code assign}. Immutable.
 *
 * @param sets the different sets of roles, with what is included, each with one who holds it
 * @param users a name that holds each set through {@code users} or a group
 */
record Holdings(Map<Set<String>, String> sets, Map<Set<String>, String> users) {

    static Holdings of(Policy policy) {
        Map<String, SortedSet<String>> given = new TreeMap<>();
        policy.users()
                .forEach((user, roles) ->
                        given.computeIfAbsent(user, name -> new TreeSet<>()).addAll(roles));
        Map<Set<String>, String> sets = new LinkedHashMap<>();
        for (Assignment row : policy.assignments()) {
            for (Condition condition : row.to()) {
                if (condition.key().equals("group") && row.to().size() == 1) {
                    condition.values().stream()
                            .flatMap(group -> policy.groups().getOrDefault(group, List.of()).stream())
                            .forEach(user -> given.computeIfAbsent(user, name -> new TreeSet<>())
                                    .addAll(row.roles()));
                }
            }
            sets.putIfAbsent(
                    closure(row.roles(), policy),
                    "whoever matches " + row.place().fileAndLine());
        }
        Map<Set<String>, String> users = new LinkedHashMap<>();
        Map<Set<String>, Set<String>> closures = new HashMap<>();
        given.forEach((user, roles) -> {
            Set<String> all = closures.computeIfAbsent(Set.copyOf(roles), one -> closure(one, policy));
            users.putIfAbsent(all, user);
            sets.putIfAbsent(all, "\"" + user + "\"");
        });
        return new Holdings(sets, users);
    }

    static Set<String> closure(Collection<String> roles, Policy policy) {
        Set<String> all = new TreeSet<>();
        roles.forEach(name -> include(name, policy, all));
        return all;
    }

    private static void include(String name, Policy policy, Set<String> into) {
        Role role = policy.roles().get(name);
        if (role != null && into.add(name)) {
            policy.broughtBy(role).forEach(included -> include(included, policy, into));
        }
    }

    /** Whether anybody has a role. */
    boolean isHeld(String role) {
        return sets.keySet().stream().anyMatch(set -> set.contains(role));
    }
}
