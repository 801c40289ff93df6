package io.gatehouse.policy.language;

import io.gatehouse.config.Yaml;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Typed looks at the YAML tree; what is not of the wanted type is reported and read as absent. Confined to one load. */
final class Nodes {
    private final Report report;

    Nodes(Report report) {
        this.report = report;
    }

    /** A mapping; reports every key that is not known. */
    Yaml.@Nullable Fields fields(Yaml.Value value, String where, Predicate<String> known, Collection<String> names) {
        if (value instanceof Yaml.Text text && text.isNull()) {
            return new Yaml.Fields(List.of(), value.place());
        }
        if (!(value instanceof Yaml.Fields fields)) {
            report.error(value.place(), "P106", where + " must be a mapping of keys, found " + kind(value) + ".");
            return null;
        }
        for (Yaml.Field field : fields.fields()) {
            if (!known.test(field.key())) {
                report.unknownKey(field.place(), field.key(), where, names);
            }
        }
        return fields;
    }

    Yaml.@Nullable Fields fields(Yaml.Value value, String where, Collection<String> known) {
        return fields(value, where, known::contains, known);
    }

    /** A list; its empty items are reported, because an unquoted # made them. */
    List<Yaml.Value> items(Yaml.Field field) {
        Yaml.Value value = field.value();
        if (value instanceof Yaml.Text text && text.isNull()) {
            return List.of();
        }
        if (!(value instanceof Yaml.Items items)) {
            String shown = value instanceof Yaml.Text text ? Patterns.printable(text.text()) : "...";
            report.error(
                    value.place(),
                    "P106",
                    "\"" + field.key() + "\" must be a list, found " + kind(value) + ". Write: " + field.key() + ": ["
                            + shown + "]");
            return List.of();
        }
        List<Yaml.Value> values = new ArrayList<>();
        for (Yaml.Value item : items.values()) {
            if (item instanceof Yaml.Text text && text.isNull()) {
                report.error(
                        item.place(),
                        "P107",
                        text.text().isEmpty()
                                ? "empty list item. An unquoted # starts a comment. Did you mean \"#\"?"
                                : "\"" + text.text()
                                        + "\" without quotes is YAML's word for nothing. Write it in quotes.");
            } else {
                values.add(item);
            }
        }
        return values;
    }

    /** The texts of a list. */
    List<Yaml.Text> texts(Yaml.Field field) {
        List<Yaml.Text> texts = new ArrayList<>();
        for (Yaml.Value value : items(field)) {
            if (value instanceof Yaml.Text text) {
                texts.add(text);
            } else {
                report.error(value.place(), "P106", "\"" + field.key() + "\" takes texts, found " + kind(value) + ".");
            }
        }
        return texts;
    }

    /** One text or a list of them. */
    List<Yaml.Text> oneOrMore(Yaml.Field field) {
        return field.value() instanceof Yaml.Text text && !text.isNull() ? List.of(text) : texts(field);
    }

    /** A text, or null with a report. */
    Yaml.@Nullable Text text(Yaml.Field field) {
        if (field.value() instanceof Yaml.Text text && !text.isNull()) {
            return text;
        }
        report.error(
                field.value().place(),
                "P106",
                "\"" + field.key() + "\" must be a text, found " + kind(field.value()) + ".");
        return null;
    }

    boolean bool(Yaml.Field field, boolean absent) {
        Yaml.Text text = text(field);
        if (text == null) {
            return absent;
        }
        if (!text.text().equals("true") && !text.text().equals("false")) {
            report.error(
                    text.place(),
                    "P106",
                    "\"" + field.key() + "\" must be true or false, found \"" + Patterns.printable(text.text())
                            + "\".");
            return absent;
        }
        return text.text().equals("true");
    }

    int integer(Yaml.Field field, int least, int most, int absent) {
        Yaml.Text text = text(field);
        if (text == null) {
            return absent;
        }
        try {
            int value = Integer.parseInt(text.text());
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // reported below, like a number out of range
        }
        report.error(
                text.place(),
                "P106",
                "\"" + field.key() + "\" must be a whole number from " + least + " to " + most + ", found \""
                        + Patterns.printable(text.text()) + "\".");
        return absent;
    }

    static String kind(Yaml.Value value) {
        if (value instanceof Yaml.Text text) {
            return text.isNull() ? "nothing" : "text";
        }
        return value instanceof Yaml.Items ? "a list" : "a mapping";
    }
}
