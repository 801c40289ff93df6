package io.gatehouse.policy;

import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A window of time on the clock of a zone: {@code Mon-Fri 08:00-18:00 Europe/Berlin}, {@code Sat 22:00-Sun 04:00
 * Europe/Berlin} or {@code 2026-12-01..2026-12-15 Europe/Berlin} (whole days, the last included).
 *
 * <p>Computed on local time. A local time that does not exist starts at the next that does.
 */
public final class TimeWindow {
    private static final List<String> DAYS = List.of("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun");
    private static final String DAY = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
    private static final String TIME = "([0-9]{2}:[0-9]{2})";
    private static final Pattern DAILY = Pattern.compile(DAY + "(?:-" + DAY + ")? " + TIME + "-" + TIME + " (\\S+)");
    private static final Pattern SPAN = Pattern.compile(DAY + " " + TIME + "-" + DAY + " " + TIME + " (\\S+)");
    private static final Pattern DATES =
            Pattern.compile("([0-9]{4}-[0-9]{2}-[0-9]{2})\\.\\.([0-9]{4}-[0-9]{2}-[0-9]{2}) (\\S+)");
    private static final int WEEK_MINUTES = 7 * 24 * 60;

    private final ZoneId zone;
    private final Optional<LocalDate> firstDay;
    private final Optional<LocalDate> lastDay;
    /** Minutes of the week, from Monday 00:00; start before end, where an end may lie in the next week. */
    private final int[][] spans;

    private TimeWindow(ZoneId zone, Optional<LocalDate> firstDay, Optional<LocalDate> lastDay, int[][] spans) {
        this.zone = zone;
        this.firstDay = firstDay;
        this.lastDay = lastDay;
        this.spans = spans;
    }

    /** The window that a text says; empty if it says none, or names a zone that is not known. */
    public static Optional<TimeWindow> parse(String text) {
        try {
            Matcher dates = DATES.matcher(text);
            if (dates.matches()) {
                LocalDate first = LocalDate.parse(dates.group(1));
                LocalDate last = LocalDate.parse(dates.group(2));
                return last.isBefore(first)
                        ? Optional.empty()
                        : Optional.of(new TimeWindow(
                                ZoneId.of(dates.group(3)), Optional.of(first), Optional.of(last), new int[0][]));
            }
            Matcher span = SPAN.matcher(text);
            if (span.matches()) {
                int start = minute(span.group(1), span.group(2));
                int end = minute(span.group(3), span.group(4));
                int[][] one = {{start, end > start ? end : end + WEEK_MINUTES}};
                return Optional.of(weekly(span.group(5), one));
            }
            Matcher daily = DAILY.matcher(text);
            if (daily.matches()) {
                return daily(daily);
            }
            return Optional.empty();
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    private static Optional<TimeWindow> daily(Matcher daily) {
        int first = DAYS.indexOf(daily.group(1));
        int last = daily.group(2) == null ? first : DAYS.indexOf(daily.group(2));
        int days = (last - first + 7) % 7 + 1;
        int[][] spans = new int[days][];
        for (int i = 0; i < days; i++) {
            String day = DAYS.get((first + i) % 7);
            int start = minute(day, daily.group(3));
            int end = minute(day, daily.group(4));
            spans[i] = new int[] {start, end > start ? end : end + 24 * 60};
        }
        return Optional.of(weekly(daily.group(5), spans));
    }

    private static TimeWindow weekly(String zone, int[][] spans) {
        return new TimeWindow(ZoneId.of(zone), Optional.empty(), Optional.empty(), spans);
    }

    private static int minute(String day, String time) {
        LocalTime local = LocalTime.parse(time);
        return DAYS.indexOf(day) * 24 * 60 + local.getHour() * 60 + local.getMinute();
    }

    /** Whether the window is open at a moment. */
    public boolean isOpenAt(Instant moment) {
        ZonedDateTime local = moment.atZone(zone);
        if (firstDay.isPresent()) {
            LocalDate day = local.toLocalDate();
            return !day.isBefore(firstDay.get()) && !day.isAfter(lastDay.orElseThrow());
        }
        DayOfWeek day = local.getDayOfWeek();
        int minute = (day.getValue() - 1) * 24 * 60 + local.getHour() * 60 + local.getMinute();
        for (int[] span : spans) {
            if (minute >= span[0] && minute < span[1] || minute + WEEK_MINUTES < span[1]) {
                return true;
            }
        }
        return false;
    }
}
