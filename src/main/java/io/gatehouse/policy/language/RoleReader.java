package io.gatehouse.policy.language;

import io.gatehouse.config.Place;
import io.gatehouse.config.Quantity;
import io.gatehouse.config.Yaml;
import io.gatehouse.policy.model.Condition;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Pattern;
import io.gatehouse.policy.model.Role;
import io.gatehouse.protocol.Qos;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Reads a role, and what {@code everyone} has of one. Confined to one load. */
final class RoleReader {
    private final Report report;
    private final Nodes nodes;
    private final Patterns patterns;
    private final Conditioning conditions;
    private final ItemDefaults defaults;
    private final Collection<String> shadows;

    /** What holds where an item says nothing. */
    record ItemDefaults(boolean retain, Qos maxQos) {}

    /** @param shadows files of which nothing is in force */
    RoleReader(
            Report report,
            Nodes nodes,
            Patterns patterns,
            Conditioning conditions,
            ItemDefaults defaults,
            Collection<String> shadows) {
        this.shadows = shadows;
        this.report = report;
        this.nodes = nodes;
        this.patterns = patterns;
        this.conditions = conditions;
        this.defaults = defaults;
    }

    Role role(String name, Yaml.Value value, Place place) {
        String where = "role \"" + name + "\"";
        List<String> include = new ArrayList<>();
        List<String> clientIds = new ArrayList<>();
        List<Item> publish = new ArrayList<>();
        List<Item> subscribe = new ArrayList<>();
        List<Pattern> denyPublish = new ArrayList<>();
        List<Pattern> denySubscribe = new ArrayList<>();
        List<Condition> when = new ArrayList<>();
        Limits limits = Limits.NONE;
        boolean shadow = false;
        boolean shadowFile = shadows.contains(place.file());
        Yaml.Fields fields = nodes.fields(value, where, Keys.ROLE);
        for (Yaml.Field field : fields == null ? List.<Yaml.Field>of() : fields.fields()) {
            switch (field.key()) {
                case "include" -> nodes.texts(field).forEach(text -> include.add(text.text()));
                case "client_id" -> {
                    nodes.texts(field).forEach(text -> clientIds.add(clientId(text)));
                    if (clientIds.isEmpty()) {
                        report.error(
                                field.place(),
                                "P106",
                                "\"client_id\" needs a pattern; without the key, any client id will do.");
                    }
                }
                case "publish" -> items(field, publish, true);
                case "subscribe" -> items(field, subscribe, false);
                case "deny" -> deny(field, where, denyPublish, denySubscribe);
                case "limits" -> limits = limits(field, where);
                case "when" -> when.addAll(conditions.read(field.value(), "\"when\" of " + where, Keys.CONDITION));
                case "shadow" -> shadow = nodes.bool(field, false);
                default -> {
                    // a note, or a key that was reported
                }
            }
        }
        return new Role(
                name,
                include,
                clientIds,
                publish,
                subscribe,
                denyPublish,
                denySubscribe,
                limits,
                when,
                shadow || shadowFile,
                place);
    }

    /** {@code everyone}: only takes away. */
    Role everyone(Yaml.Field everyone) {
        List<Pattern> denyPublish = new ArrayList<>();
        List<Pattern> denySubscribe = new ArrayList<>();
        Limits limits = Limits.NONE;
        if (everyone.value() instanceof Yaml.Fields fields) {
            for (Yaml.Field field : fields.fields()) {
                switch (field.key()) {
                    case "deny" -> deny(field, "\"everyone\"", denyPublish, denySubscribe);
                    case "limits" -> limits = limits(field, "\"everyone\"");
                    case "publish", "subscribe", "include", "client_id", "when", "shadow" ->
                        report.error(
                                field.place(),
                                "P125",
                                "\"everyone\" may only hold deny and limits. To allow something to everyone, make a role and"
                                        + " assign it.");
                    default -> report.unknownKey(field.place(), field.key(), "\"everyone\"", Keys.EVERYONE);
                }
            }
        } else {
            nodes.fields(everyone.value(), "\"everyone\"", Keys.EVERYONE);
        }
        return new Role(
                "everyone",
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                denyPublish,
                denySubscribe,
                limits,
                List.of(),
                shadows.contains(everyone.place().file()),
                everyone.place());
    }

    private String clientId(Yaml.Text text) {
        String rest = text.text().replaceAll("<[a-z][a-z0-9-]*>", "");
        if (rest.contains("<")
                || rest.contains(">")
                || rest.indexOf('*') >= 0 && rest.indexOf('*') < rest.length() - 1) {
            report.error(
                    text.place(),
                    "P116",
                    "client id pattern \"" + Patterns.printable(text.text())
                            + "\": text, <variables>, and one * at its end.");
        }
        java.util.regex.Matcher names =
                java.util.regex.Pattern.compile("<([a-z][a-z0-9-]*)>").matcher(text.text());
        while (names.find()) {
            patterns.read(new Yaml.Text("<" + names.group(1) + ">", true, text.place())); // reports one that is unknown
        }
        return text.text();
    }

    private void deny(Yaml.Field deny, String where, List<Pattern> publish, List<Pattern> subscribe) {
        Yaml.Fields fields = nodes.fields(deny.value(), "\"deny\" of " + where, Keys.DENY);
        if (fields == null) {
            return;
        }
        for (Yaml.Field field : fields.fields()) {
            for (Yaml.Value value : nodes.items(field)) {
                if (value instanceof Yaml.Text text) {
                    Pattern pattern = patterns.read(text);
                    if (pattern != null) {
                        (field.key().equals("publish") ? publish : subscribe).add(pattern);
                    }
                } else {
                    String option = value instanceof Yaml.Fields map
                            ? map.fields().stream()
                                    .map(Yaml.Field::key)
                                    .filter(key -> !key.equals("topic"))
                                    .findFirst()
                                    .orElse("topic")
                            : "...";
                    report.error(value.place(), "P118", "deny takes plain topics, not options (\"" + option + "\").");
                }
            }
        }
    }

    private void items(Yaml.Field field, List<Item> items, boolean publish) {
        for (Yaml.Value value : nodes.items(field)) {
            Item item = value instanceof Yaml.Text text ? plain(text) : withOptions(value, publish);
            if (item != null) {
                items.add(item);
            }
        }
    }

    private @Nullable Item plain(Yaml.Text text) {
        Pattern pattern = patterns.read(text);
        return pattern == null
                ? null
                : new Item(pattern, defaults.maxQos(), defaults.retain(), Limits.UNLIMITED, List.of(), false);
    }

    private @Nullable Item withOptions(Yaml.Value value, boolean publish) {
        Yaml.Fields fields = braces(value) ? null : nodes.fields(value, "an item", Keys.ITEM);
        if (fields == null) {
            return null;
        }
        Yaml.Field topic = fields.field("topic");
        if (topic == null) {
            report.error(value.place(), "P116", "an item needs a \"topic\".");
            return null;
        }
        Yaml.Text text = nodes.text(topic);
        Pattern pattern = text == null ? null : patterns.read(text);
        Qos maxQos = defaults.maxQos();
        boolean retain = defaults.retain();
        boolean shadow = false;
        long maxPayload = Limits.UNLIMITED;
        List<String> shared = new ArrayList<>();
        for (Yaml.Field field : fields.fields()) {
            if ((publish ? Keys.SUBSCRIBE_ONLY : Keys.PUBLISH_ONLY).contains(field.key())) {
                report.error(
                        field.place(),
                        "P104",
                        "\"" + field.key() + "\" belongs to " + (publish ? "subscribe" : "publish") + " items.");
                continue;
            }
            switch (field.key()) {
                case "max_qos" -> maxQos = Qos.of(nodes.integer(field, 0, 2, maxQos.level()));
                case "retain" -> retain = nodes.bool(field, retain);
                case "max_payload" -> maxPayload = size(field);
                case "shared" -> nodes.texts(field).forEach(group -> shared.add(group(group)));
                case "shadow" -> shadow = nodes.bool(field, false);
                default -> {
                    // the topic, a note, or a key that was reported
                }
            }
        }
        return pattern == null ? null : new Item(pattern, maxQos, retain, maxPayload, shared, shadow);
    }

    /** {@code - {cn}}: a mapping to YAML, a variable to whoever comes from another broker. */
    private boolean braces(Yaml.Value value) {
        if (!(value instanceof Yaml.Fields fields)
                || fields.fields().size() != 1
                || Keys.ITEM.contains(fields.fields().get(0).key())
                || !(fields.fields().get(0).value() instanceof Yaml.Text text && text.isNull())) {
            return false;
        }
        String name = Patterns.printable(fields.fields().get(0).key());
        report.error(
                value.place(),
                "P114",
                "topic pattern \"{" + name + "}\" uses \"{…}\" from another broker. Write <" + name + ">.");
        return true;
    }

    private String group(Yaml.Text text) {
        String name = text.text();
        int star = name.indexOf('*');
        if (name.isEmpty() || name.matches(".*[+#/].*") || star >= 0 && star < name.length() - 1) {
            report.error(
                    text.place(),
                    "P116",
                    "share group \"" + Patterns.printable(name)
                            + "\": a name without + # /, and one * at its end at most.");
        }
        return name;
    }

    private Limits limits(Yaml.Field limits, String where) {
        Yaml.Fields fields = nodes.fields(limits.value(), "\"limits\" of " + where, Keys.LIMITS);
        Limits result = Limits.NONE;
        for (Yaml.Field field : fields == null ? List.<Yaml.Field>of() : fields.fields()) {
            long none = Limits.UNLIMITED;
            long payload = field.key().equals("max_payload") ? size(field) : none;
            double rate = field.key().equals("publish_rate") ? rate(field) : none;
            long bytes = field.key().equals("publish_bytes") ? bytesPerSecond(field) : none;
            result = result.and(new Limits(
                    payload,
                    rate,
                    bytes,
                    count(field, "subscriptions"),
                    count(field, "connections"),
                    count(field, "receive_max"),
                    count(field, "queued")));
        }
        return result;
    }

    private int count(Yaml.Field field, String key) {
        return field.key().equals(key) ? nodes.integer(field, 1, 10_000_000, Limits.UNLIMITED) : Limits.UNLIMITED;
    }

    private long size(Yaml.Field field) {
        Yaml.Text text = nodes.text(field);
        if (text == null) {
            return Limits.UNLIMITED;
        }
        OptionalLong size = Quantity.sizeBytes(text.text());
        if (size.isEmpty()) {
            report.error(
                    text.place(),
                    "P132",
                    "size \"" + Patterns.printable(text.text()) + "\" not understood. Write 4096, 4KiB or 4MiB.");
        }
        return size.orElse(Limits.UNLIMITED);
    }

    private double rate(Yaml.Field field) {
        Yaml.Text text = nodes.text(field);
        if (text == null) {
            return Limits.UNLIMITED;
        }
        if (!text.text().matches("[0-9]{1,9}/[sm]")) {
            report.error(
                    text.place(),
                    "P132",
                    "rate \"" + Patterns.printable(text.text()) + "\" needs a unit: 10/s or 10/m.");
            return Limits.UNLIMITED;
        }
        double number = Double.parseDouble(text.text().substring(0, text.text().length() - 2));
        if (number == 0) {
            report.error(text.place(), "P132", nothing(text.text()));
            return Limits.UNLIMITED;
        }
        return text.text().endsWith("s") ? number : number / 60;
    }

    private long bytesPerSecond(Yaml.Field field) {
        Yaml.Text text = nodes.text(field);
        if (text == null) {
            return Limits.UNLIMITED;
        }
        OptionalLong size = text.text().endsWith("/s")
                ? Quantity.sizeBytes(text.text().substring(0, text.text().length() - 2))
                : OptionalLong.empty();
        if (size.isEmpty()) {
            report.error(
                    text.place(),
                    "P132",
                    "rate \"" + Patterns.printable(text.text()) + "\" needs a size and a unit: 64KiB/s.");
        } else if (size.getAsLong() == 0) {
            report.error(text.place(), "P132", nothing(text.text()));
        }
        return size.orElse(Limits.UNLIMITED);
    }

    private static String nothing(String rate) {
        return "rate \"" + Patterns.printable(rate)
                + "\" lets nothing through. Leave the right to publish out instead.";
    }
}
