package io.gatehouse.tls;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The revocation lists of a listener, verified against its authorities. Immutable; any thread.
 *
 * <p>A list past its next update is enforced all the same, with a warning, for {@link #STALE_GRACE}; after that whoever
 * its authority issued is refused, because nobody knows who should be.
 */
final class Revocation {
    static final Duration STALE_GRACE = Duration.ofDays(7);

    private static final Logger LOG = LoggerFactory.getLogger(Revocation.class);

    private final List<X509CRL> lists;
    private final Clock clock;

    private Revocation(List<X509CRL> lists, Clock clock) {
        this.lists = lists;
        this.clock = clock;
    }

    static Revocation load(List<Path> files, List<X509Certificate> authorities, Clock clock) throws UnusableTls {
        List<X509CRL> lists = new ArrayList<>();
        for (Path file : files) {
            X509CRL list = PemFiles.crl(file);
            requireSigned(file, list, authorities);
            if (list.getThisUpdate().toInstant().isAfter(clock.instant().plusSeconds(300))) {
                throw new UnusableTls(file + ": the revocation list is from the future: " + list.getThisUpdate());
            }
            if (list.getNextUpdate() != null && list.getNextUpdate().toInstant().isBefore(clock.instant())) {
                LOG.warn("{}: the revocation list was due {}; it is enforced as it is", file, list.getNextUpdate());
            }
            lists.add(list);
        }
        return new Revocation(List.copyOf(lists), clock);
    }

    private static void requireSigned(Path file, X509CRL list, List<X509Certificate> authorities) throws UnusableTls {
        for (X509Certificate authority : authorities) {
            if (authority.getSubjectX500Principal().equals(list.getIssuerX500Principal())) {
                try {
                    list.verify(authority.getPublicKey());
                    return;
                } catch (GeneralSecurityException e) {
                    continue; // another authority of this name, perhaps
                }
            }
        }
        throw new UnusableTls(file + ": the revocation list is not signed by an authority of client_ca");
    }

    /** Refuses a path with a revoked certificate, and one whose authority's list is too old to tell. */
    void require(List<X509Certificate> path, X509Certificate authority) throws CertificateRefused {
        for (X509Certificate certificate : path) {
            require(certificate);
        }
    }

    private void require(X509Certificate certificate) throws CertificateRefused {
        X500Principal issuer = certificate.getIssuerX500Principal();
        for (X509CRL list : lists) {
            if (!list.getIssuerX500Principal().equals(issuer)) {
                continue;
            }
            X509CRLEntry entry = list.getRevokedCertificate(certificate.getSerialNumber());
            if (entry != null) {
                throw new CertificateRefused(
                        CertificateRefused.Code.CERT_REVOKED,
                        certificate,
                        "revoked " + entry.getRevocationDate().toInstant()
                                + (entry.getRevocationReason() == null
                                        ? ""
                                        : " (" + entry.getRevocationReason() + ")"));
            }
            Instant due = list.getNextUpdate() == null
                    ? Instant.MAX
                    : list.getNextUpdate().toInstant();
            if (due != Instant.MAX && clock.instant().isAfter(due.plus(STALE_GRACE))) {
                throw new CertificateRefused(
                        CertificateRefused.Code.CERT_CRL_STALE,
                        certificate,
                        "the revocation list of its authority was due " + due + ". Publish a new one");
            }
        }
    }
}
