package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Inventory.State;
import io.gatehouse.pki.OcspIndex;
import io.gatehouse.pki.Profile;
import io.gatehouse.pki.RevocationReason;
import io.gatehouse.pki.RollRow;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** The lines of {@code certs list}, many at a time: there may be a million. Confined to one thread; flushed at the end. */
final class CertsLines {
    private static final int ENOUGH = 1 << 17; // a row has 64 KiB at most
    private static final String NEWLINE = System.lineSeparator();

    private final PrintWriter out;
    private final Instant now;
    private final String[] states =
            Arrays.stream(State.values()).map(State::word).toArray(String[]::new);
    private final String[] profiles =
            Arrays.stream(Profile.values()).map(Profile::word).toArray(String[]::new);
    private char[] text = new char[2 * ENOUGH];
    private int filled;

    // what was made at once has the same end, to the second
    private Instant end = Instant.MIN;
    private String endText = "";

    private boolean begun;

    CertsLines(PrintWriter out, Instant now) {
        this.out = out;
        this.now = now;
    }

    void heading() {
        put("id,profile,state,serial,issued_at,not_after,revoked_at,reason,group");
        put(NEWLINE);
    }

    void text(RollRow row) {
        room();
        column(states[row.state(now).ordinal()], 10);
        column(profiles[row.profile().ordinal()], 13);
        int from = filled;
        filled = row.id(text, filled);
        pad(from, 24);
        put(end(row.notAfter()));
        put("  ");
        filled = row.serial(text, filled);
        put(NEWLINE);
    }

    private void column(String word, int width) {
        int from = filled;
        put(word);
        pad(from, width);
    }

    private void pad(int from, int width) {
        int to = Math.max(filled, from + width) + 2;
        while (filled < to) {
            text[filled++] = ' ';
        }
    }

    private String end(Instant at) {
        if (!at.equals(end)) {
            end = at;
            endText = at.toString();
        }
        return endText;
    }

    /** Ids, words and groups need no quoting. */
    void csv(RollRow row) {
        room();
        Instant revokedAt = row.revokedAt();
        RevocationReason reason = row.reason();
        filled = row.id(text, filled);
        cell(profiles[row.profile().ordinal()]);
        cell(states[row.state(now).ordinal()]);
        text[filled++] = ',';
        filled = row.serial(text, filled);
        cell(row.issuedAt().toString());
        cell(end(row.notAfter()));
        cell(revokedAt == null ? "" : revokedAt.toString());
        cell(reason == null ? "" : reason.word());
        cell(row.group());
        put(NEWLINE);
    }

    private void cell(String cell) {
        text[filled++] = ',';
        put(cell);
    }

    void index(RollRow row) {
        room();
        put(OcspIndex.line(row.item()));
        put(NEWLINE);
    }

    /** An element of an array, a line each. */
    void json(RollRow row) {
        room();
        put(begun ? "," : "[");
        put(NEWLINE);
        put(Json.line(fields(row)));
        begun = true;
    }

    void endOfJson() {
        put(begun ? NEWLINE + "]" : "[]");
        put(NEWLINE);
    }

    private void put(String words) {
        if (text.length - filled < words.length()) {
            text = Arrays.copyOf(text, 2 * text.length + words.length());
        }
        words.getChars(0, words.length(), text, filled);
        filled += words.length();
    }

    /** For a line, whatever is in it: a row as a whole is shorter. */
    private void room() {
        if (filled >= ENOUGH) {
            flush();
        }
    }

    void flush() {
        out.write(text, 0, filled);
        out.flush();
        filled = 0;
    }

    private Map<String, Object> fields(RollRow row) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", row.id());
        fields.put("profile", row.profile().word());
        if (!row.group().isEmpty()) {
            fields.put("group", row.group());
        }
        fields.put("state", row.state(now).word());
        fields.put("serial", row.serial().toString(16));
        fields.put("issuedAt", row.issuedAt().toString());
        fields.put("notAfter", row.notAfter().toString());
        Instant revokedAt = row.revokedAt();
        RevocationReason reason = row.reason();
        if (revokedAt != null && reason != null) {
            fields.put("revokedAt", revokedAt.toString());
            fields.put("reason", reason.word());
        }
        return fields;
    }
}
