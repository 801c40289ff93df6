package io.gatehouse.authn;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads the claims of a token whose signature was believed. Stateless; any thread. */
final class JwtClaims {
    // year 9999: beyond it, Instant and people disagree
    private static final BigDecimal LATEST = BigDecimal.valueOf(253_402_300_799L);

    private JwtClaims() {}

    /** Claims that cannot be taken as they are. */
    static final class Bad extends Exception {
        private static final long serialVersionUID = 1L;

        Bad(String message) {
            super(message, null, false, false);
        }
    }

    /** A date in seconds (RFC 7519, section 2); a string is not one, however it looks. */
    static Optional<Instant> date(Map<String, Object> claims, String name) throws Bad {
        if (!claims.containsKey(name)) {
            return Optional.empty();
        }
        if (!(claims.get(name) instanceof Number number)) {
            throw new Bad("'" + name + "' is not a number");
        }
        try {
            BigDecimal seconds = new BigDecimal(number.toString());
            if (seconds.signum() >= 0 && seconds.compareTo(LATEST) <= 0) {
                return Optional.of(Instant.ofEpochSecond(seconds.longValue()));
            }
        } catch (NumberFormatException e) {
            // NaN and infinity, which strict JSON does not have: as a number out of range
        }
        throw new Bad("'" + name + "' is no date");
    }

    /** A string, or a list of nothing but strings. */
    static List<String> strings(Map<String, Object> claims, String name) throws Bad {
        Object value = claims.get(name);
        if (value instanceof String text) {
            return List.of(text);
        }
        if (value instanceof Collection<?> list) {
            List<String> texts = new ArrayList<>();
            for (Object item : list) {
                if (!(item instanceof String text)) {
                    throw new Bad("'" + name + "' holds something that is no text");
                }
                texts.add(text);
            }
            return texts;
        }
        throw new Bad(value == null ? "there is no '" + name + "'" : "'" + name + "' is neither text nor a list");
    }

    /** The claim at a path with dots, if it is text. */
    static Optional<String> text(Map<String, Object> claims, String path) {
        Object value = claims.get(path);
        if (value == null && path.indexOf('.') > 0) {
            String first = path.substring(0, path.indexOf('.'));
            if (claims.get(first) instanceof Map<?, ?> inner) {
                return text(keyed(inner), path.substring(path.indexOf('.') + 1));
            }
        }
        return value instanceof String text ? Optional.of(text) : Optional.empty();
    }

    /**
     * The attributes {@code jwt.*}: nested claims with dots, lists as several values, {@code scope} word by word, and {@code acl}
     * as {@link TokenAcl} has it.
     */
    static Map<String, List<String>> attributes(Map<String, Object> claims) throws Bad {
        Map<String, Object> others = new LinkedHashMap<>(claims);
        others.remove("acl");
        Map<String, List<String>> attributes = new LinkedHashMap<>();
        flatten("jwt", others, attributes);
        try {
            if (claims.containsKey("acl")) {
                for (Map.Entry<String, List<String>> entry :
                        TokenAcl.attributes(claims.get("acl")).entrySet()) {
                    put(entry.getKey(), entry.getValue(), attributes);
                }
            }
            TokenAcl.of(attributes);
        } catch (TokenAcl.Malformed e) {
            throw new Bad("'acl' " + e.getMessage());
        }
        return attributes;
    }

    private static void flatten(String prefix, Map<?, ?> claims, Map<String, List<String>> attributes) throws Bad {
        for (Map.Entry<?, ?> claim : claims.entrySet()) {
            String path = prefix + "." + claim.getKey();
            Object value = claim.getValue();
            if (value instanceof Map<?, ?> inner) {
                flatten(path, inner, attributes);
                continue;
            }
            List<String> values = new ArrayList<>();
            if (path.equals("jwt.scope") && value instanceof String text) {
                words(text).forEach(values::add);
            } else if (value instanceof Collection<?> list) {
                list.forEach(item -> scalar(item, values));
            } else {
                scalar(value, values);
            }
            if (values.isEmpty()) {
                continue;
            }
            put(path, values, attributes);
        }
    }

    private static void put(String path, List<String> values, Map<String, List<String>> attributes) throws Bad {
        if (attributes.put(path, List.copyOf(values)) != null) {
            // {"a": {"b": 1}, "a.b": 2}: which one a policy sees must not depend on their order
            throw new Bad("two claims are both '" + UserName.shown(path) + "'");
        }
    }

    /** Those of a scope (RFC 6749, section 3.3). */
    static Stream<String> words(String scope) {
        return Arrays.stream(scope.strip().split(" +")).filter(word -> !word.isEmpty());
    }

    private static void scalar(@Nullable Object value, List<String> values) {
        if (value instanceof String || value instanceof Boolean) {
            values.add(value.toString());
        } else if (value instanceof Number number) {
            values.add(new BigDecimal(number.toString()).toPlainString());
        }
    }

    private static Map<String, Object> keyed(Map<?, ?> map) {
        Map<String, Object> keyed = new LinkedHashMap<>();
        map.forEach((key, value) -> keyed.put((String) key, value));
        return keyed;
    }
}
