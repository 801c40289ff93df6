package io.gatehouse.protocol;

/**
 * One line of a SUBSCRIBE (MQTT 5.0, section 3.8.3).
 *
 * @param noLocal not to be sent the client's own messages
 * @param retainAsPublished to be sent messages with the retain flag their publisher set
 * @param identifier subscription identifier, {@link #NO_IDENTIFIER} where absent
 */
public record Subscription(
        TopicFilter filter,
        Qos qos,
        boolean noLocal,
        boolean retainAsPublished,
        RetainHandling retainHandling,
        int identifier) {

    /** No subscription identifier; on the wire 0 is a protocol error. */
    public static final int NO_IDENTIFIER = 0;

    /** As MQTT 3.1.1 subscribes. */
    public static Subscription of(TopicFilter filter, Qos qos) {
        return new Subscription(filter, qos, false, false, RetainHandling.ALWAYS, NO_IDENTIFIER);
    }

    /** The same subscription at the quality of service the server granted. */
    public Subscription granted(Qos granted) {
        return granted == qos
                ? this
                : new Subscription(filter, granted, noLocal, retainAsPublished, retainHandling, identifier);
    }
}
