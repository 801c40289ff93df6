package io.gatehouse.connection;

import java.time.Duration;

/**
 * What one client may do, whatever its roles say; all finite.
 *
 * @param maxPacketBytes announced to MQTT 5.0 clients; the decoder enforces it
 * @param receiveMaximum QoS 1 and 2 messages the client may have unacknowledged
 * @param maxPipelined packets behind a CONNECT that wait for its answer
 */
public record ClientLimits(
        long maxPacketBytes,
        int receiveMaximum,
        int maxTopicAliases,
        int maxSubscriptions,
        int maxConnectionsPerUser,
        double publishesPerSecond,
        Duration maxKeepAlive,
        Duration maxSessionExpiry,
        int maxPipelined) {
    public static final ClientLimits DEFAULT =
            new ClientLimits(1 << 20, 100, 32, 1000, 1000, 1_000_000, Duration.ofHours(1), Duration.ofDays(7), 64);
}
