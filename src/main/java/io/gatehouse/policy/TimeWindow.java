package io.gatehouse.policy;

import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.TemporalAdjusters;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A window of time on the clock of a zone: {@code Mon-Fri 08:00-18:00 Europe/Berlin}, {@code Sat 22:00-Sun 04:00
 * Europe/Berlin} or {@code 2026-12-01..2026-12-15 Europe/Berlin} (whole days, the last included). Immutable; any thread.
 *
 * <p>Computed on local time. A local time that a change of the clocks leaves out is the moment of the change. One that
 * happens twice makes the hour between its two moments unknown: allows are not open there any more or yet, denies are.
 */
public final class TimeWindow {
    private static final List<String> DAYS = List.of("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun");
    private static final String DAY = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
    private static final String TIME = "([0-9]{2}:[0-9]{2})";
    private static final Pattern DAILY = Pattern.compile(DAY + "(?:-" + DAY + ")? " + TIME + "-" + TIME + " (\\S+)");
    private static final Pattern SPAN = Pattern.compile(DAY + " " + TIME + "-" + DAY + " " + TIME + " (\\S+)");
    private static final Pattern DATES =
            Pattern.compile("([0-9]{4}-[0-9]{2}-[0-9]{2})\\.\\.([0-9]{4}-[0-9]{2}-[0-9]{2}) (\\S+)");

    private final ZoneId zone;
    private final List<Span> spans;

    /** The local date and time it starts at; of a weekly one, in a week of its own, to be moved to others. */
    private record Span(LocalDateTime start, Duration length, boolean weekly) {}

    /** One opening of the window, with both readings of its two ends. */
    private record Opening(Instant start, Instant lateStart, Instant earlyEnd, Instant end) {
        Truth at(Instant moment) {
            if (moment.isBefore(start) || !moment.isBefore(end)) {
                return Truth.FALSE;
            }
            return moment.isBefore(lateStart) || !moment.isBefore(earlyEnd) ? Truth.UNKNOWN : Truth.TRUE;
        }

        Stream<Instant> changes() {
            return Stream.of(start, lateStart, earlyEnd, end);
        }
    }

    private TimeWindow(ZoneId zone, List<Span> spans) {
        this.zone = zone;
        this.spans = List.copyOf(spans);
    }

    /** The window that a text says; empty if it says none, or names a zone that is not known. */
    public static Optional<TimeWindow> parse(String text) {
        try {
            Matcher dates = DATES.matcher(text);
            if (dates.matches()) {
                LocalDate first = LocalDate.parse(dates.group(1));
                LocalDate after = LocalDate.parse(dates.group(2)).plusDays(1);
                return after.isAfter(first)
                        ? Optional.of(window(dates.group(3), List.of(span(first, after, false))))
                        : Optional.empty();
            }
            Matcher span = SPAN.matcher(text);
            if (span.matches()) {
                LocalDateTime start = moment(span.group(1), span.group(2));
                LocalDateTime end = moment(span.group(3), span.group(4));
                return Optional.of(
                        window(span.group(5), List.of(span(start, end.isAfter(start) ? end : end.plusWeeks(1), true))));
            }
            Matcher daily = DAILY.matcher(text);
            return daily.matches() ? Optional.of(daily(daily)) : Optional.empty();
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    private static TimeWindow daily(Matcher daily) {
        int first = DAYS.indexOf(daily.group(1));
        int last = daily.group(2) == null ? first : DAYS.indexOf(daily.group(2));
        int days = (last - first + DAYS.size()) % DAYS.size() + 1;
        List<Span> spans = new ArrayList<>();
        for (int i = 0; i < days; i++) {
            String day = DAYS.get((first + i) % DAYS.size());
            LocalDateTime start = moment(day, daily.group(3));
            LocalDateTime end = moment(day, daily.group(4));
            spans.add(span(start, end.isAfter(start) ? end : end.plusDays(1), true));
        }
        return window(daily.group(5), spans);
    }

    private static TimeWindow window(String zone, List<Span> spans) {
        return new TimeWindow(ZoneId.of(zone), spans);
    }

    private static Span span(LocalDate first, LocalDate after, boolean weekly) {
        return span(first.atStartOfDay(), after.atStartOfDay(), weekly);
    }

    private static Span span(LocalDateTime start, LocalDateTime end, boolean weekly) {
        return new Span(start, Duration.between(start, end), weekly);
    }

    /** A day and a time of the week that began on Monday, 5 January 1970. */
    private static LocalDateTime moment(String day, String time) {
        return LocalDate.of(1970, 1, 5).plusDays(DAYS.indexOf(day)).atTime(LocalTime.parse(time));
    }

    /** Whether the window is open at a moment, without doubt. */
    public boolean isOpenAt(Instant moment) {
        return at(moment) == Truth.TRUE;
    }

    /** Whether it is open at a moment, or ever will be after it. */
    public boolean mayOpen(Instant moment) {
        return at(moment) != Truth.FALSE || nextChange(moment).isPresent();
    }

    Truth at(Instant moment) {
        return openings(moment).map(opening -> opening.at(moment)).reduce(Truth.FALSE, Truth::or);
    }

    /** The next moment after this one at which {@link #at} may change; empty if it never will. */
    Optional<Instant> nextChange(Instant after) {
        return openings(after)
                .flatMap(Opening::changes)
                .filter(change -> change.isAfter(after))
                .min(Instant::compareTo);
    }

    /** The openings around a moment: of weekly spans those that began last week, this week and next week. */
    private Stream<Opening> openings(Instant moment) {
        LocalDate monday = moment.atZone(zone).toLocalDate().with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
        return spans.stream().flatMap(span -> {
            if (!span.weekly) {
                return Stream.of(opening(span.start, span.length));
            }
            LocalDate own = span.start.toLocalDate().with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
            LocalDateTime here = span.start.plusDays(monday.toEpochDay() - own.toEpochDay());
            return Stream.of(here.minusWeeks(1), here, here.plusWeeks(1)).map(start -> opening(start, span.length));
        });
    }

    private Opening opening(LocalDateTime start, Duration length) {
        LocalDateTime end = start.plus(length);
        return new Opening(reading(start, true), reading(start, false), reading(end, true), reading(end, false));
    }

    /** A local time as a moment: the earlier or later one if it happens twice, the change itself if it never does. */
    private Instant reading(LocalDateTime local, boolean earlier) {
        List<ZoneOffset> offsets = zone.getRules().getValidOffsets(local);
        if (offsets.isEmpty()) {
            return zone.getRules().getTransition(local).getInstant();
        }
        return local.toInstant(offsets.get(earlier ? 0 : offsets.size() - 1));
    }
}
