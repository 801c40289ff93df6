package io.gatehouse.pki;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;

/** The tar format (POSIX ustar), as far as plain files with short names need it. Stateless. */
final class Tar {
    static final int BLOCK_BYTES = 512;
    static final int MAX_FILE_BYTES = 1 << 30;
    private static final byte[] ZEROS = new byte[2 * BLOCK_BYTES];

    /** A file that was read whole; {@code bytesOnTape} with its header and padding. */
    record Member(String name, byte[] content, long bytesOnTape) {}

    private Tar() {}

    static void write(OutputStream out, String name, int mode, byte[] content, Instant at) throws IOException {
        byte[] header = new byte[BLOCK_BYTES];
        byte[] nameBytes = name.getBytes(StandardCharsets.US_ASCII);
        if (nameBytes.length > 100) {
            throw new IOException("a name of " + nameBytes.length + " bytes does not fit a tar header");
        }
        System.arraycopy(nameBytes, 0, header, 0, nameBytes.length);
        octal(header, 100, 8, mode);
        octal(header, 108, 8, 0);
        octal(header, 116, 8, 0);
        octal(header, 124, 12, content.length);
        octal(header, 136, 12, at.getEpochSecond());
        header[156] = '0';
        System.arraycopy("ustar\00000".getBytes(StandardCharsets.US_ASCII), 0, header, 257, 8);
        Arrays.fill(header, 148, 156, (byte) ' ');
        octal(header, 148, 7, sum(header));
        out.write(header);
        out.write(content);
        out.write(ZEROS, 0, padding(content.length));
    }

    /** Two blocks of zeros end an archive. */
    static void end(OutputStream out) throws IOException {
        out.write(ZEROS);
    }

    /** The next file; empty at the end, and where a crash cut the archive. */
    static Optional<Member> read(InputStream in) throws IOException {
        byte[] header = in.readNBytes(BLOCK_BYTES);
        if (header.length < BLOCK_BYTES || header[0] == 0) {
            return Optional.empty();
        }
        long sum = number(header, 148, 8);
        Arrays.fill(header, 148, 156, (byte) ' ');
        if (sum != sum(header)) {
            return Optional.empty();
        }
        int length = 0;
        while (length < 100 && header[length] != 0) {
            length++;
        }
        long size = number(header, 124, 12);
        if (size > MAX_FILE_BYTES) {
            throw new IOException("a file of " + size + " bytes in the archive");
        }
        byte[] content = in.readNBytes((int) size);
        int padding = padding(content.length);
        if (content.length < size || in.readNBytes(padding).length < padding) {
            return Optional.empty();
        }
        return Optional.of(new Member(
                new String(header, 0, length, StandardCharsets.US_ASCII), content, BLOCK_BYTES + size + padding));
    }

    private static int padding(long size) {
        return (int) (-size & (BLOCK_BYTES - 1));
    }

    private static void octal(byte[] header, int at, int width, long value) {
        String digits = Long.toOctalString(value);
        String text = "0".repeat(width - 1 - digits.length()) + digits;
        System.arraycopy(text.getBytes(StandardCharsets.US_ASCII), 0, header, at, width - 1);
        header[at + width - 1] = 0;
    }

    private static long number(byte[] header, int at, int width) throws IOException {
        String text = new String(header, at, width, StandardCharsets.US_ASCII)
                .replace("\0", "")
                .trim();
        try {
            return Long.parseLong(text, 8);
        } catch (NumberFormatException e) {
            throw new IOException("not a tar archive", e);
        }
    }

    private static long sum(byte[] header) {
        long sum = 0;
        for (byte b : header) {
            sum += b & 0xFF;
        }
        return sum;
    }
}
