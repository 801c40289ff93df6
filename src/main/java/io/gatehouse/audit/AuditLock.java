package io.gatehouse.audit;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;

/**
 * The lock of an audit log, held until it is closed or the process ends. Any thread.
 *
 * <p>It is on the log itself, so that a log needs no second file in its folder. The system takes it from a process that closes
 * any descriptor of the file (POSIX, fcntl): so whoever holds it reads the log by this one, and this process keeps a list of
 * what it holds and opens none of these files a second time to write.
 */
public final class AuditLock implements AutoCloseable {
    /** The files that this process holds; guarded by itself. */
    private static final Set<Path> HELD = new HashSet<>();

    private final Path file;
    private final FileChannel channel;

    /** Somebody else writes the log. */
    public static final class Held extends IOException {
        private static final long serialVersionUID = 1L;

        private Held(Path log) {
            super(log + ": another process writes this audit log");
        }
    }

    private AuditLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Takes the lock of a log, which is made if it is not there yet; its folder is. Does not wait.
     *
     * @throws Held if another process has it, or another log in this one
     */
    static AuditLock take(Path log) throws IOException {
        Path whole = log.toAbsolutePath();
        Path folder = Objects.requireNonNull(whole.getParent(), "a log is in a folder");
        Path file = folder.toRealPath().resolve(String.valueOf(whole.getFileName()));
        synchronized (HELD) {
            if (HELD.contains(file)) {
                throw new Held(log);
            }
            FileChannel channel = FileChannel.open(
                    file,
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            boolean taken = false;
            try {
                taken = channel.tryLock() != null;
            } catch (OverlappingFileLockException e) {
                throw new Held(log); // by a name that the real path does not show: a link, another mount
            } finally {
                if (!taken) {
                    channel.close();
                }
            }
            if (!taken) {
                throw new Held(log);
            }
            HELD.add(file);
            return new AuditLock(file, channel);
        }
    }

    /** Of the log, to read it and to cut it. */
    FileChannel channel() {
        return channel;
    }

    @Override
    public void close() throws IOException {
        synchronized (HELD) {
            if (channel.isOpen()) {
                HELD.remove(file);
                channel.close();
            }
        }
    }
}
