package io.gatehouse.connection;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Denied;
import io.gatehouse.protocol.ReasonCode;
import java.time.Clock;

/**
 * Writes denials to the audit log: the first of each kind at once, then one a second with the number of those alike.
 *
 * <p>Alike is the same principal, action and rule. Any thread.
 */
final class DenialAudit {
    private final AuditLog log;
    private final Repeats<Kind> repeats;

    DenialAudit(AuditLog log, Clock clock) {
        this.log = log;
        this.repeats = new Repeats<>(clock);
    }

    private record Kind(String user, String realm, String action, String rule) {}

    /** What a limit refuses, as the limit's own denial: no rule says it. */
    static Denied overLimit(String limit, String explanation) {
        return new Denied(ReasonCode.QUOTA_EXCEEDED, "limits." + limit, explanation);
    }

    void denied(AuditEvent.Actor actor, AuditEvent.Request request, Denied denied, Authorizer authorizer) {
        long suppressed = repeats.admit(new Kind(actor.user(), actor.realm(), request.action(), denied.rule()));
        if (suppressed >= 0) {
            log.record(new AuditEvent.Denied(
                    actor,
                    request,
                    denied.reason().code(),
                    denied.rule(),
                    denied.explanation(),
                    Actors.inForce(authorizer),
                    suppressed));
        }
    }
}
