package io.gatehouse.cli;

import io.gatehouse.pki.Inventory;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.BiPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A condition of {@code certs list --where}: a field, a comparison and a value, such as {@code id~'line-3-*'}. Immutable. */
record CertsWhere(BiPredicate<String, Inventory.Item> condition) {
    private static final Pattern FORM = Pattern.compile("([a-z_]+)(!=|=|~|<|>)'?([^']*)'?");

    /** What can be asked for. */
    private enum Field {
        ID,
        GROUP,
        PROFILE,
        STATE,
        SERIAL,
        REASON,
        ISSUED_AT,
        NOT_AFTER,
        REVOKED_AT;

        boolean isTime() {
            return this == ISSUED_AT || this == NOT_AFTER || this == REVOKED_AT;
        }

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        String text(String group, Inventory.Item item, Instant now) {
            return switch (this) {
                case ID -> item.id();
                case GROUP -> group;
                case PROFILE -> item.profile().word();
                case STATE -> item.state(now).word();
                case SERIAL -> item.serial().toString(16);
                case REASON -> item.reason() == null ? "" : item.reason().word();
                case ISSUED_AT, NOT_AFTER, REVOKED_AT -> throw new IllegalStateException("a time");
            };
        }

        Instant time(Inventory.Item item) {
            Instant revoked = item.revokedAt();
            return switch (this) {
                case ISSUED_AT -> item.issuedAt();
                case NOT_AFTER -> item.notAfter();
                default -> revoked == null ? Instant.MAX : revoked;
            };
        }
    }

    boolean holds(String group, Inventory.Item item) {
        return condition.test(group, item);
    }

    static CertsWhere of(String condition, Instant now) {
        Matcher form = FORM.matcher(condition);
        if (!form.matches()) {
            throw Failure.usage("--where \"" + condition + "\" is not FIELD, one of = != ~ < >, and a value, such as"
                    + " id~'line-3-*'");
        }
        Field field = Arrays.stream(Field.values())
                .filter(one -> one.word().equals(form.group(1)))
                .findFirst()
                .orElseThrow(() -> Failure.usage("--where: unknown field \"" + form.group(1) + "\"; there are "
                        + Arrays.stream(Field.values()).map(Field::word).collect(Collectors.joining(", "))));
        String operator = form.group(2);
        String value = form.group(3);
        boolean compares = operator.equals("<") || operator.equals(">");
        if (compares != field.isTime()) {
            throw Failure.usage("--where \"" + condition + "\": " + field.word()
                    + (field.isTime()
                            ? " is a time: compare it with < or >"
                            : " is no time: compare it with =, != or ~"));
        }
        if (compares) {
            Instant time = time(condition, value);
            return operator.equals("<")
                    ? new CertsWhere((group, item) -> field.time(item).isBefore(time))
                    : new CertsWhere((group, item) ->
                            field.time(item).isAfter(time) && !field.time(item).equals(Instant.MAX));
        }
        Pattern pattern = operator.equals("~") ? like(value) : Pattern.compile(Pattern.quote(value));
        boolean wanted = !operator.equals("!=");
        return new CertsWhere(
                (group, item) -> pattern.matcher(field.text(group, item, now)).matches() == wanted);
    }

    private static Instant time(String condition, String value) {
        try {
            return value.contains("T")
                    ? Instant.parse(value)
                    : LocalDate.parse(value).atStartOfDay().toInstant(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            throw Failure.usage("--where \"" + condition + "\": a time is 2030-01-31 or 2030-01-31T12:00:00Z");
        }
    }

    /** With * for any characters. */
    static Pattern like(String pattern) {
        return Pattern.compile(
                List.of(pattern.split("\\*", -1)).stream().map(Pattern::quote).collect(Collectors.joining(".*")));
    }
}
