package io.gatehouse.store;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one record while it is read. One thread.
 *
 * <p>A record that ends too early, or says it is longer than it is, is an {@link IllegalArgumentException}.
 */
final class RecordIn {
    private final ByteBuffer in;

    RecordIn(byte[] bytes) {
        this.in = ByteBuffer.wrap(bytes);
    }

    int int8() {
        return need(1).get() & 0xFF;
    }

    int int16() {
        return need(2).getShort() & 0xFFFF;
    }

    int int32() {
        return need(4).getInt();
    }

    long int64() {
        return need(8).getLong();
    }

    boolean flag() {
        return int8() != 0;
    }

    String text() {
        return new String(bytes(), StandardCharsets.UTF_8);
    }

    @Nullable
    String optionalText() {
        return flag() ? text() : null;
    }

    byte[] bytes() {
        int length = int32();
        if (length < 0) {
            throw new IllegalArgumentException("a length of " + length);
        }
        byte[] value = new byte[need(length).remaining() < length ? 0 : length];
        in.get(value);
        return value;
    }

    String restAsText() {
        byte[] value = new byte[in.remaining()];
        in.get(value);
        return new String(value, StandardCharsets.UTF_8);
    }

    private ByteBuffer need(int count) {
        if (in.remaining() < count) {
            throw new IllegalArgumentException("the record ends too early", new BufferUnderflowException());
        }
        return in;
    }
}
