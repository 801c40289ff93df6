package io.gatehouse.policy.language;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The language as a JSON Schema (draft 2020-12), for editors. Its keys are the reader's own, so that no editor offers what
 * the broker refuses. What needs more than one place to be known, as whether a role is defined, is left to the reader.
 * Stateless.
 */
public final class PolicySchema {
    private static final String NAME = "^[a-z][a-z0-9-]{0,63}$";
    private static final String CLAIM = "^jwt\\..+$";
    private static final String ATTRIBUTE = "^(jwt|cert)\\.";
    private static final String LITERAL = "[^+#<>/\\u0000-\\u001f\\u007f]*";
    private static final String LEVEL = "(\\+|<[a-z][a-z0-9-]{0,63}>|" + LITERAL + ")";
    private static final String TOPIC = "^(?!\\$share(/|$))(?!.*(%c|%u|\\$\\{))(" + LEVEL + "/)*(#|" + LEVEL + ")$";
    private static final String SIZE = "[0-9]{1,18}(B|KiB|MiB|GiB)?";

    private PolicySchema() {}

    /** The schema of one file. */
    public static Map<String, Object> schema() {
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.put("title", "A policy of Gatehouse, version 1");
        schema.putAll(object(
                "Who may publish and receive what. Denied is all that is not allowed.",
                Keys.FILE,
                PolicySchema::section));
        schema.put("required", List.of("version"));
        schema.put("$defs", definitions());
        return schema;
    }

    private static Map<String, Object> section(String key) {
        return switch (key) {
            case "version" -> described("The version of the language, and the first key.", Map.of("const", 1));
            case "mode" -> words("shadow: nothing in this file is in force; it is compared.", "live", "shadow");
            case "defaults" -> reference(key, "What holds where nothing is said; in one file only.");
            case "vars" -> named("Variables of your own, by name.", NAME, "variable");
            case "roles" -> named("What somebody may do, by name.", NAME, "role");
            case "groups" -> named("Users by the group's name.", NAME, "texts");
            case "users" -> named("Roles by the user's name.", ".*", "texts");
            case "assign" -> list("Roles for all who match.", reference("assign"));
            case "everyone" -> reference(key, "What is denied to all, and limits for all.");
            case "tests" -> list("Run whenever the policy is loaded; a failure keeps it out.", reference("test"));
            default -> throw unknown("the file", key);
        };
    }

    private static Map<String, Object> definitions() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("text", Map.of("type", List.of("string", "number", "boolean")));
        all.put("texts", list("Texts.", reference("text")));
        all.put(
                "values",
                described(
                        "One text, or a list of which one is enough.",
                        Map.of(
                                "anyOf",
                                List.of(
                                        reference("text"),
                                        Map.of("type", "array", "items", reference("text"), "minItems", 1)))));
        all.put(
                "topic",
                described(
                        "Levels: text, <variable>, + for one level, # for all below; a lone # in quotes.",
                        Map.of("type", List.of("string", "number", "boolean"), "pattern", TOPIC, "minLength", 1)));
        all.put(
                "size",
                described(
                        "4096, 4KiB or 4MiB.",
                        Map.of("type", List.of("string", "integer"), "pattern", "^" + SIZE + "$", "minimum", 0)));
        all.put("defaults", object("What holds where nothing is said.", Keys.DEFAULTS, PolicySchema::defaultOf));
        all.put(
                "variable",
                with(
                        "required",
                        List.of("from"),
                        object(
                                "A piece of the login, to stand for one level.",
                                Keys.VARIABLE,
                                PolicySchema::variable)));
        all.put("role", object("What somebody may do.", Keys.ROLE, PolicySchema::role));
        all.put(
                "deny",
                object(
                        "Always wins.",
                        Keys.DENY,
                        key -> list("What is denied to " + key + ": plain topics.", reference("topic"))));
        all.put("publish", item(key -> !Keys.SUBSCRIBE_ONLY.contains(key)));
        all.put("subscribe", item(key -> !Keys.PUBLISH_ONLY.contains(key)));
        all.put("limits", object("Of several roles the strictest holds.", Keys.LIMITS, PolicySchema::limit));
        all.put(
                "when",
                with(
                        "patternProperties",
                        Map.of(CLAIM, reference("values")),
                        object("All keys must hold.", Keys.CONDITION, PolicySchema::condition)));
        all.put(
                "to",
                with(
                        "minProperties",
                        1,
                        with(
                                "patternProperties",
                                Map.of(CLAIM, reference("values")),
                                object("All keys must hold.", Keys.MATCH, PolicySchema::condition))));
        all.put(
                "assign",
                with(
                        "required",
                        Keys.ASSIGN,
                        object(
                                "Roles for all who match.",
                                Keys.ASSIGN,
                                key -> key.equals("to")
                                        ? reference("to")
                                        : reference("texts", "The roles they have."))));
        all.put("everyone", object("Only takes away.", Keys.EVERYONE, key -> reference(key)));
        all.put(
                "test",
                with(
                        "required",
                        List.of("as"),
                        object(
                                "Who can, and who cannot.",
                                Keys.TEST,
                                key -> key.equals("as")
                                        ? reference("as")
                                        : list(
                                                "Checks that " + ("can".equals(key) ? "pass." : "fail."),
                                                reference("check")))));
        all.put(
                "as",
                with(
                        "patternProperties",
                        Map.of(ATTRIBUTE, reference("values")),
                        object("Who asks.", Keys.SUBJECT, PolicySchema::subject)));
        all.put(
                "check",
                described(
                        "connect, publish T [qos N] [retain] [size N], subscribe F [qos N], receive T, will T.",
                        Map.of(
                                "type",
                                "string",
                                "pattern",
                                "^\\s*([cC][oO][nN][nN][eE][cC][tT]|"
                                        + "([pP][uU][bB][lL][iI][sS][hH]|[sS][uU][bB][sS][cC][rR][iI][bB][eE]|"
                                        + "[rR][eE][cC][eE][iI][vV][eE]|[wW][iI][lL][lL])\\s+\\S)")));
        return all;
    }

    private static Map<String, Object> defaultOf(String key) {
        return switch (key) {
            case "retain" -> bool("Whether items that do not say allow retained messages (true).");
            case "max_qos" -> integer("The highest quality of service of items that do not say (2).", 0, 2);
            case "wide_subscriptions" ->
                words(
                        "A SUBSCRIBE wider than allowed is refused (reject), or granted and filtered.",
                        "reject",
                        "filter");
            case "holes" -> words("A SUBSCRIBE with denied parts is filtered, or refused.", "filter", "reject");
            case "response_topics" ->
                words("Whether a response topic must be one its sender may hear.", "check", "off");
            default -> throw unknown("defaults", key);
        };
    }

    private static Map<String, Object> variable(String key) {
        return switch (key) {
            case "from" ->
                text(
                        "Where its value comes from: " + String.join(", ", Keys.SOURCES) + " or jwt.CLAIM.",
                        Keys.SOURCES.stream()
                                .map(source -> source.replace(".", "\\."))
                                .collect(Collectors.joining("|", "^(", "|jwt\\..+)$")));
            case "prefix" -> reference("text", "Required at its start, and stripped.");
            case "suffix" -> reference("text", "Required at its end, and stripped.");
            case "chars" -> reference("text", "The characters it may have; a-z0-9._- if nothing is said.");
            case "max" -> integer("Its most bytes (64).", 1, 256);
            case "case" -> words("lower: lower-cased first.", "keep", "lower");
            case "pattern" -> text("Takes it out of a longer text: spiffe://acme/site/<site>/dev/<device>.", "<.+>");
            default -> throw unknown("a variable", key);
        };
    }

    private static Map<String, Object> role(String key) {
        return switch (key) {
            case "include" -> reference("texts", "Roles that come with this one.");
            case "client_id" ->
                described(
                        "What the client id must look like, any of: text, <variables>, one * at the end.",
                        Map.of("type", "array", "items", reference("text"), "minItems", 1));
            case "publish" -> list("What it may publish.", reference(key));
            case "subscribe" -> list("What it may receive.", reference(key));
            case "deny" -> reference(key, "What it may not, whatever else allows it.");
            case "limits" -> reference(key, "Its bounds.");
            case "when" -> reference(key, "When the role is active; always, if nothing is said.");
            case "shadow" -> bool("true: compared, and not in force.");
            case "note" -> reference("text", "For people.");
            default -> throw unknown("a role", key);
        };
    }

    private static Map<String, Object> item(Predicate<String> allowed) {
        Map<String, Object> options = with(
                "required",
                List.of("topic"),
                object(
                        "A topic with options.",
                        Keys.ITEM.stream().filter(allowed).toList(),
                        PolicySchema::option));
        return Map.of("anyOf", List.of(reference("topic"), options));
    }

    private static Map<String, Object> option(String key) {
        return switch (key) {
            case "topic" -> reference(key, "What it is about.");
            case "max_qos" -> integer("The highest quality of service.", 0, 2);
            case "retain" -> bool("false: no retained messages, and none deleted.");
            case "max_payload" -> reference("size", "A larger message is refused.");
            case "shared" -> reference("texts", "Share groups it may join; a name may end in *.");
            case "shadow" -> bool("true: compared, and not in force.");
            case "note" -> reference("text", "For people.");
            default -> throw unknown("an item", key);
        };
    }

    private static Map<String, Object> limit(String key) {
        return switch (key) {
            case "max_payload" -> reference("size", "Of one message.");
            case "publish_rate" -> text("Messages: 10/s or 600/m.", "^0*[1-9][0-9]{0,8}/[sm]$");
            case "publish_bytes" -> text("Bytes: 64KiB/s.", "^0*[1-9]" + SIZE.replace("{1,18}", "{0,17}") + "/s$");
            case "subscriptions" -> integer("Of one session.", 1, 10_000_000);
            case "connections" -> integer("Of one user.", 1, 10_000_000);
            case "receive_max" -> integer("Messages to the client that it has not acknowledged.", 1, 10_000_000);
            case "queued" -> integer("Messages that wait for the client.", 1, 10_000_000);
            default -> throw unknown("limits", key);
        };
    }

    private static Map<String, Object> condition(String key) {
        return switch (key) {
            case "listener" -> reference("values", "It came in by it.");
            case "network" -> reference("values", "Its address is inside: 10.20.0.0/16.");
            case "auth" -> reference("values", "One of its methods: certificate, password, jwt or anonymous.");
            case "time" -> reference("values", "Now is inside: Mon-Fri 08:00-18:00 Europe/Berlin.");
            case "user" -> reference("values", "The user's name.");
            case "group" -> reference("values", "A group the user is in.");
            case "client" -> reference("values", "The client id, which the client chooses.");
            default -> {
                if (!key.startsWith("cert.")) {
                    throw unknown("conditions", key);
                }
                yield reference("values", "The certificate's " + key.substring("cert.".length()) + ".");
            }
        };
    }

    private static Map<String, Object> subject(String key) {
        return switch (key) {
            case "user" -> reference("text", "The user's name.");
            case "client" -> reference("text", "The client id.");
            case "listener" -> reference("text", "Where it comes in.");
            case "address" -> reference("text", "Where it comes from.");
            case "at" -> reference("text", "When: 2026-12-05T23:00+01:00.");
            case "auth" -> reference("values", "How it logged in.");
            default -> throw unknown("a test's subject", key);
        };
    }

    private static Map<String, Object> object(
            String about, Collection<String> keys, Function<String, Map<String, Object>> of) {
        Map<String, Object> properties = new LinkedHashMap<>();
        keys.forEach(key -> properties.put(key, of.apply(key)));
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("description", about);
        schema.put("type", List.of("object", "null"));
        schema.put("properties", properties);
        schema.put("additionalProperties", false);
        return schema;
    }

    private static Map<String, Object> named(String about, String name, String definition) {
        return with(
                "patternProperties",
                Map.of(name, reference(definition)),
                object(about, List.of(), PolicySchema::reference));
    }

    private static Map<String, Object> list(String about, Map<String, Object> items) {
        return described(about, Map.of("type", List.of("array", "null"), "items", items));
    }

    private static Map<String, Object> bool(String about) {
        return described(about, Map.of("type", "boolean"));
    }

    private static Map<String, Object> integer(String about, int least, int most) {
        return described(about, Map.of("type", "integer", "minimum", least, "maximum", most));
    }

    private static Map<String, Object> text(String about, String pattern) {
        return described(about, Map.of("type", "string", "pattern", pattern));
    }

    private static Map<String, Object> words(String about, String... words) {
        return described(about, Map.of("enum", List.of(words)));
    }

    private static Map<String, Object> reference(String definition) {
        return Map.of("$ref", "#/$defs/" + definition);
    }

    private static Map<String, Object> reference(String definition, String about) {
        return described(about, reference(definition));
    }

    private static Map<String, Object> described(String about, Map<String, Object> schema) {
        Map<String, Object> described = new LinkedHashMap<>();
        described.put("description", about);
        described.putAll(new TreeMap<>(schema));
        return described;
    }

    private static Map<String, Object> with(String keyword, Object value, Map<String, Object> schema) {
        schema.put(keyword, value);
        return schema;
    }

    private static IllegalStateException unknown(String where, String key) {
        return new IllegalStateException("\"" + key + "\" of " + where + " has no schema");
    }
}
