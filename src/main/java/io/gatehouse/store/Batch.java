package io.gatehouse.store;

import io.gatehouse.bounds.BoundedMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/**
 * Turns changes into what the engine writes at once. Confined to the writer's thread.
 *
 * <p>Here it is decided what an entry of a queue comes to: one that is gone before it was written is never written, one
 * that several sessions get has its content once, with a count that is written together with the entries it counts.
 */
final class Batch {
    private static final int COUNTS_REMEMBERED = 65_536;

    private final Engine engine;
    private final RecordOut out = new RecordOut();
    private final List<StoredSession> counted = new ArrayList<>();
    private final Map<Long, Integer> references = new BoundedMap<>(COUNTS_REMEMBERED);
    private WriteBatch batch = new WriteBatch();

    Batch(Engine engine) {
        this.engine = engine;
    }

    /** What was added since the last one is written, as far as the caller is concerned. */
    WriteBatch begin() {
        batch.close();
        batch = new WriteBatch();
        return batch;
    }

    int count() {
        return batch.count();
    }

    WriteBatch batch() {
        return batch;
    }

    /** @param number gives contents their numbers */
    void add(Changes changes, LongSupplier number) throws RocksDBException {
        List<Changes.Change> all = changes.all();
        if (all.size() > 1) {
            for (Changes.Change change : all) {
                if (change instanceof QueueEntry entry && !entry.written && !entry.isGone()) {
                    entry.claimed = true;
                    entry.content().references++;
                }
            }
        }
        for (Changes.Change change : all) {
            if (change instanceof QueueEntry entry) {
                save(entry, number);
            } else {
                apply(change);
            }
        }
    }

    private void apply(Changes.Change change) throws RocksDBException {
        if (change instanceof Changes.Receipt receipt) {
            byte[] key = Keys.receipt(receipt.session().number(), receipt.packetId());
            if (!receipt.open()) {
                engine.delete(batch, Family.SESSIONS, key);
            } else if (!receipt.session().isEnded()) {
                engine.put(batch, Family.SESSIONS, key, new byte[0]);
            }
        } else if (change instanceof Changes.SessionSaved saved) {
            if (!saved.session().isEnded()) {
                byte[] key = Keys.session(saved.session().number(), Keys.RECORD);
                engine.put(batch, Family.SESSIONS, key, Records.session(out, saved.record()));
            }
        } else if (change instanceof Changes.SessionEnded ended) {
            end(ended);
        } else if (change instanceof Changes.Subscribed one) {
            if (!one.session().isEnded()) {
                byte[] key = Keys.subscription(
                        one.session().number(), one.subscription().filter().text());
                engine.put(batch, Family.SESSIONS, key, Records.subscription(out, one.subscription()));
            }
        } else if (change instanceof Changes.Unsubscribed one) {
            engine.delete(
                    batch, Family.SESSIONS, Keys.subscription(one.session().number(), one.filter()));
        } else if (change instanceof Changes.Retained one) {
            byte[] key = Keys.topic(one.record().message().topic().text());
            engine.put(batch, Family.RETAINED, key, Records.retained(out, one.record()));
        } else if (change instanceof Changes.NotRetained one) {
            engine.delete(batch, Family.RETAINED, Keys.topic(one.topic()));
        }
    }

    private void end(Changes.SessionEnded ended) throws RocksDBException {
        StoredSession session = ended.session();
        long number = session.number();
        engine.delete(batch, Family.SESSIONS, Keys.session(number, Keys.RECORD));
        engine.delete(batch, Family.SESSIONS, Keys.session(number, Keys.COUNTS));
        for (String filter : ended.filters()) {
            engine.delete(batch, Family.SESSIONS, Keys.subscription(number, filter));
        }
        for (int packetId : ended.receipts()) {
            engine.delete(batch, Family.SESSIONS, Keys.receipt(number, packetId));
        }
        if (session.messages > 0) {
            engine.put(batch, Family.META, Keys.gone(number), new byte[0]);
        }
    }

    private void save(QueueEntry entry, LongSupplier number) throws RocksDBException {
        if (entry.isGone()) {
            if (entry.claimed) { // it went while this was looked at
                disclaim(entry);
            }
            // the queue of a session that is gone is swept up as a whole
            if (entry.written && !entry.session().isEnded()) {
                remove(entry);
            }
            return;
        }
        int packetId = entry.packetId();
        boolean released = entry.isReleased();
        byte[] key = Keys.entry(entry.session().number(), entry.sequence());
        if (!entry.written) {
            content(entry.content(), number);
            engine.put(batch, Family.QUEUES, key, Records.entry(out, entry, packetId, released));
            entry.written = true;
            entry.claimed = false;
            count(entry.session(), 1, entry.sizeBytes());
        } else if (packetId != entry.writtenPacketId || released != entry.writtenReleased) {
            engine.put(
                    batch,
                    Family.STATES,
                    key,
                    out.reset().int16(packetId).flag(released).done());
            entry.stateWritten = true;
        }
        entry.writtenPacketId = packetId;
        entry.writtenReleased = released;
    }

    private void disclaim(QueueEntry entry) throws RocksDBException {
        entry.claimed = false;
        entry.content().references--;
        if (entry.content().number != Content.INLINE) {
            letGo(entry.content().number);
        }
    }

    /** The first of several that need it writes it. */
    private void content(Content content, LongSupplier number) throws RocksDBException {
        if (content.references > 1 && content.number == Content.INLINE) {
            content.number = number.getAsLong();
            engine.put(
                    batch,
                    Family.CONTENTS,
                    Keys.number(content.number),
                    Records.content(out, content, content.references));
            references.put(content.number, content.references);
        }
    }

    private void remove(QueueEntry entry) throws RocksDBException {
        byte[] key = Keys.entry(entry.session().number(), entry.sequence());
        engine.delete(batch, Family.QUEUES, key);
        if (entry.stateWritten) {
            engine.delete(batch, Family.STATES, key);
        }
        entry.written = false;
        count(entry.session(), -1, -entry.sizeBytes());
        if (entry.content().number != Content.INLINE) {
            letGo(entry.content().number);
        }
    }

    /** One entry less needs a content; with the last one it goes. */
    void letGo(long content) throws RocksDBException {
        byte[] key = Keys.number(content);
        int left = referencesOf(content) - 1;
        if (left > 0) {
            references.put(content, left);
            engine.put(
                    batch,
                    Family.CONTENTS,
                    Keys.references(content),
                    out.reset().int32(left).done());
        } else {
            references.remove(content);
            engine.delete(batch, Family.CONTENTS, key);
            engine.delete(batch, Family.CONTENTS, Keys.references(content));
        }
    }

    private int referencesOf(long content) throws RocksDBException {
        Integer known = references.get(content);
        if (known != null) {
            return known;
        }
        byte[] count = engine.get(Family.CONTENTS, Keys.references(content));
        byte[] record = count != null ? count : engine.get(Family.CONTENTS, Keys.number(content));
        return record == null ? 0 : new RecordIn(record).int32();
    }

    private void count(StoredSession session, int messages, int bytes) {
        session.messages += messages;
        session.bytes += bytes;
        if (!session.counted) {
            session.counted = true;
            counted.add(session);
        }
    }

    /** Adds what goes with every batch: the counts of the sessions it touched, and the time. */
    void finish(long nowMillis, long highestNumber) throws RocksDBException {
        for (StoredSession session : counted) {
            session.counted = false;
            if (!session.isEnded()) {
                engine.put(
                        batch,
                        Family.SESSIONS,
                        Keys.session(session.number(), Keys.COUNTS),
                        out.reset().int64(session.messages).int64(session.bytes).done());
            }
        }
        counted.clear();
        engine.put(
                batch,
                Family.META,
                Keys.CLOCK,
                out.reset().int64(nowMillis).int64(highestNumber).done());
    }

    void close() {
        batch.close();
    }
}
