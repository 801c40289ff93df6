package io.gatehouse.policy.model;

/**
 * What a principal may use; {@link #UNLIMITED} where nothing is stated. Of several, the strictest holds.
 *
 * @param maxPayloadBytes of one message
 * @param publishPerSecond messages
 * @param publishBytesPerSecond payload bytes
 * @param connections distinct client ids of one user at a time
 * @param receiveMaximum outgoing messages in flight
 * @param queuedMessages waiting for the client
 */
public record Limits(
        long maxPayloadBytes,
        double publishPerSecond,
        long publishBytesPerSecond,
        int subscriptions,
        int connections,
        int receiveMaximum,
        int queuedMessages) {

    public static final int UNLIMITED = Integer.MAX_VALUE;

    public static final Limits NONE =
            new Limits(UNLIMITED, UNLIMITED, UNLIMITED, UNLIMITED, UNLIMITED, UNLIMITED, UNLIMITED);

    /** The strictest of both, value by value. */
    public Limits and(Limits other) {
        if (other == NONE || this == NONE) {
            return this == NONE ? other : this;
        }
        return new Limits(
                Math.min(maxPayloadBytes, other.maxPayloadBytes),
                Math.min(publishPerSecond, other.publishPerSecond),
                Math.min(publishBytesPerSecond, other.publishBytesPerSecond),
                Math.min(subscriptions, other.subscriptions),
                Math.min(connections, other.connections),
                Math.min(receiveMaximum, other.receiveMaximum),
                Math.min(queuedMessages, other.queuedMessages));
    }
}
