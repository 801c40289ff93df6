package io.gatehouse.audit;

import io.gatehouse.json.Json;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which lines of an audit log somebody wants to see. Immutable.
 *
 * @param events names of events; empty for all
 * @param fields what a line must have, by field: the value as it is written; all of them
 * @param since the first moment
 * @param until the first moment that is too late
 */
public record AuditFilter(
        Set<String> events,
        Map<String, String> fields,
        @Nullable Instant since,
        @Nullable Instant until) {

    public AuditFilter {
        events = Set.copyOf(events);
        fields = Map.copyOf(fields);
    }

    /**
     * Whether a line is wanted. One that is no line of an audit log is: whoever looks must not miss it.
     */
    public boolean wants(String line) {
        Map<String, Object> read;
        try {
            read = Json.object(line);
        } catch (Json.NotJson e) {
            return true;
        }
        return (events.isEmpty() || events.contains(String.valueOf(read.get("event"))))
                && fields.entrySet().stream().allMatch(field -> has(read.get(field.getKey()), field.getValue()))
                && isInTime(String.valueOf(read.get("ts")));
    }

    private static boolean has(@Nullable Object value, String wanted) {
        if (value instanceof Collection<?> several) {
            return several.stream().anyMatch(one -> has(one, wanted));
        }
        return value != null && text(value).equals(wanted);
    }

    private boolean isInTime(String moment) {
        if (since == null && until == null) {
            return true;
        }
        try {
            Instant at = Instant.parse(moment);
            return (since == null || !at.isBefore(since)) && (until == null || at.isBefore(until));
        } catch (DateTimeParseException e) {
            return true;
        }
    }

    /** One line for people: when, what, and every field but the link of the chain. */
    public static String readable(String line) {
        Map<String, Object> read;
        try {
            read = Json.object(line);
        } catch (Json.NotJson e) {
            return line;
        }
        StringBuilder text = new StringBuilder();
        read.forEach((key, value) -> {
            switch (key) {
                case "ts" -> text.append(value);
                case "event" -> text.append("  ").append(String.format(Locale.ROOT, "%-11s", value));
                case "prev" -> {}
                default -> text.append(' ').append(key).append('=').append(quoted(value));
            }
        });
        return text.toString();
    }

    private static String quoted(Object value) {
        String text = text(value);
        // a client chose some of this text: what could be mistaken for more than one field, or line, is JSON
        return text.matches("[!#-<>-~]+") ? text : value instanceof String ? Json.line(value) : text;
    }

    /** Numbers as they were written, structures as JSON. */
    private static String text(Object value) {
        return value instanceof String string ? string : Json.line(value);
    }
}
