package io.gatehouse.codec;

/**
 * What a decoder refuses before it does any work on it; all finite.
 *
 * @param maxPacketBytes a whole packet, fixed header included, as MQTT 5.0 counts Maximum Packet Size
 * @param maxPacketBeforeLoginBytes the same until the connection is admitted
 * @param maxTopicLevels of names and filters
 * @param maxTopicBytes of names and filters
 * @param maxUserProperties in one section of properties
 * @param maxUserPropertyBytes of their names and values together
 * @param maxFilters in one SUBSCRIBE or UNSUBSCRIBE
 */
public record CodecLimits(
        int maxPacketBytes,
        int maxPacketBeforeLoginBytes,
        int maxTopicLevels,
        int maxTopicBytes,
        int maxUserProperties,
        int maxUserPropertyBytes,
        int maxFilters) {
    public static final CodecLimits DEFAULT = new CodecLimits(1 << 20, 16 << 10, 32, 1024, 64, 8 << 10, 64);

    /** With user properties that weigh no more than by default. */
    public CodecLimits(
            int maxPacketBytes,
            int maxPacketBeforeLoginBytes,
            int maxTopicLevels,
            int maxTopicBytes,
            int maxUserProperties,
            int maxFilters) {
        this(
                maxPacketBytes,
                maxPacketBeforeLoginBytes,
                maxTopicLevels,
                maxTopicBytes,
                maxUserProperties,
                DEFAULT.maxUserPropertyBytes,
                maxFilters);
    }
}
