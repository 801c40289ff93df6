package io.gatehouse.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A role's {@code client_id}, compiled: text with {@code <var>} parts and, at its end, {@code *} for any text. Immutable.
 *
 * @param parts texts, and in between them variables
 * @param variables numbers; one for each gap between two parts
 */
record ClientIdPattern(String text, List<String> parts, int[] variables, boolean open) {

    /** @param numbers of variables by name */
    static ClientIdPattern of(String text, ToIntFunction<String> numbers) {
        List<String> parts = new ArrayList<>();
        List<Integer> variables = new ArrayList<>();
        boolean open = text.endsWith("*");
        String core = open ? text.substring(0, text.length() - 1) : text;
        int from = 0;
        for (int bracket = core.indexOf('<'); bracket >= 0; bracket = core.indexOf('<', from)) {
            int close = core.indexOf('>', bracket);
            if (close < 0) {
                break;
            }
            parts.add(core.substring(from, bracket));
            variables.add(numbers.applyAsInt(core.substring(bracket + 1, close)));
            from = close + 1;
        }
        parts.add(core.substring(from));
        return new ClientIdPattern(
                text, List.copyOf(parts), variables.stream().mapToInt(k -> k).toArray(), open);
    }

    /** The variables it uses, as bits. */
    int variableBits() {
        int bits = 0;
        for (int k : variables) {
            bits |= 1 << k;
        }
        return bits;
    }

    boolean matches(String clientId, @Nullable String[] values) {
        int at = 0;
        for (int i = 0; i < parts.size(); i++) {
            String part = parts.get(i);
            if (!clientId.startsWith(part, at)) {
                return false;
            }
            at += part.length();
            if (i < variables.length) {
                String value = values[variables[i]];
                if (value == null || !clientId.startsWith(value, at)) {
                    return false;
                }
                at += value.length();
            }
        }
        return open || at == clientId.length();
    }
}
