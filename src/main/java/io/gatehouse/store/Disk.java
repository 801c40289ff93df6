package io.gatehouse.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the disk below a store does: whether what is appended may be promised. Any thread asks; everything else is the
 * writer's.
 *
 * <p>A full disk refuses even deletes. So publishers are refused while there is still room to remove what subscribers take;
 * and should others fill that room too, a file that was kept for it is given up.
 */
final class Disk {
    private static final Logger LOG = LoggerFactory.getLogger(Disk.class);
    private static final long MAX_RESERVE_BYTES = 64L << 20;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final long REOPEN_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** So little, and an attempt to open the engine again would fail and leave nothing to read from. */
    private static final long ROOM_TO_REOPEN_BYTES = 1 << 20;

    private final Path folder;
    private final Path reserve;
    private final long minFreeBytes;
    private final long reserveBytes;

    private volatile boolean failing;
    private volatile boolean low;

    private boolean reserved;
    private boolean full;
    private long lookedNanos = System.nanoTime() - LOOK_NANOS;
    private long reopenedNanos = System.nanoTime() - REOPEN_NANOS;

    /** @param minFreeBytes with less room than this publishers are refused; a quarter of it is kept for removing */
    Disk(Path folder, long minFreeBytes) {
        this.folder = folder;
        this.reserve = folder.resolve("reserve");
        this.minFreeBytes = minFreeBytes;
        this.reserveBytes = Math.min(MAX_RESERVE_BYTES, minFreeBytes / 4);
        this.reserved = Files.exists(reserve);
    }

    boolean isWritable() {
        return !failing && !low;
    }

    /** Looks how much room there is, if it has not just done so. */
    void look() {
        long now = System.nanoTime();
        if (now - lookedNanos < LOOK_NANOS) {
            return;
        }
        lookedNanos = now;
        try {
            long free = free();
            if (!low && free < minFreeBytes) {
                low = true;
                LOG.error(
                        "the disk of {} has {} MiB left, less than {}: publishers with QoS 1 and 2 are refused",
                        folder,
                        free >> 20,
                        minFreeBytes >> 20);
            } else if (low && free >= minFreeBytes + minFreeBytes / 8) {
                low = false;
                LOG.warn("the disk of {} has room again: publishers are taken", folder);
            }
            if (!reserved && free >= minFreeBytes + reserveBytes) {
                keepReserve();
            }
        } catch (IOException e) {
            LOG.warn("how much room the disk of {} has cannot be told: {}", folder, e.toString());
        }
    }

    private long free() throws IOException {
        return Files.getFileStore(folder).getUsableSpace();
    }

    /** Written, not only sized: a hole is no room. */
    private void keepReserve() throws IOException {
        ByteBuffer zeros = ByteBuffer.allocate(1 << 16);
        try (FileChannel channel = FileChannel.open(
                reserve,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            for (long written = 0; written < reserveBytes; ) {
                zeros.clear().limit((int) Math.min(zeros.capacity(), reserveBytes - written));
                written += channel.write(zeros);
            }
            channel.force(true);
        } catch (FileAlreadyExistsException e) {
            LOG.debug("{} is kept already", reserve);
        }
        reserved = true;
    }

    private void giveReserve() {
        if (!reserved) {
            return;
        }
        try {
            Files.deleteIfExists(reserve);
            reserved = false;
            LOG.warn("the disk of {} is full; the room kept for removing messages is given up", folder);
        } catch (IOException e) {
            LOG.error("the room kept in {} cannot be given up: {}", reserve, e.toString());
        }
    }

    void written() {
        if (failing) {
            failing = false;
            full = false;
            LOG.warn("the store in {} is written again; nothing that was acknowledged is lost", folder);
            lookedNanos = System.nanoTime() - LOOK_NANOS;
            look();
        }
    }

    void failed(RocksDBException e) {
        Status status = e.getStatus();
        full = status != null && status.getSubCode() == Status.SubCode.NoSpace
                || String.valueOf(e.getMessage()).contains("No space left");
        if (!failing) {
            failing = true;
            LOG.error(
                    "the store in {} cannot be written ({}): publishers with QoS 1 and 2 are refused until it can",
                    folder,
                    e.getMessage());
        }
        if (full) {
            low = true; // whatever is freed now is for removing
            giveReserve();
        }
    }

    void broken() {
        failing = true;
    }

    /** The engine forgives a failed write when it is opened again; where that has a chance to go well, it is. */
    void tryAgain(Engine engine) {
        long now = System.nanoTime();
        try {
            boolean hopeful = full ? free() >= ROOM_TO_REOPEN_BYTES : now - reopenedNanos >= REOPEN_NANOS;
            if (hopeful) {
                reopenedNanos = now;
                engine.reopen();
            }
        } catch (RocksDBException | IOException e) {
            LOG.debug("still not: {}", e.getMessage());
        }
    }
}
