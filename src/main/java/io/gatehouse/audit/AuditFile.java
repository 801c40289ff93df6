package io.gatehouse.audit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The audit log as a file of JSON lines, each with the hash of the one before: what was written cannot be changed, or
 * taken out, unseen.
 *
 * <p>Any thread records; one thread of its own writes. It never makes a client wait: when more happens than can be
 * written, events are counted, and a line says how many are missing. A restart goes on with the chain. One process writes a
 * log and holds its lock: two would each go on with the chain of before, and neither's lines would follow the other's.
 */
public final class AuditFile implements AuditLog, AutoCloseable {
    private static final int QUEUE = 65_536;

    /** From so many on it is behind; the rest of the queue is for those who cannot wait. */
    private static final int BEHIND = 8_192;

    private final Path file;
    private final Clock clock;
    private final FileChannel channel;
    private final AuditLock lock;
    private final BlockingQueue<Line> queue = new ArrayBlockingQueue<>(QUEUE);
    private final AtomicLong lost = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private final Thread writer;
    private String lastHash;
    private volatile boolean closing;

    private record Line(String moment, AuditEvent event) {}

    private AuditFile(Path file, Clock clock, FileChannel channel, AuditLock lock, String lastHash) {
        this.file = file;
        this.clock = clock;
        this.channel = channel;
        this.lock = lock;
        this.lastHash = lastHash;
        this.writer = new Thread(this::write, "gatehouse-audit");
        this.writer.setDaemon(true);
    }

    /**
     * Opens a log, and goes on with its chain.
     *
     * @throws AuditLock.Held if somebody else writes it
     * @throws IOException if it cannot be written, or its last lines are not its own
     */
    public static AuditFile open(Path file, Clock clock) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        AuditLock lock = AuditLock.take(file); // before the chain is read, as nobody else may go on with it
        try {
            setTornLineAside(lock.channel(), file, clock);
            String last = AuditChain.lastHash(lock.channel());
            FileChannel channel = FileChannel.open(file, StandardOpenOption.APPEND);
            AuditFile log = new AuditFile(file, clock, channel, lock, last);
            log.writer.start();
            return log;
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** A last line without its end is what a crash left of one: it is kept beside the log, and cut off. */
    private static void setTornLineAside(FileChannel whole, Path file, Clock clock) throws IOException {
        long size = whole.size();
        long end = size;
        ByteBuffer one = ByteBuffer.allocate(1);
        while (end > 0) {
            one.clear();
            whole.read(one, end - 1);
            if (one.get(0) == '\n') {
                break;
            }
            end--;
        }
        if (end == size) {
            return;
        }
        Path aside = file.resolveSibling(file.getFileName() + ".torn-" + clock.millis());
        try (FileChannel kept = FileChannel.open(
                aside,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            for (long at = end; at < size; ) {
                at += whole.transferTo(at, size - at, kept);
            }
            kept.force(true);
        }
        whole.truncate(end);
    }

    @Override
    public void record(AuditEvent event) {
        if (!queue.offer(new Line(clock.instant().toString(), event))) {
            lost.incrementAndGet();
        }
    }

    @Override
    public boolean isBehind() {
        return queue.size() >= BEHIND;
    }

    /** How many events could not be written. */
    public long failures() {
        return failures.get() + lost.get();
    }

    private void write() {
        List<Line> batch = new ArrayList<>();
        while (true) {
            try {
                Line first = queue.poll(100, TimeUnit.MILLISECONDS);
                if (first == null) {
                    if (closing && queue.isEmpty()) {
                        return;
                    }
                    continue;
                }
                batch.add(first);
                queue.drainTo(batch, 1000);
                write(batch);
            } catch (InterruptedException e) {
                closing = true;
            } catch (IOException e) {
                lost.addAndGet(batch.size()); // the chain says so when it goes on
            } finally {
                batch.clear();
            }
        }
    }

    private void write(List<Line> batch) throws IOException {
        StringBuilder text = new StringBuilder();
        String hash = lastHash;
        long missing = lost.get();
        if (missing > 0) {
            Map<String, @Nullable Object> fields = new LinkedHashMap<>();
            fields.put("what", "events_lost");
            fields.put("count", missing);
            hash = AuditChain.append(text, clock.instant().toString(), "broker", fields, hash);
        }
        for (Line line : batch) {
            hash = AuditChain.append(text, line.moment, line.event.name(), line.event.fields(), hash);
        }
        long before = channel.size();
        ByteBuffer bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(false);
        } catch (IOException e) {
            channel.truncate(before); // a full disk leaves no half line
            throw e;
        }
        lastHash = hash;
        lost.addAndGet(-missing);
        failures.addAndGet(missing);
    }

    /** Writes what waits, and closes. */
    @Override
    public void close() throws IOException {
        closing = true;
        try {
            writer.join(5_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try (lock) {
            channel.close();
        }
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
