package io.gatehouse.policy.model;

import io.gatehouse.config.Place;
import java.util.List;

/**
 * One line of a {@code when} or of an {@code assign} row's {@code to}: the lines of a block are ANDed, the values of a
 * line ORed.
 *
 * @param key {@code listener}, {@code network}, {@code auth}, {@code time}, {@code user}, {@code group}, {@code client},
 *     {@code cert.…} or {@code jwt.…}
 * @param values as written; validated for their key. Values of text keys may start or end with {@code *}
 */
public record Condition(String key, List<String> values, Place place) {
    public Condition {
        values = List.copyOf(values);
    }
}
