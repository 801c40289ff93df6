package io.gatehouse.conformance;

import java.nio.charset.StandardCharsets;

/** Packets that a client sends, but for CONNECT. {@code level} is the protocol level: 5 has properties. Stateless. */
final class Packets {
    static final byte[] PINGREQ = {(byte) 0xC0, 0};
    static final byte[] DISCONNECT = {(byte) 0xE0, 0};

    private Packets() {}

    /** @param flags RETAIN 1, DUP 8 */
    static byte[] publish(int level, String topic, String payload, int qos, int id, int flags, Props properties) {
        Bytes body = new Bytes().text(topic);
        if (qos > 0) {
            body.u16(id);
        }
        if (level == 5) {
            body.raw(properties.done());
        }
        return body.raw(payload.getBytes(StandardCharsets.UTF_8)).packet(0x30 | qos << 1 | flags);
    }

    static byte[] publish(String topic, String payload, int qos, int id) {
        return publish(5, topic, payload, qos, id, 0, Props.none());
    }

    static byte[] subscribe(int level, int id, Props properties, String filter, int options) {
        Bytes body = new Bytes().u16(id);
        if (level == 5) {
            body.raw(properties.done());
        }
        return body.text(filter).u8(options).packet(0x82);
    }

    static byte[] unsubscribe(int level, int id, String filter) {
        Bytes body = new Bytes().u16(id);
        if (level == 5) {
            body.u8(0);
        }
        return body.text(filter).packet(0xA2);
    }

    /** PUBACK, PUBREC, PUBREL or PUBCOMP, in its short form. */
    static byte[] ack(int first, int id) {
        return new Bytes().u16(id).packet(first);
    }

    /** The same with a reason code. */
    static byte[] ack(int first, int id, int reason) {
        return new Bytes().u16(id).u8(reason).packet(first);
    }

    static byte[] disconnect(int reason, Props properties) {
        return new Bytes().u8(reason).raw(properties.done()).packet(0xE0);
    }

    static byte[] auth(int reason, Props properties) {
        return new Bytes().u8(reason).raw(properties.done()).packet(0xF0);
    }
}
