package io.gatehouse.routing;

import io.gatehouse.authn.PrincipalRecords;
import io.gatehouse.policy.Rights;
import io.gatehouse.protocol.Message;
import io.gatehouse.store.RetainedRecord;

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

    /** As it is stored. */
    RetainedRecord record() {
        return new RetainedRecord(
                message,
                PrincipalRecords.record(publisher.principal()),
                publisher.clientId().text(),
                storedAtMillis);
    }

    int sizeBytes() {
        return message.sizeBytes();
    }
}
