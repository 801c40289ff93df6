package io.gatehouse.enrolment;

import io.gatehouse.connection.Renewals;
import io.gatehouse.pki.RenewalTime;
import io.gatehouse.protocol.UserProperty;
import io.gatehouse.tls.Peer;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/**
 * Tells the desk of logins, and devices when to renew. Any thread; never blocks.
 *
 * <p>Times are seconds since 1970: a device without a clock learns from {@code server-time} what they mean.
 */
public final class DeskRenewals implements Renewals {
    private final EnrolmentDesk desk;
    private final Clock clock;

    public DeskRenewals(EnrolmentDesk desk, Clock clock) {
        this.desk = desk;
        this.clock = clock;
    }

    @Override
    public void loggedIn(Peer peer) {
        ours(peer)
                .ifPresent(certificate ->
                        desk.loggedIn(certificate, peer.address().getAddress().getHostAddress()));
    }

    @Override
    public List<UserProperty> hints(Peer peer) {
        return ours(peer)
                .map(certificate -> List.of(
                        seconds(
                                "cert-not-after",
                                certificate.getNotAfter().toInstant().getEpochSecond()),
                        seconds("cert-renew-after", RenewalTime.of(certificate).getEpochSecond()),
                        seconds("server-time", clock.instant().getEpochSecond())))
                .orElse(List.of());
    }

    private static UserProperty seconds(String name, long value) {
        return new UserProperty(name, Long.toString(value));
    }

    /** The certificate, if the authority that enrols issued it; the handshake has verified that chain. */
    private Optional<X509Certificate> ours(Peer peer) {
        return peer.certificate()
                .filter(certificate -> desk.issuer()
                        .filter(issuer -> issuer.getSubjectX500Principal().equals(certificate.getIssuerX500Principal()))
                        .isPresent());
    }
}
