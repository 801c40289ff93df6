package io.gatehouse.connection;

import io.gatehouse.authn.Authenticator;
import io.gatehouse.protocol.ProtocolVersion;
import io.gatehouse.tls.Acceptance;
import java.util.Set;

/**
 * What a listener asks of those who come in by it.
 *
 * @param acceptance judges a client's certificate once more, when it wants in
 */
public record ListenerRules(Authenticator authenticator, Set<ProtocolVersion> versions, Acceptance acceptance) {
    public ListenerRules {
        versions = Set.copyOf(versions);
    }
}
