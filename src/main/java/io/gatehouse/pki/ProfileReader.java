package io.gatehouse.pki;

import io.gatehouse.config.Place;
import io.gatehouse.config.Quantity;
import io.gatehouse.config.Suggestion;
import io.gatehouse.config.Yaml;
import io.gatehouse.pki.ProfileSettings.Names;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads one profile's file, strictly, and holds it to what its kind may be. Confined to one load.
 *
 * <p>A file can choose keys, lifetimes and pointers to revocation services; it cannot make a device of a server or an authority of
 * a device, because what a kind is for stands in code.
 */
final class ProfileReader {
    private static final Duration CENTURY = Duration.ofDays(36_500);
    private static final Map<String, List<String>> KEYS = Map.of(
            "the profile",
            List.of("version", "profile", "issued_by", "key", "accepts", "validity", "extensions"),
            "validity",
            List.of("default", "most", "backdate"),
            "extensions",
            List.of(
                    "basic_constraints",
                    "key_usage",
                    "extended_key_usage",
                    "extended_key_usage_critical",
                    "subject_key_identifier",
                    "authority_key_identifier",
                    "subject_alternative_name",
                    "crl_urls",
                    "ocsp_urls",
                    "ocsp_no_check"),
            "basic_constraints",
            List.of("ca", "path_length"));

    private final List<PkiProblem.Fault> faults = new ArrayList<>();
    /** Where the value of each key stands. */
    private final Map<String, Place> places = new HashMap<>();

    /** @throws PkiProblem with every mistake of the file */
    static ProfileSettings read(String file, String text) throws PkiProblem {
        ProfileReader reader = new ProfileReader();
        ProfileSettings settings = reader.profile(file, text);
        if (!reader.faults.isEmpty()) {
            throw new PkiProblem(PkiProblem.Kind.INPUT, reader.faults);
        }
        return settings;
    }

    private ProfileSettings profile(String file, String text) {
        Yaml.Value value =
                Yaml.read(file, text, finding -> fault(finding.place(), finding.fault() + ": " + finding.detail()));
        Place top = Place.start(file);
        Map<String, Yaml.Value> fields = fields("the profile", value, top);
        if (!text(fields, "version", "").equals("1")) {
            fault(top, "a profile begins with version: 1");
        }
        Map<String, Yaml.Value> validity = fields("validity", fields.get("validity"), top);
        Map<String, Yaml.Value> extensions = fields("extensions", fields.get("extensions"), top);
        Map<String, Yaml.Value> constraints = fields("basic_constraints", extensions.get("basic_constraints"), top);
        String name = text(fields, "profile", "");
        ProfileSettings settings = new ProfileSettings(
                name,
                text(fields, "issued_by", ""),
                key(fields.get("key"), text(fields, "key", "p256")),
                accepts(fields.get("accepts"), texts(fields, "accepts")),
                duration(validity, "default", Duration.ofDays(397)),
                duration(validity, "most", Duration.ofDays(397)),
                duration(validity, "backdate", Duration.ofHours(1)),
                bool(constraints, "ca"),
                length(constraints),
                texts(extensions, "key_usage"),
                texts(extensions, "extended_key_usage"),
                bool(extensions, "extended_key_usage_critical"),
                bool(extensions, "subject_key_identifier"),
                bool(extensions, "authority_key_identifier"),
                names(extensions),
                urls(extensions, "crl_urls"),
                urls(extensions, "ocsp_urls"),
                bool(extensions, "ocsp_no_check"));
        if (faults.isEmpty()) {
            ProfileKind.of(name)
                    .ifPresentOrElse(
                            kind -> kind.faults(settings)
                                    .forEach(breach -> fault(placeOf(breach.key(), top), breach.rule())),
                            () -> fault(
                                    placeOf("profile", top),
                                    "\"" + name + "\" is not a profile; there are " + ProfileKind.names()));
        }
        return settings;
    }

    private void fault(Place place, String why) {
        faults.add(new PkiProblem.Fault(PkiProblem.Kind.INPUT.name(), place + ": " + why));
    }

    /** Where a key stands; of one that is missing, where what it belongs in does. */
    private Place placeOf(String key, Place top) {
        Place found = places.get(key);
        return found != null
                ? found
                : KEYS.entrySet().stream()
                        .filter(section -> section.getValue().contains(key))
                        .map(section -> places.getOrDefault(section.getKey(), top))
                        .findFirst()
                        .orElse(top);
    }

    private Map<String, Yaml.Value> fields(String where, Yaml.@Nullable Value value, Place top) {
        Map<String, Yaml.Value> fields = new LinkedHashMap<>();
        if (!(value instanceof Yaml.Fields map)) {
            fault(value == null ? top : value.place(), where + " is missing, or not a mapping of keys");
            return fields;
        }
        List<String> known = KEYS.getOrDefault(where, List.of());
        for (Yaml.Field field : map.fields()) {
            if (known.contains(field.key())) {
                fields.put(field.key(), field.value());
                places.put(field.key(), field.value().place());
            } else {
                fault(
                        field.place(),
                        "unknown key \"" + field.key() + "\" in " + where
                                + Suggestion.nearest(field.key(), known)
                                        .map(word -> ". Did you mean \"" + word + "\"?")
                                        .orElse(". Known keys: " + String.join(", ", known)));
            }
        }
        return fields;
    }

    /** Where a key's value stands; for a key that was read. */
    private static Place place(Map<String, Yaml.Value> fields, String key) {
        return Objects.requireNonNull(fields.get(key)).place();
    }

    private String text(Map<String, Yaml.Value> fields, String key, String otherwise) {
        Yaml.Value value = fields.get(key);
        if (value instanceof Yaml.Text text) {
            return text.text();
        }
        if (value != null) {
            fault(value.place(), "\"" + key + "\" is a word");
        }
        return otherwise;
    }

    private List<String> texts(Map<String, Yaml.Value> fields, String key) {
        Yaml.Value value = fields.get(key);
        List<String> texts = new ArrayList<>();
        if (value instanceof Yaml.Items items) {
            for (Yaml.Value item : items.values()) {
                if (item instanceof Yaml.Text text) {
                    texts.add(text.text());
                } else {
                    fault(item.place(), "\"" + key + "\" is a list of words");
                }
            }
        } else if (value != null) {
            fault(value.place(), "\"" + key + "\" is a list");
        }
        return texts;
    }

    private boolean bool(Map<String, Yaml.Value> fields, String key) {
        String word = text(fields, key, "false");
        if (!word.equals("true") && !word.equals("false")) {
            fault(place(fields, key), "\"" + key + "\" is true or false, found \"" + Profile.shown(word) + "\"");
        }
        return word.equals("true");
    }

    private Duration duration(Map<String, Yaml.Value> fields, String key, Duration otherwise) {
        Yaml.Value value = fields.get(key);
        if (value == null) {
            return otherwise;
        }
        String word = text(fields, key, "");
        if (word.equals("none")) {
            return ProfileSettings.WITHOUT_END;
        }
        Optional<Duration> read = Quantity.duration(word).filter(one -> !one.isZero() && one.compareTo(CENTURY) <= 0);
        if (read.isEmpty()) {
            fault(
                    value.place(),
                    "\"" + Profile.shown(word) + "\" is not a time such as 397d, up to a century, or none");
        }
        return read.orElse(otherwise);
    }

    private KeyKind key(Yaml.@Nullable Value value, String word) {
        Optional<KeyKind> kind = KeyKind.ofWord(word);
        if (kind.isEmpty() && value != null) {
            fault(value.place(), "\"" + Profile.shown(word) + "\" is not a kind of key; there are " + KeyKind.words());
        }
        return kind.orElse(KeyKind.P256);
    }

    private Set<KeyKind> accepts(Yaml.@Nullable Value value, List<String> words) {
        Set<KeyKind> kinds = EnumSet.noneOf(KeyKind.class);
        words.forEach(word -> kinds.add(key(value, word)));
        return kinds;
    }

    private @Nullable Integer length(Map<String, Yaml.Value> constraints) {
        String word = text(constraints, "path_length", "");
        if (!word.isEmpty() && !word.matches("[0-3]")) {
            fault(place(constraints, "path_length"), "\"path_length\" is 0 to 3");
            return null;
        }
        return word.isEmpty() ? null : Integer.valueOf(word);
    }

    private Names names(Map<String, Yaml.Value> extensions) {
        return switch (text(extensions, "subject_alternative_name", "none")) {
            case "none" -> Names.NONE;
            case "uri" -> Names.URI;
            case "names" -> Names.NAMES;
            default -> {
                fault(
                        place(extensions, "subject_alternative_name"),
                        "\"subject_alternative_name\" is none, uri or names");
                yield Names.NONE;
            }
        };
    }

    private List<String> urls(Map<String, Yaml.Value> extensions, String key) {
        List<String> urls = texts(extensions, key);
        for (String url : urls) {
            if (!url.matches("http://[\\x21-\\x7E]{3,200}")) {
                fault(
                        place(extensions, key),
                        "\"" + Profile.shown(url)
                                + "\" is not an http address; lists and answers are signed, and https would need"
                                + " a certificate to fetch what judges certificates (RFC 5280, 8)");
            }
        }
        return urls;
    }
}
