package io.gatehouse.authn;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Lets anybody in as nobody. Any thread; never blocks.
 *
 * <p>Used where a listener says {@code login: none} only. What the client presents is not looked at and its user name is
 * not believed: the name is empty, and a policy must give {@code auth: anonymous} something for it to be of use.
 */
final class AnonymousAuthenticator implements Authenticator {
    static final String REALM = "anonymous";

    @Override
    public CompletionStage<Authentication> authenticate(Credentials credentials) {
        Subject subject = new Subject(
                "",
                Set.of(AuthMethod.ANONYMOUS),
                credentials.listener(),
                credentials.peer().address().getAddress(),
                Map.of());
        return CompletableFuture.completedFuture(
                new Authentication.Accepted(new Principal(subject, REALM, null), null));
    }
}
