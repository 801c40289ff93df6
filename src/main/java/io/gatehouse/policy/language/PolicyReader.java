package io.gatehouse.policy.language;

import io.gatehouse.config.Place;
import io.gatehouse.config.Yaml;
import io.gatehouse.policy.CharacterClass;
import io.gatehouse.policy.PolicySet;
import io.gatehouse.policy.language.RoleReader.ItemDefaults;
import io.gatehouse.policy.model.Assignment;
import io.gatehouse.policy.model.Condition;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.PolicyTest;
import io.gatehouse.policy.model.Role;
import io.gatehouse.policy.model.Variable;
import io.gatehouse.protocol.Qos;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * All files of a folder to one policy: sections read, references resolved, every mistake reported. Confined to one load.
 */
final class PolicyReader {
    private final Report report;
    private final Nodes nodes;
    private final FileReader files;
    private final Conditioning conditions;
    private final Optional<Collection<String>> listeners;

    PolicyReader(Report report, Optional<Collection<String>> listeners) {
        this.report = report;
        this.listeners = listeners;
        this.nodes = new Nodes(report);
        this.files = new FileReader(report, nodes);
        this.conditions = new Conditioning(report, nodes, listeners);
    }

    /**
     * @param texts by file name, as messages print it
     * @param digests SHA-256 by the bare file name
     */
    Policy read(Map<String, String> texts, Map<String, String> digests) {
        texts.forEach(files::read);
        Policy.Defaults[] defaults = {Policy.Defaults.STRICT};
        ItemDefaults items = defaults(defaults);
        Map<String, Variable> variables = new LinkedHashMap<>();
        files.variables.values().forEach(field -> variables.put(field.key(), variable(field)));
        Collection<String> names = new TreeSet<>(PolicySet.builtInVariables());
        names.addAll(variables.keySet());
        Patterns patterns = new Patterns(report, names, texts);
        RoleReader reader = new RoleReader(report, nodes, patterns, conditions, items, files.shadows);
        Map<String, Role> roles = new LinkedHashMap<>();
        // what was read is let go of at once: a million rules need not be there twice
        for (var left = files.roles.values().iterator(); left.hasNext(); left.remove()) {
            Yaml.Field field = left.next();
            roles.put(field.key(), reader.role(field.key(), field.value(), field.place()));
        }
        Map<String, List<String>> groups = groups();
        Map<String, List<String>> users = users(roles);
        List<Assignment> assignments = assignments(roles, groups);
        List<Role> everyone = files.everyone.stream().map(reader::everyone).toList();
        includes(roles);
        TestReader tests = new TestReader(report, nodes, listeners);
        List<PolicyTest> read = new ArrayList<>();
        files.tests.forEach(value -> tests.read(value).ifPresent(read::add));
        return new Policy(defaults[0], variables, roles, groups, users, assignments, everyone, read, digests);
    }

    private ItemDefaults defaults(Policy.Defaults[] into) {
        boolean retain = true;
        Qos maxQos = Qos.EXACTLY_ONCE;
        boolean filterWide = false;
        boolean rejectHoles = false;
        boolean checkResponse = true;
        Yaml.Fields fields =
                files.defaults == null ? null : nodes.fields(files.defaults.value(), "\"defaults\"", Keys.DEFAULTS);
        for (Yaml.Field field : fields == null ? List.<Yaml.Field>of() : fields.fields()) {
            switch (field.key()) {
                case "retain" -> retain = nodes.bool(field, true);
                case "max_qos" -> maxQos = Qos.of(nodes.integer(field, 0, 2, 2));
                case "wide_subscriptions" -> filterWide = word(field, "reject", "filter");
                case "holes" -> rejectHoles = word(field, "filter", "reject");
                case "response_topics" -> checkResponse = !word(field, "check", "off");
                default -> {
                    // reported
                }
            }
        }
        into[0] = new Policy.Defaults(filterWide, rejectHoles, checkResponse);
        return new ItemDefaults(retain, maxQos);
    }

    /** Whether the second of two words was written. */
    private boolean word(Yaml.Field field, String first, String second) {
        Yaml.Text text = nodes.text(field);
        if (text != null && !text.text().equals(first) && !text.text().equals(second)) {
            report.error(
                    text.place(),
                    "P106",
                    "\"" + field.key() + "\" is " + first + " or " + second + ", found \"" + text.text() + "\".");
        }
        return text != null && text.text().equals(second);
    }

    private Variable variable(Yaml.Field declared) {
        String where = "variable \"" + declared.key() + "\"";
        String from = "";
        String prefix = "";
        String suffix = "";
        String chars = Variable.DEFAULT_CHARS;
        int max = Variable.DEFAULT_MAX_BYTES;
        boolean lower = false;
        String pattern = null;
        Yaml.Fields fields = nodes.fields(declared.value(), where, Keys.VARIABLE);
        for (Yaml.Field field : fields == null ? List.<Yaml.Field>of() : fields.fields()) {
            Yaml.Text text = nodes.text(field);
            if (text == null) {
                continue;
            }
            switch (field.key()) {
                case "from" -> {
                    from = text.text();
                    if (!Keys.SOURCES.contains(from) && !(from.startsWith("jwt.") && from.length() > 4)) {
                        report.error(
                                text.place(),
                                "P104",
                                "unknown source \"" + from + "\"." + Report.didYouMean(from, Keys.SOURCES, "\"", "\"")
                                        + " Known: " + String.join(", ", Keys.SOURCES) + ", jwt.CLAIM.");
                    }
                }
                case "prefix" -> prefix = text.text();
                case "suffix" -> suffix = text.text();
                case "chars" -> {
                    chars = text.text();
                    if (!CharacterClass.isValid(chars)) {
                        report.error(
                                text.place(),
                                "P106",
                                "\"chars\" is a set of characters such as a-z0-9._-, found \""
                                        + Patterns.printable(chars) + "\".");
                    }
                }
                case "max" -> max = nodes.integer(field, 1, 256, max);
                case "case" -> lower = word(field, "keep", "lower");
                case "pattern" -> {
                    pattern = text.text();
                    if (!pattern.contains("<" + declared.key() + ">")) {
                        report.error(
                                text.place(),
                                "P112",
                                "pattern \"" + Patterns.printable(pattern) + "\" of " + where + " does not hold <"
                                        + declared.key() + ">.");
                    } else if (!pattern.matches("([^<>]|<[a-z][a-z0-9-]{0,63}>)*") || pattern.contains("><")) {
                        report.error(
                                text.place(),
                                "P113",
                                "pattern \"" + Patterns.printable(pattern) + "\" of " + where
                                        + ": text and <names>, with text between two names.");
                    }
                }
                default -> {
                    // reported
                }
            }
        }
        if (from.isEmpty()) {
            report.error(declared.place(), "P104", where + " needs a \"from\".");
        }
        if (PolicySet.builtInVariables().contains(declared.key())) {
            report.error(declared.place(), "P121", where + " is built in and cannot be declared.");
        }
        return new Variable(declared.key(), from, prefix, suffix, chars, max, lower, pattern, declared.place());
    }

    private Map<String, List<String>> groups() {
        Map<String, Set<String>> groups = new LinkedHashMap<>();
        for (Yaml.Field field : files.groups) {
            Set<String> here = new HashSet<>();
            for (Yaml.Text user : nodes.texts(field)) {
                if (!here.add(user.text())) {
                    report.error(
                            user.place(),
                            "P123",
                            "user \"" + Patterns.printable(user.text()) + "\" is listed twice in group \""
                                    + Patterns.printable(field.key()) + "\".");
                }
            }
            groups.computeIfAbsent(field.key(), name -> new LinkedHashSet<>()).addAll(here);
        }
        Map<String, List<String>> lists = new LinkedHashMap<>();
        groups.forEach((group, members) -> lists.put(group, List.copyOf(members)));
        return lists;
    }

    private Map<String, List<String>> users(Map<String, Role> roles) {
        Map<String, List<String>> users = new LinkedHashMap<>();
        for (Yaml.Field field : files.users) {
            List<String> held = users.computeIfAbsent(field.key(), name -> new ArrayList<>());
            for (Yaml.Text role : nodes.texts(field)) {
                requireRole(role.text(), role.place(), roles);
                requireShadow(role, roles);
                held.add(role.text());
            }
        }
        return users;
    }

    private List<Assignment> assignments(Map<String, Role> roles, Map<String, List<String>> groups) {
        List<Assignment> assignments = new ArrayList<>();
        for (Yaml.Value value : files.assignments) {
            Yaml.Fields fields = nodes.fields(value, "an item of \"assign\"", Keys.ASSIGN);
            Yaml.Field to = fields == null ? null : fields.field("to");
            Yaml.Field given = fields == null ? null : fields.field("roles");
            if (to == null || given == null) {
                report.error(value.place(), "P106", "an item of \"assign\" needs \"to\" and \"roles\".");
                continue;
            }
            List<Condition> conditionsOfRow = conditions.read(to.value(), "\"to\"", Keys.MATCH);
            if (conditionsOfRow.isEmpty()) {
                report.error(
                        to.place(), "P106", "\"to\" needs a condition: a role for everybody is never an accident.");
            }
            for (Condition condition : conditionsOfRow) {
                if (condition.key().equals("group")) {
                    condition.values().stream()
                            .filter(name -> !groups.containsKey(name))
                            .forEach(name -> report.error(
                                    condition.place(),
                                    "P123",
                                    "group \"" + Patterns.printable(name) + "\" is not defined."));
                }
            }
            List<String> names = new ArrayList<>();
            for (Yaml.Text role : nodes.texts(given)) {
                requireRole(role.text(), role.place(), roles);
                requireShadow(role, roles);
                names.add(role.text());
            }
            assignments.add(new Assignment(conditionsOfRow, names, value.place()));
        }
        return assignments;
    }

    /** A file that is a shadow gives nobody a role that is in force. */
    private void requireShadow(Yaml.Text text, Map<String, Role> roles) {
        Role role = roles.get(text.text());
        if (role != null
                && !role.shadow()
                && files.shadows.contains(text.place().file())) {
            report.error(
                    text.place(),
                    "P126",
                    "role \"" + role.name()
                            + "\" is in force, and a file of \"mode: shadow\" cannot give it to anybody.");
        }
    }

    private void requireRole(String name, Place place, Map<String, Role> roles) {
        if (!roles.containsKey(name)) {
            report.error(
                    place,
                    "P120",
                    "role \"" + Patterns.printable(name) + "\" is not defined."
                            + Report.didYouMean(name, roles.keySet(), "\"", "\""));
        }
    }

    private void includes(Map<String, Role> roles) {
        for (Role role : roles.values()) {
            for (String name : role.include()) {
                requireRole(name, role.place(), roles);
            }
            List<String> path = circle(role.name(), role.name(), new ArrayList<>(), roles);
            if (path != null
                    && role.name().equals(path.stream().min(String::compareTo).orElseThrow())) {
                report.error(
                        role.place(),
                        "P122",
                        "roles include each other in a circle: " + String.join(" → ", path) + ".");
            }
        }
    }

    private static @org.jspecify.annotations.Nullable List<String> circle(
            String start, String at, List<String> path, Map<String, Role> roles) {
        path.add(at);
        Role role = roles.get(at);
        for (String next : role == null ? List.<String>of() : role.include()) {
            if (next.equals(start)) {
                path.add(start);
                return path;
            }
            if (!path.contains(next)) {
                List<String> found = circle(start, next, path, roles);
                if (found != null) {
                    return found;
                }
            }
        }
        path.remove(path.size() - 1);
        return null;
    }
}
