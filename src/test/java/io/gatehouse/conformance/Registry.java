package io.gatehouse.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * All numbered statements of one specification, read from its resource: {@code ID | what it asks | why there is no test}.
 * Immutable.
 */
record Registry(Specification specification, Map<String, Row> rows) {
    /** Why a statement may have no test. */
    enum Excuse {
        /** What a client has to do, and the server cannot tell. */
        CLIENT("binds the client only"),
        /** Nothing that passes on a connection tells whether it is kept. */
        UNSEEN("not to be seen from outside"),
        /** A choice of the specification that Gatehouse does not take. */
        CHOICE("an option not taken");

        private final String text;

        Excuse(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }

    /**
     * @param excuse null where there must be a test
     * @param reason in a few words; empty without an excuse
     */
    record Row(
            String id,
            String asks,
            @org.jspecify.annotations.Nullable Excuse excuse,
            String reason) {}

    static Registry read(Specification specification) {
        Map<String, Row> rows = new LinkedHashMap<>();
        for (String line : lines(specification)) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            Row row = row(line);
            if (rows.put(row.id(), row) != null) {
                throw new IllegalStateException(row.id() + " is listed twice");
            }
        }
        return new Registry(specification, rows);
    }

    private static Row row(String line) {
        String[] parts = line.split(" \\| ", 3);
        if (parts.length < 2) {
            throw new IllegalStateException("not a statement: " + line);
        }
        if (parts.length == 2) {
            return new Row(parts[0], parts[1], null, "");
        }
        String[] excuse = parts[2].split(":", 2);
        String reason = excuse.length == 1 ? "" : excuse[1].strip();
        Excuse kind = Excuse.valueOf(excuse[0].strip().toUpperCase(java.util.Locale.ROOT));
        if (reason.isEmpty()) {
            throw new IllegalStateException("an excuse without its reason: " + line);
        }
        return new Row(parts[0], parts[1], kind, reason);
    }

    private static List<String> lines(Specification specification) {
        try (InputStream in = Registry.class.getResourceAsStream(specification.resource())) {
            return new String(
                            Objects.requireNonNull(in, specification.resource()).readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
