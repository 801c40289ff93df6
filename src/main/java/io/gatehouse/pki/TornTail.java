package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * The end of a journal that a crash tore in the middle of an append: bytes after the last whole line. Nothing was issued by
 * them, as a line is whole and on the disk before a certificate leaves the process. Immutable.
 *
 * <p>Who only reads sees the same for a moment while another process appends. That one holds the lock, and set aside what was
 * torn before it began; so an end without a newline is torn if nobody has the lock. Who may not try the lock, an auditor with
 * a user of its own say, looks twice.
 *
 * @param bytes how many there are
 */
public record TornTail(Path journal, long bytes) {
    /** An append is one write into the system's cache: it does not stand still for so long. */
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);

    /**
     * Of an authority's folder. Empty too where there is no authority, and where its journal cannot be read or has no whole
     * line: whoever reads the lines says that.
     */
    public static Optional<TornTail> of(Path authority) throws PkiProblem {
        AuthorityFolder folder = new AuthorityFolder(authority);
        if (!folder.isWhole() || !Files.isReadable(folder.journal())) {
            return Optional.empty();
        }
        try {
            Optional<TornTail> seen = look(folder.journal());
            return seen.isEmpty() ? seen : confirmed(folder, seen.get());
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, folder.journal() + ": cannot be read: " + FileFault.why(e));
        }
    }

    private static Optional<TornTail> confirmed(AuthorityFolder folder, TornTail seen) throws IOException {
        if (Files.isWritable(folder.path().resolve("lock"))) {
            Optional<AuthorityLock> lock = AuthorityLock.take(folder.path());
            if (lock.isEmpty()) {
                return Optional.empty();
            }
            try (AuthorityLock held = lock.get()) {
                return look(folder.journal());
            }
        }
        LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
        return look(folder.journal()).filter(seen::equals);
    }

    private static Optional<TornTail> look(Path journal) throws IOException {
        try (FileChannel channel = FileChannel.open(journal, StandardOpenOption.READ)) {
            long size = channel.size();
            int length = (int) Math.min(size, Journal.MAX_LINE_BYTES + 1L);
            ByteBuffer end = ByteBuffer.allocate(length);
            while (end.hasRemaining()) {
                if (channel.read(end, size - length + end.position()) < 0) {
                    return Optional.empty(); // it became shorter: somebody set it aside now
                }
            }
            int newline = length - 1;
            while (newline >= 0 && end.get(newline) != '\n') {
                newline--;
            }
            int after = length - 1 - newline;
            return newline < 0 || after == 0 ? Optional.empty() : Optional.of(new TornTail(journal, after));
        }
    }

    /** For people. */
    public String said() {
        return journal + ": " + (bytes == 1 ? "the last byte is" : "the last " + bytes + " bytes are")
                + " what a crash left of a line; nothing was issued by it, and the next command that writes, such as"
                + " certs crl, sets it aside";
    }

    /** For people, of one that was set aside. */
    public static String setAside(Path torn) {
        return torn + ": a line that a crash tore, taken out of the journal now; nothing was issued by it";
    }
}
