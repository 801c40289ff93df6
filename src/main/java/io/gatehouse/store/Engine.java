package io.gatehouse.store;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.Checkpoint;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Status;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * The storage engine with our settings: RocksDB, one column family a kind of record. The store's own threads only.
 *
 * <p>A log with a torn tail is what a crash leaves, and its whole records are kept; a log that is damaged before its tail
 * refuses to open. The engine's default would open it, silently, with what stands before the damage.
 */
final class Engine implements AutoCloseable {
    private static final long CACHE_BYTES = 32L << 20;
    private static final long MEMTABLES_BYTES = 96L << 20;
    private static final long LOG_BYTES = 128L << 20;

    private final Path folder;
    private final Seal seal;
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private final Cache cache = new LRUCache(CACHE_BYTES);
    private final BloomFilter bloom = new BloomFilter(10);
    private final List<AutoCloseable> options = new ArrayList<>();
    private final Map<Family, ColumnFamilyHandle> families = new EnumMap<>(Family.class);
    private final WriteOptions synced = new WriteOptions().setSync(true);
    private final WriteOptions unsynced = new WriteOptions();
    private @Nullable RocksDB database;

    private Engine(Path folder, Seal seal) {
        this.folder = folder;
        this.seal = seal;
    }

    static Engine open(Path folder, Seal seal) throws UnusableStore {
        Engine engine = new Engine(folder, seal);
        try {
            engine.open();
        } catch (RocksDBException e) {
            engine.close();
            throw new UnusableStore(explained(folder, e), e);
        }
        return engine;
    }

    private void open() throws RocksDBException {
        DBOptions db = new DBOptions()
                .setCreateIfMissing(true)
                .setCreateMissingColumnFamilies(true)
                .setWalRecoveryMode(WALRecoveryMode.TolerateCorruptedTailRecords)
                .setMaxTotalWalSize(LOG_BYTES)
                .setDbWriteBufferSize(MEMTABLES_BYTES)
                .setMaxBackgroundJobs(2)
                .setBytesPerSync(1 << 20)
                .setAvoidFlushDuringShutdown(true)
                .setAvoidFlushDuringRecovery(true) // on a full disk it would fail
                .setMaxOpenFiles(512)
                .setKeepLogFileNum(3)
                .setInfoLogLevel(InfoLogLevel.WARN_LEVEL);
        options.add(db);
        List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
        for (Family family : Family.values()) {
            ColumnFamilyOptions settings = new ColumnFamilyOptions()
                    .setWriteBufferSize(family == Family.QUEUES || family == Family.CONTENTS ? 32L << 20 : 8L << 20)
                    .setCompressionType(CompressionType.LZ4_COMPRESSION)
                    .setTableFormatConfig(
                            new BlockBasedTableConfig().setBlockCache(cache).setFilterPolicy(bloom));
            options.add(settings);
            descriptors.add(new ColumnFamilyDescriptor(family.bytes(), settings));
        }
        List<ColumnFamilyHandle> handles = new ArrayList<>();
        database = RocksDB.open(db, folder.toString(), descriptors, handles);
        for (Family family : Family.values()) {
            families.put(family, handles.get(family.ordinal()));
        }
    }

    /** What an operator reads: what is wrong, and what mends it. */
    private static String explained(Path folder, RocksDBException e) {
        Status status = e.getStatus();
        String said = String.valueOf(e.getMessage());
        if (status != null && status.getCode() == Status.Code.Corruption) {
            return "the store in " + folder + " is damaged (" + said
                    + "). Nothing was changed; restore a backup, or move the folder away to start with an empty one";
        }
        if (said.contains("LOCK") || said.contains("lock ")) {
            return "the store in " + folder + " is in use by another process (" + said + ")";
        }
        if (status != null && status.getSubCode() == Status.SubCode.NoSpace) {
            return "the disk of the store in " + folder + " is full (" + said + "). Make room and start again";
        }
        return "the store in " + folder + " cannot be opened: " + said;
    }

    private RocksDB database() throws RocksDBException {
        RocksDB open = database;
        if (open == null) {
            throw new RocksDBException("the store is not open");
        }
        return open;
    }

    private ColumnFamilyHandle handle(Family family) {
        return Objects.requireNonNull(families.get(family), "the store is closed");
    }

    /** After a failed write: closed and opened again, which is how this engine forgives. */
    void reopen() throws RocksDBException {
        lock.writeLock().lock();
        try {
            release();
            open();
        } finally {
            lock.writeLock().unlock();
        }
    }

    void write(WriteBatch batch, boolean sync) throws RocksDBException {
        lock.readLock().lock();
        try {
            database().write(sync ? synced : unsynced, batch);
        } finally {
            lock.readLock().unlock();
        }
    }

    void put(WriteBatch batch, Family family, byte[] key, byte[] value) throws RocksDBException {
        byte[] named = seal.name(family, key);
        batch.put(handle(family), named, seal.seal(family, named, value));
    }

    void delete(WriteBatch batch, Family family, byte[] key) throws RocksDBException {
        batch.delete(handle(family), seal.name(family, key));
    }

    byte @Nullable [] get(Family family, byte[] key) throws RocksDBException {
        lock.readLock().lock();
        try {
            byte[] named = seal.name(family, key);
            byte[] value = database().get(handle(family), named);
            return value == null ? null : seal.open(family, named, value);
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Reads every block of every file and compares its sums. */
    void verify() throws RocksDBException {
        lock.readLock().lock();
        try {
            database().verifyChecksum();
        } finally {
            lock.readLock().unlock();
        }
    }

    /** A copy of what is there now, in a folder that must not exist; files are linked where the disk is the same. */
    void copy(Path to) throws RocksDBException {
        lock.readLock().lock();
        try (Checkpoint checkpoint = Checkpoint.create(database())) {
            checkpoint.createCheckpoint(to.toString());
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Told of one record; whether to go on. */
    interface Visitor {
        boolean visit(byte[] key, byte[] value) throws RocksDBException;
    }

    /** Walks the records of a family from a key on, up to one, which is left out. */
    void walk(Family family, byte[] from, byte @Nullable [] upTo, Visitor visitor) throws RocksDBException {
        lock.readLock().lock();
        try (ReadOptions read = new ReadOptions();
                Slice bound = upTo == null ? new Slice("") : new Slice(upTo)) {
            if (upTo != null) {
                read.setIterateUpperBound(bound);
            }
            try (RocksIterator records = database().newIterator(handle(family), read)) {
                boolean more = true;
                for (records.seek(from); more && records.isValid(); records.next()) {
                    byte[] key = records.key();
                    more = visitor.visit(key, seal.open(family, key, records.value()));
                }
                records.status();
            }
        } finally {
            lock.readLock().unlock();
        }
    }

    private void release() {
        families.values().forEach(ColumnFamilyHandle::close);
        families.clear();
        RocksDB open = database;
        database = null;
        if (open != null) {
            open.close();
        }
        for (AutoCloseable one : options) {
            try {
                one.close();
            } catch (Exception e) {
                throw new IllegalStateException("native options do not close", e);
            }
        }
        options.clear();
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            release();
            synced.close();
            unsynced.close();
            bloom.close();
            cache.close();
        } finally {
            lock.writeLock().unlock();
        }
    }
}
