package io.gatehouse.pki;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.bouncycastle.crypto.util.PBKDF2Config;
import org.bouncycastle.crypto.util.PBKDFConfig;
import org.bouncycastle.crypto.util.ScryptConfig;

/** How the key that encrypts an authority's keys is made of its passphrase. Immutable. */
public enum KeyDerivation {
    /** RFC 7914: 128 MiB and about half a second for every guess; more memory than the openssl program grants to scrypt. */
    SCRYPT,
    /** RFC 8018, with HMAC-SHA256: for those who may have nothing but what NIST approves, and for the openssl program. */
    PBKDF2;

    private static final int SCRYPT_COST = 1 << 17;
    private static final int SALT_BYTES = 16;

    /** What OWASP asks of PBKDF2 with HMAC-SHA256 (Password Storage Cheat Sheet). */
    private static final int ITERATIONS = 600_000;

    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<KeyDerivation> ofWord(String word) {
        return Arrays.stream(values()).filter(one -> one.word().equals(word)).findFirst();
    }

    PBKDFConfig config() {
        return switch (this) {
            case SCRYPT ->
                new ScryptConfig.Builder(SCRYPT_COST, 8, 1)
                        .withSaltLength(SALT_BYTES)
                        .build();
            case PBKDF2 ->
                new PBKDF2Config.Builder()
                        .withIterationCount(ITERATIONS)
                        .withSaltLength(SALT_BYTES)
                        .withPRF(PBKDF2Config.PRF_SHA256)
                        .build();
        };
    }
}
