package io.gatehouse.policy.model;

import io.gatehouse.config.Place;
import java.util.List;

/** One row of {@code assign}: whoever matches every condition has the roles. */
public record Assignment(List<Condition> to, List<String> roles, Place place) {
    public Assignment {
        to = List.copyOf(to);
        roles = List.copyOf(roles);
    }

    /** Whether it says that it is for those, too, who do not log in. */
    public boolean isForAnonymous() {
        return to.stream()
                .anyMatch(condition ->
                        condition.key().equals("auth") && condition.values().contains("anonymous"));
    }
}
