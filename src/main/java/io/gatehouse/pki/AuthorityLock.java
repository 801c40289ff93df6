package io.gatehouse.pki;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * The lock of an authority's folder, held until it is closed or the process ends. Any thread.
 *
 * <p>The system knows one holder, the process, and takes the lock from it as soon as the process closes any descriptor of
 * the file, whichever took it (POSIX, fcntl). So this process keeps a list of what it holds, and opens none of these files
 * a second time.
 */
final class AuthorityLock implements AutoCloseable {
    /** The files that this process holds; guarded by itself. */
    private static final Set<Path> HELD = new HashSet<>();

    private final Path file;
    private final FileChannel channel;

    private AuthorityLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Takes the lock; empty if another process has it, or another holder in this one. Does not wait. */
    static Optional<AuthorityLock> take(Path folder) throws IOException {
        Path file = folder.toRealPath().resolve("lock"); // a folder has one lock, by whatever name it is called
        synchronized (HELD) {
            if (HELD.contains(file)) {
                return Optional.empty();
            }
            FileChannel channel = FileChannel.open(
                    file,
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                    AtomicFiles.attribute("rw-------"));
            boolean taken = false;
            try {
                taken = channel.tryLock() != null;
            } catch (OverlappingFileLockException e) {
                return Optional.empty(); // by a name that the real path does not show: another mount, a hard link
            } finally {
                if (!taken) {
                    channel.close();
                }
            }
            if (!taken) {
                return Optional.empty();
            }
            HELD.add(file);
            return Optional.of(new AuthorityLock(file, channel));
        }
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
