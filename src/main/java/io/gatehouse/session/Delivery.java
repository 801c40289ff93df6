package io.gatehouse.session;

import io.gatehouse.policy.AuthorizedSubscription;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.MessageProperties;
import io.gatehouse.protocol.Packet;
import io.gatehouse.store.Changes;
import io.gatehouse.store.QueueEntry;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One message on its way to one session: at the subscription's quality of service, with what the subscription adds.
 *
 * @param subscription asked again whenever the message has waited
 * @param expiresAtMillis on the session's clock; {@link Long#MAX_VALUE}: never
 * @param entry where it stands in the store; null in a session that ends with its connection
 */
record Delivery(
        Message message,
        AuthorizedSubscription subscription,
        List<Integer> subscriptionIdentifiers,
        long expiresAtMillis,
        @Nullable QueueEntry entry) {

    boolean isExpired(long nowMillis) {
        return nowMillis >= expiresAtMillis;
    }

    /** Whether it may still be delivered: by the policy in force, not by the one it was queued under. */
    boolean isPermitted() {
        return subscription.permits(message.topic());
    }

    int sizeBytes() {
        return message.sizeBytes();
    }

    /** It is delivered, or dropped: nothing of it is kept. */
    void removed(Changes changes) {
        if (entry != null) {
            entry.remove();
            changes.save(entry);
        }
    }

    /** The packet, with the expiry counted down by the time it waited [MQTT-3.3.2-6]. */
    Packet.Publish packet(int packetId, boolean dup, long nowMillis) {
        Message sent = message;
        MessageProperties properties = message.properties();
        if (properties.expires()) {
            long left = Math.max(0, (expiresAtMillis - nowMillis + 999) / 1000);
            sent = message.withProperties(properties.withExpirySeconds(left));
        }
        return Packet.Publish.of(sent, packetId, dup, subscriptionIdentifiers);
    }
}
