package io.gatehouse.connection;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.policy.AuthorizedSubscription;
import io.gatehouse.policy.AuthorizedSubscription.Change;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Denied;
import io.gatehouse.policy.Look;
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
 * slice of sessions, a pause in which publishers have the processor and the audit log catches up, the next slice. Sessions
 * whose clients are away are looked at too.
 */
public final class Sweep {
    private static final Logger LOG = LoggerFactory.getLogger(Sweep.class);

    /** Sessions between two pauses, at most. */
    static final int SLICE = 500;

    /** How long a slice takes, at most; sessions with many subscriptions, or many roles, make it a short one. */
    private static final long SLICE_NANOS = 2_000_000;

    private static final long PAUSE_NANOS = 1_000_000;

    /** How long a slice waits for an audit log that is behind, at most: rights are gone whether it is written or not. */
    private static final int MOST_PAUSES = 200;

    private static final int FILTERS_NAMED = 10;

    /** Clients that lost something and are in the broker's own log by name; the audit log has all of them. */
    private static final int CLIENTS_NAMED = 100;

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
            look(held.session(), held.rights(), held.link(), count);
            count.sessions++;
            if (++count.inSlice == SLICE || System.nanoTime() - count.sliceBegan > SLICE_NANOS) {
                pause();
                count.inSlice = 0;
                count.sliceBegan = System.nanoTime();
            }
        });
        if (count.losers > CLIENTS_NAMED) {
            LOG.info("{} clients more lost rights", count.losers - CLIENTS_NAMED);
        }
        return new Result(count.sessions, count.lost, count.regained, count.ended, router.withheldCount());
    }

    private void pause() {
        int pauses = 0;
        do {
            LockSupport.parkNanos(PAUSE_NANOS);
        } while (audit.isBehind() && ++pauses < MOST_PAUSES);
    }

    /** Looks at one, whose owner proved itself anew. */
    void look(Session session, Rights rights, Link link) {
        look(session, rights, link, new Count());
    }

    private static final class Count {
        private long sliceBegan = System.nanoTime();
        private int inSlice;
        private int sessions;
        private int losers;
        private int lost;
        private int regained;
        private int ended;
    }

    private void look(Session session, Rights rights, @Nullable Link link, Count count) {
        Look now = authorizer.look(rights);
        List<AuthorizedSubscription> lost = new ArrayList<>();
        for (AuthorizedSubscription subscription : session.subscriptions()) {
            Change change = now.at(subscription);
            if (change == Change.LOST) {
                lost.add(subscription);
            } else if (change == Change.REGAINED) {
                count.regained++;
            }
        }
        count.lost += lost.size();
        Denied gone = now.gone();
        boolean ends = gone != null || !lost.isEmpty() && onRevoke == OnRevoke.DISCONNECT;
        if (!lost.isEmpty()) {
            metrics.subscriptionsRevoked.add(lost.size());
            revoked(rights, link, now, lost, ends, ++count.losers <= CLIENTS_NAMED);
        }
        if (gone != null && link != null) {
            audit.record(new AuditEvent.Denied(
                    Actors.of(rights, link),
                    Actors.connecting(rights.clientId().text()),
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

    private void revoked(
            Rights rights,
            @Nullable Link link,
            Look now,
            List<AuthorizedSubscription> lost,
            boolean ends,
            boolean told) {
        List<AuthorizedSubscription> some = lost.subList(0, Math.min(FILTERS_NAMED, lost.size()));
        List<String> named = some.stream().map(Sweep::filter).toList();
        List<String> rules = some.stream()
                .map(one -> now.why(one).map(Denied::rule).orElse("allowed again"))
                .toList();
        if (told) {
            LOG.info("{} lost the right to {} of its subscriptions: {}", rights.principal(), lost.size(), named);
        }
        audit.record(new AuditEvent.Revoked(
                Actors.of(rights, link),
                named,
                rules,
                lost.size(),
                link == null ? "away" : ends ? "disconnected" : "dormant",
                Actors.inForce(authorizer)));
    }
}
