package io.gatehouse.tls;

import io.gatehouse.pki.RevocationReason;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A client certificate that is not accepted: a stable code, one sentence, and a hint for whoever has to mend it. */
public final class CertificateRefused extends CertificateException {
    private static final long serialVersionUID = 1L;
    private static final String ISSUE = "issue it with: gatehouse certs device";

    /** Stable: what logs, audit records and documentation call it. */
    public enum Code {
        CERT_NONE("give the client its certificate and key"),
        CERT_EXPIRED("renew it: gatehouse certs renew"),
        CERT_NOT_YET_VALID("look at both clocks"),
        CERT_VALIDITY("issue it for a shorter time, within max_validity: gatehouse certs device --validity"),
        CERT_EKU(ISSUE),
        CERT_KU(ISSUE),
        CERT_CHAIN(
                "issue it with an authority of client_ca; send the issuing authority's certificate along (chain.pem)"),
        CERT_WEAK_SIG(ISSUE),
        CERT_WEAK_KEY(ISSUE),
        CERT_WEAK_PROOF("update the client's TLS library, or let it speak TLS 1.3"),
        CERT_BROKEN_KEY("make another key, elsewhere than this one was made, and " + ISSUE),
        CERT_PROFILE(ISSUE),
        CERT_ID_INVALID(ISSUE),
        CERT_ID_AMBIGUOUS("issue it with one common name and at most one URI"),
        CERT_REVOKED("gatehouse certs list says since when; issue another one, or release it if it is on hold"),
        CERT_UNKNOWN("the authority's journal does not know it: was its folder restored from a backup?"),
        CERT_CRL_STALE("publish a new revocation list: gatehouse certs crl"),
        CERT_OCSP("look at the OCSP responder");

        private final String hint;

        Code(String hint) {
            this.hint = hint;
        }

        /** What mends it, most often. */
        public String hint() {
            return hint;
        }
    }

    private final Code code;
    private final transient @Nullable X509Certificate certificate;

    private final boolean urgent;
    private final boolean onHold;

    CertificateRefused(Code code, @Nullable X509Certificate certificate, String message) {
        this(code, certificate, message, false, false);
    }

    private CertificateRefused(
            Code code, @Nullable X509Certificate certificate, String message, boolean urgent, boolean onHold) {
        super(message);
        this.code = code;
        this.certificate = certificate;
        this.urgent = urgent;
        this.onHold = onHold;
    }

    /**
     * Somebody took it back, for good or for the time being.
     *
     * @param reason may be empty
     * @param urgent because its key is in wrong hands
     */
    static CertificateRefused revoked(X509Certificate certificate, Instant at, String reason, boolean urgent) {
        boolean onHold = reason.equals(RevocationReason.CERTIFICATE_HOLD.word());
        String since = onHold ? "on hold since " + at + " (" + reason + ")" : since(at, reason);
        return new CertificateRefused(Code.CERT_REVOKED, certificate, since, urgent, onHold);
    }

    /** @param reason may be empty */
    static String since(Instant at, String reason) {
        return "revoked " + at + (reason.isEmpty() ? "" : " (" + reason + ")");
    }

    /** Whether a key is in wrong hands, so that nothing may wait. */
    public boolean isUrgent() {
        return urgent;
    }

    /** Whether it may be let in again (RFC 5280, 5.3.1, certificateHold). */
    public boolean isOnHold() {
        return onHold;
    }

    public Code code() {
        return code;
    }

    /** The certificate that was refused; null where there was none. */
    public @Nullable X509Certificate certificate() {
        return certificate;
    }
}
