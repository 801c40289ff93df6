package io.gatehouse.tls;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/** Whether a client's certificate is accepted as things stand now: after a handshake, at CONNECT, and later. Any thread. */
public interface Acceptance {

    /**
     * Judges the chain of a client that comes, leaf first.
     *
     * @return until when it is accepted; {@link Instant#MAX} where there is none and none is required
     */
    Instant requireAccepted(List<X509Certificate> chain) throws CertificateRefused;

    /** Judges the chain of a client that is connected; where a certificate's end is given a grace, it has that. */
    default void requireStays(List<X509Certificate> chain) throws CertificateRefused {
        requireAccepted(chain);
    }
}
