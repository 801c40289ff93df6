package io.gatehouse.authn;

import io.gatehouse.protocol.Secret;
import io.gatehouse.tls.Peer;
import io.gatehouse.tls.TestPeers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Credentials as clients present them. */
final class Presented {
    private Presented() {}

    static Secret secret(String text) {
        return Secret.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    static Credentials password(@Nullable String user, @Nullable String password) {
        return password(TestPeers.tls("127.0.0.1"), user, password);
    }

    static Credentials password(Peer peer, @Nullable String user, @Nullable String password) {
        return new Credentials("apps", peer, "client", user, password == null ? null : secret(password), null, null);
    }

    static Credentials enhanced(String method, @Nullable String data) {
        return enhanced(TestPeers.tls("127.0.0.1"), method, data);
    }

    static Credentials enhanced(Peer peer, String method, @Nullable String data) {
        return new Credentials("apps", peer, "client", null, null, method, data == null ? null : secret(data));
    }

    /** The answer, which has to come within ten seconds. */
    static Authentication answer(Authenticator authenticator, Credentials credentials) {
        try {
            return authenticator.authenticate(credentials).toCompletableFuture().get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("a login completes normally, always", e);
        }
    }
}
