package io.gatehouse.store;

import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Subscription;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What becomes durable together, or not at all. Confined to the thread that fills it, and to the store once appended.
 *
 * <p>A message that many sessions get in one set of changes is one {@link Content}: its bytes are stored once.
 */
public final class Changes {
    private final List<Change> all = new ArrayList<>(2);
    private @Nullable List<Runnable> actions;
    private @Nullable Content content;

    /** One change of the store. */
    sealed interface Change
            permits QueueEntry, SessionSaved, SessionEnded, Subscribed, Unsubscribed, Receipt, Retained, NotRetained {}

    record SessionSaved(StoredSession session, SessionRecord record) implements Change {}

    record SessionEnded(StoredSession session, List<String> filters, List<Integer> receipts) implements Change {}

    record Subscribed(StoredSession session, Subscription subscription) implements Change {}

    record Unsubscribed(StoredSession session, String filter) implements Change {}

    /** An exchange of QoS 2 that the client began, or that is over. */
    record Receipt(StoredSession session, int packetId, boolean open) implements Change {}

    record Retained(RetainedRecord record) implements Change {}

    record NotRetained(String topic) implements Change {}

    public boolean isEmpty() {
        return all.isEmpty() && actions == null;
    }

    /** Saves a session as it is now; the first time makes it. */
    public void save(StoredSession session, SessionRecord record) {
        all.add(new SessionSaved(session, record));
    }

    /** Removes a session and everything in it; nothing is saved in it from now on. */
    public void end(StoredSession session, Collection<String> filters, Collection<Integer> receipts) {
        session.end();
        all.add(new SessionEnded(session, List.copyOf(filters), List.copyOf(receipts)));
    }

    public void subscribed(StoredSession session, Subscription subscription) {
        all.add(new Subscribed(session, subscription));
    }

    public void unsubscribed(StoredSession session, String filter) {
        all.add(new Unsubscribed(session, filter));
    }

    /** A PUBLISH of QoS 2 has come, and is not to be taken a second time. */
    public void received(StoredSession session, int packetId) {
        all.add(new Receipt(session, packetId, true));
    }

    /** Its exchange is over. */
    public void released(StoredSession session, int packetId) {
        all.add(new Receipt(session, packetId, false));
    }

    /** Saves an entry of a queue as it is when it is written: what has become of it meanwhile is never undone. */
    public void save(QueueEntry entry) {
        all.add(entry);
    }

    public void retain(RetainedRecord record) {
        all.add(new Retained(record));
    }

    public void forget(String topic) {
        all.add(new NotRetained(topic));
    }

    /** Runs an action when all of this is durable, on the store's own thread: it must be short and not block. */
    public void then(Runnable action) {
        if (actions == null) {
            actions = new ArrayList<>(2);
        }
        actions.add(action);
    }

    /** The part of a message that all its receivers have in common, the same for all of one set of changes. */
    Content content(Message message) {
        Content known = content;
        if (known == null || !known.isOf(message)) {
            known = new Content(message.topic(), message.properties(), message.payload());
            content = known;
        }
        return known;
    }

    List<Change> all() {
        return all;
    }

    List<Runnable> actions() {
        return actions == null ? List.of() : actions;
    }

    long sizeBytes() {
        long bytes = 0;
        for (Change change : all) {
            if (change instanceof QueueEntry entry) {
                bytes += entry.sizeBytes();
            } else if (change instanceof Retained retained) {
                bytes += retained.record().message().payload().sizeBytes();
            }
        }
        return bytes;
    }

    /** They are in the store's order now: whoever waits to read them may ask. */
    void appended() {
        for (Change change : all) {
            if (change instanceof QueueEntry entry) {
                entry.appended();
            }
        }
    }
}
