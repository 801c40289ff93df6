package io.gatehouse.policy.model;

import io.gatehouse.config.Place;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A topic pattern of a rule: at least one level, {@code #} only as the last. Immutable.
 *
 * <p>A policy may have a million: its levels are an array, and its text is put together when somebody asks.
 */
public final class Pattern {
    private final Level[] levels;
    private final Place place;

    public Pattern(List<Level> levels, Place place) {
        if (levels.isEmpty()) {
            throw new IllegalArgumentException("a pattern has at least one level");
        }
        this.levels = levels.toArray(new Level[0]);
        this.place = place;
    }

    public List<Level> levels() {
        return Collections.unmodifiableList(Arrays.asList(levels));
    }

    public Place place() {
        return place;
    }

    /** As written. */
    public String text() {
        return Arrays.stream(levels).map(Level::toString).collect(Collectors.joining("/"));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Pattern pattern && Arrays.equals(levels, pattern.levels) && place.equals(pattern.place);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(levels) + place.hashCode();
    }

    @Override
    public String toString() {
        return text();
    }
}
