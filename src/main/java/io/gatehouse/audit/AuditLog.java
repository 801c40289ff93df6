package io.gatehouse.audit;

/** Where audit events go. Never blocks and never throws: called on event loops. */
@FunctionalInterface
public interface AuditLog {
    void record(AuditEvent event);

    /** Whether so much waits to be written that whoever has much to record, and time, should let it catch up. */
    default boolean isBehind() {
        return false;
    }
}
