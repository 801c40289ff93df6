package io.gatehouse.policy;

import io.gatehouse.authn.Principal;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.protocol.ClientId;

/**
 * What one connection's principal may do, bound to the policy in force: its roles, its variables' values, its epoch.
 *
 * <p>Minted by the authorizer at CONNECT, and bound anew when the policy changed, by whoever asks first. Any thread.
 */
public final class Rights {
    private final Authorizer authorizer;
    private final ClientId clientId;
    private volatile Principal principal;
    private volatile Binding binding;
    private volatile long renewals;

    Rights(Authorizer authorizer, Principal principal, ClientId clientId, Binding binding) {
        this.authorizer = authorizer;
        this.principal = principal;
        this.clientId = clientId;
        this.binding = binding;
    }

    public Principal principal() {
        return principal;
    }

    public ClientId clientId() {
        return clientId;
    }

    /** The strictest limits of all active roles. */
    public Limits limits() {
        return binding().limits;
    }

    Authorizer authorizer() {
        return authorizer;
    }

    /** Counts up whenever an answer to this principal may have changed. */
    long stamp() {
        return authorizer.epoch() + renewals;
    }

    /** The same owner proved itself anew: with other roles and values, perhaps. */
    synchronized void renew(Principal next, Binding bound) {
        principal = next;
        binding = bound;
        renewals++;
    }

    /** The binding to the policy in force. Two threads may bind at once; they come to the same. */
    Binding binding() {
        Binding bound = binding;
        if (bound.epoch != authorizer.epoch()) {
            bound = authorizer.bind(principal, clientId);
            binding = bound;
        }
        return bound;
    }
}
