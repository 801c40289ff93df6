package io.gatehouse.tls;

import io.gatehouse.config.Configuration.Unknown;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.RevocationFeed;
import io.gatehouse.pki.RevocationFeed.Revoked;
import io.gatehouse.pki.RevocationReason;
import io.gatehouse.pki.TornTail;
import io.gatehouse.tls.CertificateRefused.Code;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * An authority on this machine whose journal says at once what it revokes. Any thread.
 *
 * <p>If the journal cannot be read, or somebody changed it, what it said before stays in force and there is an alarm.
 */
public final class AttachedAuthority {
    private final Path folder;
    private final RevocationFeed feed;
    private final Optional<TornTail> tornTail;
    private volatile Optional<String> fault = Optional.empty();

    private AttachedAuthority(Path folder, RevocationFeed feed, Optional<TornTail> tornTail) {
        this.folder = folder;
        this.feed = feed;
        this.tornTail = tornTail;
    }

    /** Reads what it did so far. */
    public static AttachedAuthority open(Path folder) throws UnusableTls {
        try {
            return new AttachedAuthority(folder, RevocationFeed.open(folder), TornTail.of(folder));
        } catch (PkiProblem e) {
            throw new UnusableTls("authority " + e.getMessage(), e);
        }
    }

    public Path folder() {
        return folder;
    }

    /** What a crash had left at the end of its journal when it was opened. */
    public Optional<TornTail> tornTail() {
        return tornTail;
    }

    /** Reads on; what was revoked, and what is let in again, since the last look. */
    public RevocationFeed.News poll() {
        try {
            RevocationFeed.News news = feed.poll();
            fault = Optional.empty();
            return news;
        } catch (PkiProblem e) {
            fault = Optional.of(String.valueOf(e.getMessage()));
            return feed.news();
        }
    }

    /** Why it cannot be read now, if it cannot. */
    public Optional<String> fault() {
        return fault;
    }

    /** Whom it revoked so far, for good. */
    List<RevokedOf> revoked() {
        return feed.issuers().stream()
                .map(issuer -> new RevokedOf(
                        issuer,
                        serial -> feed.revoked(serial)
                                .filter(one -> one.reason() != RevocationReason.CERTIFICATE_HOLD)
                                .map(one -> CertificateRefused.since(
                                        one.at(), one.reason().word()))))
                .toList();
    }

    void require(X509Certificate certificate, X509Certificate issuer, Unknown unknown) throws CertificateRefused {
        if (!feed.issued(issuer)) {
            return; // another authority's
        }
        Optional<Revoked> revoked = feed.revoked(certificate.getSerialNumber());
        if (revoked.isPresent()) {
            throw CertificateRefused.revoked(
                    certificate,
                    revoked.get().at(),
                    revoked.get().reason().word(),
                    revoked.get().reason() == RevocationReason.KEY_COMPROMISE);
        }
        if (unknown == Unknown.ACCEPT) {
            return;
        }
        try {
            if (feed.knows(certificate.getSerialNumber())) {
                return;
            }
        } catch (PkiProblem e) {
            fault = Optional.of(String.valueOf(e.getMessage()));
        }
        throw new CertificateRefused(
                Code.CERT_UNKNOWN,
                certificate,
                "signed with the key of \"" + folder + "\", whose journal does not know it");
    }
}
