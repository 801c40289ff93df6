package io.gatehouse.policy.language;

import io.gatehouse.config.Place;
import io.gatehouse.config.Yaml;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The sections of all files, gathered by what they are about before any is read: a role may name a variable of another
 * file. Confined to one load.
 */
final class FileReader {
    private static final String MISSING_VERSION = "missing \"version: 1\" as the first key.";
    private static final String NAME = "[a-z][a-z0-9-]{0,63}";
    private static final String LARGE_OR_ODD =
            "A policy is text in UTF-8, of at most 1 MiB a file; divided into several it means the same.";

    private final Report report;
    private final Nodes nodes;

    private static final Set<String> IN_FORCE_ONLY = Set.of("defaults", "groups");

    final List<Yaml.Field> everyone = new ArrayList<>();
    final Map<String, Yaml.Field> variables = new LinkedHashMap<>();
    final Map<String, Yaml.Field> roles = new LinkedHashMap<>();
    final List<Yaml.Field> groups = new ArrayList<>();
    final List<Yaml.Field> users = new ArrayList<>();
    final List<Yaml.Value> assignments = new ArrayList<>();
    final List<Yaml.Value> tests = new ArrayList<>();
    Yaml.@Nullable Field defaults;

    /** Those that say {@code mode: shadow}: nothing in them is in force. */
    final Set<String> shadows = new HashSet<>();

    private boolean syntax;

    FileReader(Report report, Nodes nodes) {
        this.report = report;
        this.nodes = nodes;
    }

    void read(String file, String text) {
        syntax = false;
        Yaml.Value value = Yaml.read(file, text, finding -> finding(finding, text));
        if (syntax) {
            report.incomplete();
        }
        if (value == null) {
            if (!syntax) {
                report.error(Place.start(file), "P103", MISSING_VERSION);
            }
            return;
        }
        Yaml.Fields fields = nodes.fields(value, "the file", Keys.FILE);
        if (fields == null) {
            return;
        }
        version(file, fields);
        mode(file, fields);
        for (Yaml.Field field : fields.fields()) {
            section(field);
        }
    }

    private void version(String file, Yaml.Fields fields) {
        Yaml.Field version = fields.field("version");
        boolean first = version != null && fields.fields().get(0) == version;
        if (version == null || !first) {
            report.error(Place.start(file), "P103", MISSING_VERSION);
        } else if (!(version.value() instanceof Yaml.Text text) || !text.text().equals("1")) {
            String found = version.value() instanceof Yaml.Text text ? text.text() : "";
            report.error(
                    version.place(),
                    "P103",
                    found.matches("[1-9][0-9]{0,8}")
                            ? "version " + found + " is newer than this broker reads (1)."
                            : MISSING_VERSION);
        }
    }

    private void mode(String file, Yaml.Fields fields) {
        Yaml.Field mode = fields.field("mode");
        if (mode == null) {
            return;
        }
        Yaml.Text text = nodes.text(mode);
        if (text != null && text.text().equals("shadow")) {
            shadows.add(file);
            fields.fields().stream()
                    .filter(field -> IN_FORCE_ONLY.contains(field.key()))
                    .forEach(field -> report.error(
                            field.place(),
                            "P126",
                            "\"" + field.key()
                                    + "\" in a file of \"mode: shadow\" would change what is in force. Move it"
                                    + " to another file."));
        } else if (text != null && !text.text().equals("live")) {
            report.error(
                    text.place(),
                    "P106",
                    "\"mode\" is live or shadow, found \"" + Patterns.printable(text.text()) + "\"."
                            + Report.didYouMean(text.text(), List.of("live", "shadow"), "\"", "\""));
        }
    }

    private void section(Yaml.Field field) {
        switch (field.key()) {
            case "defaults" -> {
                if (defaults != null) {
                    report.error(
                            field.place(),
                            "P121",
                            "\"defaults\" is defined twice (also at "
                                    + defaults.place().fileAndLine() + ").");
                }
                defaults = field;
            }
            case "vars" -> named(field, variables, "variable");
            case "roles" -> named(field, roles, "role");
            case "groups" -> {
                all(field, groups);
                groups.stream().filter(group -> !group.key().matches(NAME)).forEach(group -> badName(group, "group"));
            }
            case "users" -> all(field, users);
            case "assign" -> assignments.addAll(nodes.items(field));
            case "everyone" -> everyone.add(field);
            case "tests" -> tests.addAll(nodes.items(field));
            default -> {
                // the version, or a key that was reported
            }
        }
    }

    private void named(Yaml.Field section, Map<String, Yaml.Field> into, String kind) {
        Yaml.Fields fields = nodes.fields(section.value(), "\"" + section.key() + "\"", name -> true, List.of());
        for (Yaml.Field field : fields == null ? List.<Yaml.Field>of() : fields.fields()) {
            if (!field.key().matches(NAME)) {
                badName(field, kind);
                continue;
            }
            Yaml.Field other = into.putIfAbsent(field.key(), field);
            if (other != null) {
                report.error(
                        field.place(),
                        "P121",
                        kind + " \"" + field.key() + "\" is defined twice (also at "
                                + other.place().fileAndLine() + ").");
            }
        }
    }

    private void badName(Yaml.Field field, String kind) {
        report.error(
                field.place(),
                "P104",
                kind + " name \"" + Patterns.printable(field.key())
                        + "\" must be like [a-z][a-z0-9-]*, at most 64 characters.");
    }

    private void all(Yaml.Field section, List<Yaml.Field> into) {
        Yaml.Fields fields = nodes.fields(section.value(), "\"" + section.key() + "\"", name -> true, List.of());
        if (fields != null) {
            into.addAll(fields.fields());
        }
    }

    private void finding(Yaml.Finding finding, String text) {
        switch (finding.fault()) {
            case SYNTAX -> {
                syntax = true;
                String line = Excerpt.line(text, finding.place().line());
                report.error(
                        finding.place(),
                        "P102",
                        "not valid YAML: " + Patterns.printable(finding.detail()) + ". "
                                + hint(
                                        finding.detail(),
                                        line,
                                        Excerpt.line(text, finding.place().line() - 1)));
            }
            case DUPLICATE_KEY -> {
                String[] parts = finding.detail().split("\n", -1);
                report.error(
                        finding.place(),
                        "P105",
                        "key \"" + Patterns.printable(parts[0]) + "\" appears twice in " + where(finding.within())
                                + " (first at line " + parts[parts.length - 1]
                                + "). YAML would silently keep the last one.");
            }
            case UNSUPPORTED -> {
                syntax = true;
                report.error(finding.place(), "P108", "anchors, aliases and tags are not supported in policies.");
            }
            case REFUSED -> {
                syntax |= finding.detail().startsWith("a file")
                        || finding.detail().startsWith("a byte order mark");
                report.error(finding.place(), "P102", "not valid YAML: " + finding.detail() + ". " + LARGE_OR_ODD);
            }
        }
    }

    /** The name that messages have for a mapping. */
    private static String where(List<String> within) {
        if (within.isEmpty()) {
            return "the file";
        }
        String last = within.get(within.size() - 1);
        String kind = within.get(0).equals("roles") ? "role" : within.get(0).equals("vars") ? "variable" : "";
        if (kind.isEmpty() || within.size() == 1) {
            return "\"" + Patterns.printable(last) + "\"";
        }
        String of = kind + " \"" + Patterns.printable(within.get(1)) + "\"";
        return within.size() == 2 ? of : "\"" + Patterns.printable(last) + "\" of " + of;
    }

    private static String hint(String detail, String line, String above) {
        String both = above + "\n" + line;
        if (both.matches("(?s).*(\\{[a-z0-9_.-]*}|%[a-z]|\\$\\{|[\\[ ]@[a-z]).*")) {
            return "Variables are written <name>, not {name}, %n or @name.";
        }
        if (detail.contains("'\\t'") || detail.contains("TAB") || line.contains("\t")) {
            return "YAML indents with spaces, never with tabs.";
        }
        if (both.matches("(?s).*\\[[^\\]]*\\s#.*") || both.matches("(?s).*\\[\\s*#.*")) {
            return "# after a space starts a comment: in a list [a, b], put a text with # after a space in quotes.";
        }
        if (detail.contains("flow sequence") || detail.contains("',' or ']'")) {
            return "In a list [a, b], a text with # or { or , is put in quotes.";
        }
        return "Look at the line above, too: a missing colon or quote shows up one line later.";
    }
}
