package io.gatehouse.tls;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import org.jspecify.annotations.Nullable;

/** A client certificate that is not accepted: a stable code, one sentence, and a hint for whoever has to mend it. */
public final class CertificateRefused extends CertificateException {
    private static final long serialVersionUID = 1L;

    /** Stable: what logs, audit records and documentation call it. */
    public enum Code {
        CERT_NONE,
        CERT_EXPIRED,
        CERT_NOT_YET_VALID,
        CERT_EKU,
        CERT_KU,
        CERT_CHAIN,
        CERT_WEAK_SIG,
        CERT_WEAK_KEY,
        CERT_PROFILE,
        CERT_ID_INVALID,
        CERT_ID_AMBIGUOUS,
        CERT_REVOKED,
        CERT_CRL_STALE
    }

    private final Code code;
    private final transient @Nullable X509Certificate certificate;

    CertificateRefused(Code code, @Nullable X509Certificate certificate, String message) {
        super(message);
        this.code = code;
        this.certificate = certificate;
    }

    public Code code() {
        return code;
    }

    /** The certificate that was refused; null where there was none. */
    public @Nullable X509Certificate certificate() {
        return certificate;
    }
}
