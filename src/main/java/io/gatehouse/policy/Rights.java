package io.gatehouse.policy;

import io.gatehouse.authn.Principal;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.protocol.ClientId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one connection's principal may do, bound to the policy in force: its roles, its variables' values, its epoch.
 *
 * <p>Minted by the authorizer at CONNECT, and bound anew when the policy changed, by whoever asks first. Any thread.
 */
public final class Rights {
    private final Authorizer authorizer;
    private final ClientId clientId;
    private volatile Proof proof;

    /** Null: none yet to a policy that is in force. It never is one of a principal from before {@link #proof}. */
    private volatile @Nullable Binding binding;

    /** @param renewals how often the principal proved itself anew */
    private record Proof(Principal principal, long renewals) {}

    Rights(Authorizer authorizer, Principal principal, ClientId clientId, Binding binding) {
        this.authorizer = authorizer;
        this.clientId = clientId;
        this.proof = new Proof(principal, 0);
        this.binding = binding;
    }

    public Principal principal() {
        return proof.principal;
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
        return authorizer.epoch() + proof.renewals;
    }

    /** The same owner proved itself anew: with other roles and values, perhaps. */
    synchronized void renew(Principal next, Binding bound) {
        binding = bound; // before the proof: whoever sees the new stamp must not find the old binding
        proof = new Proof(next, proof.renewals + 1);
    }

    /** The binding to the policy in force. Threads may bind at once; a renewal is never undone by one of them. */
    Binding binding() {
        while (true) {
            Binding found = binding;
            if (found != null && isInForce(found)) {
                return found;
            }
            Proof from = proof;
            bound(from, authorizer.bind(from.principal, clientId));
        }
    }

    private boolean isInForce(Binding bound) {
        return bound.epoch() == authorizer.epoch();
    }

    private synchronized void bound(Proof from, Binding next) {
        if (proof == from) {
            binding = next;
        }
    }

    /** Binds for one look only, and lets go of what belongs to an earlier policy, so that nothing keeps that alive. */
    Look look() {
        long stamp = stamp();
        Binding found = binding;
        if (found != null && !isInForce(found)) {
            release(found);
            found = null;
        }
        return new Look(this, found != null ? found : authorizer.bind(proof.principal, clientId), stamp);
    }

    private synchronized void release(Binding old) {
        if (binding == old) {
            binding = null;
        }
    }
}
