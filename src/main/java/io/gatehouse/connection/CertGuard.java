package io.gatehouse.connection;

import io.gatehouse.metrics.Metrics;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.session.Link;
import io.gatehouse.session.Remains;
import io.gatehouse.session.Timers;
import io.gatehouse.tls.Acceptance;
import io.gatehouse.tls.CertificateRefused;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The live connections of a listener by the certificates they came with, so that whoever is revoked leaves at once. Any
 * thread.
 *
 * <p>Most who have to leave do so a few at a time, so that they do not all come back at once; who leaves because a key is
 * in wrong hands leaves now, and does not wait for its turn if it had one.
 */
public final class CertGuard {
    private static final int AT_ONCE = 50;
    private static final Duration PAUSE = Duration.ofMillis(100);

    private final Acceptance acceptance;
    private final Timers timers;
    private final Metrics metrics;
    private final Remains ofRevoked;
    private final Map<BigInteger, Set<Link>> bySerial = new ConcurrentHashMap<>();

    /** Those who have to leave and are still here: their turn is to come, or they are on their way. */
    private final Set<Link> leaving = ConcurrentHashMap.newKeySet();

    /** @param ofRevoked what is left of a client whose certificate was revoked; of one whose certificate ended, all is */
    public CertGuard(Acceptance acceptance, Timers timers, Metrics metrics, Remains ofRevoked) {
        this.acceptance = acceptance;
        this.timers = timers;
        this.metrics = metrics;
        this.ofRevoked = ofRevoked;
    }

    /** Judges the certificate of a client that comes, as things stand now. */
    void require(List<X509Certificate> chain) throws CertificateRefused {
        acceptance.requireAccepted(chain);
    }

    void enter(Link link) {
        for (X509Certificate certificate : link.peer().chain()) {
            bySerial.compute(certificate.getSerialNumber(), (serial, links) -> {
                Set<Link> all = links == null ? ConcurrentHashMap.newKeySet(1) : links;
                all.add(link);
                return all;
            });
        }
    }

    void leave(Link link) {
        for (X509Certificate certificate : link.peer().chain()) {
            bySerial.computeIfPresent(certificate.getSerialNumber(), (serial, links) -> {
                links.remove(link);
                return links.isEmpty() ? null : links;
            });
        }
        leaving.remove(link);
    }

    /** Whether somebody has to leave and is still here. */
    public boolean isAnybodyLeaving() {
        return !leaving.isEmpty();
    }

    private boolean isHere(Link link) {
        return link.peer().chain().stream()
                .anyMatch(one ->
                        bySerial.getOrDefault(one.getSerialNumber(), Set.of()).contains(link));
    }

    /** Judges whoever came with one of these certificates, itself or above it; says how many have to leave. */
    public int withdrawn(Collection<BigInteger> serials) {
        List<Link> concerned = new ArrayList<>();
        serials.forEach(serial -> concerned.addAll(bySerial.getOrDefault(serial, Set.of())));
        return judge(concerned);
    }

    /** Judges everybody; says how many have to leave. */
    public int sweep() {
        return judge(links());
    }

    /** The chains of those who are connected. */
    public List<List<X509Certificate>> chains() {
        return links().stream().map(link -> link.peer().chain()).toList();
    }

    private Collection<Link> links() {
        Set<Link> all = ConcurrentHashMap.newKeySet();
        bySerial.values().forEach(all::addAll);
        return all;
    }

    private int judge(Collection<Link> links) {
        int ended = 0;
        int waiting = 0;
        for (Link link : links) {
            try {
                acceptance.requireStays(link.peer().chain());
            } catch (CertificateRefused refused) {
                boolean isNew = leaving.add(link);
                if (isNew) {
                    ended++;
                    metrics.certificatesWithdrawn.increment();
                }
                if (refused.isUrgent()) {
                    end(link, refused);
                } else if (isNew) {
                    int turn = waiting++ / AT_ONCE;
                    if (turn == 0) {
                        end(link, refused);
                    } else {
                        timers.schedule(PAUSE.multipliedBy(turn), () -> end(link, refused));
                    }
                }
                if (!isHere(link)) {
                    leaving.remove(link); // it left between the look and the note
                }
            }
        }
        return ended;
    }

    /** Ends a connection whose certificate is no longer accepted. */
    void end(Link link, CertificateRefused refused) {
        String cause = switch (refused.code()) {
            case CERT_REVOKED -> "revoked";
            case CERT_EXPIRED -> "expired";
            default -> "untrusted";
        };
        link.end(ReasonCode.NOT_AUTHORIZED, cause, refused.code() + ": " + refused.getMessage(), remains(refused));
    }

    /** Who is on hold may come back, and then finds its session. */
    private Remains remains(CertificateRefused refused) {
        if (refused.code() != CertificateRefused.Code.CERT_REVOKED) {
            return Remains.ALL;
        }
        return refused.isOnHold() ? new Remains(ofRevoked.will(), true) : ofRevoked;
    }
}
