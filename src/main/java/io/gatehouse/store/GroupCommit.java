package io.gatehouse.store;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one writer of a store: takes what was appended meanwhile, writes it with one sync, then runs what waited for it.
 *
 * <p>Any thread appends, without a lock and without waiting; everything else is the writer's. A batch closes when the sync
 * before it has returned, so that it is small where little is appended and large where much is. Actions are handed to each
 * executor in one piece per batch.
 */
final class GroupCommit implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(GroupCommit.class);

    /** More in one batch gains little and makes those behind it wait. */
    private static final int MAX_OPERATIONS = 2048;

    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final Engine engine;
    private final Batch batch;
    private final boolean fsync;
    private final AtomicLong numbers;
    private final Disk disk;
    private final Sweeper sweeper;

    // any thread
    private final Queue<Unit> appended = new ConcurrentLinkedQueue<>();
    private final AtomicLong pendingBytes = new AtomicLong();
    final LongAdder syncs = new LongAdder();
    final LongAdder operations = new LongAdder();
    private volatile boolean parked;
    private volatile boolean closing;
    private volatile @Nullable Thread thread;

    // the writer's
    private final List<Unit> units = new ArrayList<>();
    private final Map<Executor, List<Runnable>> handedBack = new IdentityHashMap<>();
    /** Whether something was written that no sync has followed yet. */
    private boolean unsynced;

    /**
     * @param waits whether somebody is promised that this is durable
     */
    private record Unit(
            Changes changes,
            boolean waits,
            @Nullable Executor on,
            @Nullable Runnable then,
            long sizeBytes) {}

    GroupCommit(Engine engine, boolean fsync, AtomicLong numbers, Disk disk) {
        this.engine = engine;
        this.batch = new Batch(engine);
        this.fsync = fsync;
        this.numbers = numbers;
        this.disk = disk;
        this.sweeper = new Sweeper(engine, batch);
    }

    void start() {
        Thread writer = new Thread(this, "gatehouse-store");
        writer.setDaemon(true);
        thread = writer;
        writer.start();
    }

    void append(Changes changes, boolean waits, @Nullable Executor on, @Nullable Runnable then) {
        long size = changes.sizeBytes();
        pendingBytes.addAndGet(size);
        appended.add(new Unit(changes, waits || !changes.actions().isEmpty(), on, then, size));
        changes.appended();
        if (parked) {
            LockSupport.unpark(thread);
        }
    }

    long pendingBytes() {
        return pendingBytes.get();
    }

    @Override
    public void run() {
        try {
            while (!closing || !appended.isEmpty()) {
                if (take()) {
                    commit();
                } else if (sweeper.sweep()) {
                    write(false);
                } else {
                    park();
                }
            }
        } catch (RocksDBException | RuntimeException e) {
            // nothing is acknowledged any more from here on: publishers are told that nothing is taken
            disk.broken();
            LOG.error("the store's writer failed; nothing more is stored", e);
        }
    }

    private void park() {
        parked = true;
        if (appended.isEmpty() && !closing) {
            LockSupport.parkNanos(this, TimeUnit.SECONDS.toNanos(1));
        }
        parked = false;
        disk.look();
    }

    private boolean take() throws RocksDBException {
        batch.begin();
        for (Unit unit = appended.poll(); unit != null; unit = appended.poll()) {
            units.add(unit);
            batch.add(unit.changes, numbers::incrementAndGet);
            if (batch.count() >= MAX_OPERATIONS || units.size() >= MAX_OPERATIONS) {
                break;
            }
        }
        return !units.isEmpty();
    }

    private void commit() throws RocksDBException {
        disk.look();
        boolean waits = false;
        long size = 0;
        for (Unit unit : units) {
            waits |= unit.waits;
            size += unit.sizeBytes;
        }
        int count = batch.count();
        if (count > 0 || waits && unsynced) { // who waits may wait for what others wrote before
            batch.finish(System.currentTimeMillis(), numbers.get());
            write(waits);
            operations.add(count);
        }
        pendingBytes.addAndGet(-size);
        handBack();
        units.clear();
    }

    /** Writes until it is written: what is in the batch was taken, and nobody has been told that it was not. */
    private void write(boolean waits) {
        boolean sync = fsync && waits;
        while (true) {
            try {
                engine.write(batch.batch(), sync);
                disk.written();
                unsynced = fsync && !sync;
                if (sync) {
                    syncs.increment();
                }
                return;
            } catch (RocksDBException e) {
                disk.failed(e);
                if (closing) {
                    throw new IllegalStateException("what waited could not be stored before the end", e);
                }
                LockSupport.parkNanos(this, RETRY_NANOS);
                disk.tryAgain(engine);
            }
        }
    }

    private void handBack() {
        for (Unit unit : units) {
            unit.changes.actions().forEach(GroupCommit::run);
            Executor on = unit.on;
            Runnable then = unit.then;
            if (then != null) {
                if (on == null) {
                    run(then);
                } else {
                    handedBack.computeIfAbsent(on, key -> new ArrayList<>()).add(then);
                }
            }
        }
        handedBack.forEach((executor, actions) -> {
            try {
                executor.execute(() -> actions.forEach(GroupCommit::run));
            } catch (RejectedExecutionException e) {
                LOG.debug("{} answers had nobody left to go to", actions.size());
            }
        });
        handedBack.clear();
    }

    /** One that fails does not take the others with it. */
    private static void run(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            LOG.error("what waited for the store failed", e);
        }
    }

    /** Writes what was appended, then ends. */
    void close() {
        closing = true;
        Thread writer = thread;
        if (writer != null) {
            LockSupport.unpark(writer);
            try {
                writer.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        batch.close();
    }
}
