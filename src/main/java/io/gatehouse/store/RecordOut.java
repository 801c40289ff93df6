package io.gatehouse.store;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The bytes of one record while it is written: big-endian numbers, texts with their length. One thread at a time. */
final class RecordOut {
    private byte[] bytes = new byte[256];
    private int size;

    RecordOut reset() {
        size = 0;
        if (bytes.length > 1 << 20) {
            bytes = new byte[256];
        }
        return this;
    }

    private void room(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, Math.addExact(size, more)));
        }
    }

    RecordOut int8(int value) {
        room(1);
        bytes[size++] = (byte) value;
        return this;
    }

    RecordOut int16(int value) {
        return int8(value >>> 8).int8(value);
    }

    RecordOut int32(int value) {
        return int16(value >>> 16).int16(value);
    }

    RecordOut int64(long value) {
        return int32((int) (value >>> 32)).int32((int) value);
    }

    RecordOut flag(boolean value) {
        return int8(value ? 1 : 0);
    }

    RecordOut text(String value) {
        return bytes(value.getBytes(StandardCharsets.UTF_8));
    }

    RecordOut optionalText(@Nullable String value) {
        flag(value != null);
        return value == null ? this : text(value);
    }

    RecordOut bytes(byte[] value) {
        int32(value.length);
        return raw(value);
    }

    RecordOut raw(byte[] value) {
        room(value.length);
        System.arraycopy(value, 0, bytes, size, value.length);
        size += value.length;
        return this;
    }

    byte[] done() {
        return Arrays.copyOf(bytes, size);
    }
}
