package io.gatehouse.config;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes and durations as people write them. Stateless. */
public final class Quantity {
    private static final Pattern NUMBER_AND_UNIT = Pattern.compile("([0-9]{1,18})([a-zA-Z]*)");
    private static final Map<String, Long> SIZES =
            Map.of("", 1L, "B", 1L, "KiB", 1L << 10, "MiB", 1L << 20, "GiB", 1L << 30);
    private static final Map<String, Duration> DURATIONS = Map.of(
            "ms", Duration.ofMillis(1),
            "s", Duration.ofSeconds(1),
            "m", Duration.ofMinutes(1),
            "h", Duration.ofHours(1),
            "d", Duration.ofDays(1));

    private Quantity() {}

    /** Bytes from {@code 4096}, {@code 4KiB}, {@code 4MiB} or {@code 1GiB}; empty if it is none of them. */
    public static OptionalLong sizeBytes(String text) {
        Matcher matcher = NUMBER_AND_UNIT.matcher(text);
        Long unit = matcher.matches() ? SIZES.get(matcher.group(2)) : null;
        if (unit == null) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Math.multiplyExact(Long.parseLong(matcher.group(1)), unit));
        } catch (ArithmeticException e) {
            return OptionalLong.empty();
        }
    }

    /** A duration from {@code 500ms}, {@code 10s}, {@code 5m}, {@code 12h} or {@code 7d}; empty if it is none of them. */
    public static Optional<Duration> duration(String text) {
        Matcher matcher = NUMBER_AND_UNIT.matcher(text);
        Duration unit = matcher.matches() ? DURATIONS.get(matcher.group(2)) : null;
        if (unit == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(unit.multipliedBy(Long.parseLong(matcher.group(1))));
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
    }

    /** A duration in the form {@link #duration} reads. */
    public static String print(Duration duration) {
        if (duration.toMillis() % 1000 != 0) {
            return duration.toMillis() + "ms";
        }
        long seconds = duration.toSeconds();
        if (seconds == 0) {
            return "0s";
        }
        if (seconds % 86_400 == 0) {
            return seconds / 86_400 + "d";
        }
        if (seconds % 3_600 == 0) {
            return seconds / 3_600 + "h";
        }
        return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }

    /** A size in the form {@link #sizeBytes} reads. */
    public static String print(long bytes) {
        if (bytes > 0 && bytes % (1 << 30) == 0) {
            return (bytes >> 30) + "GiB";
        }
        if (bytes > 0 && bytes % (1 << 20) == 0) {
            return (bytes >> 20) + "MiB";
        }
        return bytes > 0 && bytes % (1 << 10) == 0 ? (bytes >> 10) + "KiB" : Long.toString(bytes);
    }
}
