package io.gatehouse.store;

import io.gatehouse.protocol.Subscription;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The twin of the durable store: the same records, in memory. Nothing outlives the broker, and everything is at once as
 * durable as it will ever be. Any thread.
 */
public final class MemoryStore implements Store {
    private final AtomicLong numbers = new AtomicLong();
    private final Map<Long, Shelf> shelves = new ConcurrentHashMap<>();
    private final Map<String, RetainedRecord> retained = new ConcurrentHashMap<>();

    /** One session. */
    private static final class Shelf {
        final StoredSession session;
        final NavigableMap<Long, QueueEntry> queue = new ConcurrentSkipListMap<>();
        final Map<String, Subscription> subscriptions = new ConcurrentHashMap<>();
        final Set<Integer> receipts = ConcurrentHashMap.newKeySet();
        volatile @Nullable SessionRecord record;

        Shelf(StoredSession session) {
            this.session = session;
        }
    }

    /** What comes after the end of a session is nothing. */
    private void in(StoredSession session, Consumer<Shelf> change) {
        if (!session.isEnded()) {
            change.accept(shelf(session));
        }
    }

    private Shelf shelf(StoredSession session) {
        return shelves.computeIfAbsent(session.number(), number -> new Shelf(session));
    }

    @Override
    public Recovered recover() {
        List<Recovered.Session> sessions = new ArrayList<>();
        shelves.values().forEach(shelf -> {
            SessionRecord record = shelf.record;
            if (record == null) {
                return;
            }
            StoredSession again = new StoredSession(shelf.session.number());
            Map<Long, QueueEntry> entries = new LinkedHashMap<>(shelf.queue);
            entries.forEach((sequence, entry) -> {
                again.messages++;
                again.bytes += entry.sizeBytes();
                shelf.queue.put(sequence, copy(again, entry));
            });
            shelves.put(again.number(), moved(shelf, again));
            sessions.add(new Recovered.Session(
                    again,
                    new RecoveredPrincipal(record.principal(), record.clientId()),
                    record,
                    List.copyOf(shelf.subscriptions.values()),
                    shelf.receipts));
        });
        List<Recovered.Retained> kept = retained.values().stream()
                .map(record -> new Recovered.Retained(
                        record.message(),
                        new RecoveredPrincipal(record.publisher(), record.clientId()),
                        record.storedAtMillis()))
                .toList();
        return new Recovered(sessions, kept, System.currentTimeMillis());
    }

    private static QueueEntry copy(StoredSession session, QueueEntry entry) {
        QueueEntry copy = new QueueEntry(
                session,
                entry.sequence(),
                entry.content(),
                entry.qos(),
                entry.retain(),
                entry.filter(),
                entry.identifiers(),
                entry.expiresAtMillis());
        copy.read(entry.packetId(), entry.isReleased(), false);
        return copy;
    }

    private static Shelf moved(Shelf from, StoredSession session) {
        Shelf to = new Shelf(session);
        to.record = from.record;
        to.queue.putAll(from.queue);
        to.subscriptions.putAll(from.subscriptions);
        to.receipts.addAll(from.receipts);
        return to;
    }

    @Override
    public long nextNumber() {
        return numbers.incrementAndGet();
    }

    @Override
    public void append(Changes changes) {
        for (Changes.Change change : changes.all()) {
            apply(change);
        }
        changes.appended();
        changes.actions().forEach(Runnable::run);
    }

    @Override
    public void append(Changes changes, Executor on, Runnable then) {
        append(changes);
        then.run();
    }

    private void apply(Changes.Change change) {
        if (change instanceof QueueEntry entry) {
            synchronized (entry) { // two threads may save one entry at a time; the later state stays
                if (entry.isGone()) {
                    Shelf shelf = shelves.get(entry.session().number());
                    if (shelf != null) {
                        shelf.queue.remove(entry.sequence());
                    }
                } else {
                    shelf(entry.session()).queue.put(entry.sequence(), entry);
                }
            }
        } else if (change instanceof Changes.SessionEnded gone) {
            shelves.remove(gone.session().number());
        } else if (change instanceof Changes.SessionSaved saved) {
            in(saved.session(), shelf -> shelf.record = saved.record());
        } else if (change instanceof Changes.Subscribed one) {
            in(
                    one.session(),
                    shelf -> shelf.subscriptions.put(one.subscription().filter().text(), one.subscription()));
        } else if (change instanceof Changes.Unsubscribed one) {
            in(one.session(), shelf -> shelf.subscriptions.remove(one.filter()));
        } else if (change instanceof Changes.Receipt one) {
            in(one.session(), shelf -> {
                if (one.open()) {
                    shelf.receipts.add(one.packetId());
                } else {
                    shelf.receipts.remove(one.packetId());
                }
            });
        } else if (change instanceof Changes.Retained one) {
            retained.put(one.record().message().topic().text(), one.record());
        } else if (change instanceof Changes.NotRetained none) {
            retained.remove(none.topic());
        }
    }

    @Override
    public void read(
            StoredSession session,
            long afterSequence,
            long upToSequence,
            int maxMessages,
            long maxBytes,
            Consumer<Page> then) {
        List<QueueEntry> found = new ArrayList<>();
        Shelf shelf = shelves.get(session.number());
        if (shelf != null) {
            long bytes = 0;
            for (QueueEntry entry : shelf.queue.tailMap(afterSequence, false).values()) {
                bytes += entry.sizeBytes();
                if (entry.sequence() > upToSequence
                        || found.size() == maxMessages
                        || !found.isEmpty() && bytes > maxBytes) {
                    break;
                }
                found.add(entry);
            }
        }
        then.accept(new Page(found, null));
    }

    @Override
    public boolean isWritable() {
        return true;
    }

    @Override
    public void close() {
        // nothing to let go of
    }
}
