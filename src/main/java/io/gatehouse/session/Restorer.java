package io.gatehouse.session;

import io.gatehouse.authn.PrincipalRecords;
import io.gatehouse.policy.AuthorizedSubscription;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Rights;
import io.gatehouse.protocol.ClientId;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.store.RecoveredPrincipal;
import java.util.HashMap;
import java.util.Map;

/**
 * Gives what a store held its rights again, under the policy in force. Confined to the thread that starts the broker.
 *
 * <p>Whoever left a thousand retained messages is one principal with one binding.
 */
public final class Restorer {
    private final Authorizer authorizer;
    private final Map<RecoveredPrincipal, Rights> known = new HashMap<>();

    public Restorer(Authorizer authorizer) {
        this.authorizer = authorizer;
    }

    public Rights rights(RecoveredPrincipal principal) {
        return known.computeIfAbsent(
                principal, one -> authorizer.restore(PrincipalRecords.restore(one), new ClientId(one.clientId())));
    }

    AuthorizedSubscription subscription(Rights rights, Subscription granted) {
        return authorizer.restore(rights, granted);
    }
}
