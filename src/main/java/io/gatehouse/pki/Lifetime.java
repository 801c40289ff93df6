package io.gatehouse.pki;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How long certificates and tokens last, as people write it: {@code 90} or {@code 90d}, {@code 12h}, {@code 2w}, {@code 20y}. Stateless. */
public final class Lifetime {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,6})([hdwy]?)");
    private static final int DAYS_A_YEAR = 365;

    private Lifetime() {}

    /** Empty if it is not a time. */
    public static Optional<Duration> of(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            return Optional.empty();
        }
        long number = Long.parseLong(form.group(1));
        return Optional.of(
                switch (form.group(2)) {
                    case "h" -> Duration.ofHours(number);
                    case "w" -> Duration.ofDays(number * 7);
                    case "y" -> Duration.ofDays(number * DAYS_A_YEAR);
                    default -> Duration.ofDays(number);
                });
    }
}
