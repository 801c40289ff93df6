package io.gatehouse.policy.lint;

import io.gatehouse.config.Place;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import java.util.List;
import java.util.stream.Stream;

/** The shadow statements of a policy. Stateless. */
public final class Shadows {
    private Shadows() {}

    /**
     * A role that is a shadow, or an item of one that is in force.
     *
     * @param words which it is, wherever it stands: {@code role "operator"}, {@code publish "a/#" of role "operator"}
     */
    public record Shadow(Place place, String words) {}

    /** All of them, in the order of their words. */
    public static List<Shadow> of(Policy policy) {
        return policy.roles().values().stream()
                .flatMap(role -> role.shadow()
                        ? Stream.of(new Shadow(role.place(), named(role)))
                        : Stream.concat(
                                items(role, "publish", role.publish()), items(role, "subscribe", role.subscribe())))
                .sorted((a, b) -> a.words().compareTo(b.words()))
                .toList();
    }

    private static Stream<Shadow> items(Role role, String verb, List<Item> items) {
        return items.stream()
                .filter(Item::shadow)
                .map(item -> new Shadow(item.topic().place(), verb + " \"" + item.topic() + "\" of " + named(role)));
    }

    private static String named(Role role) {
        return "role \"" + role.name() + "\"";
    }
}
