package io.gatehouse.policy.language;

import io.gatehouse.config.Place;
import io.gatehouse.config.Yaml;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The sections of all files, gathered by what they are about before any is read: a role may name a variable of another
 * file. Confined to one load.
 */
final class FileReader {
    private final Report report;
    private final Nodes nodes;

    final List<Yaml.Field> everyone = new ArrayList<>();
    final Map<String, Yaml.Field> variables = new LinkedHashMap<>();
    final Map<String, Yaml.Field> roles = new LinkedHashMap<>();
    final List<Yaml.Field> groups = new ArrayList<>();
    final List<Yaml.Field> users = new ArrayList<>();
    final List<Yaml.Value> assignments = new ArrayList<>();
    final List<Yaml.Value> tests = new ArrayList<>();
    Yaml.@Nullable Field defaults;

    FileReader(Report report, Nodes nodes) {
        this.report = report;
        this.nodes = nodes;
    }

    void read(String file, String text) {
        Yaml.Value value = Yaml.read(file, text, this::finding);
        if (value == null) {
            if (text.isBlank()
                    || text.lines()
                            .allMatch(line -> line.isBlank() || line.strip().startsWith("#"))) {
                report.error(Place.start(file), "P103", "missing \"version: 1\" as the first key.");
            }
            return;
        }
        Yaml.Fields fields = nodes.fields(value, "the file", Keys.FILE);
        if (fields == null) {
            return;
        }
        version(file, fields);
        for (Yaml.Field field : fields.fields()) {
            section(field);
        }
    }

    private void version(String file, Yaml.Fields fields) {
        Yaml.Field version = fields.field("version");
        boolean first = version != null && fields.fields().get(0) == version;
        if (version == null || !first) {
            report.error(Place.start(file), "P103", "missing \"version: 1\" as the first key.");
        } else if (!(version.value() instanceof Yaml.Text text) || !text.text().equals("1")) {
            String found = version.value() instanceof Yaml.Text text ? text.text() : "...";
            report.error(version.place(), "P103", "version " + found + " is newer than this broker reads (1).");
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
            case "groups" -> all(field, groups);
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
            if (!field.key().matches("[a-z][a-z0-9-]{0,63}")) {
                report.error(
                        field.place(),
                        "P104",
                        kind + " name \"" + Patterns.printable(field.key())
                                + "\" must be like [a-z][a-z0-9-]*, at most 64" + " characters");
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

    private void all(Yaml.Field section, List<Yaml.Field> into) {
        Yaml.Fields fields = nodes.fields(section.value(), "\"" + section.key() + "\"", name -> true, List.of());
        if (fields != null) {
            into.addAll(fields.fields());
        }
    }

    private void finding(Yaml.Finding finding) {
        switch (finding.fault()) {
            case SYNTAX ->
                report.error(
                        finding.place(), "P102", "not valid YAML: " + finding.detail() + ". " + hint(finding.detail()));
            case DUPLICATE_KEY -> {
                String[] parts = finding.detail().split("\n", -1);
                report.error(
                        finding.place(),
                        "P105",
                        "key \"" + parts[0] + "\" appears twice (first at line " + parts[1]
                                + "). YAML would silently keep the last one.");
            }
            case UNSUPPORTED ->
                report.error(
                        finding.place(),
                        "P108",
                        "anchors, aliases and tags are not supported in policies (" + finding.detail() + ").");
        }
    }

    private static String hint(String detail) {
        if (detail.contains("'%'") || detail.contains("'{'") || detail.contains("'@'") || detail.contains("'`'")) {
            return "Variables are written <name>, not {name}, %n or @name.";
        }
        if (detail.contains("'\\t'") || detail.contains("tab")) {
            return "YAML indents with spaces, never with tabs.";
        }
        if (detail.contains("flow sequence") || detail.contains("',' or ']'")) {
            return "In a list [a, b], a text with # or { or , is put in quotes.";
        }
        return "Look at the line above, too: a missing colon or quote shows up one line later.";
    }
}
