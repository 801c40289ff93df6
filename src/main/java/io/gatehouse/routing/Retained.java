package io.gatehouse.routing;

import io.gatehouse.policy.Rights;
import io.gatehouse.protocol.Message;

/**
 * A retained message, and who left it: asked again before it is replayed.
 *
 * @param storedAtMillis from when its expiry counts
 */
record Retained(Message message, Rights publisher, long storedAtMillis) {

    boolean isExpired(long nowMillis) {
        return message.properties().expires()
                && nowMillis - storedAtMillis >= message.properties().expirySeconds() * 1000;
    }

    /** The message with its expiry counted down [MQTT-3.3.2-6]. */
    Message messageAt(long nowMillis) {
        if (!message.properties().expires()) {
            return message;
        }
        long left = message.properties().expirySeconds() - (nowMillis - storedAtMillis) / 1000;
        return message.withProperties(message.properties().withExpirySeconds(Math.max(0, left)));
    }

    int sizeBytes() {
        return message.sizeBytes();
    }
}
