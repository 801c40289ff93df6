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
    private volatile Standing standing;

    // for whoever looks at it after a change; guarded by this
    private boolean awake = true;

    AuthorizedSubscription(Rights rights, Subscription subscription, Verdict verdict, long stamp) {
        this.rights = rights;
        this.subscription = subscription;
        this.standing = new Standing(verdict, rights.authorizer().observes(rights), stamp);
    }

    /**
     * A verdict, and the stamp of the rights it was found under.
     *
     * @param observed whether shadow statements have a word on every delivery
     */
    private record Standing(Verdict verdict, boolean observed, long stamp) {}

    /** As granted: its quality of service may be lower than asked for. */
    public Subscription subscription() {
        return subscription;
    }

    public Rights rights() {
        return rights;
    }

    /** Under the policy in force. */
    public Verdict verdict() {
        return standing().verdict;
    }

    /**
     * Whether a message on a topic that the filter matches may be delivered now: under the policy in force, not the one
     * of the SUBSCRIBE. Two loads and a compare where the filter is covered and no deny makes a hole in it. A subscription
     * that lost its right sleeps until a policy gives it back.
     */
    public boolean permits(TopicName topic) {
        Standing now = standing();
        Verdict verdict = now.verdict;
        boolean granted = verdict == Verdict.GRANT;
        if (!granted && verdict != Verdict.GRANT_AND_FILTER) {
            return false;
        }
        return granted && !now.observed || rights.authorizer().receives(rights, topic, granted);
    }

    /** What a look at a subscription found, compared with the look before. */
    public enum Change {
        NONE,
        /** It sleeps from now on: nothing of what its filter matches is delivered. */
        LOST,
        /** It is awake again. */
        REGAINED
    }

    /**
     * Looks at it under the policy in force and says what has changed since the last look. What is delivered never waits
     * for a look; it is for whoever reports, and for those whom a lost subscription ends.
     */
    public synchronized Change look() {
        boolean now = standing().verdict.isGranted();
        if (now == awake) {
            return Change.NONE;
        }
        awake = now;
        return now ? Change.REGAINED : Change.LOST;
    }

    private Standing standing() {
        Standing found = standing;
        // before the verdict: if the policy changes in between, the next question finds the stamp stale
        long stamp = rights.stamp();
        if (found.stamp != stamp) {
            Authorizer authorizer = rights.authorizer();
            found = new Standing(authorizer.verdict(rights, subscription.filter()), authorizer.observes(rights), stamp);
            standing = found;
        }
        return found;
    }
}
