package io.gatehouse.policy.language;

import io.gatehouse.config.Yaml;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Validates a policy as an editor does, by the keywords that the schema uses; another keyword is an error. */
final class SchemaWalker {
    private static final Set<String> NOT_CHECKED = Set.of("$schema", "$defs", "title", "description");

    private final Map<String, Object> root;
    private final List<String> mistakes = new ArrayList<>();

    private SchemaWalker(Map<String, Object> root) {
        this.root = root;
    }

    /** What is wrong with a text of YAML, each with its path. */
    static List<String> mistakes(Map<String, Object> schema, String yaml) {
        Yaml.Value value = Objects.requireNonNull(Yaml.read("policy.yaml", yaml, finding -> {
            throw new AssertionError(finding.toString());
        }));
        SchemaWalker walker = new SchemaWalker(schema);
        walker.check(schema, value, "");
        return walker.mistakes;
    }

    /** Whether one of several accepts it; if not, what is wrong is said by the one for its type. */
    private boolean any(List<?> several, Yaml.Value value, String path) {
        List<List<String>> found = new ArrayList<>();
        for (Object one : several) {
            SchemaWalker other = new SchemaWalker(root);
            other.check((Map<?, ?>) one, value, path);
            found.add(other.mistakes);
        }
        if (found.stream().anyMatch(List::isEmpty)) {
            return true;
        }
        found.stream()
                .filter(some -> some.stream().noneMatch(mistake -> mistake.startsWith(path + ": type ")))
                .forEach(mistakes::addAll);
        return false;
    }

    private void check(Map<?, ?> schema, Yaml.Value value, String path) {
        schema.forEach((keyword, wanted) -> {
            if (!NOT_CHECKED.contains(keyword) && !holds((String) keyword, wanted, schema, value, path)) {
                mistakes.add(path + ": " + keyword + " " + wanted);
            }
        });
    }

    private boolean holds(String keyword, Object wanted, Map<?, ?> schema, Yaml.Value value, String path) {
        String type = type(value);
        String text = value instanceof Yaml.Text scalar ? scalar.text() : "";
        switch (keyword) {
            case "$ref" -> {
                String name = wanted.toString().substring("#/$defs/".length());
                check((Map<?, ?>) Objects.requireNonNull(((Map<?, ?>) root.get("$defs")).get(name), name), value, path);
                return true;
            }
            case "type" -> {
                List<?> types = wanted instanceof List<?> several ? several : List.of(wanted);
                return types.contains(type) || type.equals("integer") && types.contains("number");
            }
            case "const" -> {
                return type.equals("integer") && text.equals(wanted.toString());
            }
            case "enum" -> {
                return ((List<?>) wanted).contains(text);
            }
            case "pattern" -> {
                return !type.equals("string")
                        || Pattern.compile((String) wanted).matcher(text).find();
            }
            case "minLength" -> {
                return !type.equals("string") || text.length() >= (Integer) wanted;
            }
            case "minimum" -> {
                return !type.equals("integer") || Long.parseLong(text) >= (Integer) wanted;
            }
            case "maximum" -> {
                return !type.equals("integer") || Long.parseLong(text) <= (Integer) wanted;
            }
            case "anyOf" -> {
                return any((List<?>) wanted, value, path);
            }
            case "items" -> {
                if (value instanceof Yaml.Items items) {
                    items.values().forEach(item -> check((Map<?, ?>) wanted, item, path + "[]"));
                }
                return true;
            }
            case "minItems" -> {
                return !(value instanceof Yaml.Items items) || items.values().size() >= (Integer) wanted;
            }
            case "minProperties" -> {
                return !(value instanceof Yaml.Fields fields) || fields.fields().size() >= (Integer) wanted;
            }
            case "required" -> {
                return !(value instanceof Yaml.Fields fields)
                        || ((List<?>) wanted).stream().allMatch(key -> fields.field((String) key) != null);
            }
            case "properties", "patternProperties", "additionalProperties" -> {
                if (keyword.equals("additionalProperties") && value instanceof Yaml.Fields fields) {
                    properties(schema, fields, path);
                }
                return true;
            }
            default -> throw new AssertionError("the schema uses \"" + keyword + "\", which is not checked here");
        }
    }

    private void properties(Map<?, ?> schema, Yaml.Fields fields, String path) {
        Map<?, ?> named = (Map<?, ?>) schema.get("properties");
        Map<?, ?> patterns = schema.get("patternProperties") instanceof Map<?, ?> some ? some : Map.of();
        for (Yaml.Field field : fields.fields()) {
            List<?> below = patterns.entrySet().stream()
                    .filter(entry -> Pattern.compile((String) entry.getKey())
                            .matcher(field.key())
                            .find())
                    .map(Map.Entry::getValue)
                    .collect(Collectors.toCollection(ArrayList::new));
            if (named.get(field.key()) instanceof Map<?, ?> known) {
                check(known, field.value(), path + "/" + field.key());
            } else if (below.isEmpty()) {
                mistakes.add(path + ": unknown key " + field.key());
            }
            below.forEach(one -> check((Map<?, ?>) one, field.value(), path + "/" + field.key()));
        }
    }

    /** As YAML 1.2 has it. */
    private static String type(Yaml.Value value) {
        if (value instanceof Yaml.Text text) {
            if (text.isNull()) {
                return "null";
            }
            if (!text.quoted() && text.text().matches("-?[0-9]+")) {
                return "integer";
            }
            return !text.quoted() && text.text().matches("true|false") ? "boolean" : "string";
        }
        return value instanceof Yaml.Items ? "array" : "object";
    }
}
