package io.gatehouse.protocol;

import java.security.MessageDigest;
import java.util.Arrays;

/**
 * A password, a token or other bytes that prove something: compared in constant time, never printed.
 *
 * <p>It lives here and not with authentication because a CONNECT carries one from its first byte on.
 */
public final class Secret {
    private final byte[] bytes;

    private Secret(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Takes the array over; the caller no longer reads or writes it. */
    public static Secret wrap(byte[] bytes) {
        return new Secret(bytes);
    }

    /** A copy; the caller wipes it after use. */
    public byte[] copy() {
        return bytes.clone();
    }

    public int sizeBytes() {
        return bytes.length;
    }

    /** Whether the bytes are the same, in a time that depends on their number only. */
    public boolean matches(byte[] other) {
        return MessageDigest.isEqual(bytes, other);
    }

    /** Overwrites the bytes; the secret is of no use afterwards. */
    public void wipe() {
        Arrays.fill(bytes, (byte) 0);
    }

    @Override
    public String toString() {
        return "***";
    }
}
