package io.gatehouse.enrolment;

import io.gatehouse.connection.Renewals;
import io.gatehouse.pki.RenewalTime;
import io.gatehouse.policy.AuthorizedPublish;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Rights;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.TopicName;
import io.gatehouse.protocol.UserProperty;
import io.gatehouse.tls.Peer;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Tells the desk of logins, and devices when to renew. Any thread; never blocks.
 *
 * <p>Times are seconds since 1970: a device without a clock learns from {@code server-time} what they mean.
 */
public final class DeskRenewals implements Renewals {
    private final EnrolmentDesk desk;
    private final RenewalTopics topics;
    private final Clock clock;

    /** @param answers sends what enrolment's own principal says */
    public DeskRenewals(
            EnrolmentDesk desk, Authorizer authorizer, Consumer<? super AuthorizedPublish> answers, Clock clock) {
        this.desk = desk;
        this.topics = new RenewalTopics(desk, authorizer, answers);
        this.clock = clock;
    }

    @Override
    public void loggedIn(Peer peer) {
        // while the registrar has not said who issues, the desk finds out
        Optional<X509Certificate> candidate = desk.issuer().isPresent() ? ours(peer) : peer.certificate();
        candidate.ifPresent(certificate ->
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

    @Override
    public boolean takes(TopicName topic) {
        return RenewalTopics.isRequest(topic);
    }

    @Override
    public void renew(Rights asker, Peer peer, Message request) {
        topics.ask(asker, peer, ours(peer), request);
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
