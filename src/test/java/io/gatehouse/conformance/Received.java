package io.gatehouse.conformance;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * A packet of the broker, taken apart by the letter of the specification: what does not fit fails the test. Used by one
 * test thread.
 */
final class Received {
    static final int CONNACK = 2;
    static final int PUBLISH = 3;
    static final int PUBACK = 4;
    static final int PUBREC = 5;
    static final int PUBREL = 6;
    static final int PUBCOMP = 7;
    static final int SUBACK = 9;
    static final int UNSUBACK = 11;
    static final int PINGRESP = 13;
    static final int DISCONNECT = 14;
    static final int AUTH = 15;

    private static final Set<Integer> REASONED = Set.of(31, 38);
    private static final Map<Integer, Set<Integer>> PROPERTIES = Map.of(
            CONNACK, Set.of(17, 18, 19, 21, 22, 26, 28, 31, 33, 34, 36, 37, 38, 39, 40, 41, 42),
            PUBLISH, Set.of(1, 2, 3, 8, 9, 11, 35, 38),
            PUBACK, REASONED,
            PUBREC, REASONED,
            PUBREL, REASONED,
            PUBCOMP, REASONED,
            SUBACK, REASONED,
            UNSUBACK, REASONED,
            DISCONNECT, Set.of(28, 31, 38), // never 17 [MQTT-3.14.2-2]
            AUTH, Set.of(21, 22, 31, 38));

    private final int first;
    private final int level;
    private final ByteBuffer body;
    private final int sizeBytes;
    private final Map<Integer, List<Object>> properties = new LinkedHashMap<>();

    private int connAckFlags;
    private int packetId;
    private String topic = "";
    private byte[] payload = new byte[0];
    private final List<Integer> reasons = new ArrayList<>();

    Received(int first, byte[] bytes, int sizeBytes, int level) {
        this.first = first;
        this.level = level;
        this.sizeBytes = sizeBytes;
        this.body = ByteBuffer.wrap(bytes);
        try {
            read();
        } catch (java.nio.BufferUnderflowException e) {
            throw new AssertionError("the broker's packet is too short: " + this, e);
        }
        if (body.hasRemaining()) {
            throw new AssertionError("the broker's packet is too long: " + this);
        }
    }

    private void read() {
        boolean v5 = level == 5;
        switch (type()) {
            case CONNACK -> {
                connAckFlags = u8();
                reasons.add(u8());
                properties(v5);
            }
            case PUBLISH -> {
                topic = text();
                packetId = qos() > 0 ? u16() : 0;
                properties(v5);
                payload = new byte[body.remaining()];
                body.get(payload);
            }
            case PUBACK, PUBREC, PUBREL, PUBCOMP -> {
                packetId = u16();
                reasons.add(v5 && body.hasRemaining() ? u8() : 0);
                properties(v5 && body.hasRemaining());
            }
            case SUBACK, UNSUBACK -> {
                packetId = u16();
                properties(v5);
                while (body.hasRemaining() && (v5 || type() == SUBACK)) {
                    reasons.add(u8());
                }
            }
            case DISCONNECT, AUTH -> {
                reasons.add(v5 && body.hasRemaining() ? u8() : 0);
                properties(v5 && body.hasRemaining());
            }
            case PINGRESP -> {
                // no body
            }
            default -> throw new AssertionError("not a packet of a server: " + this);
        }
        int flags = type() == PUBLISH ? flags() : type() == PUBREL ? 2 : 0;
        if (flags() != flags) {
            throw new AssertionError("the broker's packet has the flags " + flags() + ": " + this);
        }
    }

    private void properties(boolean present) {
        if (!present) {
            return;
        }
        int length = vbi();
        int end = body.position() + length;
        while (body.position() < end) {
            int id = vbi();
            Object value = switch (id) {
                case 1, 23, 25, 36, 37, 40, 41, 42 -> (long) u8();
                case 19, 33, 34, 35 -> (long) u16();
                case 2, 17, 24, 39 -> body.getInt() & 0xFFFF_FFFFL;
                case 11 -> (long) vbi();
                case 9, 22 -> binary();
                case 38 -> text() + "=" + text();
                default -> text();
            };
            List<Object> all = properties.computeIfAbsent(id, key -> new ArrayList<>());
            all.add(value);
            boolean legal = PROPERTIES.getOrDefault(type(), Set.of()).contains(id)
                    && (all.size() == 1 || id == 38 || id == 11 && type() == PUBLISH);
            if (!legal) {
                throw new AssertionError("the broker's packet may not have property " + id + " so: " + this);
            }
        }
        if (body.position() != end) {
            throw new AssertionError("the broker's properties end elsewhere: " + this);
        }
    }

    private int u8() {
        return body.get() & 0xFF;
    }

    private int u16() {
        return body.getShort() & 0xFFFF;
    }

    private int vbi() {
        int value = 0;
        for (int shift = 0; shift < 28; shift += 7) {
            int digit = u8();
            value |= (digit & 0x7F) << shift;
            if (digit < 0x80) {
                if (digit == 0 && shift > 0) {
                    break;
                }
                return value;
            }
        }
        throw new AssertionError("the broker's variable byte integer is too long: " + this);
    }

    private byte[] binary() {
        byte[] bytes = new byte[u16()];
        body.get(bytes);
        return bytes;
    }

    private String text() {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(binary()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new AssertionError("the broker's text is not UTF-8: " + this, e);
        }
    }

    int type() {
        return first >> 4;
    }

    int flags() {
        return first & 0x0F;
    }

    /** The whole packet's. */
    int sizeBytes() {
        return sizeBytes;
    }

    boolean dup() {
        return (first & 8) != 0;
    }

    int qos() {
        return first >> 1 & 3;
    }

    boolean retain() {
        return (first & 1) != 0;
    }

    int connAckFlags() {
        return connAckFlags;
    }

    boolean sessionPresent() {
        return connAckFlags == 1;
    }

    int packetId() {
        return packetId;
    }

    String topic() {
        return topic;
    }

    String payload() {
        return new String(payload, StandardCharsets.UTF_8);
    }

    /** The reason code of a packet that has one. */
    int reason() {
        return reasons.get(0);
    }

    List<Integer> reasons() {
        return reasons;
    }

    boolean has(int property) {
        return properties.containsKey(property);
    }

    long number(int property) {
        return (Long) value(property);
    }

    String text(int property) {
        return (String) value(property);
    }

    byte[] bytes(int property) {
        return (byte[]) value(property);
    }

    private Object value(int property) {
        return Objects.requireNonNull(properties.get(property), () -> "no property " + property + " in " + this)
                .get(0);
    }

    /** All subscription identifiers. */
    List<Object> identifiers() {
        return properties.getOrDefault(Props.SUBSCRIPTION_IDENTIFIER, List.of());
    }

    /** All user properties as {@code name=value}, in their order. */
    List<Object> users() {
        return properties.getOrDefault(Props.USER_PROPERTY, List.of());
    }

    @Override
    public String toString() {
        return "type " + type() + " flags " + flags() + " id " + packetId + " reasons " + reasons + " topic \"" + topic
                + "\" properties " + properties.keySet() + " payload \"" + payload() + "\"";
    }
}
