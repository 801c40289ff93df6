package io.gatehouse.policy.model;

import io.gatehouse.config.Place;
import io.gatehouse.protocol.Qos;

/**
 * One line of a policy's own test.
 *
 * @param target topic or filter; empty for {@code connect}
 */
public record Check(Action action, String target, Qos qos, boolean retain, long sizeBytes, String text, Place place) {

    /** What is asked. */
    public enum Action {
        CONNECT,
        PUBLISH,
        SUBSCRIBE,
        RECEIVE,
        WILL
    }
}
