package io.gatehouse.connection;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Denied;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Writes denials to the audit log: the first of each kind at once, then one a second with the number of those alike.
 *
 * <p>Alike is the same principal, action and rule. Any thread; what it remembers is bounded.
 */
final class DenialAudit {
    private static final int MAX_KINDS = 10_000;
    private static final long WINDOW_MILLIS = 1000;

    private final AuditLog log;
    private final Clock clock;
    private final Map<Kind, Window> windows = new ConcurrentHashMap<>();

    DenialAudit(AuditLog log, Clock clock) {
        this.log = log;
        this.clock = clock;
    }

    private record Kind(String user, String realm, String action, String rule) {}

    private record Window(long startMillis, long suppressed) {}

    void denied(AuditEvent.Actor actor, String action, String target, Denied denied, Authorizer authorizer) {
        Kind kind = new Kind(actor.user(), actor.realm(), action, denied.rule());
        long now = clock.millis();
        if (windows.size() >= MAX_KINDS) {
            windows.entrySet().removeIf(entry -> now - entry.getValue().startMillis >= WINDOW_MILLIS);
            if (windows.size() >= MAX_KINDS) {
                windows.clear(); // more kinds a second than anybody reads: better twice than never
            }
        }
        long[] write = {-1};
        windows.compute(kind, (key, window) -> {
            if (window != null && now - window.startMillis < WINDOW_MILLIS) {
                return new Window(window.startMillis, window.suppressed + 1);
            }
            write[0] = window == null ? 0 : window.suppressed;
            return new Window(now, 0);
        });
        if (write[0] >= 0) {
            log.record(new AuditEvent.Denied(
                    actor,
                    action,
                    target,
                    denied.reason().code(),
                    denied.rule(),
                    denied.explanation(),
                    Actors.inForce(authorizer),
                    write[0]));
        }
    }
}
