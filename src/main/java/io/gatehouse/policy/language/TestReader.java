package io.gatehouse.policy.language;

import io.gatehouse.authn.AuthMethod;
import io.gatehouse.authn.Subject;
import io.gatehouse.config.Place;
import io.gatehouse.config.Quantity;
import io.gatehouse.config.Yaml;
import io.gatehouse.policy.model.Check;
import io.gatehouse.policy.model.Check.Action;
import io.gatehouse.policy.model.PolicyTest;
import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads {@code tests}: a made-up subject, what it can and what it cannot. Confined to one load. */
final class TestReader {
    private final Report report;
    private final Nodes nodes;
    private final Optional<Collection<String>> listeners;

    /** @param listeners the configuration's, if it is known */
    TestReader(Report report, Nodes nodes, Optional<Collection<String>> listeners) {
        this.listeners = listeners;
        this.report = report;
        this.nodes = nodes;
    }

    Optional<PolicyTest> read(Yaml.Value value) {
        Yaml.Fields fields = nodes.fields(value, "a test", Keys.TEST);
        Yaml.Field as = fields == null ? null : fields.field("as");
        if (fields == null || as == null) {
            report.error(value.place(), "P106", "a test needs \"as\": who asks.");
            return Optional.empty();
        }
        Yaml.Fields subject =
                nodes.fields(as.value(), "\"as\"", key -> Keys.SUBJECT.contains(key) || attribute(key), Keys.SUBJECT);
        if (subject == null) {
            return Optional.empty();
        }
        List<Check> can = checks(fields.field("can"));
        List<Check> cannot = checks(fields.field("cannot"));
        if (can.isEmpty() && cannot.isEmpty()) {
            report.error(value.place(), "P106", "a test needs \"can\" or \"cannot\".");
        }
        return Optional.of(test(subject, can, cannot, value.place()));
    }

    private static boolean attribute(String key) {
        return key.startsWith("jwt.") || key.startsWith("cert.");
    }

    private PolicyTest test(Yaml.Fields fields, List<Check> can, List<Check> cannot, Place place) {
        String user = "";
        String client = null;
        String listener = "";
        InetAddress address = null;
        Instant at = null;
        Set<AuthMethod> methods = new HashSet<>();
        Map<String, List<String>> attributes = new LinkedHashMap<>();
        for (Yaml.Field field : fields.fields()) {
            List<String> values =
                    nodes.oneOrMore(field).stream().map(Yaml.Text::text).toList();
            String value = values.isEmpty() ? "" : values.get(0);
            switch (field.key()) {
                case "user" -> user = value;
                case "client" -> client = value;
                case "listener" -> {
                    listener = value;
                    if (listeners.isPresent() && !listeners.get().contains(value)) {
                        report.error(
                                field.value().place(),
                                "P133",
                                "listener \"" + Patterns.printable(value) + "\" does not exist. Listeners: "
                                        + String.join(", ", listeners.get()) + ".");
                    }
                }
                case "address" -> address = address(field, value);
                case "at" -> at = moment(field, value);
                case "auth" -> values.forEach(method -> methods.add(method(field, method)));
                default -> attributes.put(field.key(), Subject.yielded(field.key(), values));
            }
        }
        if (methods.isEmpty()) {
            methods.add(
                    attributes.keySet().stream().anyMatch(key -> key.startsWith("jwt."))
                            ? AuthMethod.JWT
                            : !attributes.isEmpty()
                                    ? AuthMethod.CERTIFICATE
                                    : user.isEmpty() ? AuthMethod.ANONYMOUS : AuthMethod.PASSWORD);
        }
        if (user.isEmpty() && attributes.containsKey("cert.cn")) {
            user = attributes.get("cert.cn").stream().findFirst().orElse(""); // as a certificate's login names it
        }
        if (user.isEmpty() && attributes.containsKey("jwt.sub")) {
            user = attributes.get("jwt.sub").stream().findFirst().orElse("");
        }
        String as = fields.fields().stream()
                .map(field -> field.key() + ": "
                        + nodes.oneOrMore(field).stream().map(Yaml.Text::text).collect(Collectors.joining(", ")))
                .collect(Collectors.joining(", ", "{", "}"));
        return new PolicyTest(
                new Subject(user, methods, listener, address, attributes), client, at, can, cannot, as, place);
    }

    private @Nullable InetAddress address(Yaml.Field field, String value) {
        try {
            if (value.matches("[0-9.]+") || value.contains(":")) {
                return InetAddress.getByName(value);
            }
        } catch (UnknownHostException e) {
            // reported below
        }
        report.error(field.value().place(), "P130", "\"" + Patterns.printable(value) + "\" is not an address.");
        return null;
    }

    private @Nullable Instant moment(Yaml.Field field, String value) {
        try {
            // seconds may be left out
            String text = value.matches(".*T[0-9]{2}:[0-9]{2}([+-].*|Z)")
                    ? value.replaceFirst("(T[0-9]{2}:[0-9]{2})", "$1:00")
                    : value;
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException e) {
            report.error(
                    field.value().place(),
                    "P131",
                    "\"" + Patterns.printable(value) + "\" is not a moment. Write 2026-12-05T23:00+01:00.");
            return null;
        }
    }

    private AuthMethod method(Yaml.Field field, String word) {
        try {
            return AuthMethod.valueOf(word.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            report.error(
                    field.value().place(),
                    "P106",
                    "\"auth\" is certificate, password, jwt or anonymous, found \"" + Patterns.printable(word) + "\".");
            return AuthMethod.ANONYMOUS;
        }
    }

    private List<Check> checks(Yaml.@Nullable Field field) {
        List<Check> checks = new ArrayList<>();
        if (field != null) {
            nodes.texts(field).forEach(text -> {
                try {
                    checks.add(check(text.text(), text.place()));
                } catch (IllegalArgumentException e) {
                    report.error(text.place(), "P106", String.valueOf(e.getMessage()));
                }
            });
        }
        return checks;
    }

    /**
     * Reads one check: {@code connect}, {@code publish T [qos N] [retain] [size N]}, {@code subscribe F [qos N]}, {@code
     * receive T} or {@code will T}.
     *
     * @throws IllegalArgumentException saying what is wrong with it
     */
    static Check check(String text, Place place) {
        String[] words = text.strip().split("\\s+");
        Action action;
        try {
            action = Action.valueOf(words[0].toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "check \"" + Patterns.printable(text)
                            + "\" must start with connect, publish, subscribe, receive or will.",
                    e);
        }
        if (action == Action.CONNECT) {
            return new Check(action, "", Qos.AT_MOST_ONCE, false, 0, text, place);
        }
        if (words.length < 2) {
            throw new IllegalArgumentException("check \"" + Patterns.printable(text) + "\" needs a topic.");
        }
        String target = words[1];
        try {
            if (action == Action.SUBSCRIBE) {
                TopicFilter.of(target);
            } else {
                TopicName.of(target);
            }
        } catch (MalformedPacket e) {
            throw new IllegalArgumentException(
                    "check \"" + Patterns.printable(text) + "\": " + e.getMessage() + ".", e);
        }
        // whoever subscribes wants all it can have
        Qos qos = action == Action.SUBSCRIBE ? Qos.EXACTLY_ONCE : Qos.AT_MOST_ONCE;
        boolean retain = false;
        long size = 0;
        for (int i = 2; i < words.length; i++) {
            boolean more = i + 1 < words.length;
            if (words[i].equals("qos") && more && words[i + 1].matches("[012]")) {
                qos = Qos.of(Integer.parseInt(words[++i]));
            } else if (words[i].equals("retain")) {
                retain = true;
            } else if (words[i].equals("size")
                    && more
                    && Quantity.sizeBytes(words[i + 1]).isPresent()) {
                size = Quantity.sizeBytes(words[++i]).getAsLong();
            } else {
                throw new IllegalArgumentException("check \"" + Patterns.printable(text) + "\": \""
                        + Patterns.printable(words[i]) + "\" not understood. After the topic: qos N, retain, size N.");
            }
        }
        return new Check(action, target, qos, retain, size, text, place);
    }
}
