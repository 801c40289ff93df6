package io.gatehouse.authn;

import java.util.Arrays;
import java.util.Optional;

/** The signatures a token may have (RFC 7518 section 3.1, RFC 8037). {@code none} is not among them. */
public enum JwtAlgorithm {
    EDDSA("EdDSA"),
    ES256("ES256"),
    ES384("ES384"),
    ES512("ES512"),
    RS256("RS256"),
    RS384("RS384"),
    RS512("RS512"),
    PS256("PS256"),
    PS384("PS384"),
    PS512("PS512"),
    HS256("HS256"),
    HS384("HS384"),
    HS512("HS512");

    private final String word;

    JwtAlgorithm(String word) {
        this.word = word;
    }

    /** By the name in {@code alg}, exactly: another case is another word. */
    public static Optional<JwtAlgorithm> of(String word) {
        return Arrays.stream(values()).filter(a -> a.word.equals(word)).findFirst();
    }

    /** The name in {@code alg}. */
    public String word() {
        return word;
    }

    boolean isSymmetric() {
        return word.startsWith("HS");
    }

    @Override
    public String toString() {
        return word;
    }
}
