package io.gatehouse.cli;

import io.gatehouse.pki.Lifetime;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A time as the options of {@code certs} take it: {@code 90} or {@code 90d}, {@code 12h}, {@code 2w}, {@code 20y}. */
final class CertsTime implements ITypeConverter<Duration> {
    /** In {@code --help}. */
    static final String LABEL = "TIME";

    @Override
    public Duration convert(String text) {
        return Lifetime.of(text)
                .orElseThrow(() -> new TypeConversionException(
                        "'" + text + "' is not a time such as 90 (days), 90d, 12h, 2w or 20y"));
    }

    /** Ends the command unless a time is within bounds. */
    static void require(String option, Duration time, Duration least, Duration most) {
        if (time.compareTo(least) < 0 || time.compareTo(most) > 0) {
            throw Failure.usage(option + " is " + print(least) + " to " + print(most) + ", found " + print(time));
        }
    }

    static String print(Duration time) {
        return time.toHours() % 24 == 0 ? time.toDays() + "d" : time.toHours() + "h";
    }
}
