package io.gatehouse.store;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/**
 * Clears the queues of sessions that are gone, some entries at a time, when the writer has nothing better to do. Confined to
 * the writer's thread. What it has not done when the broker ends it finds again by the marks that are left.
 */
final class Sweeper {
    private static final int ENTRIES_AT_ONCE = 1000;

    private final Engine engine;
    private final Batch batch;

    Sweeper(Engine engine, Batch batch) {
        this.engine = engine;
        this.batch = batch;
    }

    /** Puts a part of what is to be removed into the batch, for the caller to write; whether there was something to do. */
    boolean sweep() throws RocksDBException {
        byte[] mark = mark();
        if (mark == null) {
            return false;
        }
        long session = Keys.goneSession(mark);
        WriteBatch write = batch.begin();
        List<byte[]> keys = new ArrayList<>();
        engine.walk(Family.QUEUES, Keys.number(session), Keys.number(session + 1), (key, value) -> {
            keys.add(key);
            Records.Entry entry = Records.entry(new RecordIn(value));
            if (entry.contentNumber() != Content.INLINE) {
                batch.letGo(entry.contentNumber());
            }
            return keys.size() < ENTRIES_AT_ONCE;
        });
        for (byte[] key : keys) {
            engine.delete(write, Family.QUEUES, key);
            engine.delete(write, Family.STATES, key);
        }
        if (keys.size() < ENTRIES_AT_ONCE) {
            engine.delete(write, Family.META, mark);
        }
        return true;
    }

    private byte @Nullable [] mark() throws RocksDBException {
        byte[][] found = new byte[1][];
        engine.walk(Family.META, Keys.firstGone(), null, (key, value) -> {
            if (Keys.isGone(key)) {
                found[0] = key;
            }
            return false;
        });
        return found[0];
    }
}
