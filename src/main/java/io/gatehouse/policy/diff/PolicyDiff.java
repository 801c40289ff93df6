package io.gatehouse.policy.diff;

import io.gatehouse.policy.model.Assignment;
import io.gatehouse.policy.model.Condition;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What changes between two policies, as what they mean: equal rules written otherwise are no change. Immutable.
 *
 * <p>A role is compared with all it includes and with what everyone is denied, as if every condition held; a change of the
 * conditions themselves is said of the role. Principals are compared as the policies name them: every user, and whoever
 * matches one row of {@code assign}.
 *
 * @param roles what holders of a role of both policies lose and gain, by role
 * @param other what else is not as it was: conditions, limits, client ids, variables, defaults; in words
 * @param principals what happens to each principal that loses or gains
 */
public record PolicyDiff(
        SortedMap<String, List<Change>> roles, List<String> other, SortedMap<String, Effect> principals) {
    public PolicyDiff {
        roles = new TreeMap<>(roles);
        other = List.copyOf(other);
        principals = new TreeMap<>(principals);
    }

    /**
     * What happens to a principal.
     *
     * @param changes to all its rights together
     */
    public record Effect(boolean user, List<Change> changes) {
        public Effect {
            changes = List.copyOf(changes);
        }

        public boolean loses() {
            return changes.stream().anyMatch(change -> !change.gained());
        }

        public boolean gains() {
            return changes.stream().anyMatch(Change::gained);
        }
    }

    /** Whether nothing changes. */
    public boolean isEmpty() {
        return roles.isEmpty() && other.isEmpty() && principals.isEmpty();
    }

    /** Compares two valid policies. */
    public static PolicyDiff of(Policy before, Policy after) {
        return new Work(before, after).diff();
    }

    /** One comparison. Confined to one thread. */
    private static final class Work {
        private final Policy before;
        private final Policy after;
        private final RoleRules rulesBefore;
        private final RoleRules rulesAfter;
        private final Map<List<Set<String>>, List<Change>> known = new HashMap<>();
        private final List<String> other = new ArrayList<>();

        Work(Policy before, Policy after) {
            this.before = before;
            this.after = after;
            PatternTree.Interner interner = new PatternTree.Interner();
            this.rulesBefore = new RoleRules(before, interner);
            this.rulesAfter = new RoleRules(after, interner);
        }

        PolicyDiff diff() {
            SortedMap<String, List<Change>> roles = new TreeMap<>();
            SortedSet<String> names = new TreeSet<>(before.roles().keySet());
            names.addAll(after.roles().keySet());
            for (String name : names) {
                role(name, roles);
            }
            settings();
            return new PolicyDiff(roles, other, principals());
        }

        private void role(String name, SortedMap<String, List<Change>> roles) {
            Role was = before.roles().get(name);
            Role is = after.roles().get(name);
            List<Change> changes = new ArrayList<>(changes(Set.of(name), Set.of(name)));
            // what comes with an included role is said of that one
            for (String included : rulesAfter.closure(Set.of(name))) {
                if (!included.equals(name) && rulesBefore.closure(Set.of(name)).contains(included)) {
                    changes.removeAll(changes(Set.of(included), Set.of(included)));
                }
            }
            if (!changes.isEmpty()) {
                roles.put(name, List.copyOf(changes));
            }
            if (was == null || is == null) {
                other.add("role " + name + (was == null ? " is new" : " is gone"));
                return;
            }
            attribute(name, "is in force", !was.shadow(), !is.shadow());
            attribute(name, "when", conditions(was.when()), conditions(is.when()));
            attribute(name, "client_id", new TreeSet<>(was.clientIds()), new TreeSet<>(is.clientIds()));
            attribute(name, "limits", words(was.limits()), words(is.limits()));
        }

        private void attribute(String role, String what, Object was, Object is) {
            if (!was.equals(is)) {
                other.add("role " + role + " " + what + ": " + was + " → " + is);
            }
        }

        private List<Change> changes(Set<String> was, Set<String> is) {
            Set<String> from = rulesBefore.closure(was);
            Set<String> to = rulesAfter.closure(is);
            return known.computeIfAbsent(List.of(from, to), sets -> Changes.of(rulesBefore, from, rulesAfter, to));
        }

        private void settings() {
            if (!before.defaults().equals(after.defaults())) {
                other.add("defaults: " + words(before.defaults()) + " → " + words(after.defaults()));
            }
            SortedSet<String> names = new TreeSet<>(before.variables().keySet());
            names.addAll(after.variables().keySet());
            for (String name : names) {
                String was = words(before, name);
                String is = words(after, name);
                if (!was.equals(is)) {
                    other.add("variable <" + name + ">: " + was + " → " + is);
                }
            }
            Limits was = limits(before);
            Limits is = limits(after);
            if (!was.equals(is)) {
                other.add("limits of everyone: " + words(was) + " → " + words(is));
            }
        }

        private static String words(Policy.Defaults defaults) {
            return "wide_subscriptions " + (defaults.filterWideSubscriptions() ? "filter" : "reject") + ", holes "
                    + (defaults.rejectHoles() ? "reject" : "filter") + ", response_topics "
                    + (defaults.checkResponseTopics() ? "check" : "off");
        }

        private static String words(Policy policy, String name) {
            return policy.variables().containsKey(name)
                    ? Objects.requireNonNull(policy.variables().get(name)).words()
                    : "none";
        }

        private static Limits limits(Policy policy) {
            return policy.everyone().stream()
                    .filter(role -> !role.shadow())
                    .map(Role::limits)
                    .reduce(Limits.NONE, Limits::and);
        }

        private static String words(Limits limits) {
            List<String> words = new ArrayList<>();
            word(words, "max_payload", limits.maxPayloadBytes());
            word(words, "publish_rate", limits.publishPerSecond());
            word(words, "publish_bytes", limits.publishBytesPerSecond());
            word(words, "subscriptions", limits.subscriptions());
            word(words, "connections", limits.connections());
            word(words, "receive_max", limits.receiveMaximum());
            word(words, "queued", limits.queuedMessages());
            return words.isEmpty() ? "none" : String.join(" ", words);
        }

        private static void word(List<String> words, String name, double value) {
            if (value < Limits.UNLIMITED) {
                words.add(name + "=" + (value == Math.rint(value) ? Long.toString((long) value) : value));
            }
        }

        private static SortedSet<String> conditions(Collection<Condition> conditions) {
            return conditions.stream()
                    .map(condition -> condition.key() + " " + new TreeSet<>(condition.values()))
                    .collect(Collectors.toCollection(TreeSet::new));
        }

        private SortedMap<String, Effect> principals() {
            SortedMap<String, Effect> principals = new TreeMap<>();
            Map<String, Set<String>> usersBefore = users(before);
            Map<String, Set<String>> usersAfter = users(after);
            compare(usersBefore, usersAfter, true, principals);
            compare(rows(before), rows(after), false, principals);
            return principals;
        }

        private void compare(
                Map<String, Set<String>> was,
                Map<String, Set<String>> is,
                boolean user,
                SortedMap<String, Effect> principals) {
            Set<String> names = new HashSet<>(was.keySet());
            names.addAll(is.keySet());
            for (String name : names) {
                List<Change> changes = changes(was.getOrDefault(name, Set.of()), is.getOrDefault(name, Set.of()));
                if (!changes.isEmpty()) {
                    principals.put(name, new Effect(user, changes));
                }
            }
        }

        /** The roles of every user that a policy names. */
        private static Map<String, Set<String>> users(Policy policy) {
            Map<String, Set<String>> users = new HashMap<>();
            policy.users().forEach((user, roles) -> users.put(user, new TreeSet<>(roles)));
            for (Assignment row : policy.assignments()) {
                for (Condition condition : row.to()) {
                    if (row.to().size() != 1) {
                        continue;
                    }
                    if (condition.key().equals("group")) {
                        condition.values().stream()
                                .flatMap(group -> policy.groups().getOrDefault(group, List.of()).stream())
                                .forEach(user -> give(users, user, row));
                    } else if (condition.key().equals("user")) {
                        condition.values().stream()
                                .filter(user -> !user.contains("*"))
                                .forEach(user -> give(users, user, row));
                    }
                }
            }
            return users;
        }

        private static void give(Map<String, Set<String>> users, String user, Assignment row) {
            users.computeIfAbsent(user, name -> new TreeSet<>()).addAll(row.roles());
        }

        /** The roles of whoever matches a row, by its conditions. */
        private static Map<String, Set<String>> rows(Policy policy) {
            Map<String, Set<String>> rows = new LinkedHashMap<>();
            for (Assignment row : policy.assignments()) {
                boolean group = row.to().size() == 1 && row.to().get(0).key().equals("group");
                String name = group
                        ? "group "
                                + String.join(
                                        ", ", new TreeSet<>(row.to().get(0).values()))
                        : "all holders of "
                                + row.to().stream()
                                        .map(condition -> condition.key() + " "
                                                + condition.values().stream()
                                                        .sorted()
                                                        .map(value -> "\"" + value + "\"")
                                                        .collect(Collectors.joining(" or ")))
                                        .sorted()
                                        .collect(Collectors.joining(" and "));
                rows.computeIfAbsent(name, key -> new TreeSet<>()).addAll(row.roles());
            }
            return rows;
        }
    }
}
