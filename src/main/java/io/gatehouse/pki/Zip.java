package io.gatehouse.pki;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * A zip archive (PKWARE APPNOTE 6.3) of plain files, stored as they are, with the modes of their owners: those of the
 * platform's writer have none, and unpacked keys would be everybody's to read. Confined to the writing thread.
 */
final class Zip {
    /** The format without its extension for larger ones counts with 16 bits. */
    static final int MAX_FILES = 0xFFFF;

    private static final int LOCAL = 0x04034b50;
    private static final int CENTRAL = 0x02014b50;
    private static final int END = 0x06054b50;
    private static final int LOCAL_BYTES = 30;
    private static final int VERSION = 10;
    /** By a Unix system, so that the modes are read. */
    private static final int MADE_BY = 3 << 8 | 20;

    private static final int REGULAR_FILE = 0100000;
    private static final int MAX_FILE_BYTES = 1 << 24;

    /** A file of the archive; {@code bytes} with its header. */
    record Member(String name, byte[] content, long bytes) {}

    private record Entry(byte[] name, int mode, int time, int date, int sum, int size, long offset) {}

    private final List<Entry> entries = new ArrayList<>();
    private long written;

    void write(OutputStream out, String name, int mode, byte[] content, Instant at) throws IOException {
        if (entries.size() == MAX_FILES) {
            throw new IOException("a zip archive holds " + MAX_FILES + " files; a .tar holds more");
        }
        Entry entry = note(name, mode, content, at);
        out.write(local(entry));
        out.write(content);
    }

    /** Takes a file in that an earlier run wrote, so that the end names it. */
    Entry note(String name, int mode, byte[] content, Instant at) {
        CRC32 sum = new CRC32();
        sum.update(content);
        LocalDateTime time = LocalDateTime.ofInstant(at, ZoneOffset.UTC);
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        Entry entry = new Entry(
                bytes,
                mode,
                time.getHour() << 11 | time.getMinute() << 5 | time.getSecond() / 2,
                Math.max(0, time.getYear() - 1980) << 9 | time.getMonthValue() << 5 | time.getDayOfMonth(),
                (int) sum.getValue(),
                content.length,
                written);
        entries.add(entry);
        written += LOCAL_BYTES + bytes.length + content.length;
        return entry;
    }

    private static byte[] local(Entry entry) {
        return common(little(LOCAL_BYTES + entry.name.length).putInt(LOCAL), entry)
                .put(entry.name)
                .array();
    }

    private static ByteBuffer common(ByteBuffer header, Entry entry) {
        return header.putShort((short) VERSION)
                .putInt(0) // no flags, stored
                .putShort((short) entry.time)
                .putShort((short) entry.date)
                .putInt(entry.sum)
                .putInt(entry.size)
                .putInt(entry.size)
                .putShort((short) entry.name.length)
                .putShort((short) 0);
    }

    /** The directory at the end, without which it is no archive. */
    void end(OutputStream out) throws IOException {
        long start = written;
        for (Entry entry : entries) {
            byte[] header = common(
                            little(46 + entry.name.length).putInt(CENTRAL).putShort((short) MADE_BY), entry)
                    .putShort((short) 0) // comment
                    .putInt(0) // disk, internal attributes
                    .putInt((REGULAR_FILE | entry.mode) << 16)
                    .putInt((int) entry.offset)
                    .put(entry.name)
                    .array();
            out.write(header);
            written += header.length;
        }
        if (written > 0xFFFFFFFFL) {
            throw new IOException("a zip archive holds 4 GiB; a .tar holds more");
        }
        out.write(little(22)
                .putInt(END)
                .putInt(0)
                .putShort((short) entries.size())
                .putShort((short) entries.size())
                .putInt((int) (written - start))
                .putInt((int) start)
                .putShort((short) 0)
                .array());
    }

    private static ByteBuffer little(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The next file; empty at the end of the files, and where a crash cut the archive. */
    static Optional<Member> read(InputStream in) throws IOException {
        byte[] bytes = in.readNBytes(LOCAL_BYTES);
        ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length < LOCAL_BYTES || header.getInt(0) != LOCAL) {
            return Optional.empty();
        }
        int size = header.getInt(18);
        int nameLength = header.getShort(26) & 0xFFFF;
        if (size < 0 || size > MAX_FILE_BYTES) {
            throw new IOException("a file of " + size + " bytes in the archive");
        }
        byte[] name = in.readNBytes(nameLength);
        byte[] content = in.readNBytes(size);
        CRC32 sum = new CRC32();
        sum.update(content);
        if (name.length < nameLength || content.length < size || (int) sum.getValue() != header.getInt(14)) {
            return Optional.empty();
        }
        return Optional.of(new Member(
                new String(name, StandardCharsets.US_ASCII), content, LOCAL_BYTES + nameLength + (long) size));
    }
}
