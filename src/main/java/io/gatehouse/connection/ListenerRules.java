package io.gatehouse.connection;

import io.gatehouse.authn.Authenticator;
import io.gatehouse.protocol.ProtocolVersion;
import java.util.Set;

/** What a listener asks of those who come in by it. */
public record ListenerRules(Authenticator authenticator, Set<ProtocolVersion> versions) {
    public ListenerRules {
        versions = Set.copyOf(versions);
    }
}
