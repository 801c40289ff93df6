package io.gatehouse.conformance;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Bytes as a test wants them on the wire, right or wrong. Used by one test thread. */
final class Bytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    static Bytes of(int... bytes) {
        Bytes made = new Bytes();
        for (int one : bytes) {
            made.u8(one);
        }
        return made;
    }

    Bytes u8(int value) {
        out.write(value);
        return this;
    }

    Bytes u16(int value) {
        return u8(value >> 8).u8(value);
    }

    Bytes u32(long value) {
        return u16((int) (value >> 16)).u16((int) value);
    }

    /** A variable byte integer in as few bytes as it takes. */
    Bytes vbi(int value) {
        int left = value;
        while (left > 0x7F) {
            u8(left & 0x7F | 0x80);
            left >>>= 7;
        }
        return u8(left);
    }

    /** Text with its length. */
    Bytes text(String text) {
        return binary(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Binary data with their length. */
    Bytes binary(byte... data) {
        return u16(data.length).raw(data);
    }

    Bytes raw(byte... data) {
        out.writeBytes(data);
        return this;
    }

    byte[] done() {
        return out.toByteArray();
    }

    /** A packet with this body: its first byte, its length, the body. */
    byte[] packet(int first) {
        return Bytes.of(first).vbi(out.size()).raw(done()).done();
    }
}
