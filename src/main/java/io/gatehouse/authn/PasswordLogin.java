package io.gatehouse.authn;

import io.gatehouse.config.Configuration.PasswordMin;
import java.nio.file.Path;

/**
 * {@code password_login:} of the configuration.
 *
 * @param file the password file, in Mosquitto's format
 * @param allowWeakHashes whether entries of one round of SHA-512 ({@code $6$}) log in; otherwise they refuse the file
 * @param min what an entry must be stored as at least; a weaker one refuses the file
 */
public record PasswordLogin(Path file, boolean allowWeakHashes, PasswordMin min) {
    /** Everything that {@code mosquitto_passwd} of 2.0 and later writes. */
    public static PasswordLogin of(Path file) {
        return new PasswordLogin(file, false, PasswordMin.PBKDF2);
    }
}
