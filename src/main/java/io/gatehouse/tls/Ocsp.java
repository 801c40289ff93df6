package io.gatehouse.tls;

import io.gatehouse.bounds.BoundedMap;
import io.gatehouse.config.Configuration;
import io.gatehouse.pki.OcspQuery;
import io.gatehouse.pki.OcspQuery.Answer;
import io.gatehouse.pki.OcspQuery.Status;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.tls.CertificateRefused.Code;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpRequest;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the responders of client certificates whether they are revoked. Any thread; never blocks, and reads answers on an
 * executor of its own.
 *
 * <p>Answers are remembered until a newer one may be had, and so is that none came, for a moment, so that a responder
 * that is down costs its timeout once and not once a client. How many questions are on their way is bounded.
 */
final class Ocsp {
    private static final Logger LOG = LoggerFactory.getLogger(Ocsp.class);
    private static final int MAX_REMEMBERED = 100_000;
    private static final int MAX_ASKING = 512;
    private static final int MAX_ANSWER_BYTES = 64 << 10;
    private static final Duration LONGEST = Duration.ofHours(12);
    private static final Duration SILENCE = Duration.ofSeconds(5);

    private final Configuration.Revocation settings;
    private final BoundedFetch fetch;
    private final Executor executor;
    private final Clock clock;

    /** Guarded by itself, as are the two maps. */
    private final Object lock = new Object();

    private final Map<Key, Known> known = new BoundedMap<>(MAX_REMEMBERED);
    private final Map<Key, CompletableFuture<Known>> asking = new LinkedHashMap<>();
    private volatile Optional<String> fault = Optional.empty();

    private record Key(PublicKey issuer, BigInteger serial) {}

    /** @param answer null: none came */
    private record Known(@Nullable Answer answer, String why, Instant until) {}

    Ocsp(Configuration.Revocation settings, Executor executor, Clock clock) {
        this.settings = settings;
        this.fetch = new BoundedFetch(executor);
        this.executor = executor;
        this.clock = clock;
    }

    /**
     * Asks about every certificate of a path but its anchor, which comes last.
     *
     * @return fails with a {@link CertificateRefused} if one of them is not to be accepted
     */
    CompletableFuture<Void> check(List<X509Certificate> path) {
        CompletableFuture<Void> all = CompletableFuture.completedFuture(null);
        for (int i = 0; i + 1 < path.size(); i++) {
            X509Certificate certificate = path.get(i);
            all = all.thenCombine(
                    ask(certificate, path.get(i + 1)).thenCompose(answer -> judge(certificate, answer)),
                    (before, now) -> now);
        }
        return all;
    }

    /** Why the last question has no answer, if it has none. */
    Optional<String> fault() {
        return fault;
    }

    /** Of what is remembered, and not to be asked about again: whether a certificate is revoked. */
    void requireNotKnownRevoked(X509Certificate certificate, X509Certificate issuer) throws CertificateRefused {
        Known found;
        synchronized (lock) {
            found = known.get(new Key(issuer.getPublicKey(), certificate.getSerialNumber()));
        }
        if (found == null || !clock.instant().isBefore(found.until)) {
            return;
        }
        Answer answer = found.answer;
        if (answer != null && answer.status() == Status.REVOKED) {
            throw revoked(certificate, answer);
        }
    }

    private CompletableFuture<Void> judge(X509Certificate certificate, Known answer) {
        Answer said = answer.answer;
        if (said != null && said.status() == Status.REVOKED) {
            return CompletableFuture.failedFuture(revoked(certificate, said));
        }
        if (said != null && said.status() == Status.UNKNOWN) {
            return CompletableFuture.failedFuture(
                    new CertificateRefused(Code.CERT_OCSP, certificate, "its OCSP responder does not know it"));
        }
        if (said == null && settings.ocsp() == Configuration.Ocsp.HARD) {
            return CompletableFuture.failedFuture(
                    new CertificateRefused(Code.CERT_OCSP, certificate, "no answer by OCSP: " + answer.why));
        }
        return CompletableFuture.completedFuture(null);
    }

    private static CertificateRefused revoked(X509Certificate certificate, Answer answer) {
        Instant at = answer.revokedAt();
        return CertificateRefused.revoked(certificate, at == null ? Instant.EPOCH : at, "by OCSP", false);
    }

    private CompletableFuture<Known> ask(X509Certificate certificate, X509Certificate issuer) {
        Key key = new Key(issuer.getPublicKey(), certificate.getSerialNumber());
        CompletableFuture<Known> fresh;
        synchronized (lock) {
            Known remembered = known.get(key);
            if (remembered != null && clock.instant().isBefore(remembered.until)) {
                return CompletableFuture.completedFuture(remembered);
            }
            CompletableFuture<Known> underway = asking.get(key);
            if (underway != null) {
                return underway;
            }
            if (asking.size() >= MAX_ASKING) {
                return CompletableFuture.completedFuture(none("too many questions are on their way"));
            }
            fresh = new CompletableFuture<>();
            asking.put(key, fresh);
        }
        // a question is encoded and an answer's signature checked there, not on the event loop that asks
        CompletableFuture.supplyAsync(() -> request(certificate, issuer), executor)
                .thenCompose(answer -> answer)
                .exceptionally(failure -> none(BoundedFetch.why(failure)))
                .thenAccept(answer -> {
                    Known kept;
                    synchronized (lock) {
                        kept = afterSilence(known.get(key), answer);
                        known.put(key, kept);
                        asking.remove(key);
                    }
                    fresh.complete(kept);
                });
        return fresh;
    }

    /** A revocation is taken back by a newer answer, not by none: who stops the answers must not open the door. */
    private static Known afterSilence(@Nullable Known before, Known now) {
        Answer earlier = before == null ? null : before.answer;
        return now.answer == null && earlier != null && earlier.status() == Status.REVOKED
                ? new Known(earlier, now.why, now.until)
                : now;
    }

    private CompletableFuture<Known> request(X509Certificate certificate, X509Certificate issuer) {
        Optional<URI> responder = settings.responder().or(() -> OcspQuery.responderOf(certificate));
        if (responder.isEmpty()) {
            return CompletableFuture.completedFuture(none("it names no responder, and none is configured"));
        }
        try {
            OcspQuery query = OcspQuery.about(certificate, issuer);
            HttpRequest request = HttpRequest.newBuilder(responder.get())
                    .header("Content-Type", "application/ocsp-request")
                    .header("Accept", "application/ocsp-response")
                    .timeout(settings.ocspTimeout())
                    .POST(HttpRequest.BodyPublishers.ofByteArray(query.encoded()))
                    .build();
            return fetch.send(request, MAX_ANSWER_BYTES, settings.ocspTimeout())
                    .thenApplyAsync(
                            response -> {
                                if (response.statusCode() != 200) {
                                    return none("it answered with HTTP status " + response.statusCode());
                                }
                                return read(query, response.body());
                            },
                            executor);
        } catch (PkiProblem e) {
            return CompletableFuture.completedFuture(none(String.valueOf(e.getMessage())));
        }
    }

    private Known read(OcspQuery query, byte[] body) {
        try {
            Instant now = clock.instant();
            Answer answer = query.read(body, now);
            fault = Optional.empty();
            Instant until = answer.until().isBefore(now.plus(LONGEST)) ? answer.until() : now.plus(LONGEST);
            return new Known(answer, "", until.isBefore(now) ? now.plus(SILENCE) : until);
        } catch (PkiProblem e) {
            return none(String.valueOf(e.getMessage()));
        }
    }

    private Known none(String why) {
        LOG.debug("no answer by OCSP: {}", why);
        fault = Optional.of("no answer by OCSP: " + why);
        return new Known(null, why, clock.instant().plus(SILENCE));
    }
}
