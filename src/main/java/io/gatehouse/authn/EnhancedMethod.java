package io.gatehouse.authn;

import java.util.Arrays;
import java.util.Optional;

/** The Authentication Methods of MQTT 5.0 (section 4.12) that are understood. */
public enum EnhancedMethod {
    /** The Authentication Data is the token; what makes it more than a password is that AUTH can renew it. */
    JWT("JWT", AuthMethod.JWT),
    /** RFC 7677: the client proves that it knows its password without sending it, and so does the server. */
    SCRAM_SHA_256("SCRAM-SHA-256", AuthMethod.PASSWORD);

    private final String word;
    private final AuthMethod method;

    EnhancedMethod(String word, AuthMethod method) {
        this.word = word;
        this.method = method;
    }

    /** By the name on the wire, exactly. */
    public static Optional<EnhancedMethod> of(String word) {
        return Arrays.stream(values()).filter(m -> m.word.equals(word)).findFirst();
    }

    /** The name on the wire. */
    public String word() {
        return word;
    }

    AuthMethod method() {
        return method;
    }
}
