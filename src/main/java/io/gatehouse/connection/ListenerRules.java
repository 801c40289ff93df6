package io.gatehouse.connection;

import io.gatehouse.authn.Authenticator;
import io.gatehouse.authn.Principal;
import io.gatehouse.protocol.ProtocolVersion;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What a listener asks of those who come in by it.
 *
 * @param guard judges a client's certificate once more, when it wants in, and later
 * @param stands whether what somebody logged in with is still good: it may have been taken back while the login was under way
 */
public record ListenerRules(
        Authenticator authenticator, Set<ProtocolVersion> versions, CertGuard guard, Predicate<Principal> stands) {
    public ListenerRules {
        versions = Set.copyOf(versions);
    }
}
