package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * What the authority did, as lines that are only ever appended, each with the hash of the one before: the source of truth.
 *
 * <p>A line is fields separated by tabs: number, time, actor's action, profile, id, serial, end, certificate (base64 DER),
 * hash of the previous line, hash of this one. It is on the disk before a certificate leaves the process. A last line that
 * a crash tore is set aside in a file of its own; any other line that does not fit stops everything, and is named. Guarded
 * by the authority's lock.
 */
final class Journal {
    private static final String FIRST = "0".repeat(64);

    private final Path file;
    private final Clock clock;
    private final List<Entry> entries = new ArrayList<>();
    private String lastHash = FIRST;

    /** One line. */
    record Entry(
            long number,
            String time,
            String action,
            String profile,
            String id,
            String serial,
            String end,
            String certificate) {
        String text() {
            return String.join("\t", Long.toString(number), time, action, profile, id, serial, end, certificate);
        }
    }

    private Journal(Path file, Clock clock) {
        this.file = file;
        this.clock = clock;
    }

    static Journal open(Path file, Clock clock) throws PkiProblem {
        Journal journal = new Journal(file, clock);
        try {
            if (Files.exists(file)) {
                journal.read();
            }
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, file + ": cannot be read: " + e.getMessage());
        }
        return journal;
    }

    private void read() throws IOException, PkiProblem {
        byte[] bytes = Files.readAllBytes(file);
        int start = 0;
        int line = 1;
        while (start < bytes.length) {
            int end = start;
            while (end < bytes.length && bytes[end] != '\n') {
                end++;
            }
            String text = new String(bytes, start, end - start, StandardCharsets.UTF_8);
            boolean torn = end == bytes.length;
            if (torn) {
                setAside(bytes, start);
                return;
            }
            accept(text, line);
            start = end + 1;
            line++;
        }
    }

    private void accept(String text, int line) throws PkiProblem {
        String[] parts = text.split("\t", -1);
        boolean whole = parts.length == 10 && parts[8].equals(lastHash);
        String body = whole ? text.substring(0, text.lastIndexOf('\t')) : "";
        if (!whole || !hash(body).equals(parts[9]) || !parts[0].equals(Long.toString(entries.size() + 1L))) {
            throw new PkiProblem(
                    Kind.CORRUPT,
                    file + ":" + line
                            + ": the journal was changed here. Nothing is issued until it is restored from a backup");
        }
        entries.add(
                new Entry(entries.size() + 1L, parts[1], parts[2], parts[3], parts[4], parts[5], parts[6], parts[7]));
        lastHash = parts[9];
    }

    /** A line without its end was never acknowledged to anybody: it is kept for the curious and cut off. */
    private void setAside(byte[] bytes, int start) throws IOException {
        Path torn = file.resolveSibling(file.getFileName() + ".torn-" + clock.millis());
        AtomicFiles.writePrivate(torn, java.util.Arrays.copyOfRange(bytes, start, bytes.length));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(start);
            channel.force(true);
        }
    }

    /** Appends lines with one sync; when it returns, they are on the disk. */
    void append(List<Entry> fresh) throws PkiProblem {
        StringBuilder text = new StringBuilder();
        String hash = lastHash;
        for (Entry entry : fresh) {
            String body = entry.text() + "\t" + hash;
            hash = hash(body);
            text.append(body).append('\t').append(hash).append('\n');
        }
        try (FileChannel channel = FileChannel.open(
                file,
                java.util.Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                AtomicFiles.attribute("rw-------"))) {
            long before = channel.size();
            ByteBuffer buffer = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
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
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, file + ": cannot be written: " + e.getMessage() + ". Nothing was issued");
        }
        entries.addAll(fresh);
        lastHash = hash;
    }

    List<Entry> entries() {
        return List.copyOf(entries);
    }

    long nextNumber() {
        return entries.size() + 1L;
    }

    private static String hash(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
