package io.gatehouse.authn;

import java.util.Locale;

/** How a client can prove who it is; the words of {@code login:} and of a policy's {@code auth:}. */
public enum AuthMethod {
    CERTIFICATE,
    PASSWORD,
    JWT,
    ANONYMOUS;

    /** The word in configuration and policies. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
