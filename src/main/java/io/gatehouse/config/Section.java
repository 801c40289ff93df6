package io.gatehouse.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One mapping of the configuration while it is read: each key asked for once, with its type and its default.
 *
 * <p>Every problem is reported and the default used in its place, so that one run shows all of them; {@link #close}
 * reports the keys that nobody asked for. What was asked and answered is kept in {@link #effective}, which is what
 * {@code gatehouse check} prints. Confined to the thread that reads.
 */
final class Section implements AutoCloseable {
    private final String where;
    private final Place place;
    private final Path folder;
    private final Yaml.@Nullable Fields fields;
    private final Consumer<Problem> problems;
    private final List<String> known = new ArrayList<>();
    private final Map<String, Object> effective = new LinkedHashMap<>();

    private Section(String where, Place place, Path folder, Yaml.@Nullable Fields fields, Consumer<Problem> problems) {
        this.where = where;
        this.place = place;
        this.folder = folder;
        this.fields = fields;
        this.problems = problems;
    }

    /** The top of a file whose relative paths are relative to {@code folder}. */
    static Section top(String file, Path folder, Yaml.@Nullable Value value, Consumer<Problem> problems) {
        Yaml.Fields fields = null;
        if (value instanceof Yaml.Fields map) {
            fields = map;
        } else if (value != null) {
            problems.accept(Problem.error(value.place(), "the file must be a mapping of keys"));
        }
        return new Section("the configuration", Place.start(file), folder, fields, problems);
    }

    Place place() {
        return place;
    }

    /** Where a key stands, or the section if it is absent. */
    Place place(String key) {
        Yaml.Field field = field(key);
        return field == null ? place : field.place();
    }

    boolean has(String key) {
        Yaml.Field field = field(key);
        return field != null && !(field.value() instanceof Yaml.Text text && text.isNull());
    }

    Map<String, Object> effective() {
        return effective;
    }

    Map<String, Yaml.Field> all() {
        Map<String, Yaml.Field> all = new LinkedHashMap<>();
        if (fields != null) {
            fields.fields().forEach(field -> {
                known.add(field.key());
                all.put(field.key(), field);
            });
        }
        return all;
    }

    void error(String key, String message) {
        problems.accept(Problem.error(place(key), message));
    }

    String text(String key, String defaultValue) {
        return optionalText(key).orElseGet(() -> remember(key, defaultValue));
    }

    Optional<String> optionalText(String key) {
        known.add(key);
        Yaml.Field field = field(key);
        if (field == null) {
            return Optional.empty();
        }
        if (field.value() instanceof Yaml.Text text && !text.isNull()) {
            return Optional.of(remember(key, text.text()));
        }
        wrongType(key, field, "text");
        return Optional.empty();
    }

    /** A file or folder, resolved against the folder of the configuration. */
    Optional<Path> path(String key) {
        return optionalText(key).flatMap(text -> resolve(key, text));
    }

    Optional<Path> resolve(String key, String text) {
        try {
            return Optional.of(folder.resolve(text).normalize());
        } catch (InvalidPathException e) {
            error(key, "\"" + text + "\" is not a path");
            return Optional.empty();
        }
    }

    Path path(String key, String defaultValue) {
        return path(key)
                .orElseGet(() -> folder.resolve(remember(key, defaultValue)).normalize());
    }

    int integer(String key, int least, int most, int defaultValue) {
        return parsed(
                key,
                defaultValue,
                text -> {
                    try {
                        int value = Integer.parseInt(text);
                        return value < least || value > most ? Optional.empty() : Optional.of(value);
                    } catch (NumberFormatException e) {
                        return Optional.empty();
                    }
                },
                "a whole number from " + least + " to " + most,
                String::valueOf);
    }

    boolean bool(String key, boolean defaultValue) {
        return parsed(
                key,
                defaultValue,
                text -> switch (text) {
                    case "true" -> Optional.of(true);
                    case "false" -> Optional.of(false);
                    default -> Optional.empty();
                },
                "true or false",
                String::valueOf);
    }

    Duration duration(String key, Duration least, Duration most, Duration defaultValue) {
        return parsed(
                key,
                defaultValue,
                text -> Quantity.duration(text)
                        .filter(value -> value.compareTo(least) >= 0 && value.compareTo(most) <= 0),
                "a duration from " + Quantity.print(least) + " to " + Quantity.print(most) + ", such as 10s or 7d",
                Quantity::print);
    }

    long sizeBytes(String key, long least, long most, long defaultValue) {
        return parsed(
                key,
                defaultValue,
                text -> {
                    OptionalLong value = Quantity.sizeBytes(text);
                    return value.isPresent() && value.getAsLong() >= least && value.getAsLong() <= most
                            ? Optional.of(value.getAsLong())
                            : Optional.empty();
                },
                "a size from " + Quantity.print(least) + " to " + Quantity.print(most) + ", such as 4096 or 1MiB",
                Quantity::print);
    }

    <E extends Enum<E>> E choice(String key, Class<E> type, E defaultValue) {
        Map<String, E> words = new LinkedHashMap<>();
        for (E value : type.getEnumConstants()) {
            words.put(word(value), value);
        }
        return parsed(
                key,
                defaultValue,
                text -> Optional.ofNullable(words.get(text)),
                "one of " + String.join(", ", words.keySet()),
                Section::word);
    }

    /** A list of texts; a single text is a list of one. */
    List<String> texts(String key, List<String> defaultValue) {
        known.add(key);
        Yaml.Field field = field(key);
        if (field == null) {
            return remember(key, defaultValue);
        }
        List<String> texts = new ArrayList<>();
        List<Yaml.Value> values = field.value() instanceof Yaml.Items items ? items.values() : List.of(field.value());
        for (Yaml.Value value : values) {
            if (value instanceof Yaml.Text text && !text.isNull()) {
                texts.add(text.text());
            } else {
                problems.accept(Problem.error(value.place(), "\"" + key + "\" must be a list of texts"));
            }
        }
        return remember(key, texts);
    }

    /** A mapping below this one; an absent one reads as empty, so that its defaults stand in one place. */
    <T> T section(String key, Function<Section, T> reader) {
        return section(key, key, reader);
    }

    <T> T section(String key, String name, Function<Section, T> reader) {
        known.add(key);
        Yaml.Field field = field(key);
        Yaml.Fields below = null;
        Place at = place;
        if (field != null) {
            at = field.place();
            if (field.value() instanceof Yaml.Fields map) {
                below = map;
            } else if (!(field.value() instanceof Yaml.Text text && text.isNull())) {
                wrongType(key, field, "a mapping of keys");
            }
        }
        try (Section section = new Section("\"" + name + "\"", at, folder, below, problems)) {
            T value = reader.apply(section);
            if (!section.effective.isEmpty()) {
                effective.put(key, section.effective);
            }
            return value;
        }
    }

    /** Each item of a list of mappings. */
    <T> List<T> sections(String key, Function<Section, T> reader) {
        known.add(key);
        Yaml.Field field = field(key);
        List<T> values = new ArrayList<>();
        if (field == null) {
            return values;
        }
        if (!(field.value() instanceof Yaml.Items items)) {
            wrongType(key, field, "a list");
            return values;
        }
        List<Object> printed = new ArrayList<>();
        for (Yaml.Value item : items.values()) {
            if (item instanceof Yaml.Fields map) {
                try (Section section = new Section("an item of \"" + key + "\"", map.place(), folder, map, problems)) {
                    values.add(reader.apply(section));
                    printed.add(section.effective);
                }
            } else {
                problems.accept(Problem.error(item.place(), "an item of \"" + key + "\" must be a mapping of keys"));
            }
        }
        effective.put(key, printed);
        return values;
    }

    Yaml.@Nullable Field raw(String key) {
        known.add(key);
        return field(key);
    }

    <T> T remember(String key, T value) {
        effective.put(key, value instanceof Duration duration ? Quantity.print(duration) : value);
        return value;
    }

    @Override
    public void close() {
        if (fields == null) {
            return;
        }
        for (Yaml.Field field : fields.fields()) {
            if (!known.contains(field.key())) {
                String mend = Suggestion.nearest(field.key(), known)
                        .map(word -> "Did you mean \"" + word + "\"?")
                        .orElseGet(() -> "Known keys: "
                                + known.stream().sorted().distinct().collect(Collectors.joining(", ")) + ".");
                problems.accept(
                        Problem.error(field.place(), "unknown key \"" + field.key() + "\" in " + where + ". " + mend));
            }
        }
    }

    private <T> T parsed(
            String key,
            T defaultValue,
            Function<String, Optional<T>> parser,
            String wanted,
            Function<T, String> print) {
        known.add(key);
        Yaml.Field field = field(key);
        T value = defaultValue;
        if (field != null) {
            Optional<T> parsed = field.value() instanceof Yaml.Text text ? parser.apply(text.text()) : Optional.empty();
            if (parsed.isEmpty()) {
                wrongType(key, field, wanted);
            } else {
                value = parsed.get();
            }
        }
        effective.put(key, print.apply(value));
        return value;
    }

    private void wrongType(String key, Yaml.Field field, String wanted) {
        String found = field.value() instanceof Yaml.Text text
                ? text.isNull() ? "nothing" : "\"" + text.text() + "\""
                : field.value() instanceof Yaml.Items ? "a list" : "a mapping";
        problems.accept(Problem.error(field.value().place(), "\"" + key + "\" must be " + wanted + ", found " + found));
    }

    private Yaml.@Nullable Field field(String key) {
        return fields == null ? null : fields.field(key);
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
