package io.gatehouse.policy.model;

import io.gatehouse.config.Place;
import java.util.List;

/**
 * A topic pattern of a rule: at least one level, {@code #} only as the last.
 *
 * @param text as written
 */
public record Pattern(List<Level> levels, String text, Place place) {
    public Pattern {
        levels = List.copyOf(levels);
        if (levels.isEmpty()) {
            throw new IllegalArgumentException("a pattern has at least one level");
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
