package io.gatehouse.pki;

import java.util.Arrays;
import java.util.Optional;

/** Why a certificate is revoked; the reasons of RFC 5280, 5.3.1 that fit a holder's certificate. */
public enum RevocationReason {
    UNSPECIFIED("unspecified", 0),
    KEY_COMPROMISE("keyCompromise", 1),
    AFFILIATION_CHANGED("affiliationChanged", 3),
    SUPERSEDED("superseded", 4),
    CESSATION_OF_OPERATION("cessationOfOperation", 5),
    PRIVILEGE_WITHDRAWN("privilegeWithdrawn", 9);

    private final String word;
    private final int code;

    RevocationReason(String word, int code) {
        this.word = word;
        this.code = code;
    }

    public String word() {
        return word;
    }

    int code() {
        return code;
    }

    public static Optional<RevocationReason> find(String word) {
        return Arrays.stream(values())
                .filter(one -> one.word.equalsIgnoreCase(word))
                .findFirst();
    }

    static RevocationReason ofWord(String word) {
        return find(word).orElseThrow(() -> new IllegalStateException("unknown reason in the journal: " + word));
    }
}
