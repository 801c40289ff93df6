package io.gatehouse.cli;

import io.gatehouse.json.Json;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a command did: said to people line by line as it happens, or to programs as one JSON object when it ends. Confined
 * to its command.
 *
 * <p>A command that fails half way says what it had done by then: its files are there.
 */
final class CertsReport implements AutoCloseable {
    private final PrintWriter out;
    private final boolean json;
    private final Map<String, Object> fields = new LinkedHashMap<>();
    private final List<String> files = new ArrayList<>();
    private String next = "";

    CertsReport(PrintWriter out, boolean json) {
        this.out = out;
        this.json = json;
    }

    /** A line for people. */
    void say(String line) {
        if (!json) {
            out.println(line);
        }
    }

    /** A field for programs. */
    void put(String name, Object value) {
        fields.put(name, value);
    }

    /** A field for programs, one more in its list. */
    void add(String name, Object value) {
        List<Object> list = new ArrayList<>();
        if (fields.get(name) instanceof List<?> before) {
            list.addAll(before);
        }
        list.add(value);
        fields.put(name, list);
    }

    /** A file that is there now, which people are told of in other words. */
    void file(Path file) {
        files.add(file.toString());
    }

    /** A file that is there now. */
    void wrote(Path file) {
        wrote(file, "");
    }

    void wrote(Path file, String note) {
        file(file);
        say("wrote " + file + (note.isEmpty() ? "" : " (" + note + ")"));
    }

    /** What to do with it: the last thing that is said. */
    void next(String what) {
        next = what;
        say("next: " + what);
    }

    @Override
    public void close() {
        if (!json || fields.isEmpty() && files.isEmpty()) {
            return;
        }
        Map<String, Object> whole = new LinkedHashMap<>(fields);
        if (!files.isEmpty()) {
            whole.put("files", files);
        }
        if (!next.isEmpty()) {
            whole.put("next", next);
        }
        out.println(Json.pretty(whole));
    }
}
