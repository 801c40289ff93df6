package io.gatehouse.connection;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Rights;
import io.gatehouse.policy.ShadowListener;
import java.time.Clock;

/**
 * Tells where shadow statements would have answered otherwise: every answer is counted, and the first of each kind is
 * written to the audit log, then one a second with the number of those alike.
 *
 * <p>Alike is the same principal, action and statement. Any thread.
 */
public final class ShadowAudit implements ShadowListener {
    private final AuditLog log;
    private final Metrics metrics;
    private final Repeats<Kind> repeats;

    public ShadowAudit(AuditLog log, Metrics metrics, Clock clock) {
        this.log = log;
        this.metrics = metrics;
        this.repeats = new Repeats<>(clock);
    }

    private record Kind(String user, String realm, String action, boolean would, String role, String rule) {}

    @Override
    public void differs(Authorizer authorizer, Rights rights, Difference difference) {
        String would = difference.wouldAllow() ? "allow" : "deny";
        metrics.shadowDifferences.increment(would, difference.role());
        long suppressed = repeats.admit(new Kind(
                rights.principal().user(),
                rights.principal().owner().realm(),
                difference.action(),
                difference.wouldAllow(),
                difference.role(),
                difference.rule()));
        if (suppressed >= 0) {
            log.record(new AuditEvent.Shadow(
                    Actors.of(rights, null),
                    difference.action(),
                    difference.target(),
                    would,
                    difference.role(),
                    difference.rule(),
                    Actors.inForce(authorizer),
                    suppressed));
        }
    }
}
