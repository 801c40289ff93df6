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

    /**
     * The same owner came back to its session: what was granted to it, and what waits for it, goes by what it is now.
     *
     * @param earlier what the session's last connection was asked with
     * @return the rights to go on with, the session's own
     */
    public Rights continuing(Rights earlier) {
        earlier.renew(rights.principal(), rights.binding());
        return earlier;
    }

    public Principal principal() {
        return rights.principal();
    }

    public ClientId clientId() {
        return rights.clientId();
    }
}
