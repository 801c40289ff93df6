package io.gatehouse.connection;

import io.gatehouse.authn.Authenticator;
import io.gatehouse.protocol.ProtocolVersion;
import java.util.Set;

/**
 * What a listener asks of those who come in by it.
 *
 * @param guard judges a client's certificate once more, when it wants in, and later
 */
public record ListenerRules(Authenticator authenticator, Set<ProtocolVersion> versions, CertGuard guard) {
    public ListenerRules {
        versions = Set.copyOf(versions);
    }
}
