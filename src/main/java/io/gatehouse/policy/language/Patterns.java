package io.gatehouse.policy.language;

import io.gatehouse.config.Place;
import io.gatehouse.config.Yaml;
import io.gatehouse.policy.model.Level;
import io.gatehouse.policy.model.Pattern;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Topic patterns from text, with the mistakes that people bring from other brokers. Confined to one load. */
final class Patterns {
    private static final int MAX_BYTES = 65_535;
    private static final List<String> BUILT_IN = List.of("user", "client", "cn");

    private static final java.util.regex.Pattern VARIABLE = java.util.regex.Pattern.compile("<[^<>]*>");
    private static final Level ANY_LEVEL = new Level.AnyLevel();

    private final Report report;
    private final Collection<String> variables;
    private final Map<String, String> texts;

    /** One object a text: a million patterns have few different levels. */
    private final Map<String, Level> literals = new HashMap<>();

    /**
     * @param variables every name that may stand in angle brackets
     * @param texts of the files, by name
     */
    Patterns(Report report, Collection<String> variables, Map<String, String> texts) {
        this.report = report;
        this.variables = variables;
        this.texts = texts;
    }

    /** A pattern, or null with a report. */
    @Nullable
    Pattern read(Yaml.Text value) {
        String text = value.text();
        Place place = value.place();
        if (text.isEmpty()) {
            report.error(place, "P116", "topic pattern is empty.");
            return null;
        }
        if (text.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
            report.error(place, "P116", "topic pattern is longer than 65535 bytes.");
            return null;
        }
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < 0x20 || text.charAt(i) == 0x7F) {
                report.error(
                        place,
                        "P116",
                        String.format("topic pattern contains a control character U+%04X.", (int) text.charAt(i)));
                return null;
            }
        }
        if (text.equals("$share") || text.startsWith("$share/")) {
            String[] parts = text.split("/", 3);
            report.error(
                    place,
                    "P115",
                    "\"" + printable(text) + "\" is not a topic. Write {topic: "
                            + printable(parts.length > 2 ? parts[2] : "T") + ", shared: ["
                            + printable(parts.length > 1 && !parts[1].isEmpty() ? parts[1] : "G") + "]}.");
            return null;
        }
        if (text.contains("%c") || text.contains("%u") || text.contains("${")) {
            String found = text.contains("${") ? "${…}" : text.contains("%c") ? "%c" : "%u";
            report.error(
                    place,
                    "P114",
                    "topic pattern \"" + printable(text) + "\" uses \"" + found + "\" from another broker. Write "
                            + (found.equals("%u") ? "<user>" : "<client>") + ".");
            return null;
        }
        if (text.endsWith("/") && !value.quoted() && isCommentAfter(text, place)) {
            report.error(
                    place,
                    "P107",
                    "empty level at the end of \"" + printable(text)
                            + "\". # after a space starts a comment. Did you mean \"" + printable(text) + "#\"?");
            return null;
        }
        List<Level> levels = new ArrayList<>();
        String[] parts = text.split("/", -1);
        for (int i = 0; i < parts.length; i++) {
            Level level = level(parts[i], i == parts.length - 1, text, place);
            if (level == null) {
                return null;
            }
            levels.add(level);
        }
        return new Pattern(levels, place);
    }

    private @Nullable Level level(String part, boolean last, String text, Place place) {
        Level met = literals.get(part);
        if (met != null) {
            return met;
        }
        if (part.equals("+")) {
            return ANY_LEVEL;
        }
        if (isPlain(part)) {
            Level literal = new Level.Literal(part);
            literals.put(part, literal);
            return literal;
        }
        String of = "topic pattern \"" + printable(text) + "\": ";
        if (part.equals("#")) {
            if (!last) {
                report.error(place, "P110", of + "\"#\" must be the last level.");
                return null;
            }
            return new Level.AnyDeeper();
        }
        if (part.contains("#")) {
            report.error(place, "P110", of + "\"#\" must be the last level.");
            return null;
        }
        if (part.contains("+")) {
            report.error(place, "P111", of + "\"+\" must stand alone in its level, found \"" + printable(part) + "\".");
            return null;
        }
        if (VARIABLE.matcher(part).matches()) {
            String name = part.substring(1, part.length() - 1);
            if (!variables.contains(name)) {
                String known = Stream.concat(
                                BUILT_IN.stream(), variables.stream().sorted())
                        .distinct()
                        .map(one -> "<" + one + ">")
                        .collect(Collectors.joining(", "));
                report.error(
                        place,
                        "P112",
                        of + "unknown variable <" + printable(name) + ">."
                                + Report.didYouMean(name, variables, "<", ">") + " Known: " + known + ".");
                return null;
            }
            return new Level.Variable(name);
        }
        String prefix = part.contains("<") ? part.substring(0, part.indexOf('<')) : part;
        boolean ends = prefix.isEmpty() && part.indexOf('>') > 0;
        report.error(
                place,
                "P113",
                of + "a variable must be a whole level; \"" + printable(part)
                        + "\" is not. Declare a variable with "
                        + (ends
                                ? "suffix: \"" + printable(part.substring(part.indexOf('>') + 1))
                                : "prefix: \"" + printable(prefix))
                        + "\" instead.");
        return null;
    }

    /** Whether a level means itself: it has nothing of a wildcard or a variable. */
    private static boolean isPlain(String part) {
        for (int i = 0; i < part.length(); i++) {
            char c = part.charAt(i);
            if (c == '+' || c == '#' || c == '<' || c == '>') {
                return false;
            }
        }
        return true;
    }

    private boolean isCommentAfter(String text, Place place) {
        String line = Excerpt.line(texts.getOrDefault(place.file(), ""), place.line());
        int from = Math.min(line.length(), place.column() - 1 + text.length());
        return line.substring(from).matches("\\s+#.*");
    }

    static String printable(String text) {
        String cut = text.length() > 100 ? text.substring(0, 100) + "…" : text;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }
}
