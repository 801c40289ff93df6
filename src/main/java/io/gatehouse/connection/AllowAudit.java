package io.gatehouse.connection;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.policy.AuthorizedPublish;
import io.gatehouse.policy.AuthorizedSubscription;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Grounds;
import io.gatehouse.protocol.Subscription;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Writes a sample of what was allowed to the audit log. Any thread.
 *
 * <p>A draw decides, so that nobody can tell which message is the one that is seen. What is not drawn costs the draw, and
 * nothing where no sample is wanted; what is drawn costs the search for its rule, and no more than {@link #MOST_A_SECOND} of
 * those are: the rest is counted.
 */
public final class AllowAudit {
    /** Of nothing. */
    public static final AllowAudit NONE = new AllowAudit(event -> {}, 0, Clock.systemUTC());

    static final int MOST_A_SECOND = 100;

    private final AuditLog log;
    private final int oneIn;
    private final Clock clock;

    // guarded by this
    private long second;
    private int written;
    private long leftOut;

    /** @param oneIn of so many decisions one is written; 0: none */
    public AllowAudit(AuditLog log, int oneIn, Clock clock) {
        this.log = log;
        this.oneIn = oneIn;
        this.clock = clock;
    }

    /** Whether this decision is one of the sample. */
    boolean samples() {
        return oneIn > 0 && (oneIn == 1 || ThreadLocalRandom.current().nextInt(oneIn) == 0);
    }

    void allowed(AuditEvent.Actor actor, String action, AuthorizedPublish allowed, Authorizer authorizer) {
        long missing = admit();
        if (missing >= 0) {
            write(actor, Actors.sending(action, allowed.message()), authorizer.grounds(allowed), missing);
        }
    }

    void granted(AuditEvent.Actor actor, AuthorizedSubscription granted, Authorizer authorizer) {
        long missing = admit();
        if (missing >= 0) {
            Subscription subscription = granted.subscription();
            AuditEvent.Request request = new AuditEvent.Request(
                    "subscribe",
                    subscription.filter().text(),
                    subscription.qos().level(),
                    null);
            write(actor, request, authorizer.grounds(granted), missing);
        }
    }

    private void write(AuditEvent.Actor actor, AuditEvent.Request request, Optional<Grounds> grounds, long missing) {
        // none: the policy was changed between the decision and this, and what it said is not known any more
        grounds.ifPresentOrElse(
                found -> log.record(new AuditEvent.Allowed(
                        actor,
                        request,
                        found.rule(),
                        found.explanation(),
                        new AuditEvent.InForce(found.revision(), found.digest()),
                        oneIn,
                        missing)),
                () -> leaveOut(missing + 1));
    }

    private synchronized void leaveOut(long count) {
        leftOut += count;
    }

    /** @return how many were left out since the last one; -1: this one is, too */
    private synchronized long admit() {
        long now = Math.floorDiv(clock.millis(), 1000L);
        if (now != second) {
            second = now;
            written = 0;
        }
        if (written == MOST_A_SECOND) {
            leftOut++;
            return -1;
        }
        written++;
        long missing = leftOut;
        leftOut = 0;
        return missing;
    }
}
