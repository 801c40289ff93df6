package io.gatehouse.cli;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A time as the options of {@code certs} take it: {@code 90} or {@code 90d}, {@code 12h}, {@code 2w}, {@code 20y}. */
final class CertsTime implements ITypeConverter<Duration> {
    /** In {@code --help}. */
    static final String LABEL = "TIME";

    private static final Pattern FORM = Pattern.compile("([0-9]{1,6})([hdwy]?)");
    private static final int DAYS_A_YEAR = 365;

    @Override
    public Duration convert(String text) {
        return of(text);
    }

    static Duration of(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new TypeConversionException("'" + text + "' is not a time such as 90 (days), 90d, 12h, 2w or 20y");
        }
        long number = Long.parseLong(form.group(1));
        return switch (form.group(2)) {
            case "h" -> Duration.ofHours(number);
            case "w" -> Duration.ofDays(number * 7);
            case "y" -> Duration.ofDays(number * DAYS_A_YEAR);
            default -> Duration.ofDays(number);
        };
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
