package io.gatehouse.authn;

import io.gatehouse.protocol.Secret;
import java.util.Arrays;
import java.util.Optional;

/** What a password may be. Stateless; any thread. */
public final class PasswordRule {
    /** Longer than any password needs, shorter than what would make hashing it costly by itself. */
    public static final int MAX_BYTES = 512;

    private PasswordRule() {}

    /**
     * Why these bytes are no password: empty, too long, or with a NUL.
     *
     * <p>Mosquitto hashes up to the first NUL, so that {@code secret\0anything} opens the door of {@code secret}; here
     * such a password is refused instead.
     */
    public static Optional<String> fault(Secret password) {
        if (password.sizeBytes() == 0) {
            return Optional.of("the password is empty");
        }
        if (password.sizeBytes() > MAX_BYTES) {
            return Optional.of("the password is longer than " + MAX_BYTES + " bytes");
        }
        byte[] bytes = password.copy();
        try {
            for (byte b : bytes) {
                if (b == 0) {
                    return Optional.of("the password holds a NUL byte");
                }
            }
            return Optional.empty();
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }
}
