package io.gatehouse.audit;

import io.gatehouse.json.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The chain that an audit log is: each line holds, as {@code prev}, the SHA-256 of the line before. Stateless.
 *
 * <p>It shows that a line was changed, taken out or put in; that the end was cut off it cannot show, unless the last hash
 * was noted elsewhere.
 */
public final class AuditChain {
    static final String FIRST = "0".repeat(64);

    private AuditChain() {}

    /** Appends one line; returns its hash. */
    static String append(
            StringBuilder text, String moment, String name, Map<String, @Nullable Object> fields, String previous) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("ts", moment);
        line.put("event", name);
        fields.forEach((key, value) -> {
            if (value != null) {
                line.put(key, value);
            }
        });
        line.put("prev", previous);
        String json = Json.line(line);
        text.append(json).append('\n');
        return hash(json);
    }

    /**
     * What verifying a log came to.
     *
     * @param lines that were read
     * @param lastHash to be noted elsewhere, so that a cut-off end shows
     * @param fault the first line that does not fit, as {@code FILE:LINE: why}; empty if all fit
     */
    public record Verification(long lines, String lastHash, Optional<String> fault) {}

    /** Reads a log from its first line and checks every link. */
    public static Verification verify(Path file) throws IOException {
        String previous = FIRST;
        long number = 0;
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                Object prev;
                try {
                    prev = Json.object(line).get("prev");
                } catch (Json.NotJson e) {
                    return new Verification(
                            number, previous, Optional.of(file + ":" + number + ": not a line of an audit log"));
                }
                if (!previous.equals(prev)) {
                    return new Verification(
                            number,
                            previous,
                            Optional.of(file + ":" + number
                                    + ": does not follow the line before: one of the two was changed, or one between them is"
                                    + " gone"));
                }
                previous = hash(line);
            }
        }
        return new Verification(number, previous, Optional.empty());
    }

    /** The hash of the last line; the first link for an empty file. */
    static String lastHash(FileChannel file) throws IOException {
        String last = null;
        file.position(0);
        // not closed: the channel stays open for its lock
        BufferedReader reader = new BufferedReader(Channels.newReader(file, StandardCharsets.UTF_8));
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            last = line;
        }
        return last == null ? FIRST : hash(last);
    }

    private static String hash(String line) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(line.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
