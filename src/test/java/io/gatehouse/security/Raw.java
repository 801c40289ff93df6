package io.gatehouse.security;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Bytes of a control packet, put together by hand: nothing here refuses what the specification forbids. */
final class Raw {
    static final int V31 = 3;
    static final int V311 = 4;
    static final int V5 = 5;

    private static final String PASSWORD = "green leaves";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    static Raw raw() {
        return new Raw();
    }

    Raw u8(int... values) {
        for (int value : values) {
            out.write(value);
        }
        return this;
    }

    Raw u16(int value) {
        return u8(value >> 8, value);
    }

    Raw u32(long value) {
        return u16((int) (value >> 16)).u16((int) value);
    }

    Raw bytes(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    Raw binary(byte[] bytes) {
        return u16(bytes.length).bytes(bytes);
    }

    Raw text(String text) {
        return binary(text.getBytes(StandardCharsets.UTF_8));
    }

    Raw varint(int value) {
        int left = value;
        do {
            int digit = left & 0x7F;
            left >>>= 7;
            out.write(left > 0 ? digit | 0x80 : digit);
        } while (left > 0);
        return this;
    }

    /** What is here as a section of properties. */
    Raw asProperties() {
        return raw().varint(out.size()).bytes(bytes());
    }

    byte[] bytes() {
        return out.toByteArray();
    }

    /** What is here as the rest of a packet behind its fixed header. */
    byte[] packet(int first) {
        return raw().u8(first).varint(out.size()).bytes(bytes()).bytes();
    }

    static byte[] joined(byte[]... packets) {
        Raw all = raw();
        for (byte[] packet : packets) {
            all.bytes(packet);
        }
        return all.bytes();
    }

    // whole packets, as a well-behaved client would send them

    static byte[] connect(int level, String user, String clientId) {
        return connect(level, user, clientId, true, 60, raw());
    }

    /** @param properties without their length; of 5.0 only */
    static byte[] connect(int level, String user, String clientId, boolean clean, int keepAlive, Raw properties) {
        return connect(level, 0xC0 | (clean ? 2 : 0), keepAlive, properties, clientId, raw(), user, PASSWORD);
    }

    /** @param will its properties, topic and payload, as they stand in the packet */
    static byte[] connect(
            int level,
            int flags,
            int keepAlive,
            Raw properties,
            String clientId,
            Raw will,
            @Nullable String user,
            @Nullable String password) {
        Raw packet =
                raw().text(level == V31 ? "MQIsdp" : "MQTT").u8(level, flags).u16(keepAlive);
        if (level == V5) {
            packet.bytes(properties.asProperties().bytes());
        }
        packet.text(clientId).bytes(will.bytes());
        if (user != null) {
            packet.text(user);
        }
        if (password != null) {
            packet.text(password);
        }
        return packet.packet(0x10);
    }

    static byte[] subscribe(int level, int packetId, String filter, int options) {
        return subscribe(level, packetId, raw(), raw().text(filter).u8(options));
    }

    static byte[] subscribe(int level, int packetId, Raw properties, Raw filters) {
        return head(level, packetId, properties).bytes(filters.bytes()).packet(0x82);
    }

    static byte[] unsubscribe(int level, int packetId, String filter) {
        return head(level, packetId, raw()).text(filter).packet(0xA2);
    }

    private static Raw head(int level, int packetId, Raw properties) {
        Raw head = raw().u16(packetId);
        return level == V5 ? head.bytes(properties.asProperties().bytes()) : head;
    }

    static byte[] publish(int level, String topic, String payload) {
        return publish(level, 0x30, topic, 0, raw(), payload);
    }

    static byte[] publish(int level, int qos, int packetId, String topic, String payload) {
        return publish(level, 0x30 | qos << 1, topic, packetId, raw(), payload);
    }

    /** @param first the fixed header: 0x30, and DUP, QoS and RETAIN */
    static byte[] publish(int level, int first, String topic, int packetId, Raw properties, String payload) {
        Raw packet = raw().text(topic);
        if ((first & 0b110) != 0) {
            packet.u16(packetId);
        }
        if (level == V5) {
            packet.bytes(properties.asProperties().bytes());
        }
        return packet.bytes(payload.getBytes(StandardCharsets.UTF_8)).packet(first);
    }

    /** PUBACK, PUBREC, PUBREL or PUBCOMP, of success. */
    static byte[] ack(int first, int packetId) {
        return raw().u16(packetId).packet(first);
    }

    static byte[] ping() {
        return raw().packet(0xC0);
    }

    static byte[] disconnect() {
        return raw().packet(0xE0);
    }
}
