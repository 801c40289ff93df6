package io.gatehouse.policy;

import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicName;

/**
 * The proof that a subscription may be made, and the judge of every delivery on it. Minted by the authorizer only. Any
 * thread.
 */
public final class AuthorizedSubscription implements SubscribeDecision {
    private static final int OBSERVED = 1 << 3;
    private static final int STAMP_SHIFT = 4;
    private static final Verdict[] VERDICTS = Verdict.values();

    private final Rights rights;
    private final Subscription subscription;

    /**
     * A verdict, whether shadow statements are to be asked, and above it the stamp of the rights it was found under. A number,
     * not an object: a change of policy writes one for each of the subscriptions there are, and the collector would have to
     * look at every place where that put something new into something old, while everybody waits.
     */
    private volatile long standing;

    // for whoever looks at it after a change; guarded by this
    private boolean awake = true;

    AuthorizedSubscription(Rights rights, Subscription subscription, Verdict verdict, long stamp) {
        this.rights = rights;
        this.subscription = subscription;
        this.standing = standing(verdict, rights.authorizer().observes(rights.binding()), stamp);
    }

    /** @param observed whether shadow statements have a word on every delivery */
    private static long standing(Verdict verdict, boolean observed, long stamp) {
        return stamp << STAMP_SHIFT | (observed ? OBSERVED : 0) | verdict.ordinal();
    }

    private static Verdict verdict(long standing) {
        return VERDICTS[(int) standing & OBSERVED - 1];
    }

    /** As granted: its quality of service may be lower than asked for. */
    public Subscription subscription() {
        return subscription;
    }

    public Rights rights() {
        return rights;
    }

    /** Under the policy in force. */
    public Verdict verdict() {
        return verdict(standing());
    }

    private long standing() {
        // before the verdict: if the policy changes in between, the next question finds the stamp stale
        long stamp = rights.stamp();
        long found = standing;
        return found >>> STAMP_SHIFT == stamp ? found : judged(rights.binding(), stamp);
    }

    /** @param stamp of the rights, from before they were bound */
    private long judged(Binding binding, long stamp) {
        Authorizer authorizer = rights.authorizer();
        long judged = standing(authorizer.verdict(binding, subscription.filter()), authorizer.observes(binding), stamp);
        standing = judged;
        return judged;
    }

    /**
     * Whether a message on a topic that the filter matches may be delivered now: under the policy in force, not the one
     * of the SUBSCRIBE. Two loads and a compare where the filter is covered and no deny makes a hole in it. A subscription
     * that lost its right sleeps until a policy gives it back.
     */
    public boolean permits(TopicName topic) {
        long now = standing();
        Verdict verdict = verdict(now);
        boolean granted = verdict == Verdict.GRANT;
        if (!granted && verdict != Verdict.GRANT_AND_FILTER) {
            return false;
        }
        return granted && (now & OBSERVED) == 0 || rights.authorizer().receives(rights, topic, granted);
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
     * Says what has changed since the last look. What is delivered never waits for one; it is for whoever reports, and for
     * those whom a lost subscription ends.
     *
     * @param stamp of the rights, from before they were bound
     */
    synchronized Change look(Binding binding, long stamp) {
        long found = standing;
        boolean judgedSince = found >>> STAMP_SHIFT == rights.stamp();
        boolean now = verdict(judgedSince ? found : judged(binding, stamp)).isGranted();
        if (now == awake) {
            return Change.NONE;
        }
        awake = now;
        return now ? Change.REGAINED : Change.LOST;
    }
}
