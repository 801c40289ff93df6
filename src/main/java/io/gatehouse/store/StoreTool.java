package io.gatehouse.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/**
 * What an operator does with a store that no broker has open: looks at it, checks it, brings a copy back, changes its key.
 * Stateless; blocks.
 */
public final class StoreTool {
    private static final int MAX_FAULTS = 50;
    private static final int BATCH_RECORDS = 1000;

    private StoreTool() {}

    /**
     * What is in a store.
     *
     * @param largest the sessions in which most waits, by client identifier
     */
    public record Stats(
            long sessions,
            long subscriptions,
            long queuedMessages,
            long queuedBytes,
            long sharedMessages,
            long retainedMessages,
            long diskBytes,
            boolean encrypted,
            Map<String, Long> largest) {}

    /**
     * What a check came to.
     *
     * @param records how many were read
     * @param faults up to fifty; empty: the store is whole
     */
    public record Checked(long records, List<String> faults) {}

    /** Counts. */
    public static Stats stats(Path folder, Optional<StoreKey> key) throws UnusableStore {
        try (Engine engine = open(folder, key)) {
            Map<Long, String> clients = new HashMap<>();
            Map<Long, Long> waiting = new HashMap<>();
            long[] counts = new long[6];
            engine.walk(Family.SESSIONS, new byte[0], null, (name, value) -> {
                long number = ByteBuffer.wrap(name).getLong();
                switch (name[8]) {
                    case Keys.RECORD -> {
                        counts[0]++;
                        clients.put(number, Records.session(new RecordIn(value)).clientId());
                    }
                    case Keys.SUBSCRIPTION -> counts[1]++;
                    case Keys.COUNTS -> {
                        RecordIn in = new RecordIn(value);
                        waiting.put(number, in.int64());
                        counts[2] += waiting.get(number);
                        counts[3] += in.int64();
                    }
                    default -> {
                        // a packet identifier that was received: part of its session
                    }
                }
                return true;
            });
            engine.walk(Family.CONTENTS, new byte[0], null, (name, value) -> {
                counts[4] += name.length == 8 ? 1 : 0;
                return true;
            });
            engine.walk(Family.RETAINED, new byte[0], null, (name, value) -> {
                counts[5]++;
                return true;
            });
            Map<String, Long> largest = new TreeMap<>();
            waiting.entrySet().stream()
                    .filter(one -> one.getValue() > 0)
                    .sorted(Map.Entry.<Long, Long>comparingByValue().reversed())
                    .limit(10)
                    .forEach(one ->
                            largest.put(clients.getOrDefault(one.getKey(), "session " + one.getKey()), one.getValue()));
            return new Stats(
                    counts[0],
                    counts[1],
                    counts[2],
                    counts[3],
                    counts[4],
                    counts[5],
                    size(folder),
                    key.isPresent(),
                    largest);
        } catch (RocksDBException | RuntimeException e) {
            throw unreadable(folder, e);
        }
    }

    /** Reads everything: every block's sum, every record, and whether what refers to another finds it. */
    public static Checked check(Path folder, Optional<StoreKey> key) throws UnusableStore {
        List<String> faults = new ArrayList<>();
        long[] records = new long[1];
        try (Engine engine = open(folder, key)) {
            try {
                engine.verify();
            } catch (RocksDBException e) {
                faults.add("a file is damaged: " + e.getMessage());
            }
            Map<Long, Long> counted = new HashMap<>();
            Map<Long, Long> queued = new HashMap<>();
            Map<Long, Integer> needed = new HashMap<>();
            walk(engine, Family.SESSIONS, faults, records, (name, value) -> {
                long number = ByteBuffer.wrap(name).getLong();
                RecordIn in = new RecordIn(value);
                switch (name[8]) {
                    case Keys.RECORD -> Records.session(in);
                    case Keys.SUBSCRIPTION -> Records.subscription(in);
                    case Keys.COUNTS -> counted.put(number, in.int64());
                    case Keys.RECEIPT -> ByteBuffer.wrap(name).getShort(9);
                    default -> throw new IllegalArgumentException("a record of no known kind: " + name[8]);
                }
                return true;
            });
            walk(engine, Family.QUEUES, faults, records, (name, value) -> {
                RecordIn in = new RecordIn(value);
                Records.Entry entry = Records.entry(in);
                if (entry.contentNumber() == Content.INLINE) {
                    Records.content(in);
                } else {
                    needed.merge(entry.contentNumber(), 1, Integer::sum);
                }
                queued.merge(ByteBuffer.wrap(name).getLong(), 1L, Long::sum);
                return true;
            });
            Map<Long, Integer> there = new HashMap<>();
            walk(engine, Family.CONTENTS, faults, records, (name, value) -> {
                RecordIn in = new RecordIn(value);
                there.put(ByteBuffer.wrap(name).getLong(), in.int32()); // the count of its own comes after the message
                if (name.length == 8) {
                    Records.content(in);
                }
                return true;
            });
            walk(engine, Family.RETAINED, faults, records, (name, value) -> {
                Records.retained(new RecordIn(value));
                return true;
            });
            needed.forEach((number, count) -> {
                Integer has = there.get(number);
                if (has == null) {
                    fault(faults, "message " + number + " is missing, and " + count + " sessions wait for it");
                } else if (has < count) {
                    fault(
                            faults,
                            "message " + number + " is counted " + has + " times, and " + count
                                    + " sessions wait for it");
                }
            });
            queued.forEach((number, count) -> {
                Long said = counted.get(number);
                if (said != null && !said.equals(count)) {
                    fault(faults, "session " + number + " has " + count + " messages and counts " + said);
                }
            });
        } catch (RuntimeException e) {
            throw unreadable(folder, e);
        }
        return new Checked(records[0], List.copyOf(faults));
    }

    private static void walk(
            Engine engine, Family family, List<String> faults, long[] records, Engine.Visitor visitor) {
        try {
            engine.walk(family, new byte[0], null, (name, value) -> {
                records[0]++;
                try {
                    return visitor.visit(name, value);
                } catch (RuntimeException e) {
                    fault(faults, "a record of " + family + " cannot be read: " + e.getMessage());
                    return true;
                }
            });
        } catch (RocksDBException | RuntimeException e) {
            fault(faults, "the records of " + family + " cannot be read to their end: " + e.getMessage());
        }
    }

    private static void fault(List<String> faults, String fault) {
        if (faults.size() < MAX_FAULTS) {
            faults.add(fault);
        }
    }

    /** Puts a copy that {@link RocksStore#backup} made in the place of a store that is not there. */
    public static void restore(Path copy, Path folder, Optional<StoreKey> key) throws UnusableStore {
        requireStore(copy);
        if (Files.exists(folder.resolve("db"))) {
            throw new UnusableStore(
                    "there is a store in " + folder + " already. Move it away: mv " + folder + " " + folder + ".old");
        }
        Checked checked = check(copy, key);
        if (!checked.faults().isEmpty()) {
            throw new UnusableStore(copy + " is damaged: " + checked.faults().get(0));
        }
        StoreFolder.prepare(folder);
        copy(copy.resolve("db"), folder.resolve("db"));
        StoreFolder.closeFiles(folder);
    }

    /**
     * Writes every record anew under another key, beside the old store, and puts the new one in its place when it is whole.
     *
     * @param from empty: it is in the clear
     * @param to empty: it will be in the clear
     * @return how many records there are
     */
    public static long rekey(Path folder, Optional<StoreKey> from, Optional<StoreKey> to) throws UnusableStore {
        Path fresh = folder.resolve("db.rekeyed");
        Path old = folder.resolve("db.old");
        requireStore(folder);
        delete(fresh);
        long[] records = new long[1];
        try (Engine before = open(folder, from);
                Engine after = Engine.open(fresh, Seal.of(to))) {
            for (Family family : Family.values()) {
                List<byte[][]> some = new ArrayList<>();
                before.walk(family, new byte[0], null, (name, value) -> {
                    some.add(new byte[][] {plain(family, name, value), value});
                    if (some.size() == BATCH_RECORDS) {
                        write(after, family, some);
                    }
                    records[0]++;
                    return true;
                });
                write(after, family, some);
            }
        } catch (RocksDBException | RuntimeException e) {
            delete(fresh);
            throw unreadable(folder, e);
        }
        try {
            Files.move(folder.resolve("db"), old, StandardCopyOption.ATOMIC_MOVE);
            Files.move(fresh, folder.resolve("db"), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UnusableStore("the new store is whole in " + fresh + " and could not be moved: " + e, e);
        }
        StoreFolder.closeFiles(folder);
        delete(old);
        return records[0];
    }

    private static void write(Engine engine, Family family, List<byte[][]> records) throws RocksDBException {
        try (WriteBatch batch = new WriteBatch()) {
            for (byte[][] record : records) {
                engine.put(batch, family, record[0], record[1]);
            }
            engine.write(batch, true);
        }
        records.clear();
    }

    /** The key as it is without encryption: the text that it hides stands in the value. */
    private static byte[] plain(Family family, byte[] name, byte[] value) {
        if (family == Family.RETAINED) {
            return Keys.topic(
                    Records.retained(new RecordIn(value)).message().topic().text());
        }
        if (family == Family.SESSIONS && name[8] == Keys.SUBSCRIPTION) {
            return Keys.subscription(
                    ByteBuffer.wrap(name).getLong(),
                    Records.subscription(new RecordIn(value)).filter().text());
        }
        return name;
    }

    private static Engine open(Path folder, Optional<StoreKey> key) throws UnusableStore {
        requireStore(folder);
        NativeLibrary.load(folder);
        Engine engine = Engine.open(folder.resolve("db"), Seal.of(key));
        try {
            byte[] format = engine.get(Family.META, Keys.FORMAT);
            if (format != null) {
                Format.require(new RecordIn(format).int32(), folder);
            }
            return engine;
        } catch (RocksDBException | RuntimeException e) {
            engine.close();
            throw unreadable(folder, e);
        } catch (UnusableStore e) {
            engine.close();
            throw e;
        }
    }

    private static UnusableStore unreadable(Path folder, Exception e) {
        return new UnusableStore("the store in " + folder + " cannot be read: " + e.getMessage(), e);
    }

    private static void requireStore(Path folder) throws UnusableStore {
        if (!Files.isDirectory(folder.resolve("db"))) {
            throw new UnusableStore("there is no store in " + folder);
        }
    }

    private static void copy(Path from, Path to) throws UnusableStore {
        try (Stream<Path> files = Files.list(from)) {
            Files.createDirectory(
                    to, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        } catch (IOException e) {
            throw new UnusableStore(from + " cannot be copied to " + to + ": " + e, e);
        }
    }

    private static void delete(Path folder) throws UnusableStore {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
            Files.delete(folder);
        } catch (IOException e) {
            throw new UnusableStore(folder + " cannot be deleted: " + e, e);
        }
    }

    private static long size(Path folder) {
        try (Stream<Path> files = Files.list(folder.resolve("db"))) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        } catch (IOException e) {
            return 0; // it was read a moment ago; its size is not worth a failure
        }
    }
}
