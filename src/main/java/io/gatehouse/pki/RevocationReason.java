package io.gatehouse.pki;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Why a certificate is revoked; the reasons of RFC 5280, 5.3.1 that fit a holder's certificate. */
public enum RevocationReason {
    UNSPECIFIED("unspecified", 0),
    KEY_COMPROMISE("keyCompromise", 1),
    AFFILIATION_CHANGED("affiliationChanged", 3),
    SUPERSEDED("superseded", 4),
    CESSATION_OF_OPERATION("cessationOfOperation", 5),
    /** Not for good: the one reason that can be lifted. */
    CERTIFICATE_HOLD("certificateHold", 6),
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
        return find(word).orElseThrow(() -> new UnfitEntry("unknown reason " + word));
    }

    /**
     * What stands after a line of the journal that revokes. What is on hold can be revoked for good; what is revoked for
     * good stays so, for the reason that it was.
     *
     * @param before null: not revoked
     * @throws UnfitEntry if the line makes a hold, which could be lifted, of what is revoked for good
     */
    static RevocationReason following(@Nullable RevocationReason before, RevocationReason fresh) {
        if (before == null || before == CERTIFICATE_HOLD) {
            return fresh;
        }
        if (fresh == CERTIFICATE_HOLD) {
            throw new UnfitEntry("a hold of what was revoked for " + before.word());
        }
        return before;
    }

    /** @throws UnfitEntry if a line of the journal releases what was not on hold */
    static void requireHold(@Nullable RevocationReason before) {
        if (before != CERTIFICATE_HOLD) {
            throw new UnfitEntry(
                    "a release of what was " + (before == null ? "not on hold" : "revoked for " + before.word()));
        }
    }
}
