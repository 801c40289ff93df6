package io.gatehouse.policy.model;

import io.gatehouse.config.Place;
import org.jspecify.annotations.Nullable;

/**
 * A declared variable: where its value comes from and what it must look like.
 *
 * @param from {@code user}, {@code client}, {@code listener}, {@code cert.…} or {@code jwt.…}
 * @param prefix stripped; the value must start with it
 * @param suffix stripped; the value must end with it
 * @param chars a character class such as {@code a-z0-9._-}, what every character of the value must be in
 * @param maxBytes 1 to 256
 * @param lowerCase whether the value is lower-cased before it is looked at
 * @param pattern a text with this name in angle brackets, such as {@code spiffe://acme/site/<site>/dev/<device>}; null:
 *     the whole value
 */
public record Variable(
        String name,
        String from,
        String prefix,
        String suffix,
        String chars,
        int maxBytes,
        boolean lowerCase,
        @Nullable String pattern,
        Place place) {

    /** The characters of a value where none are declared. */
    public static final String DEFAULT_CHARS = "a-z0-9._-";

    public static final int DEFAULT_MAX_BYTES = 64;

    /** What it is made of, in the words of the language; the place has no part in it. */
    public String words() {
        return "from " + from
                + (pattern == null ? "" : " pattern " + pattern)
                + (prefix.isEmpty() ? "" : " prefix " + prefix)
                + (suffix.isEmpty() ? "" : " suffix " + suffix)
                + " chars " + chars + " max " + maxBytes + (lowerCase ? " lower" : "");
    }
}
