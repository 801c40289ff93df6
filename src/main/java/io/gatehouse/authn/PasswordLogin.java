package io.gatehouse.authn;

import java.nio.file.Path;

/**
 * {@code password_login:} of the configuration.
 *
 * @param file the password file, in Mosquitto's format
 * @param minimum the weakest scheme an entry may have; a file with a weaker one is refused. {@link
 *     PasswordScheme#SHA512} is the word for "weak hashes are allowed"
 */
public record PasswordLogin(Path file, PasswordScheme minimum) {
    /** Everything that {@code mosquitto_passwd} of 2.0 and later writes. */
    public static PasswordLogin of(Path file) {
        return new PasswordLogin(file, PasswordScheme.PBKDF2);
    }
}
