package io.gatehouse.policy;

import io.gatehouse.authn.Principal;
import io.gatehouse.protocol.ClientId;

/** The proof that a principal may connect under a client id, and its will with it. Minted by the authorizer only. */
public final class AuthorizedConnect implements ConnectDecision {
    private final Rights rights;

    AuthorizedConnect(Rights rights) {
        this.rights = rights;
    }

    /** What every later question of this connection is asked with. */
    public Rights rights() {
        return rights;
    }

    public Principal principal() {
        return rights.principal();
    }

    public ClientId clientId() {
        return rights.clientId();
    }
}
