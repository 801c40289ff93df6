package io.gatehouse.store;

import io.gatehouse.protocol.Subscription;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The durable store, in a folder of its own. Any thread.
 *
 * <p>Two threads work behind it: one writes ({@link GroupCommit}), one reads pages of queues. Opening reads sessions and
 * retained messages, never queues, so that it takes as long with a million messages as with none.
 */
public final class RocksStore implements Store {
    private static final Logger LOG = LoggerFactory.getLogger(RocksStore.class);

    /** So much that is appended and not yet written, and no more is taken: the disk does not keep up. */
    private static final long MAX_PENDING_BYTES = 128L << 20;

    private final Path folder;
    private final Engine engine;
    private final AtomicLong numbers = new AtomicLong();
    private final Disk disk;
    private final GroupCommit writer;
    private final ExecutorService reader = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "gatehouse-store-reader");
        thread.setDaemon(true);
        return thread;
    });
    private long lastAliveMillis;

    private RocksStore(Path folder, Engine engine, Disk disk, StoreSettings settings) {
        this.folder = folder;
        this.engine = engine;
        this.disk = disk;
        this.writer = new GroupCommit(engine, settings.fsync(), numbers, disk);
    }

    /**
     * Opens a store, or makes one.
     *
     * @param folder made if it is missing
     * @throws UnusableStore with one line on what is wrong; nothing has changed then
     */
    public static RocksStore open(Path folder, StoreSettings settings) throws UnusableStore {
        StoreFolder.prepare(folder);
        NativeLibrary.load(folder);
        Engine engine = Engine.open(folder.resolve("db"), Seal.of(settings.key()));
        RocksStore store = new RocksStore(folder, engine, new Disk(folder, settings.minFreeBytes()), settings);
        try {
            store.begin();
        } catch (RocksDBException | IllegalArgumentException e) {
            engine.close();
            throw new UnusableStore("the store in " + folder + " cannot be read: " + e.getMessage(), e);
        } catch (UnusableStore e) {
            engine.close();
            throw e;
        }
        StoreFolder.closeFiles(folder);
        store.disk.look();
        store.writer.start();
        return store;
    }

    private void begin() throws RocksDBException, UnusableStore {
        byte[] format = engine.get(Family.META, Keys.FORMAT);
        if (format != null) {
            Format.require(new RecordIn(format).int32(), folder);
        } else {
            try (WriteBatch batch = new WriteBatch()) {
                engine.put(
                        batch,
                        Family.META,
                        Keys.FORMAT,
                        new RecordOut().int32(Format.CURRENT).done());
                engine.write(batch, true);
            }
        }
        byte[] clock = engine.get(Family.META, Keys.CLOCK);
        if (clock != null) {
            RecordIn in = new RecordIn(clock);
            lastAliveMillis = in.int64();
            numbers.set(in.int64());
        }
    }

    @Override
    public Recovered recover() throws UnusableStore {
        try {
            List<Recovered.Session> sessions = sessions();
            List<Recovered.Retained> retained = new ArrayList<>();
            Map<RecoveredPrincipal, RecoveredPrincipal> known = new HashMap<>();
            engine.walk(Family.RETAINED, new byte[0], null, (key, value) -> {
                RetainedRecord record = Records.retained(new RecordIn(value));
                RecoveredPrincipal publisher = new RecoveredPrincipal(record.publisher(), record.clientId());
                retained.add(new Recovered.Retained(
                        record.message(), known.computeIfAbsent(publisher, one -> one), record.storedAtMillis()));
                return true;
            });
            return new Recovered(sessions, retained, lastAliveMillis);
        } catch (RocksDBException | RuntimeException e) {
            throw new UnusableStore(
                    "the store in " + folder + " is damaged (" + e.getMessage()
                            + "). Nothing was changed; 'gatehouse store check' says more, a backup mends it",
                    e);
        }
    }

    private List<Recovered.Session> sessions() throws RocksDBException {
        Map<Long, Found> found = new LinkedHashMap<>();
        engine.walk(Family.SESSIONS, new byte[0], null, (key, value) -> {
            long number = ByteBuffer.wrap(key).getLong();
            Found session = found.computeIfAbsent(number, Found::new);
            RecordIn in = new RecordIn(value);
            switch (key[8]) {
                case Keys.RECORD -> session.record = Records.session(in);
                case Keys.COUNTS -> {
                    session.stored.messages = in.int64();
                    session.stored.bytes = in.int64();
                }
                case Keys.SUBSCRIPTION -> session.subscriptions.add(Records.subscription(in));
                case Keys.RECEIPT -> session.receipts.add(ByteBuffer.wrap(key).getShort(9) & 0xFFFF);
                default -> throw new IllegalArgumentException("a record of no known kind: " + key[8]);
            }
            return true;
        });
        List<Recovered.Session> sessions = new ArrayList<>();
        for (Found one : found.values()) {
            SessionRecord record = one.record;
            if (record == null) {
                LOG.warn("session {} has records and no owner; they are left alone", one.stored.number());
                continue;
            }
            sessions.add(new Recovered.Session(
                    one.stored,
                    new RecoveredPrincipal(record.principal(), record.clientId()),
                    record,
                    one.subscriptions,
                    one.receipts));
        }
        return sessions;
    }

    /** A session while its records are gathered. */
    private static final class Found {
        final StoredSession stored;
        final List<Subscription> subscriptions = new ArrayList<>();
        final Set<Integer> receipts = new HashSet<>();

        @Nullable
        SessionRecord record;

        Found(long number) {
            this.stored = new StoredSession(number);
        }
    }

    @Override
    public long nextNumber() {
        return numbers.incrementAndGet();
    }

    @Override
    public void append(Changes changes) {
        writer.append(changes, false, null, null);
    }

    @Override
    public void append(Changes changes, Executor on, Runnable then) {
        writer.append(changes, true, on, then);
    }

    @Override
    public void read(
            StoredSession session,
            long afterSequence,
            long upToSequence,
            int maxMessages,
            long maxBytes,
            Consumer<Page> then) {
        // behind everything that was appended; then on the thread that may wait for the disk
        writer.append(new Changes(), false, null, () -> {
            try {
                reader.execute(() -> then.accept(page(session, afterSequence, upToSequence, maxMessages, maxBytes)));
            } catch (RejectedExecutionException e) {
                LOG.debug("the store closes; a page of session {} is not read", session.number());
            }
        });
    }

    private Page page(StoredSession session, long afterSequence, long upToSequence, int maxMessages, long maxBytes) {
        List<QueueEntry> entries = new ArrayList<>();
        long[] bytes = new long[1];
        byte[] from = Keys.entry(session.number(), afterSequence + 1);
        byte[] upTo = upToSequence == Long.MAX_VALUE
                ? Keys.number(session.number() + 1)
                : Keys.entry(session.number(), upToSequence + 1);
        try {
            engine.walk(Family.QUEUES, from, upTo, (key, value) -> {
                RecordIn in = new RecordIn(value);
                Records.Entry entry = Records.entry(in);
                bytes[0] += entry.sizeBytes();
                if (!entries.isEmpty() && bytes[0] > maxBytes) {
                    return false;
                }
                entries.add(entry(session, key, entry, in));
                return entries.size() < maxMessages;
            });
            return new Page(entries, null);
        } catch (RocksDBException | RuntimeException e) {
            String failure = "the queue of session " + session.number() + " cannot be read: " + e.getMessage();
            LOG.error("{}", failure);
            return new Page(List.of(), failure);
        }
    }

    private QueueEntry entry(StoredSession session, byte[] key, Records.Entry entry, RecordIn rest)
            throws RocksDBException {
        Content content;
        if (entry.contentNumber() == Content.INLINE) {
            content = Records.content(rest);
        } else {
            byte[] shared = engine.get(Family.CONTENTS, Keys.number(entry.contentNumber()));
            if (shared == null) {
                throw new IllegalArgumentException("message " + entry.contentNumber() + " is missing");
            }
            RecordIn in = new RecordIn(shared);
            in.int32(); // how many had it at first
            content = Records.content(in);
            content.number = entry.contentNumber();
        }
        QueueEntry found = new QueueEntry(
                session,
                Keys.sequence(key),
                content,
                entry.qos(),
                entry.retain(),
                entry.filter(),
                entry.identifiers(),
                entry.expiresAtMillis());
        byte[] state = engine.get(Family.STATES, key);
        if (state == null) {
            found.read(entry.packetId(), entry.released(), false);
        } else {
            RecordIn in = new RecordIn(state);
            found.read(in.int16(), in.flag(), true);
        }
        return found;
    }

    @Override
    public boolean isWritable() {
        return disk.isWritable() && writer.pendingBytes() < MAX_PENDING_BYTES;
    }

    /**
     * Copies the store, as it is when everything that was acknowledged before is in it, beside the work of the broker. Blocks.
     *
     * @param to a folder that must not exist
     */
    public void backup(Path to) throws UnusableStore {
        CompletableFuture<Void> reached = new CompletableFuture<>();
        writer.append(new Changes(), true, Runnable::run, () -> reached.complete(null));
        try {
            reached.get(60, TimeUnit.SECONDS);
            StoreFolder.prepare(to);
            engine.copy(to.resolve("db"));
            StoreFolder.closeFiles(to);
        } catch (RocksDBException | ExecutionException | TimeoutException e) {
            throw new UnusableStore("the store cannot be copied to " + to + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnusableStore("the copy of the store was interrupted", e);
        }
    }

    /** How often the disk was asked to make sure. */
    public long syncs() {
        return writer.syncs.sum();
    }

    /** How many records were written or removed. */
    public long operations() {
        return writer.operations.sum();
    }

    /** Writes what was appended, then lets go of the folder. */
    @Override
    public void close() {
        writer.close();
        reader.shutdown();
        try {
            if (!reader.awaitTermination(10, TimeUnit.SECONDS)) {
                LOG.warn("a read of the store did not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        engine.close();
    }
}
