package io.gatehouse.policy;

import io.gatehouse.authn.Principal;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.protocol.ClientId;
import java.util.List;

/**
 * What one connection's principal may do, bound to the policy in force: its roles, its variables' values, its epoch.
 *
 * <p>Minted by the authorizer at CONNECT, and bound anew when the policy changed, by whoever asks first. Any thread.
 */
public final class Rights {
    private final Authorizer authorizer;
    private final ClientId clientId;
    private volatile State state;

    /** @param renewals how often the principal proved itself anew */
    private record State(Principal principal, Binding binding, long renewals) {}

    Rights(Authorizer authorizer, Principal principal, ClientId clientId, Binding binding) {
        this.authorizer = authorizer;
        this.clientId = clientId;
        this.state = new State(principal, binding, 0);
    }

    public Principal principal() {
        return state.principal;
    }

    public ClientId clientId() {
        return clientId;
    }

    /** The strictest limits of all active roles. */
    public Limits limits() {
        return binding().limits();
    }

    /** The names of the roles that are active now. */
    public List<String> roles() {
        return binding().roles();
    }

    Authorizer authorizer() {
        return authorizer;
    }

    /** Counts up whenever an answer to this principal may have changed. */
    long stamp() {
        return authorizer.epoch() + state.renewals;
    }

    /** The same owner proved itself anew: with other roles and values, perhaps. */
    synchronized void renew(Principal next, Binding bound) {
        state = new State(next, bound, state.renewals + 1);
    }

    /** The binding to the policy in force. Threads may bind at once; a renewal is never undone by one of them. */
    Binding binding() {
        while (true) {
            State found = state;
            if (found.binding.epoch() == authorizer.epoch()) {
                return found.binding;
            }
            rebind(found, authorizer.bind(found.principal, clientId));
        }
    }

    private synchronized void rebind(State from, Binding bound) {
        if (state == from) {
            state = new State(from.principal, bound, from.renewals);
        }
    }
}
