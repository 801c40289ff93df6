package io.gatehouse.codec;

/**
 * What a decoder refuses before it does any work on it; all finite.
 *
 * @param maxPacketBytes a whole packet, fixed header included, as MQTT 5.0 counts Maximum Packet Size
 * @param maxPacketBeforeLoginBytes the same until the connection is admitted
 * @param maxTopicLevels of names and filters
 * @param maxTopicBytes of names and filters
 * @param maxUserProperties in one packet
 * @param maxFilters in one SUBSCRIBE or UNSUBSCRIBE
 */
public record CodecLimits(
        int maxPacketBytes,
        int maxPacketBeforeLoginBytes,
        int maxTopicLevels,
        int maxTopicBytes,
        int maxUserProperties,
        int maxFilters) {
    public static final CodecLimits DEFAULT = new CodecLimits(1 << 20, 16 << 10, 32, 1024, 64, 64);
}
