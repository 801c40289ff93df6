package io.gatehouse.session;

import io.gatehouse.store.QueueEntry;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What waits for one client, oldest first. Guarded by its session's lock.
 *
 * <p>In a session that outlives its connection all of it stands in the store, and memory holds the first few while the
 * client is there to take them: so that memory is bounded whatever waits. In one that ends with its connection all of it is
 * in memory.
 */
final class Backlog {
    /** So many in memory, and what comes after them is read when they are gone. */
    private static final int WINDOW = 256;

    private static final long WINDOW_BYTES = 256L << 10;

    /** So few, and more are read: so that the client need not wait for the disk. */
    private static final int FEW = 64;

    private final AtomicLong bytesOfAll;
    private final Deque<Delivery> loaded = new ArrayDeque<>();
    private int waiting;
    private long waitingBytes;

    // in the store
    private final Deque<QueueEntry.Arrival> arrivals = new ArrayDeque<>();
    private long lastSequence;
    private long lastLoaded;

    Backlog(AtomicLong bytesOfAll) {
        this.bytesOfAll = bytesOfAll;
    }

    int size() {
        return waiting;
    }

    long sizeBytes() {
        return waitingBytes;
    }

    boolean isEmpty() {
        return waiting == 0;
    }

    /** Whether one more would be too many. */
    boolean isFull(int sizeBytes, int maxQueued, SessionLimits limits) {
        return waiting >= maxQueued
                || waitingBytes + sizeBytes > limits.maxQueuedBytes()
                || bytesOfAll.get() + sizeBytes > limits.maxQueuedBytesTotal();
    }

    /** @param keep whether it is worth having in memory */
    void add(Delivery delivery, boolean keep) {
        QueueEntry entry = delivery.entry();
        if (entry == null || keep && waiting == loaded.size() && waiting < WINDOW && waitingBytes < WINDOW_BYTES) {
            loaded.add(delivery);
            lastLoaded = entry == null ? lastLoaded : entry.sequence();
        }
        account(1, delivery.sizeBytes());
    }

    /** The next one, if it is in memory. */
    @Nullable
    Delivery poll() {
        Delivery next = loaded.poll();
        if (next != null) {
            account(-1, -next.sizeBytes());
        }
        return next;
    }

    private void account(int messages, long bytes) {
        waiting += messages;
        waitingBytes += bytes;
        bytesOfAll.addAndGet(bytes);
    }

    void clear() {
        account(-waiting, -waitingBytes);
        loaded.clear();
    }

    // what stands in the store

    /** What an earlier run of the broker left: it is in the store, all of it. */
    void recovered(int messages, long bytes, long sequence) {
        account(messages, bytes);
        lastSequence = sequence;
    }

    /** An entry was made; until it is appended, a read may not see it, and must not pass it by. */
    void arriving(QueueEntry entry) {
        settle();
        arrivals.add(entry.arrival());
        lastSequence = entry.sequence();
    }

    private void settle() {
        while (!arrivals.isEmpty() && arrivals.peek().isAppended()) {
            arrivals.poll();
        }
    }

    /** Whether it is time to read on. */
    boolean wantsMore() {
        return waiting > loaded.size() && loaded.size() < FEW;
    }

    long loadedUpTo() {
        return lastLoaded;
    }

    /** How far a read may go. */
    long readableUpTo() {
        settle();
        return arrivals.isEmpty() ? lastSequence : arrivals.element().sequence() - 1;
    }

    /** One that was counted as waiting has been read. */
    void loaded(Delivery delivery, long sequence) {
        lastLoaded = sequence;
        loaded.add(delivery);
    }

    /** One that was counted as waiting turns out to be in flight. */
    void inFlight(Delivery delivery, long sequence) {
        lastLoaded = sequence;
        account(-1, -delivery.sizeBytes());
    }

    /** One that was in flight waits again. */
    void again(Delivery delivery) {
        account(1, delivery.sizeBytes());
    }

    /** The client is gone: what is in the store is read again when it is back. */
    void unload() {
        loaded.clear();
        lastLoaded = 0;
    }

    /** The store has nothing more: whatever was counted beyond this is not there. */
    void exhausted() {
        long bytes = loaded.stream().mapToLong(Delivery::sizeBytes).sum();
        account(loaded.size() - waiting, bytes - waitingBytes);
    }

    /** Everything that is in memory, to be replaced by the same in the store. */
    Deque<Delivery> takeLoaded() {
        Deque<Delivery> all = new ArrayDeque<>(loaded);
        loaded.clear();
        return all;
    }

    /** The same, in the store. */
    void replaced(Delivery delivery) {
        loaded.add(delivery);
    }

    /** Everything that is in the store by now is in memory, and is not to be read. */
    void inMemory() {
        lastLoaded = lastSequence;
    }
}
