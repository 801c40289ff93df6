package io.gatehouse.pki;

import java.util.Locale;

/** Why a device gets no certificate. The words are stable: audit records and documentation use them. */
public enum EnrolmentFault {
    /** Not a certification request, or none of a kind that is certified. */
    CSR_MALFORMED,
    /** Its signature is not by the key in it. */
    CSR_UNPROVEN,
    /** It came with neither a token nor a certificate, and has to. */
    UNAUTHENTICATED,
    /** No such token, not of this device, used, taken back, or too old: whoever guesses learns nothing. */
    TOKEN_REFUSED,
    /** The manufacturer's certificate is not trusted, or its device is not on the list. */
    NOT_LISTED,
    /** The certificate that it came with is not one of this authority's devices. */
    CERT_UNKNOWN,
    CERT_REVOKED,
    CERT_EXPIRED,
    /** It has a later one, and has used it. */
    CERT_SUPERSEDED,
    /** It asks for a name that is not its own. */
    NAME_MISMATCH,
    /** The kind of key is not certified. */
    KEY_WEAK,
    /** The key was certified for somebody else. */
    KEY_TAKEN,
    /** The key was in a certificate that was revoked. */
    KEY_REVOKED,
    /** The key of before, where a new one is asked for. */
    KEY_SAME,
    /** There is time left before a renewal. */
    TOO_EARLY,
    /** An operator refused it. */
    APPROVAL_REFUSED,
    /** As many devices wait for an operator as may, of all or of its address. */
    APPROVAL_FULL,
    /** More certificates than a device, a minute or a day may have. */
    QUOTA,
    /** The authority cannot be reached or cannot write. */
    UNAVAILABLE,
    /** The certificate that it came with, or another of the device, is revoked for the time being. */
    CERT_HELD;

    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
