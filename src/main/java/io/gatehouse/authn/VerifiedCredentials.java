package io.gatehouse.authn;

import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Remembers for an hour which passwords were right, so that a whole fleet that reconnects does not cost a hash each. Any
 * thread.
 *
 * <p>What is kept is a code made with a key that never leaves the process, of user, password and stored hash together: a
 * copy of the memory without the key says nothing of the password, and a changed entry is a miss. Wrong passwords are
 * never remembered; they cost the full price each time.
 */
final class VerifiedCredentials {
    static final Duration LIFETIME = Duration.ofHours(1);

    private static final String ALGORITHM = "HmacSHA256";
    private static final int MOST_REMEMBERED = 100_000;

    private final Clock clock;
    private final SecretKeySpec key;
    private final RecentMap<String, Instant> verified = new RecentMap<>(MOST_REMEMBERED);

    VerifiedCredentials(Clock clock, SecureRandom random) {
        this.clock = clock;
        this.key = new SecretKeySpec(EncodedBytes.random(32, random), ALGORITHM);
    }

    /** The code of a login; NUL cannot occur in any part but the password's bytes, which stand last. */
    String code(String user, byte[] password, PasswordHash stored) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            mac.update(user.getBytes(StandardCharsets.UTF_8));
            mac.update((byte) 0);
            mac.update(stored.encoded().getBytes(StandardCharsets.US_ASCII));
            mac.update((byte) 0);
            return HexFormat.of().formatHex(mac.doFinal(password));
        } catch (NoSuchAlgorithmException | InvalidKeyException e) {
            throw new IllegalStateException("this Java runtime has no " + ALGORITHM, e);
        }
    }

    boolean knows(String code) {
        @Nullable Instant until = verified.get(code);
        return until != null && clock.instant().isBefore(until);
    }

    void remember(String code) {
        verified.put(code, clock.instant().plus(LIFETIME));
    }

    void clear() {
        verified.clear();
    }
}
