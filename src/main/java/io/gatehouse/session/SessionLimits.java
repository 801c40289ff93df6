package io.gatehouse.session;

/**
 * What one session may hold; all finite.
 *
 * @param maxQueued messages that wait for their client
 * @param maxQueuedBytes their payloads and topics
 * @param maxInflight unacknowledged messages to the client, at most what it asks for
 * @param maxQueuedBytesTotal of all sessions together
 */
public record SessionLimits(int maxQueued, long maxQueuedBytes, int maxInflight, long maxQueuedBytesTotal) {
    public static final SessionLimits DEFAULT = new SessionLimits(10_000, 64L << 20, 100, 512L << 20);
}
