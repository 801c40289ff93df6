package io.gatehouse.authn;

import io.gatehouse.config.Quantity;
import io.gatehouse.json.Json;
import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.TopicFilter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What a token says that it is for: its claim {@code acl}, in the words of a policy's items. Immutable; any thread.
 *
 * <p>{@code {"publish": ["a/#", {"topic": "b", "max_qos": 1, "retain": false, "max_payload": "4KiB"}], "subscribe": [{"topic":
 * "c/+", "shared": ["workers"]}]}}. It is read whole or not at all: whoever wrote a word that is not understood meant to take
 * something away with it. So a claim with a mistake refuses the login, as a policy with one is not loaded.
 *
 * <p>Among a {@link Subject}'s attributes it is {@code jwt.acl}, without a value, and an item each in {@code jwt.acl.publish} and
 * {@code jwt.acl.subscribe}: a filter, or an object of JSON, which whatever begins with a brace is.
 */
public record TokenAcl(List<Item> publish, List<Item> subscribe) {
    private static final String CLAIM = "jwt.acl";
    private static final String PUBLISH = "publish";
    private static final String SUBSCRIBE = "subscribe";

    /** Each login and each change of the policy compiles them. */
    static final int MAX_ITEMS = 256;

    static final int MAX_LEVELS = 64;

    private static final String NO_GROUPS = "has \"shared\" that is not a list of groups";
    private static final List<String> OF_PUBLISH = List.of("topic", "max_qos", "retain", "max_payload", "note");
    private static final List<String> OF_SUBSCRIBE = List.of("topic", "max_qos", "shared", "note");

    public TokenAcl {
        publish = List.copyOf(publish);
        subscribe = List.copyOf(subscribe);
    }

    /**
     * One thing that it is for.
     *
     * @param maxQos 2 where nothing is said
     * @param retain true where nothing is said
     * @param maxPayloadBytes {@link Long#MAX_VALUE} where nothing is said
     * @param shared groups that may be joined, each exact or with a {@code *} at its end; null: those that the roles say
     */
    public record Item(
            TopicFilter topic,
            int maxQos,
            boolean retain,
            long maxPayloadBytes,
            @Nullable List<String> shared) {
        public Item {
            shared = shared == null ? null : List.copyOf(shared);
        }
    }

    /** A claim that is not understood; the message is half a sentence about it. */
    public static final class Malformed extends Exception {
        private static final long serialVersionUID = 1L;

        Malformed(String message) {
            super(message, null, false, false);
        }
    }

    /**
     * Reads what a subject's attributes have of the claim.
     *
     * @return empty for whoever has no token that says
     */
    public static Optional<TokenAcl> of(Map<String, List<String>> attributes) throws Malformed {
        List<String> publish = List.of();
        List<String> subscribe = List.of();
        boolean said = false;
        for (Map.Entry<String, List<String>> attribute : attributes.entrySet()) {
            String key = attribute.getKey();
            List<String> values = attribute.getValue();
            if (key.equals(CLAIM) && values.size() == 1 && values.get(0).startsWith("{")) {
                return of(attributes(parsed(values.get(0)))); // as it stands in the token, for whoever asks in its name
            } else if (key.equals(CLAIM + "." + PUBLISH)) {
                publish = values;
            } else if (key.equals(CLAIM + "." + SUBSCRIBE)) {
                subscribe = values;
            } else if (key.startsWith(CLAIM + ".") || key.equals(CLAIM) && !values.isEmpty()) {
                throw noObject();
            } else if (!key.equals(CLAIM)) {
                continue;
            }
            said = true;
        }
        if (publish.size() + subscribe.size() > MAX_ITEMS) {
            throw new Malformed("has more than " + MAX_ITEMS + " items");
        }
        return said ? Optional.of(new TokenAcl(items(publish, true), items(subscribe, false))) : Optional.empty();
    }

    /** The attributes of a claim as it stands in the token. */
    static Map<String, List<String>> attributes(@Nullable Object claim) throws Malformed {
        if (!(claim instanceof Map<?, ?> lists)) {
            throw noObject();
        }
        Map<String, List<String>> attributes = new LinkedHashMap<>();
        attributes.put(CLAIM, List.of());
        for (Map.Entry<?, ?> list : lists.entrySet()) {
            boolean known = list.getKey().equals(PUBLISH) || list.getKey().equals(SUBSCRIBE);
            if (!known || !(list.getValue() instanceof Collection<?> items)) {
                throw noObject();
            }
            List<String> texts = new ArrayList<>();
            for (Object item : items) {
                if (item instanceof String text) {
                    texts.add(text.startsWith("{") ? Json.line(Map.of("topic", text)) : text);
                } else if (item instanceof Map<?, ?> object) {
                    texts.add(Json.line(object));
                } else {
                    throw new Malformed("has an item that is neither a filter nor an object");
                }
            }
            attributes.put(CLAIM + "." + list.getKey(), List.copyOf(texts));
        }
        return attributes;
    }

    private static Malformed noObject() {
        return new Malformed("is not an object of the lists \"publish\" and \"subscribe\"");
    }

    private static Map<String, Object> parsed(String text) throws Malformed {
        try {
            return Json.object(text);
        } catch (Json.NotJson e) {
            throw new Malformed("has something that is not JSON");
        }
    }

    private static List<Item> items(List<String> texts, boolean publish) throws Malformed {
        List<Item> items = new ArrayList<>(texts.size());
        for (String text : texts) {
            items.add(item(text.startsWith("{") ? parsed(text) : Map.of("topic", text), publish));
        }
        return items;
    }

    private static Item item(Map<String, Object> object, boolean publish) throws Malformed {
        for (String key : object.keySet()) {
            if (!(publish ? OF_PUBLISH : OF_SUBSCRIBE).contains(key)) {
                throw new Malformed("has an item to " + (publish ? PUBLISH : SUBSCRIBE) + " with \""
                        + UserName.shown(key) + "\", which is not one of "
                        + String.join(", ", publish ? OF_PUBLISH : OF_SUBSCRIBE));
            }
        }
        return new Item(
                topic(object.get("topic")),
                maxQos(object.getOrDefault("max_qos", 2)),
                retain(object.getOrDefault("retain", true)),
                object.containsKey("max_payload") ? size(object.get("max_payload")) : Long.MAX_VALUE,
                object.containsKey("shared") ? groups(object.get("shared")) : null);
    }

    private static TopicFilter topic(@Nullable Object value) throws Malformed {
        if (!(value instanceof String text)) {
            throw new Malformed("has an item without a \"topic\"");
        }
        try {
            TopicFilter filter = TopicFilter.of(text);
            boolean literal = text.indexOf('<') < 0 && text.indexOf('>') < 0 && !text.equals("$share");
            if (literal && filter.shareGroup().isEmpty() && text.split("/", -1).length <= MAX_LEVELS) {
                return filter;
            }
        } catch (MalformedPacket e) {
            // the same answer as for the rest that is no pattern of a token
        }
        throw new Malformed("has \"" + UserName.shown(text) + "\", which is no topic filter for a token");
    }

    private static int maxQos(@Nullable Object value) throws Malformed {
        if (value instanceof Integer qos && qos >= 0 && qos <= 2) {
            return qos;
        }
        throw new Malformed("has a \"max_qos\" that is not 0, 1 or 2");
    }

    private static boolean retain(@Nullable Object value) throws Malformed {
        if (value instanceof Boolean retain) {
            return retain;
        }
        throw new Malformed("has a \"retain\" that is not true or false");
    }

    private static long size(@Nullable Object value) throws Malformed {
        boolean whole = value instanceof Integer || value instanceof Long || value instanceof String;
        OptionalLong size = whole ? Quantity.sizeBytes(String.valueOf(value)) : OptionalLong.empty();
        return size.orElseThrow(() -> new Malformed("has a \"max_payload\" that is not like 4096, 4KiB or 4MiB"));
    }

    private static List<String> groups(@Nullable Object value) throws Malformed {
        if (!(value instanceof Collection<?> list)) {
            throw new Malformed(NO_GROUPS);
        }
        List<String> groups = new ArrayList<>();
        for (Object one : list) {
            if (!(one instanceof String name) || !name.matches("[^+#/*]+\\*?|\\*")) {
                throw new Malformed(NO_GROUPS);
            }
            groups.add(name);
        }
        return groups;
    }
}
