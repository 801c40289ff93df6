package io.gatehouse.live;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** The fields of MQTT packets as bytes, by the letter of the specification. */
final class Bytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Bytes byte1(int value) {
        out.write(value);
        return this;
    }

    Bytes short2(int value) {
        return byte1(value >> 8).byte1(value);
    }

    Bytes int4(long value) {
        return short2((int) (value >> 16)).short2((int) value);
    }

    Bytes variable(int value) {
        int left = value;
        do {
            int digit = left % 128;
            left /= 128;
            byte1(left > 0 ? digit | 0x80 : digit);
        } while (left > 0);
        return this;
    }

    Bytes binary(byte[] bytes) {
        return short2(bytes.length).raw(bytes);
    }

    Bytes text(String text) {
        return binary(text.getBytes(StandardCharsets.UTF_8));
    }

    Bytes raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    /** A block with its length in front of it, as properties and packets are. */
    Bytes block(Bytes inner) {
        byte[] bytes = inner.toArray();
        return variable(bytes.length).raw(bytes);
    }

    byte[] toArray() {
        return out.toByteArray();
    }
}
