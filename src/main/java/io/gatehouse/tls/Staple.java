package io.gatehouse.tls;

import io.gatehouse.pki.OcspQuery;
import io.gatehouse.pki.OcspQuery.Answer;
import io.gatehouse.pki.OcspQuery.Status;
import io.gatehouse.pki.PkiProblem;
import java.net.URI;
import java.net.http.HttpRequest;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an OCSP responder says of the server's own certificate, to be handed to clients that ask. Any thread.
 *
 * <p>Only an answer that says good is handed out, and only while it holds: a client that gets none goes on without.
 */
final class Staple {
    private static final int MAX_BYTES = 16 << 10;
    private static final Duration DEADLINE = Duration.ofSeconds(10);
    private static final Duration RETRY = Duration.ofMinutes(1);

    private final X509Certificate certificate;
    private final X509Certificate issuer;
    private final URI responder;
    private final BoundedFetch fetch;
    private final Clock clock;
    private volatile @Nullable Held held;
    private volatile Instant due = Instant.MIN;
    private volatile Optional<String> fault = Optional.empty();

    private record Held(byte[] response, Instant until) {}

    private Staple(
            X509Certificate certificate, X509Certificate issuer, URI responder, BoundedFetch fetch, Clock clock) {
        this.certificate = certificate;
        this.issuer = issuer;
        this.responder = responder;
        this.fetch = fetch;
        this.clock = clock;
    }

    static Staple of(ServerIdentity identity, BoundedFetch fetch, Clock clock) throws UnusableTls {
        X509Certificate issuer = identity.issuer();
        Optional<URI> responder = OcspQuery.responderOf(identity.certificate());
        if (issuer == null || responder.isEmpty()) {
            throw new UnusableTls(identity.file() + ": ocsp_stapling needs a certificate that names its OCSP responder,"
                    + " followed by who issued it");
        }
        return new Staple(identity.certificate(), issuer, responder.get(), fetch, clock);
    }

    /** What to hand out now; null: nothing. */
    byte @Nullable [] response() {
        Held now = held;
        return now == null || clock.instant().isAfter(now.until) ? null : now.response;
    }

    /** Asks again if it is time to. */
    synchronized void refreshIfDue() {
        Instant now = clock.instant();
        if (now.isBefore(due)) {
            return;
        }
        due = now.plus(RETRY);
        try {
            OcspQuery query = OcspQuery.about(certificate, issuer);
            HttpRequest request = HttpRequest.newBuilder(responder)
                    .header("Content-Type", "application/ocsp-request")
                    .timeout(DEADLINE)
                    .POST(HttpRequest.BodyPublishers.ofByteArray(query.encoded()))
                    .build();
            fetch.send(request, MAX_BYTES, DEADLINE).whenComplete((response, failure) -> {
                if (failure != null) {
                    fault = Optional.of(responder + ": no answer to staple: " + BoundedFetch.why(failure));
                } else {
                    take(query, response.body());
                }
            });
        } catch (PkiProblem e) {
            fault = Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private void take(OcspQuery query, byte[] body) {
        try {
            Instant now = clock.instant();
            Answer answer = query.read(body, now);
            if (answer.status() != Status.GOOD) {
                held = null;
                fault = Optional.of(responder + ": says of this server's certificate: " + answer.status());
                return;
            }
            held = new Held(body, answer.until());
            // a new one at half time, so that one failure or two leave no gap
            Duration half = Duration.between(now, answer.until()).dividedBy(2);
            due = now.plus(half.compareTo(RETRY) < 0 ? RETRY : half);
            fault = Optional.empty();
        } catch (PkiProblem e) {
            fault = Optional.of(responder + ": no answer to staple: " + e.getMessage());
        }
    }

    Optional<String> fault() {
        return fault;
    }
}
