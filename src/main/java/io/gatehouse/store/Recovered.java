package io.gatehouse.store;

import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Subscription;
import java.util.List;
import java.util.Set;

/**
 * What an earlier run left: everything but the queues, which are read when they are needed. Immutable.
 *
 * @param lastAliveMillis when it was last known to run; connections ended then at the latest
 */
public record Recovered(List<Session> sessions, List<Retained> retained, long lastAliveMillis) {
    public Recovered {
        sessions = List.copyOf(sessions);
        retained = List.copyOf(retained);
    }

    /**
     * A session.
     *
     * @param receipts packet identifiers of QoS 2 exchanges that its client began
     */
    public record Session(
            StoredSession stored,
            RecoveredPrincipal principal,
            SessionRecord record,
            List<Subscription> subscriptions,
            Set<Integer> receipts) {
        public Session {
            subscriptions = List.copyOf(subscriptions);
            receipts = Set.copyOf(receipts);
        }
    }

    /** A retained message. */
    public record Retained(Message message, RecoveredPrincipal publisher, long storedAtMillis) {}
}
