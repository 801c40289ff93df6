package io.gatehouse.tls;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** An address that revocation lists are fetched from, again and again. Any thread; one fetch at a time. */
final class ListAddress {
    private static final int MAX_BYTES = 32 << 20;
    private static final Duration DEADLINE = Duration.ofSeconds(20);

    private final URI address;
    private final Duration refresh;
    private final BoundedFetch fetch;
    private final Clock clock;
    private Instant due = Instant.MIN;
    private Optional<String> tag = Optional.empty();
    private boolean underway;
    private Optional<String> fault = Optional.empty();

    /** Takes what was fetched, or says what is wrong with it. */
    interface Taker {
        void take(URI address, byte[] body) throws UnusableTls;
    }

    ListAddress(URI address, Duration refresh, BoundedFetch fetch, Clock clock) {
        this.address = address;
        this.refresh = refresh;
        this.fetch = fetch;
        this.clock = clock;
    }

    /** Fetches if it is time to; the answer is whether something new was taken. */
    synchronized CompletableFuture<Boolean> fetchIfDue(Taker taker) {
        if (underway || clock.instant().isBefore(due)) {
            return CompletableFuture.completedFuture(false);
        }
        underway = true;
        HttpRequest.Builder request = HttpRequest.newBuilder(address).timeout(DEADLINE);
        tag.ifPresent(known -> request.header("If-None-Match", known));
        return fetch.send(request.GET().build(), MAX_BYTES, DEADLINE)
                .handle((response, failure) -> taken(taker, response, failure));
    }

    private synchronized boolean taken(Taker taker, HttpResponse<byte[]> response, Throwable failure) {
        underway = false;
        due = clock.instant().plus(refresh);
        try {
            if (failure != null) {
                throw new IOException(BoundedFetch.why(failure));
            }
            if (response.statusCode() == 304) {
                fault = Optional.empty();
                return false;
            }
            if (response.statusCode() != 200) {
                throw new IOException("it answered with HTTP status " + response.statusCode());
            }
            taker.take(address, response.body());
            tag = response.headers().firstValue("ETag");
            fault = Optional.empty();
            return true;
        } catch (IOException e) {
            fault = Optional.of(address + ": no revocation list from there: " + e.getMessage());
        } catch (UnusableTls e) {
            fault = Optional.of(String.valueOf(e.getMessage()));
        }
        return false;
    }

    /** What went wrong last, if the last fetch went wrong. */
    synchronized Optional<String> fault() {
        return fault;
    }
}
