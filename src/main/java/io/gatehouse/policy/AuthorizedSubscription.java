package io.gatehouse.policy;

import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicName;

/**
 * The proof that a subscription may be made, and the judge of every delivery on it. Minted by the authorizer only. Any
 * thread.
 */
public final class AuthorizedSubscription implements SubscribeDecision {
    private final Rights rights;
    private final Subscription subscription;

    AuthorizedSubscription(Rights rights, Subscription subscription) {
        this.rights = rights;
        this.subscription = subscription;
    }

    /** As granted: its quality of service may be lower than asked for. */
    public Subscription subscription() {
        return subscription;
    }

    public Rights rights() {
        return rights;
    }

    /**
     * Whether a message on a topic that the filter matches may be delivered now: under the policy in force, not the one
     * of the SUBSCRIBE. Two loads and a compare where the filter is covered and no deny makes a hole in it.
     */
    public boolean permits(TopicName topic) {
        return false;
    }
}
