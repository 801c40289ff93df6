package io.gatehouse.authn;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertPathBuilderException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Fetches a key set over HTTPS, once. Any thread; never blocks.
 *
 * <p>The server is believed to be who its certificate says and nothing more: one deadline from the first byte to the
 * last, a bound on the size that is kept while it reads, no redirects (which could lead away from the address that the
 * operator wrote), status 200 and JSON only.
 */
final class KeyFetch {
    private static final Pattern MAX_AGE = Pattern.compile("(?:^|[\\s,])max-age=([0-9]{1,9})");

    private final HttpClient client;
    private final URI address;
    private final Duration deadline;
    private final @Nullable KeyServerTrust trust;

    /** @param trust null: the authorities that the Java runtime trusts */
    KeyFetch(URI address, Duration deadline, @Nullable KeyServerTrust trust) {
        HttpClient.Builder builder = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(deadline);
        if (trust != null) {
            builder.sslContext(trust.context());
        }
        this.client = builder.build();
        this.address = address;
        this.deadline = deadline;
        this.trust = trust;
    }

    boolean trusts(KeyServerTrust other) {
        return trust != null && trust.fingerprint().equals(other.fingerprint());
    }

    /** The same address, with other authorities for its server. */
    KeyFetch trusting(KeyServerTrust other) {
        return new KeyFetch(address, deadline, other);
    }

    /**
     * What the server sent.
     *
     * @param maxAge what it says of how long it is good; null where it says nothing
     */
    record Fetched(String body, @Nullable Duration maxAge) {}

    URI address() {
        return address;
    }

    /** The stage fails with an {@link Unusable} whose message says why. */
    CompletableFuture<Fetched> fetch() {
        HttpRequest request = HttpRequest.newBuilder(address)
                .header("Accept", "application/jwk-set+json, application/json")
                .timeout(deadline)
                .build();
        CompletableFuture<HttpResponse<String>> exchange = client.sendAsync(request, KeyFetch::body);
        return exchange.copy()
                // the client's own timeout ends with the headers; a body that trickles must end too
                .orTimeout(deadline.toMillis(), TimeUnit.MILLISECONDS)
                .handle((response, failure) -> {
                    if (failure != null) {
                        exchange.cancel(true);
                        return CompletableFuture.<Fetched>failedFuture(new Unusable(why(failure)));
                    }
                    return CompletableFuture.completedFuture(new Fetched(
                            response.body(), maxAge(response.headers().allValues("Cache-Control"))));
                })
                .thenCompose(stage -> stage);
    }

    private static HttpResponse.BodySubscriber<String> body(HttpResponse.ResponseInfo response) {
        String type = response.headers()
                .firstValue("Content-Type")
                .orElse("nothing")
                .toLowerCase(Locale.ROOT)
                .split(";", 2)[0]
                .strip();
        if (response.statusCode() != 200) {
            return new Refused("it answered with status " + response.statusCode());
        }
        if (!type.equals("application/json") && !type.endsWith("+json")) {
            return new Refused("it sent '" + UserName.shown(type) + "', not JSON");
        }
        return new Bounded();
    }

    private String why(Throwable failure) {
        Throwable cause = failure;
        boolean connected = true;
        while (cause.getCause() != null && !(cause instanceof Unusable)) {
            connected &= !(cause instanceof ConnectException);
            cause = cause.getCause();
        }
        if (cause instanceof UnresolvedAddressException) {
            return address + ": there is no such host";
        }
        if (!connected || cause instanceof ConnectException) {
            return address + ": nothing answers there";
        }
        if (cause instanceof CertPathBuilderException) {
            return address + ": its certificate is of no authority that is trusted here; \"jwks_ca\" names another";
        }
        if (cause instanceof java.util.concurrent.TimeoutException
                || cause instanceof java.net.http.HttpTimeoutException) {
            return address + ": no answer within " + deadline.toMillis() + " ms";
        }
        String message = cause.getMessage();
        String said = message == null ? cause.getClass().getSimpleName() : UserName.shown(message);
        return address + ": " + said;
    }

    private static @Nullable Duration maxAge(List<String> headers) {
        for (String header : headers) {
            String lower = header.toLowerCase(Locale.ROOT);
            if (lower.contains("no-store") || lower.contains("no-cache")) {
                return Duration.ZERO;
            }
            Matcher matcher = MAX_AGE.matcher(lower);
            if (matcher.find()) {
                return Duration.ofSeconds(Long.parseLong(matcher.group(1)));
            }
        }
        return null;
    }

    /** Reads nothing of an answer that is not what was asked for. */
    private static final class Refused implements HttpResponse.BodySubscriber<String> {
        private final CompletableFuture<String> body;

        Refused(String why) {
            this.body = CompletableFuture.failedFuture(new IOException(why));
        }

        @Override
        public CompletionStage<String> getBody() {
            return body;
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscription.cancel();
        }

        @Override
        public void onNext(List<ByteBuffer> item) {}

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onComplete() {}
    }

    /** Keeps up to the bound and gives the rest up. Called by one thread at a time. */
    private static final class Bounded implements HttpResponse.BodySubscriber<String> {
        private final CompletableFuture<String> body = new CompletableFuture<>();
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private Flow.@Nullable Subscription subscription;

        @Override
        public CompletionStage<String> getBody() {
            return body;
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            given.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(List<ByteBuffer> items) {
            for (ByteBuffer item : items) {
                if (bytes.size() + item.remaining() > VerificationKeys.MAX_BYTES) {
                    if (subscription != null) {
                        subscription.cancel();
                    }
                    body.completeExceptionally(
                            new IOException("it sent more than " + VerificationKeys.MAX_BYTES + " bytes"));
                    return;
                }
                byte[] chunk = new byte[item.remaining()];
                item.get(chunk);
                bytes.writeBytes(chunk);
            }
        }

        @Override
        public void onError(Throwable failure) {
            body.completeExceptionally(failure);
        }

        @Override
        public void onComplete() {
            body.complete(bytes.toString(StandardCharsets.UTF_8));
        }
    }
}
