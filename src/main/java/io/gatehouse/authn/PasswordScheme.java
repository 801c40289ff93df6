package io.gatehouse.authn;

import java.util.Locale;

/** The ways a password file stores a password. */
public enum PasswordScheme {
    /** {@code $6$}: one round of SHA-512. A stolen file is as good as the passwords. */
    SHA512,
    /** {@code $7$}: what {@code mosquitto_passwd} writes. */
    PBKDF2,
    /** {@code $2b$}. */
    BCRYPT,
    /** {@code $argon2id$}: what Gatehouse writes. */
    ARGON2ID,
    /** {@code $scram-sha-256$}: for clients that log in without sending the password. */
    SCRAM_SHA_256;

    /** As the words of {@code password_login.min} count: 0 for what the tools of Mosquitto write. */
    int strength() {
        return switch (this) {
            case SHA512 -> -1;
            case PBKDF2, SCRAM_SHA_256 -> 0;
            case BCRYPT -> 1;
            case ARGON2ID -> 2;
        };
    }

    /** The word in configuration and listings. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
