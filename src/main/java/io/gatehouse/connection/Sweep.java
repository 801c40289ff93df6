package io.gatehouse.connection;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.policy.AuthorizedSubscription;
import io.gatehouse.policy.AuthorizedSubscription.Change;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Denied;
import io.gatehouse.policy.Rights;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.routing.Router;
import io.gatehouse.session.Link;
import io.gatehouse.session.Session;
import io.gatehouse.session.SessionRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at every session after rights may have changed: who may not stay is disconnected, and what was lost is told. Any
 * thread but an event loop; one sweep at a time.
 *
 * <p>No delivery waits for it: each is judged under the policy in force by itself, swept or not. So it takes its time: a
 * slice of sessions, a pause in which publishers have the processor, the next slice. Sessions whose clients are away are
 * looked at too.
 */
public final class Sweep {
    private static final Logger LOG = LoggerFactory.getLogger(Sweep.class);

    /** Sessions between two pauses. */
    static final int SLICE = 500;

    private static final long PAUSE_NANOS = 1_000_000;
    private static final int FILTERS_NAMED = 10;

    private final Authorizer authorizer;
    private final SessionRegistry registry;
    private final Router router;
    private final OnRevoke onRevoke;
    private final AuditLog audit;
    private final Metrics metrics;

    /** What becomes of a client that loses the right to one of its subscriptions. */
    public enum OnRevoke {
        /** It stays; the subscription sleeps until the right is back. */
        DORMANT,
        /** It is disconnected. */
        DISCONNECT
    }

    /**
     * What a sweep came to.
     *
     * @param sessions that were looked at
     * @param lost subscriptions that sleep from now on
     * @param regained subscriptions that are awake again
     * @param ended clients that were disconnected
     * @param withheld retained messages that are kept and not replayed, all that there are now
     */
    public record Result(int sessions, int lost, int regained, int ended, int withheld) {}

    public Sweep(
            Authorizer authorizer,
            SessionRegistry registry,
            Router router,
            OnRevoke onRevoke,
            AuditLog audit,
            Metrics metrics) {
        this.authorizer = authorizer;
        this.registry = registry;
        this.router = router;
        this.onRevoke = onRevoke;
        this.audit = audit;
        this.metrics = metrics;
    }

    /** Looks at all of them. */
    public synchronized Result run() {
        Count count = new Count();
        registry.each(held -> {
            if (++count.sessions % SLICE == 0) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
            look(held.session(), held.rights(), held.link(), count);
        });
        return new Result(count.sessions, count.lost, count.regained, count.ended, router.withheldCount());
    }

    /** Looks at one, whose owner proved itself anew. */
    void look(Session session, Rights rights, Link link) {
        look(session, rights, link, new Count());
    }

    private static final class Count {
        private int sessions;
        private int lost;
        private int regained;
        private int ended;
    }

    private void look(Session session, Rights rights, @Nullable Link link, Count count) {
        List<AuthorizedSubscription> lost = new ArrayList<>();
        for (AuthorizedSubscription subscription : session.subscriptions()) {
            Change change = subscription.look();
            if (change == Change.LOST) {
                lost.add(subscription);
            } else if (change == Change.REGAINED) {
                count.regained++;
            }
        }
        count.lost += lost.size();
        Denied gone = authorizer.standing(rights);
        boolean ends = gone != null || !lost.isEmpty() && onRevoke == OnRevoke.DISCONNECT;
        if (!lost.isEmpty()) {
            metrics.subscriptionsRevoked.add(lost.size());
            revoked(rights, link, lost, ends);
        }
        if (gone != null && link != null) {
            audit.record(new AuditEvent.Denied(
                    Actors.of(rights, link),
                    "connect",
                    rights.clientId().text(),
                    gone.reason().code(),
                    gone.rule(),
                    gone.explanation(),
                    Actors.inForce(authorizer),
                    0));
        }
        if (ends && link != null) {
            count.ended++;
            link.end(
                    ReasonCode.NOT_AUTHORIZED,
                    gone != null ? "policy" : "revoked",
                    gone != null
                            ? gone.explanation()
                            : "it may not subscribe to \"" + filter(lost.get(0)) + "\" any more");
        }
    }

    private static String filter(AuthorizedSubscription subscription) {
        return subscription.subscription().filter().text();
    }

    private void revoked(Rights rights, @Nullable Link link, List<AuthorizedSubscription> lost, boolean ends) {
        List<AuthorizedSubscription> some = lost.subList(0, Math.min(FILTERS_NAMED, lost.size()));
        List<String> named = some.stream().map(Sweep::filter).toList();
        List<String> rules = some.stream()
                .map(one -> authorizer.refusal(one).map(Denied::rule).orElse("allowed again"))
                .toList();
        LOG.info("{} lost the right to {} of its subscriptions: {}", rights.principal(), lost.size(), named);
        audit.record(new AuditEvent.Revoked(
                Actors.of(rights, link),
                named,
                rules,
                lost.size(),
                link == null ? "away" : ends ? "disconnected" : "dormant",
                Actors.inForce(authorizer)));
    }
}
