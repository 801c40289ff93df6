package io.gatehouse.policy.model;

import io.gatehouse.protocol.Qos;
import java.util.List;

/**
 * One allow rule with its caps: a request passes if one matching item admits it with all its caps.
 *
 * @param retain whether retained messages may be published
 * @param maxPayloadBytes {@link Limits#UNLIMITED} where not stated
 * @param shared group names of shared subscriptions, each exact or with a trailing {@code *}
 * @param shadow evaluated and reported, never in force
 */
public record Item(
        Pattern topic, Qos maxQos, boolean retain, long maxPayloadBytes, List<String> shared, boolean shadow) {
    public Item {
        shared = List.copyOf(shared);
    }

    Item inForce() {
        return shadow ? new Item(topic, maxQos, retain, maxPayloadBytes, shared, false) : this;
    }
}
