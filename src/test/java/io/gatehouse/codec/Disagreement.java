package io.gatehouse.codec;

import io.gatehouse.protocol.ProtocolVersion;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What our decoder and Netty's are known to disagree on: an example, what each makes of it, and why ours is right.
 *
 * <p>Where the specification leaves a choice, strict is right for a broker: what is not understood as its sender meant it
 * is not acted on.
 */
enum Disagreement {
    SERVERS_PACKET(
            "5 d000",
            "is for servers to send",
            "Netty's codec serves both roles and does not know which it plays; a client that sends a server's packet breaks"
                    + " the protocol (CVE-2021-28166)"),
    NOT_CONNECT_FIRST("- 3003000161", "the first packet is not a CONNECT", "[MQTT-3.1.0-1]; Netty keeps no such state"),
    SECOND_CONNECT("5 100d00044d51545405020000000000", "a second CONNECT", "[MQTT-3.1.0-2]; Netty keeps no such state"),
    NO_FILTERS(
            "4 82020001", "an? (UN)?SUBSCRIBE without a filter", "[MQTT-3.8.3-2], [MQTT-3.10.3-2]; Netty yields none"),
    DUP_WITH_QOS_0("4 38020000", "DUP with QoS 0|the topic name is empty", "[MQTT-3.3.1-2]; Netty passes both on"),
    BYTES_AFTER_THE_END(
            "4 e00100",
            "bytes after the end of the packet",
            "a packet is its remaining length long (2.1.4); Netty skips what it did not read"),
    FIELD_BEYOND_THE_END(
            "5 f00100",
            "a field is longer than its packet",
            "only a remaining length of 0 may leave the property length of AUTH out (3.15.2.2.1)"),
    NOT_MINIMAL("5 e003008000", "longer than need be", "[MQTT-1.5.5-1]: the fewest bytes that hold the value"),
    UNKNOWN_REASON("5 e00105", "reason code .* does not exist", "table 2-6 lists them all; Netty keeps any number"),
    FOREIGN_REASON(
            "5 4003000182",
            "does not belong to (this packet|AUTH|DISCONNECT)",
            "[MQTT-3.4.2-1] and its like list the codes of a packet; Netty does not know them"),
    FOREIGN_PROPERTY(
            "5 e0050003230001",
            "property .* does not belong to this packet",
            "2.2.2.2: an identifier that is not valid for its packet is malformed"),
    PROPERTY_TWICE(
            "5 e00c000a11000000011100000001", "property .* appears twice", "a protocol error in every table of 3.x"),
    NO_FLAG(
            "5 3006000161020102",
            "property .* is neither 0 nor 1",
            "a protocol error wherever a property is a flag (3.3.2.3.2, 3.1.2.11.6)"),
    WILDCARD_IN_TOPIC(
            "5 300a000161060800032b2f61",
            "the topic name holds a wildcard|the response topic is no topic name",
            "[MQTT-3.3.2-2], [MQTT-3.3.2-14]; Netty looks at the topic of PUBLISH alone"),
    BAD_FILTER(
            "4 820800010003612b6200",
            "topic filter|\"#\" must be the last level|a wildcard must stand alone|shared subscription",
            "[MQTT-4.7.1-1], [MQTT-4.7.3-1], [MQTT-4.8.2-1]; Netty leaves filters to its user"),
    RESERVED_OPTIONS(
            "4 8206000100016104", "reserved subscription options are set", "3.1.1 [MQTT-3.8.3-4], 5.0 [MQTT-3.8.3-5]"),
    RESERVED_CONNECT_FLAG(
            "- 100f00064d51497364700301271a000161",
            "the reserved flag of CONNECT is set",
            "[MQTT-3.1.2-3]; Netty lets it pass in MQTT 3.1"),
    WILL_FLAGS_WITHOUT_WILL(
            "- 100d00044d51545405220000000000", "will flags without a will", "[MQTT-3.1.2-11], [MQTT-3.1.2-13]"),
    WILL_QOS_3("- 101200044d515454041e00000000000174000178", "quality of service 3 does not exist", "[MQTT-3.1.2-12]"),
    EMPTY_TOPIC(
            "5 3003000000",
            "an empty topic without an alias|the topic name is empty",
            "[MQTT-4.7.3-1], 3.3.2.1; Netty leaves it to its user (CVE-2021-34432)"),
    BRIDGE_BIT(
            "- 100d00044d51545484020000000161",
            null,
            "Mosquitto's bridges mark MQTT 3.1 and 3.1.1 with bit 7 of the level; Netty takes it for another version"),
    DUP_OF_MQTT_3_1(
            "3 6a020001",
            null,
            "MQTT 3.1 (2.1) lets DUP be set on PUBREL, SUBSCRIBE and UNSUBSCRIBE that are sent again; Netty does not");

    private final String example;
    private final Pattern refusal;
    private final boolean oursAccepts;
    private final String why;

    /**
     * @param example the version of the CONNECT before it ({@code -}: none) and the packet
     * @param refusal what our decoder says of such packets; null where it is Netty that refuses them
     */
    Disagreement(String example, String refusal, String why) {
        this.example = example;
        this.oursAccepts = refusal == null;
        this.refusal = Pattern.compile(oursAccepts ? "(?!)" : refusal);
        this.why = why;
    }

    /** The packet's bytes, in hexadecimal digits. */
    String hex() {
        return example.substring(2).strip();
    }

    /** Whether a CONNECT of {@link #version()} goes before the example. */
    boolean afterConnect() {
        return example.charAt(0) != '-';
    }

    ProtocolVersion version() {
        return switch (example.charAt(0)) {
            case '3' -> ProtocolVersion.MQTT_3_1;
            case '5' -> ProtocolVersion.MQTT_5;
            default -> ProtocolVersion.MQTT_3_1_1;
        };
    }

    boolean oursAccepts() {
        return oursAccepts;
    }

    /** Whether it explains that our decoder refuses with this message what Netty accepts. */
    boolean explains(String message) {
        return refusal.matcher(message).find();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ') + ": " + why;
    }
}
