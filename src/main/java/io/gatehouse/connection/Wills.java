package io.gatehouse.connection;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.policy.AuthorizedPublish;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Denied;
import io.gatehouse.policy.PublishDecision;
import io.gatehouse.policy.Rights;
import io.gatehouse.protocol.Message;
import io.gatehouse.routing.Router;
import io.gatehouse.session.Session;
import io.gatehouse.session.SessionEvents;

/**
 * What becomes of sessions that end and of wills that are due: a will is judged again when it fires, as its owner's. Any
 * thread.
 */
public final class Wills implements SessionEvents {
    private final Authorizer authorizer;
    private final Router router;
    private final AuditLog audit;
    private final AllowAudit allowances;

    public Wills(Authorizer authorizer, Router router, AuditLog audit, AllowAudit allowances) {
        this.authorizer = authorizer;
        this.router = router;
        this.audit = audit;
        this.allowances = allowances;
    }

    @Override
    public void ended(Session session) {
        router.forget(session);
    }

    @Override
    public void willDue(Rights owner, Message will) {
        PublishDecision decision = authorizer.publish(owner, will);
        if (decision instanceof AuthorizedPublish publish) {
            if (allowances.samples()) {
                allowances.allowed(Actors.of(owner, null), "will", publish, authorizer);
            }
            router.route(publish);
        } else if (decision instanceof Denied denied) {
            audit.record(new AuditEvent.Denied(
                    Actors.of(owner, null),
                    Actors.sending("will", will),
                    denied.reason().code(),
                    denied.rule(),
                    denied.explanation(),
                    Actors.inForce(authorizer),
                    0));
        }
    }
}
