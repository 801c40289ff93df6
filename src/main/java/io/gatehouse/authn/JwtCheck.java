package io.gatehouse.authn;

import java.util.Locale;

/** The lines of the checklist that a token must pass, in their order. */
public enum JwtCheck {
    SHAPE,
    ISSUER,
    ALGORITHM,
    HEADER,
    KEY,
    SIGNATURE,
    AUDIENCE,
    EXPIRY,
    NOT_BEFORE,
    ISSUED_AT,
    LIFETIME,
    CLAIMS,
    USER,
    BINDING;

    /** The word in reports. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
