package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What the authority did, as lines that are only ever appended, each with the hash of the one before: the source of
 * truth. Guarded by the authority's lock; one thread.
 *
 * <p>A line is on the disk before a certificate leaves the process. A last line that a crash tore is set aside in a file
 * of its own; any other line that does not fit stops everything, and is named. Lines are read once and handed on, so that
 * a million certificates need no million lines in memory.
 */
final class Journal {
    /** In a field that says nothing. */
    static final String NOTHING = "-";

    /** What the first line is about. */
    static final String CREATE = "create";

    private static final String FIRST = "0".repeat(64);
    private static final int FIELDS = 12;
    static final int MAX_LINE_BYTES = 64 * 1024;

    private final Path file;
    /** Whether it is being made; any other has the line that made it. */
    private final boolean isNew;

    private long count;
    private String lastHash = FIRST;
    /** The bytes of the lines that were read or written. */
    private long whole;
    /** Where a torn last line went, until somebody asks. */
    private @Nullable Path aside;

    private final CRC32C read = new CRC32C();
    private final MessageDigest digest = sha256();

    /**
     * One line: fields separated by tabs, then the hash of the line before and of this one.
     *
     * @param profile of a certificate; {@link #NOTHING} elsewhere
     * @param serial of a certificate in hex, of a token its hash, of a request the SHA-256 of its key
     * @param end when what the line is about ends
     * @param key the first half of the SHA-256 of the public key
     * @param detail the certificate (base64 DER), the reason of a revocation, the number of a list, where a
     *     request came from
     */
    record Entry(
            String time,
            String actor,
            String action,
            String profile,
            String id,
            String serial,
            String end,
            String key,
            String detail) {
        Entry {
            for (String field : List.of(time, actor, action, profile, id, serial, end, key, detail)) {
                if (field.isEmpty() || hasControl(field)) {
                    throw new IllegalArgumentException("a field of the journal is empty or has control characters");
                }
            }
        }

        private static boolean hasControl(String field) {
            for (int i = 0; i < field.length(); i++) {
                if (field.charAt(i) < 0x20 || field.charAt(i) == 0x7F) {
                    return true;
                }
            }
            return false;
        }

        /** Without what it says in detail. */
        Entry without() {
            return new Entry(time, actor, action, profile, id, serial, end, key, NOTHING);
        }

        private String text(long number) {
            return String.join("\t", Long.toString(number), time, actor, action, profile, id, serial, end, key, detail);
        }
    }

    private Journal(Path file, boolean isNew) {
        this.file = file;
        this.isNew = isNew;
    }

    /** Opens to append; a torn last line is set aside first. */
    static Journal open(Path file, Clock clock, Consumer<Entry> reader) throws PkiProblem {
        Journal journal = new Journal(file, false);
        journal.resume(clock, reader);
        return journal;
    }

    /** As {@link #open}, for an authority that is being made: there may be no journal yet. */
    static Journal begin(Path file, Clock clock, Consumer<Entry> reader) throws PkiProblem {
        Journal journal = new Journal(file, true);
        journal.resume(clock, reader);
        return journal;
    }

    /** Begins at the first line, for {@link #catchUp} only. */
    static Journal follow(Path file) {
        return new Journal(file, false);
    }

    /** Goes on after lines that were read before: {@link #catchUp} refuses what does not follow them. */
    static Journal from(Path file, long count, String lastHash, long bytes) {
        Journal journal = new Journal(file, false);
        journal.count = count;
        journal.lastHash = lastHash;
        journal.whole = bytes;
        return journal;
    }

    /** The bytes of the lines up to the last that was read or written. */
    long bytes() {
        return whole;
    }

    /** The CRC-32C of the lines that {@link #catchUp} read. */
    int checksum() {
        return (int) read.getValue();
    }

    /** How many lines were read or written. */
    long count() {
        return count;
    }

    /** The hash of the last of them. */
    String lastHash() {
        return lastHash;
    }

    /** As {@link #catchUp}, with the right to write: a torn last line is set aside. */
    void resume(Clock clock, Consumer<Entry> reader) throws PkiProblem {
        catchUp(reader);
        try {
            if (Files.exists(file) && whole < Files.size(file)) {
                setAside(whole, clock);
            }
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, file + ": cannot be read: " + FileFault.why(e));
        }
    }

    /** Reads what others appended since the last line that was read or written here; says whether there was something. */
    boolean catchUp(Consumer<Entry> reader) throws PkiProblem {
        long before = count;
        try {
            long size = Files.exists(file) ? Files.size(file) : 0;
            if (size < whole) {
                throw changed(count);
            }
            if (size > whole) {
                read(reader);
            }
            if (count == 0 && !isNew) {
                throw lost(size);
            }
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, file + ": cannot be read: " + FileFault.why(e));
        }
        return count > before;
    }

    /** Reads without the right to write: a line that another process is just appending is not seen yet. */
    static long view(Path file, Consumer<Entry> reader) throws PkiProblem {
        Journal journal = new Journal(file, false);
        journal.catchUp(reader);
        return journal.count;
    }

    private void read(Consumer<Entry> reader) throws IOException, PkiProblem {
        byte[] block = new byte[4 * MAX_LINE_BYTES];
        int filled = 0;
        try (InputStream in = Files.newInputStream(file)) {
            in.skipNBytes(whole);
            for (int got = in.read(block); got >= 0; got = in.read(block, filled, block.length - filled)) {
                int begin = 0;
                for (int i = filled; i < filled + got; i++) {
                    if (block[i] == '\n') {
                        take(block, begin, i - begin, reader);
                        begin = i + 1;
                    }
                }
                filled += got - begin;
                requireLine(filled);
                System.arraycopy(block, begin, block, 0, filled);
            }
        }
    }

    private void requireLine(int bytes) throws PkiProblem {
        if (bytes > MAX_LINE_BYTES) {
            throw changed(count + 1);
        }
    }

    private void take(byte[] block, int begin, int length, Consumer<Entry> reader) throws PkiProblem {
        requireLine(length);
        String before = lastHash;
        Entry entry = accept(block, begin, length);
        try {
            reader.accept(entry);
        } catch (UnfitEntry e) {
            count--;
            lastHash = before;
            throw changed(count + 1, " (" + e.getMessage() + ")");
        }
        whole += length + 1L;
        read.update(block, begin, length + 1); // with its end
    }

    private Entry accept(byte[] block, int begin, int length) throws PkiProblem {
        String[] parts = new String(block, begin, length, StandardCharsets.UTF_8).split("\t", -1);
        if (parts.length != FIELDS
                || !parts[0].equals(Long.toString(count + 1))
                || !parts[10].equals(lastHash)
                || count == 0 && !parts[3].equals(CREATE)
                || !hashOfBody(block, begin, length).equals(parts[11])) {
            throw changed(count + 1);
        }
        count++;
        lastHash = parts[11];
        return new Entry(parts[1], parts[2], parts[3], parts[4], parts[5], parts[6], parts[7], parts[8], parts[9]);
    }

    /** Of a line without its own hash, which is the last field. */
    private String hashOfBody(byte[] block, int begin, int length) {
        int end = begin + length;
        while (block[end - 1] != '\t') {
            end--;
        }
        digest.update(block, begin, end - 1 - begin);
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Every authority's journal begins with the line of its making, so one without it is not new: it lost all it knew. */
    private PkiProblem lost(long size) {
        return new PkiProblem(
                Kind.CORRUPT,
                file + ": the journal "
                        + (Files.exists(file) ? size == 0 ? "is empty" : "has no whole line" : "is missing")
                        + ", so nobody knows what this authority issued and revoked. Nothing is issued or published until"
                        + " it is restored from a backup, into another folder: gatehouse certs restore");
    }

    private PkiProblem changed(long line) {
        return changed(line, "");
    }

    private PkiProblem changed(long line, String how) {
        return new PkiProblem(
                Kind.CORRUPT,
                file + ":" + line + ": the journal was changed here" + how
                        + ". Nothing is issued until it is restored: gatehouse certs restore");
    }

    /** A line without its end was never acknowledged to anybody: it is kept for the curious, on the disk, and cut off then. */
    private void setAside(long end, Clock clock) throws IOException, PkiProblem {
        Path torn = file.resolveSibling(file.getFileName() + ".torn-" + clock.millis());
        byte[] rest;
        try (InputStream in = Files.newInputStream(file)) {
            in.skipNBytes(end);
            rest = in.readNBytes(MAX_LINE_BYTES + 1);
        }
        requireLine(rest.length);
        AtomicFiles.writePrivate(torn, rest);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(end);
            channel.force(true);
        }
        aside = torn;
    }

    /** Where a torn last line was set aside since this was last asked. */
    Optional<Path> takeAside() {
        Optional<Path> taken = Optional.ofNullable(aside);
        aside = null;
        return taken;
    }

    /** Appends lines with one sync; when it returns, they are on the disk. */
    void append(List<Entry> fresh) throws PkiProblem {
        StringBuilder text = new StringBuilder(fresh.size() * 1024);
        String hash = lastHash;
        long number = count;
        for (Entry entry : fresh) {
            number++;
            String body = entry.text(number) + "\t" + hash;
            hash = hash(body);
            text.append(body).append('\t').append(hash).append('\n');
        }
        boolean existed = Files.exists(file);
        long written;
        try (FileChannel channel = FileChannel.open(
                file,
                isNew ? Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE) : Set.of(StandardOpenOption.WRITE),
                AtomicFiles.attribute("rw-------"))) {
            long before = channel.size();
            if (before != whole) {
                throw changed(count);
            }
            ByteBuffer buffer = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
            written = buffer.remaining();
            channel.position(before);
            try {
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                channel.force(true);
            } catch (IOException e) {
                channel.truncate(before); // a full disk leaves no half line
                throw e;
            }
            if (!existed) {
                AtomicFiles.syncFolder(
                        Objects.requireNonNull(file.toAbsolutePath().getParent()));
            }
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, file + ": cannot be written: " + FileFault.why(e) + ". Nothing was issued");
        }
        count = number;
        lastHash = hash;
        whole += written;
    }

    static String hash(String text) {
        return sha256(text.getBytes(StandardCharsets.UTF_8));
    }

    static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(sha256().digest(bytes));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
