package io.gatehouse.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** A role's {@code client_id}: text with {@code <var>} parts and, at its end, {@code *} for any text. Stateless. */
final class ClientIdPattern {
    private ClientIdPattern() {}

    /** The names in angle brackets. */
    static List<String> variables(String pattern) {
        List<String> names = new ArrayList<>();
        for (int open = pattern.indexOf('<'); open >= 0; open = pattern.indexOf('<', open + 1)) {
            int close = pattern.indexOf('>', open);
            if (close > open) {
                names.add(pattern.substring(open + 1, close));
            }
        }
        return names;
    }

    /** Whether one of the patterns matches; true where there are none. */
    static boolean matchesAny(
            List<String> patterns, String clientId, ToIntFunction<String> numbers, @Nullable String[] values) {
        for (String pattern : patterns) {
            if (matches(pattern, clientId, numbers, values)) {
                return true;
            }
        }
        return patterns.isEmpty();
    }

    private static boolean matches(
            String pattern, String clientId, ToIntFunction<String> numbers, @Nullable String[] values) {
        int at = 0;
        int from = 0;
        boolean open = pattern.endsWith("*");
        String core = open ? pattern.substring(0, pattern.length() - 1) : pattern;
        while (from < core.length()) {
            int bracket = core.indexOf('<', from);
            String literal = core.substring(from, bracket < 0 ? core.length() : bracket);
            if (!clientId.startsWith(literal, at)) {
                return false;
            }
            at += literal.length();
            if (bracket < 0) {
                break;
            }
            int close = core.indexOf('>', bracket);
            String value = values[numbers.applyAsInt(core.substring(bracket + 1, close))];
            if (value == null || !clientId.startsWith(value, at)) {
                return false;
            }
            at += value.length();
            from = close + 1;
        }
        return open || at == clientId.length();
    }
}
