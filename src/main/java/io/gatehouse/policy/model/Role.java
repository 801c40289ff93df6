package io.gatehouse.policy.model;

import io.gatehouse.config.Place;
import java.util.List;

/**
 * A role: the only place rights come from.
 *
 * @param include names of roles that come with this one
 * @param clientIds patterns the client id must match, one of them; empty: any. Text, {@code <var>} parts and a trailing
 *     {@code *}, as written
 * @param when empty: always active
 * @param shadow evaluated and reported, never in force
 */
public record Role(
        String name,
        List<String> include,
        List<String> clientIds,
        List<Item> publish,
        List<Item> subscribe,
        List<Pattern> denyPublish,
        List<Pattern> denySubscribe,
        Limits limits,
        List<Condition> when,
        boolean shadow,
        Place place) {
    public Role {
        include = List.copyOf(include);
        clientIds = List.copyOf(clientIds);
        publish = List.copyOf(publish);
        subscribe = List.copyOf(subscribe);
        denyPublish = List.copyOf(denyPublish);
        denySubscribe = List.copyOf(denySubscribe);
        when = List.copyOf(when);
    }

    int ruleCount() {
        return publish.size() + subscribe.size() + denyPublish.size() + denySubscribe.size();
    }

    /** Its shadow items stay: they are few, and somebody may ask which there are. */
    Role withoutRules() {
        return new Role(
                name,
                include,
                clientIds,
                publish.stream().filter(Item::shadow).toList(),
                subscribe.stream().filter(Item::shadow).toList(),
                List.of(),
                List.of(),
                limits,
                when,
                shadow,
                place);
    }

    Role withShadows() {
        return new Role(
                name,
                include,
                clientIds,
                publish.stream().map(Item::inForce).toList(),
                subscribe.stream().map(Item::inForce).toList(),
                denyPublish,
                denySubscribe,
                limits,
                when,
                false,
                place);
    }
}
