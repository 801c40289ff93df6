package io.gatehouse.authn;

import java.security.SecureRandom;

/**
 * A stored password: what a password file has after the colon. Immutable; any thread, though never an event loop.
 *
 * <p>Its costs come from a file, so they are capped when it is read: a file cannot ask for more than a second or two of
 * work, nor for more than 256 MiB.
 */
sealed interface PasswordHash permits Argon2Hash, BcryptHash, Pbkdf2Hash, ScramHash, Sha512Hash {

    /** Reads any of the known forms. */
    static PasswordHash parse(String text) throws BadHash {
        if (text.startsWith(Argon2Hash.PREFIX)) {
            return Argon2Hash.parse(text);
        }
        if (text.startsWith(Pbkdf2Hash.PREFIX)) {
            return Pbkdf2Hash.parse(text);
        }
        if (text.startsWith(Sha512Hash.PREFIX)) {
            return Sha512Hash.parse(text);
        }
        if (text.startsWith(ScramHash.PREFIX)) {
            return ScramHash.parse(text);
        }
        if (BcryptHash.isBcrypt(text)) {
            return BcryptHash.parse(text);
        }
        if (text.isEmpty()) {
            throw new BadHash("the password is missing");
        }
        throw new BadHash(
                text.startsWith("$")
                        ? "unknown kind of hash; known are $argon2id$, $scram-sha-256$, $7$, $2b$ and, where allowed, $6$"
                        : "the password is not hashed; set it with 'gatehouse passwd set'");
    }

    /** The form new passwords are stored in. */
    static PasswordHash create(byte[] password, SecureRandom random) {
        return Argon2Hash.create(password, random);
    }

    /** Whether this is the password; in a time that does not depend on how much of it is right. */
    boolean matches(byte[] password);

    /** A hash of the same cost that no password matches: what an unknown user's password is tried on. */
    PasswordHash dummy(SecureRandom random);

    PasswordScheme scheme();

    /** The scheme and its parameters, the same for hashes of the same cost: {@code argon2id m=19456,t=2,p=1}. */
    String cost();

    /** Whether it costs a thief of the file less than what is written today. */
    boolean isWeak();

    /** As it stands in the file. */
    String encoded();
}
