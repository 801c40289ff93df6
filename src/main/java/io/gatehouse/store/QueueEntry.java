package io.gatehouse.store;

import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Qos;
import java.util.List;

/**
 * A message in one session's queue, and how far its delivery has come: waiting, sent under an identifier, released by the
 * client's PUBREC, removed. It only ever goes forward.
 *
 * <p>What a store writes is how far it has come by then, so that sets of changes may reach the store in another order than
 * they were made in. The session that owns it changes it, under its lock; the store reads it.
 */
public final class QueueEntry implements Changes.Change {
    private final StoredSession session;
    private final long sequence;
    private final Content content;
    private final Qos qos;
    private final boolean retain;
    private final String filter;
    private final List<Integer> identifiers;
    private final long expiresAtMillis;

    private volatile int packetId;
    private volatile boolean released;
    private volatile boolean removed;
    private final Arrival arrival;

    // the writer's: what stands in the store
    boolean written;
    boolean claimed;
    int writtenPacketId;
    boolean writtenReleased;
    boolean stateWritten;

    /** Whether an entry has its place in the store's order: a read that is asked for from then on sees it. Any thread. */
    public static final class Arrival {
        private final long sequence;
        private volatile boolean appended;

        private Arrival(long sequence) {
            this.sequence = sequence;
        }

        public long sequence() {
            return sequence;
        }

        public boolean isAppended() {
            return appended;
        }
    }

    /**
     * An entry that is to be saved.
     *
     * @param changes it is part of these, though not saved with them yet
     * @param sequence larger than that of any entry before it in the session
     * @param filter of the subscription that it comes by
     */
    public QueueEntry(
            Changes changes,
            StoredSession session,
            long sequence,
            Message message,
            String filter,
            List<Integer> identifiers,
            long expiresAtMillis) {
        this(
                session,
                sequence,
                changes.content(message),
                message.qos(),
                message.retain(),
                filter,
                identifiers,
                expiresAtMillis);
    }

    QueueEntry(
            StoredSession session,
            long sequence,
            Content content,
            Qos qos,
            boolean retain,
            String filter,
            List<Integer> identifiers,
            long expiresAtMillis) {
        this.session = session;
        this.sequence = sequence;
        this.arrival = new Arrival(sequence);
        this.content = content;
        this.qos = qos;
        this.retain = retain;
        this.filter = filter;
        this.identifiers = identifiers;
        this.expiresAtMillis = expiresAtMillis;
    }

    /** It goes out under this identifier. */
    public void sent(int newPacketId) {
        packetId = newPacketId;
    }

    /** PUBREC has come. */
    public void release() {
        released = true;
    }

    /** It is delivered, or dropped. */
    public void remove() {
        removed = true;
    }

    public StoredSession session() {
        return session;
    }

    public long sequence() {
        return sequence;
    }

    public Message message() {
        return content.message(qos, retain);
    }

    public String filter() {
        return filter;
    }

    public List<Integer> identifiers() {
        return identifiers;
    }

    /** {@link Long#MAX_VALUE}: never. */
    public long expiresAtMillis() {
        return expiresAtMillis;
    }

    /** 0: it was not sent yet. */
    public int packetId() {
        return packetId;
    }

    public boolean isReleased() {
        return released;
    }

    /** Outlives the entry, and does not hold its message. */
    public Arrival arrival() {
        return arrival;
    }

    boolean isGone() {
        return removed || session.isEnded();
    }

    Content content() {
        return content;
    }

    Qos qos() {
        return qos;
    }

    boolean retain() {
        return retain;
    }

    int sizeBytes() {
        return content.sizeBytes();
    }

    void appended() {
        arrival.appended = true;
        session.wake();
    }

    /** It stands in the store in this state. */
    void read(int storedPacketId, boolean storedReleased, boolean hasState) {
        packetId = storedPacketId;
        released = storedReleased;
        arrival.appended = true;
        written = true;
        writtenPacketId = storedPacketId;
        writtenReleased = storedReleased;
        stateWritten = hasState;
    }
}
