package io.gatehouse.authn;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Optional;

/**
 * What a user name may look like, wherever it comes from. Stateless; any thread.
 *
 * <p>One rule for certificates, password files and tokens, because a policy cannot tell them apart: a name that two
 * programs read differently (a NUL that ends it for one of them, two spellings of the same letter, an invisible control
 * character) is a way to be taken for somebody else.
 */
public final class UserName {
    /** The most bytes of UTF-8 a name has unless a setting says otherwise. */
    public static final int DEFAULT_MAX_BYTES = 128;

    private UserName() {}

    /**
     * Why a name is refused.
     *
     * @return empty if the name is fine; else a half sentence that begins with a verb and does not quote the name
     */
    public static Optional<String> fault(String name, int maxBytes) {
        if (name.isEmpty()) {
            return Optional.of("is empty");
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (Character.isSurrogate(c)) {
                if (!Character.isHighSurrogate(c)
                        || i + 1 == name.length()
                        || !Character.isLowSurrogate(name.charAt(i + 1))) {
                    return Optional.of("holds half a surrogate pair");
                }
                i++;
            } else if (c == 0) {
                return Optional.of("holds U+0000");
            } else if (Character.isISOControl(c)) {
                return Optional.of(String.format("holds the control character U+%04X", (int) c));
            } else if (c == '\uFFFD') {
                return Optional.of("holds U+FFFD, which stands for bytes that could not be read");
            } else if (isInvisible(c)) {
                return Optional.of(String.format("holds the invisible character U+%04X", (int) c));
            }
        }
        if (name.charAt(0) == '$') {
            return Optional.of("begins with '$', which is kept for the broker itself");
        }
        if (name.getBytes(StandardCharsets.UTF_8).length > maxBytes) {
            return Optional.of("is longer than " + maxBytes + " bytes");
        }
        if (!Normalizer.isNormalized(name, Normalizer.Form.NFC)) {
            return Optional.of("is not in Unicode's normal form C");
        }
        return Optional.empty();
    }

    /** Text from a client as a message may show it: escaped, at most 64 characters. */
    static String shown(String text) {
        StringBuilder shown = new StringBuilder();
        int end = Math.min(text.length(), 64);
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (c < 0x20 || c >= 0x7F || c == '\\') {
                shown.append(String.format("\\u%04x", (int) c));
            } else {
                shown.append(c);
            }
        }
        return end < text.length() ? shown + "..." : shown.toString();
    }

    /** Zero-width and direction-changing characters: two names that look the same would differ by them. */
    private static boolean isInvisible(char c) {
        int type = Character.getType(c);
        return type == Character.FORMAT || type == Character.LINE_SEPARATOR || type == Character.PARAGRAPH_SEPARATOR;
    }
}
