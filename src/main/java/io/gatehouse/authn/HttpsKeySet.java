package io.gatehouse.authn;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An issuer's keys behind an HTTPS address. Any thread; never blocks.
 *
 * <p>What a stranger can cause is bounded: one fetch runs at a time, whatever the number of logins that wait for it; an
 * unknown key id asks for at most one fetch in 30 seconds; after a failure the next attempt waits, from a second up to
 * five minutes. What an identity provider that is gone can cause is bounded too: the keys that were last seen serve for
 * a day, then nobody logs in by them any more.
 */
final class HttpsKeySet implements KeySet {
    static final Duration DEADLINE = Duration.ofSeconds(5);
    static final Duration SHORTEST_LIFE = Duration.ofMinutes(5);
    static final Duration LONGEST_LIFE = Duration.ofHours(24);
    static final Duration DEFAULT_LIFE = Duration.ofHours(1);
    static final Duration MAX_STALE = Duration.ofHours(24);
    static final Duration UNKNOWN_KEY_PAUSE = Duration.ofSeconds(30);
    static final Duration FIRST_BACK_OFF = Duration.ofSeconds(1);
    static final Duration LONGEST_BACK_OFF = Duration.ofMinutes(5);

    private static final Logger LOG = LoggerFactory.getLogger(HttpsKeySet.class);

    private final Clock clock;
    private final boolean revokes;

    // guarded by this
    private KeyFetch fetch;
    private @Nullable Known known;
    private @Nullable CompletableFuture<Void> running;
    private int failures;
    private String lastFailure = "not fetched yet";
    private Instant nextAttempt = Instant.MIN;
    private Instant nextForUnknownKey = Instant.MIN;

    /**
     * The keys as last seen.
     *
     * @param ahead from when on a fetch is begun without waiting for it
     * @param due from when on a login waits for a fetch
     */
    private record Known(
            VerificationKeys keys, String text, Instant fetched, Instant ahead, Instant due, long generation) {}

    /** @param revokes whether a key that leaves the set ends the connections that its tokens opened */
    HttpsKeySet(KeyFetch fetch, Clock clock, boolean revokes) {
        this.fetch = fetch;
        this.clock = clock;
        this.revokes = revokes;
    }

    synchronized KeyFetch fetch() {
        return fetch;
    }

    /** Fetches in another way from the next time on, as when other authorities are trusted now. */
    synchronized void replace(KeyFetch other) {
        fetch = other;
        nextAttempt = Instant.MIN;
    }

    /**
     * Begins a fetch if it is time for one and connections depend on it: they must not stay because nobody logs in who
     * would ask.
     */
    synchronized void tend() {
        Instant now = clock.instant();
        if (revokes && (known == null || !now.isBefore(known.ahead()))) {
            refresh(now);
        }
    }

    /** Begins the first fetch, so that the first login need not wait for it. */
    synchronized void warmUp() {
        refresh(clock.instant());
    }

    @Override
    public CompletionStage<KeyChoice> choose(@Nullable String id, JwtAlgorithm algorithm) {
        CompletableFuture<Void> wait;
        synchronized (this) {
            Instant now = clock.instant();
            Known seen = known;
            boolean isDue = seen == null || !now.isBefore(seen.due());
            if (seen == null || isDue || !now.isBefore(seen.ahead())) {
                refresh(now);
            }
            boolean isUnknown = seen != null && id != null && !seen.keys().holds(id);
            if (!isDue && isUnknown && !now.isBefore(nextForUnknownKey)) {
                nextForUnknownKey = now.plus(UNKNOWN_KEY_PAUSE);
                refresh(now);
            }
            wait = isDue || isUnknown ? running : null;
        }
        if (wait == null) {
            return CompletableFuture.completedFuture(now(id, algorithm));
        }
        return wait.thenApply(done -> now(id, algorithm));
    }

    @Override
    public synchronized boolean holds(String thumbprint) {
        return !revokes || known == null || known.keys().holdsThumbprint(thumbprint);
    }

    @Override
    public synchronized long generation() {
        return known == null ? 0 : known.generation();
    }

    /** The choice among the keys as last seen, however old within the bound. */
    private synchronized KeyChoice now(@Nullable String id, JwtAlgorithm algorithm) {
        if (known == null) {
            return new KeyChoice.Unavailable("the issuer's keys are not known: " + lastFailure);
        }
        if (clock.instant().isAfter(known.fetched().plus(MAX_STALE))) {
            return new KeyChoice.Unavailable(
                    "the issuer's keys were last seen at " + known.fetched() + ", too long ago: " + lastFailure);
        }
        return known.keys().choose(id, algorithm);
    }

    /** Begins a fetch unless one is running or it is too early for the next; under this object's lock. */
    private void refresh(Instant now) {
        if (running != null || now.isBefore(nextAttempt)) {
            return;
        }
        CompletableFuture<Void> mine = new CompletableFuture<>();
        running = mine;
        fetch.fetch().whenComplete((fetched, failure) -> {
            synchronized (this) {
                running = null;
                if (failure == null) {
                    take(fetched);
                } else {
                    fail(failure);
                }
            }
            // outside of the lock: whoever waits goes on in this thread
            mine.complete(null);
        });
    }

    private void take(KeyFetch.Fetched fetched) {
        Known before = known;
        try {
            boolean same = false;
            long generation;
            VerificationKeys keys;
            if (before != null && before.text().equals(fetched.body())) {
                same = true;
                keys = before.keys();
                generation = before.generation();
            } else {
                keys = VerificationKeys.parse(fetched.body(), false);
                generation = before == null ? 1 : before.generation() + 1;
            }
            Instant now = clock.instant();
            long life = life(fetched.maxAge()).toMillis();
            // brokers that started together do not ask together
            long jitter = ThreadLocalRandom.current().nextLong(life / 10);
            known = new Known(
                    keys,
                    fetched.body(),
                    now,
                    now.plusMillis(life * 7 / 10 + jitter),
                    now.plusMillis(life * 9 / 10 + jitter),
                    generation);
            failures = 0;
            nextAttempt = Instant.MIN;
            if (!same) {
                LOG.info("{} keys of an issuer taken over", keys.size());
            }
        } catch (Unusable e) {
            fail(new Unusable(fetch.address() + ": " + e.getMessage()));
        }
    }

    private void fail(Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        lastFailure = String.valueOf(cause.getMessage());
        long wait = Math.min(FIRST_BACK_OFF.toMillis() << Math.min(failures, 20), LONGEST_BACK_OFF.toMillis());
        failures++;
        nextAttempt = clock.instant().plusMillis(wait);
        LOG.warn("an issuer's keys could not be fetched: {}; next attempt in {} ms", lastFailure, wait);
    }

    private static Duration life(@Nullable Duration maxAge) {
        Duration life = maxAge == null ? DEFAULT_LIFE : maxAge;
        if (life.compareTo(SHORTEST_LIFE) < 0) {
            return SHORTEST_LIFE;
        }
        return life.compareTo(LONGEST_LIFE) > 0 ? LONGEST_LIFE : life;
    }
}
