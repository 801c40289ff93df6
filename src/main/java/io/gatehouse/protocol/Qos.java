package io.gatehouse.protocol;

/** Quality of service; ordered, so that {@link #atMost} is a minimum. */
public enum Qos {
    AT_MOST_ONCE,
    AT_LEAST_ONCE,
    EXACTLY_ONCE;

    private static final Qos[] VALUES = values();

    /**
     * The level that a wire value stands for.
     *
     * @throws MalformedPacket for 3 and anything else out of range [MQTT-3.3.1-4]
     */
    public static Qos of(int level) {
        if (level < 0 || level > 2) {
            throw new MalformedPacket("quality of service " + level + " does not exist");
        }
        return VALUES[level];
    }

    public int level() {
        return ordinal();
    }

    /** The lower of the two. */
    public Qos atMost(Qos cap) {
        return compareTo(cap) <= 0 ? this : cap;
    }

    public boolean isAcknowledged() {
        return this != AT_MOST_ONCE;
    }
}
