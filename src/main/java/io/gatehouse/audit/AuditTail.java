package io.gatehouse.audit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;

/**
 * Reads what an audit log gets, as it gets it. One thread.
 *
 * <p>A file that is another one under the same name, or became shorter, is read from its beginning: it was moved away.
 */
public final class AuditTail {
    private static final int CHUNK_BYTES = 1 << 16;
    private static final byte NEW_LINE = '\n';

    private final Path file;
    private long read;
    private Object key;

    /** Begins behind what is there now. */
    public AuditTail(Path file) throws IOException {
        this.file = file;
        this.read = Files.size(file);
        this.key = key(file);
    }

    private static Object key(Path file) throws IOException {
        Object key = Files.readAttributes(file, java.nio.file.attribute.BasicFileAttributes.class)
                .fileKey();
        return key == null ? "none" : key;
    }

    /**
     * Hands over the whole lines that came since the last call.
     *
     * @throws IOException if the file cannot be read; one that is away for a moment is waited for
     */
    public void read(Consumer<String> lines) throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        Object now = key(file);
        if (!now.equals(key) || Files.size(file) < read) {
            key = now;
            read = 0;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer buffer = ByteBuffer.allocate(CHUNK_BYTES);
            while (channel.read(buffer, read) > 0) {
                int end = lastNewLine(buffer);
                if (end < 0) {
                    if (buffer.hasRemaining()) {
                        return; // its end is still to come
                    }
                    buffer = ByteBuffer.allocate(buffer.capacity() * 2);
                    continue;
                }
                new String(buffer.array(), 0, end, StandardCharsets.UTF_8)
                        .lines()
                        .forEach(lines);
                read += end + 1;
                buffer.clear();
            }
        }
    }

    private static int lastNewLine(ByteBuffer buffer) {
        int at = buffer.position() - 1;
        while (at >= 0 && buffer.get(at) != NEW_LINE) {
            at--;
        }
        return at;
    }
}
