package io.gatehouse.pki;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/**
 * A {@link Roll} as it lies beside the journal, so that the next one need not read all of it. Stateless; any process.
 *
 * <p>It is derived, and never believed further than the journal bears it out: it names how many bytes and lines of the
 * journal it is of, the hash of the last of them, what the file system said of the file then, and checksums of its bytes.
 * Where the file system still says the same, or the bytes have these checksums, it counts, and the lines after that are
 * read; where not, where it is torn, of another version or cannot be read, it is as if it were not there. So a journal that
 * was edited is read as a whole, which names the line.
 *
 * <p>It is written beside its place and moved there, by whoever the folder belongs to and nobody else. It is not synced: one
 * that a loss of power tore does not have its own checksum.
 */
final class RollFile {
    private static final long MAGIC = 0x4748_494e_4445_5831L; // GHINDEX1

    /** What a row says by a number, and in which order. */
    private static final String WORDS =
            Arrays.stream(Profile.values()).map(Profile::word).collect(Collectors.joining(" "))
                    + "; "
                    + Arrays.stream(RevocationReason.values())
                            .map(RevocationReason::word)
                            .collect(Collectors.joining(" "));

    private static final int BUFFER_BYTES = 1 << 16;

    /** A journal that was read on and on is summed up as a whole again. */
    private static final int MAX_SPANS = 256;

    private final AuthorityFolder folder;

    RollFile(AuthorityFolder folder) {
        this.folder = folder;
    }

    /** The checksum of the journal's bytes up to an end, from the end of the span before. */
    private record Span(long end, int checksum) {}

    /**
     * A roll that the journal bears out.
     *
     * @param stamped whether that could be seen without reading the journal
     */
    record Kept(Roll roll, long lines, String hash, long bytes, List<Span> spans, boolean stamped) {}

    Path path() {
        return folder.path().resolve("index");
    }

    Optional<Kept> read(JournalStamp now) throws IOException {
        CRC32C own = new CRC32C();
        try (DataInputStream in = new DataInputStream(
                new CheckedInputStream(new BufferedInputStream(Files.newInputStream(path()), BUFFER_BYTES), own))) {
            if (in.readLong() != MAGIC || !in.readUTF().equals(WORDS)) {
                return Optional.empty();
            }
            long lines = in.readLong();
            String hash = in.readUTF();
            long bytes = in.readLong();
            JournalStamp then = new JournalStamp(in.readUTF(), bytes);
            List<Span> spans = new ArrayList<>();
            for (int i = in.readInt(); i > 0; i--) {
                spans.add(new Span(in.readLong(), in.readInt()));
            }
            Map<String, Journal.Entry> groups = new HashMap<>();
            for (int i = in.readInt(); i > 0; i--) {
                groups.put(in.readUTF(), entry(in));
            }
            long rows = in.readLong();
            List<ByteBuffer> chunks = new ArrayList<>();
            long left = Files.size(path());
            for (int i = in.readInt(); i > 0; i--) {
                int length = in.readInt();
                left -= length;
                if (length <= 0 || left < 0) {
                    return Optional.empty();
                }
                byte[] chunk = new byte[length];
                in.readFully(chunk);
                chunks.add(ByteBuffer.wrap(chunk));
            }
            int sum = (int) own.getValue();
            if (in.readInt() != sum || bytes > now.bytes()) {
                return Optional.empty();
            }
            boolean stamped = then.isOf(now);
            if (!stamped && !isOf(spans, bytes)) {
                return Optional.empty();
            }
            return Optional.of(new Kept(new Roll(chunks, groups, rows), lines, hash, bytes, spans, stamped));
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty(); // not there, not for this user, or torn: the journal has it all
        }
    }

    /** Whether the journal begins with the bytes that these are the checksums of. */
    private boolean isOf(List<Span> spans, long bytes) throws IOException {
        long at = 0;
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream in = Files.newInputStream(folder.journal())) {
            for (Span span : spans) {
                CRC32C sum = new CRC32C();
                while (at < span.end()) {
                    int got = in.read(buffer, 0, (int) Math.min(buffer.length, span.end() - at));
                    if (got < 0) {
                        return false;
                    }
                    sum.update(buffer, 0, got);
                    at += got;
                }
                if ((int) sum.getValue() != span.checksum()) {
                    return false;
                }
            }
        }
        return at == bytes;
    }

    private static Journal.Entry entry(DataInputStream in) throws IOException {
        return new Journal.Entry(
                in.readUTF(),
                in.readUTF(),
                in.readUTF(),
                in.readUTF(),
                in.readUTF(),
                Journal.NOTHING,
                Journal.NOTHING,
                Journal.NOTHING,
                in.readUTF());
    }

    /**
     * Leaves a roll for the next one, if the folder is this user's.
     *
     * @param stamp from before the journal was read
     * @return why not, if it should have been
     */
    Optional<String> write(Roll roll, Journal journal, Optional<Kept> kept, JournalStamp stamp) {
        List<Span> spans = new ArrayList<>(kept.map(Kept::spans).orElse(List.of()));
        long before = kept.map(Kept::bytes).orElse(0L);
        if (journal.bytes() > before) {
            spans.add(new Span(journal.bytes(), journal.checksum()));
        }
        if (spans.size() > MAX_SPANS || !isOurs()) {
            return Optional.empty(); // the next one that has none is of all
        }
        try {
            boolean whole = stamp.bytes() == journal.bytes() && stamp.isOf(JournalStamp.of(folder.journal()));
            removeLeftOvers();
            Path fresh = Files.createTempFile(folder.path(), ".index", ".new", AtomicFiles.attribute("rw-------"));
            try {
                write(fresh, roll, journal, spans, whole ? stamp.text() : "");
                Files.move(fresh, path(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(fresh);
            }
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(
                    path() + ": cannot be written, so the next list reads the whole journal: " + FileFault.why(e));
        }
    }

    /** What others were writing when they were killed, not what others write now. */
    private void removeLeftOvers() throws IOException {
        Instant old = Clock.systemUTC().instant().minus(Duration.ofHours(1));
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder.path(), ".index*.new")) {
            for (Path file : files) {
                if (Files.getLastModifiedTime(file).toInstant().isBefore(old)) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    private static void write(Path file, Roll roll, Journal journal, List<Span> spans, String stamp)
            throws IOException {
        CheckedOutputStream summed = new CheckedOutputStream(
                new BufferedOutputStream(Files.newOutputStream(file), BUFFER_BYTES), new CRC32C());
        try (DataOutputStream out = new DataOutputStream(summed)) {
            out.writeLong(MAGIC);
            out.writeUTF(WORDS);
            out.writeLong(journal.count());
            out.writeUTF(journal.lastHash());
            out.writeLong(journal.bytes());
            out.writeUTF(stamp);
            out.writeInt(spans.size());
            for (Span span : spans) {
                out.writeLong(span.end());
                out.writeInt(span.checksum());
            }
            out.writeInt(roll.groups().size());
            for (Map.Entry<String, Journal.Entry> one : roll.groups().entrySet()) {
                Journal.Entry entry = one.getValue();
                for (String field : List.of(
                        one.getKey(),
                        entry.time(),
                        entry.actor(),
                        entry.action(),
                        entry.profile(),
                        entry.id(),
                        entry.detail())) {
                    out.writeUTF(field);
                }
            }
            out.writeLong(roll.rows());
            out.writeInt(roll.chunks().size());
            for (ByteBuffer chunk : roll.chunks()) {
                out.writeInt(chunk.limit());
                out.write(chunk.array(), 0, chunk.limit());
            }
            out.writeInt((int) summed.getChecksum().getValue());
        }
    }

    private boolean isOurs() {
        try {
            requireOurs();
            return true;
        } catch (IOException | PkiProblem e) {
            return false; // it is read all the same
        }
    }

    /** Not a file of root's in somebody else's folder, which its owner could not read. */
    void requireOurs() throws IOException, PkiProblem {
        folder.requirePrivate();
        String owner = Files.getOwner(folder.path()).getName();
        if (!owner.equals(System.getProperty("user.name"))) {
            throw new PkiProblem(
                    PkiProblem.Kind.POLICY,
                    folder.path() + ": belongs to \"" + owner
                            + "\", who alone writes the index; run this as that user");
        }
        if (!Files.isWritable(folder.path())) {
            throw new PkiProblem(
                    PkiProblem.Kind.POLICY, folder.path() + ": nobody may write here. Run: chmod 700 " + folder.path());
        }
    }
}
