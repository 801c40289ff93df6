package io.gatehouse.policy;

import io.gatehouse.authn.Subject;
import io.gatehouse.policy.model.Variable;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The value that a login gives a variable, or why there is none.
 *
 * <p>A usable value is 1 to 256 bytes of NFC text without {@code + # /} and control characters, of the declared shape;
 * of several values exactly one may have it. Anything else is absent, which closes in both directions.
 */
record VariableValue(@Nullable String value, String why) {
    private static final int MAX_BYTES = 256;

    static VariableValue of(Variable variable, Subject subject, String clientId) {
        List<String> sources = switch (variable.from()) {
            case "user" -> subject.user().isEmpty() ? List.of() : List.of(subject.user());
            case "client" -> List.of(clientId);
            case "listener" -> subject.listener().isEmpty() ? List.of() : List.of(subject.listener());
            default -> subject.values(variable.from());
        };
        if (sources.isEmpty()) {
            return absent(variable.from() + " is absent");
        }
        String found = null;
        String why = "";
        for (String source : sources) {
            VariableValue one = shaped(variable, source);
            if (one.value == null) {
                why = one.why;
            } else if (found != null && !found.equals(one.value)) {
                return absent(variable.from() + " has more than one usable value");
            } else {
                found = one.value;
            }
        }
        return found == null ? absent(why) : new VariableValue(found, "");
    }

    private static VariableValue shaped(Variable variable, String source) {
        String text = variable.lowerCase() ? source.toLowerCase(Locale.ROOT) : source;
        String shown = variable.from() + " \"" + abridged(source) + "\"";
        String pattern = variable.pattern();
        if (pattern != null) {
            String part = part(pattern, variable.name(), text);
            if (part == null) {
                return absent(shown + " is not like \"" + pattern + "\"");
            }
            text = part;
        }
        if (!text.startsWith(variable.prefix())) {
            return absent(shown + " does not start with \"" + variable.prefix() + "\"");
        }
        text = text.substring(variable.prefix().length());
        if (!text.endsWith(variable.suffix())) {
            return absent(shown + " does not end with \"" + variable.suffix() + "\"");
        }
        text = text.substring(0, text.length() - variable.suffix().length());
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        if (bytes == 0 || bytes > Math.min(MAX_BYTES, variable.maxBytes())) {
            return absent(shown + " leaves " + bytes + " bytes, 1 to " + variable.maxBytes() + " are allowed");
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '+' || c == '#' || c == '/' || c < 0x20 || c == 0x7F || c == 0xFFFD) {
                return absent(shown + " holds a character that no topic level may");
            }
            if (Character.isSurrogate(c)) {
                boolean pair = Character.isHighSurrogate(c)
                        && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1));
                if (!pair) {
                    return absent(shown + " is not well-formed text");
                }
                i++;
            }
            if (!variable.chars().isEmpty() && !CharacterClass.contains(variable.chars(), c)) {
                return absent(shown + " holds a character outside " + variable.chars());
            }
        }
        if (!Normalizer.isNormalized(text, Normalizer.Form.NFC)) {
            return absent(shown + " is not in normal form (NFC)");
        }
        return new VariableValue(text, "");
    }

    /** The piece that a name in angle brackets stands for; every name stands for one run without a slash. */
    private static @Nullable String part(String pattern, String name, String text) {
        int at = 0;
        int from = 0;
        String found = null;
        while (from < pattern.length()) {
            int open = pattern.indexOf('<', from);
            String literal = pattern.substring(from, open < 0 ? pattern.length() : open);
            if (!text.startsWith(literal, at)) {
                return null;
            }
            at += literal.length();
            if (open < 0) {
                break;
            }
            int close = pattern.indexOf('>', open);
            from = close + 1;
            char stop = from < pattern.length() ? pattern.charAt(from) : '/';
            int end = at;
            while (end < text.length() && text.charAt(end) != stop && text.charAt(end) != '/') {
                end++;
            }
            if (pattern.substring(open + 1, close).equals(name)) {
                found = text.substring(at, end);
            }
            at = end;
        }
        return at == text.length() ? found : null;
    }

    private static VariableValue absent(String why) {
        return new VariableValue(null, why);
    }

    private static String abridged(String text) {
        String cut = text.length() > 64 ? text.substring(0, 64) + "…" : text;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }
}
