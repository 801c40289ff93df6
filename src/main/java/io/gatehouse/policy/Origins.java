package io.gatehouse.policy;

import io.gatehouse.authn.Subject;
import io.gatehouse.policy.model.Assignment;
import io.gatehouse.policy.model.Condition;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Where somebody's roles come from, for people. Stateless. */
public final class Origins {
    private Origins() {}

    /**
     * The roles of a subject that are among some, each with how it came by it: {@code operator (via group operators)},
     * {@code connected (included by operator)}.
     */
    public static List<String> of(Policy policy, Subject subject, String clientId, Instant now, List<String> among) {
        Map<String, Set<String>> groups = new HashMap<>();
        policy.groups().forEach((group, members) -> groups.put(group, new HashSet<>(members)));
        Circumstances circumstances = new Circumstances(subject, clientId, now);
        Map<String, String> origins = new LinkedHashMap<>();
        policy.users().getOrDefault(subject.user(), List.of()).forEach(role -> origins.putIfAbsent(role, "by name"));
        for (Assignment row : policy.assignments()) {
            if (Conditions.of(row.to(), groups).test(circumstances) != Truth.FALSE) {
                String how = row.to().stream()
                        .filter(condition -> condition.key().equals("group"))
                        .findFirst()
                        .map(condition -> "via group " + group(condition, subject.user(), groups))
                        .orElse("by assign at " + row.place().fileAndLine());
                row.roles().forEach(role -> origins.putIfAbsent(role, how));
            }
        }
        Deque<String> open = new ArrayDeque<>(origins.keySet());
        while (!open.isEmpty()) {
            String name = open.pop();
            Role role = policy.roles().get(name);
            for (String included : role == null ? List.<String>of() : policy.broughtBy(role)) {
                if (origins.putIfAbsent(included, "included by " + name) == null) {
                    open.add(included);
                }
            }
        }
        List<String> lines = new ArrayList<>();
        origins.forEach((role, how) -> {
            if (among.contains(role)) {
                lines.add(role + " (" + how + ")");
            }
        });
        return List.copyOf(lines);
    }

    private static String group(Condition condition, String user, Map<String, Set<String>> groups) {
        return condition.values().stream()
                .filter(group -> groups.getOrDefault(group, Set.of()).contains(user))
                .findFirst()
                .orElse(String.join(", ", condition.values()));
    }
}
