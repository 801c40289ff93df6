package io.gatehouse.connection;

import io.gatehouse.metrics.Metrics;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.session.Link;
import io.gatehouse.session.Timers;
import io.gatehouse.tls.Acceptance;
import io.gatehouse.tls.CertificateRefused;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
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
 * in wrong hands leaves now.
 */
public final class CertGuard {
    private static final int AT_ONCE = 50;
    private static final Duration PAUSE = Duration.ofMillis(100);

    private final Acceptance acceptance;
    private final Timers timers;
    private final Metrics metrics;
    private final Map<BigInteger, Set<Link>> bySerial = new ConcurrentHashMap<>();

    public CertGuard(Acceptance acceptance, Timers timers, Metrics metrics) {
        this.acceptance = acceptance;
        this.timers = timers;
        this.metrics = metrics;
    }

    /** Judges a certificate as things stand now. */
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

    /** How many of those who are connected are accepted no longer than that. */
    public long endingBefore(Instant moment) {
        return links().stream()
                .filter(link -> link.peer().acceptedUntil().isBefore(moment))
                .count();
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
                acceptance.requireAccepted(link.peer().chain());
            } catch (CertificateRefused refused) {
                ended++;
                metrics.certificatesWithdrawn.increment();
                if (refused.isUrgent() || waiting < AT_ONCE) {
                    waiting += refused.isUrgent() ? 0 : 1;
                    end(link, refused);
                } else {
                    timers.schedule(PAUSE.multipliedBy(waiting / AT_ONCE), () -> end(link, refused));
                    waiting++;
                }
            }
        }
        return ended;
    }

    private static void end(Link link, CertificateRefused refused) {
        String cause = switch (refused.code()) {
            case CERT_REVOKED -> "revoked";
            case CERT_EXPIRED -> "expired";
            default -> "untrusted";
        };
        link.end(ReasonCode.NOT_AUTHORIZED, cause, refused.code() + ": " + refused.getMessage());
    }
}
