package io.gatehouse.session;

import io.gatehouse.policy.AuthorizedSubscription;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.MessageProperties;
import io.gatehouse.protocol.Packet;
import java.util.List;

/**
 * One message on its way to one session: at the subscription's quality of service, with what the subscription adds.
 *
 * @param subscription asked again whenever the message has waited
 * @param expiresAtMillis on the session's clock; {@link Long#MAX_VALUE}: never
 */
record Delivery(
        Message message,
        AuthorizedSubscription subscription,
        List<Integer> subscriptionIdentifiers,
        long expiresAtMillis) {

    boolean isExpired(long nowMillis) {
        return nowMillis >= expiresAtMillis;
    }

    int sizeBytes() {
        return message.sizeBytes();
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
