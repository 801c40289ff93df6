package io.gatehouse.protocol;

/** When a SUBSCRIBE replays retained messages (MQTT 5.0, section 3.8.3.1). Earlier versions always do. */
public enum RetainHandling {
    ALWAYS,
    IF_NEW,
    NEVER;

    private static final RetainHandling[] VALUES = values();

    /**
     * The option that a wire value stands for.
     *
     * @throws MalformedPacket for 3, which is a protocol error
     */
    public static RetainHandling of(int value) {
        if (value < 0 || value > 2) {
            throw MalformedPacket.protocolError("retain handling " + value + " does not exist");
        }
        return VALUES[value];
    }
}
