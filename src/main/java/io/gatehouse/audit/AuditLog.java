package io.gatehouse.audit;

/** Where audit events go. Never blocks and never throws: called on event loops. */
@FunctionalInterface
public interface AuditLog {
    void record(AuditEvent event);
}
