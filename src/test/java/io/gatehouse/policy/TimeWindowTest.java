package io.gatehouse.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZonedDateTime;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Windows of time, and what the two changes of the clocks do to them. */
class TimeWindowTest {

    @ParameterizedTest(name = "{0} at {1}: {2}")
    @CsvSource({
        "Mon-Fri 08:00-18:00 Europe/Berlin, 2026-11-23T08:00+01:00, TRUE",
        "Mon-Fri 08:00-18:00 Europe/Berlin, 2026-11-23T07:59:59+01:00, FALSE",
        "Mon-Fri 08:00-18:00 Europe/Berlin, 2026-11-23T17:59:59+01:00, TRUE",
        "Mon-Fri 08:00-18:00 Europe/Berlin, 2026-11-23T18:00+01:00, FALSE",
        "Mon-Fri 08:00-18:00 Europe/Berlin, 2026-11-22T12:00+01:00, FALSE",
        "Mon-Fri 08:00-18:00 Europe/Berlin, 2026-07-23T16:30+00:00, FALSE",
        "Mon-Fri 08:00-18:00 Europe/Berlin, 2026-11-23T16:30+00:00, TRUE",
        "Fri-Mon 08:00-18:00 UTC, 2026-11-22T12:00+00:00, TRUE",
        "Fri-Mon 08:00-18:00 UTC, 2026-11-24T12:00+00:00, FALSE",
        "Sat 22:00-Sun 04:00 Europe/Berlin, 2026-11-21T21:59:59+01:00, FALSE",
        "Sat 22:00-Sun 04:00 Europe/Berlin, 2026-11-21T22:00+01:00, TRUE",
        "Sat 22:00-Sun 04:00 Europe/Berlin, 2026-11-22T03:59:59+01:00, TRUE",
        "Sat 22:00-Sun 04:00 Europe/Berlin, 2026-11-22T04:00+01:00, FALSE",
        "Sun 22:00-Mon 04:00 UTC, 2026-11-23T03:00+00:00, TRUE",
        "Sun 22:00-Mon 04:00 UTC, 2026-11-22T23:00+00:00, TRUE",
        "Mon 22:00-06:00 UTC, 2026-11-24T05:59:59+00:00, TRUE",
        "Sun 00:00-00:00 UTC, 2026-11-22T23:59:59+00:00, TRUE",
        "Sun 00:00-00:00 UTC, 2026-11-23T00:00+00:00, FALSE",
        "2026-12-01..2026-12-15 Europe/Berlin, 2026-12-01T00:00+01:00, TRUE",
        "2026-12-01..2026-12-15 Europe/Berlin, 2026-11-30T23:59:59+01:00, FALSE",
        "2026-12-01..2026-12-15 Europe/Berlin, 2026-12-15T23:59:59+01:00, TRUE",
        "2026-12-01..2026-12-15 Europe/Berlin, 2026-12-16T00:00+01:00, FALSE",
        // 25 October 2026, 02:00 to 03:00 comes twice in Berlin: what starts or ends in it is unknown in between
        "Sun 02:30-06:00 Europe/Berlin, 2026-10-25T00:29:59Z, FALSE",
        "Sun 02:30-06:00 Europe/Berlin, 2026-10-25T00:30Z, UNKNOWN",
        "Sun 02:30-06:00 Europe/Berlin, 2026-10-25T01:29:59Z, UNKNOWN",
        "Sun 02:30-06:00 Europe/Berlin, 2026-10-25T01:30Z, TRUE",
        "Sun 01:00-02:30 Europe/Berlin, 2026-10-25T00:29:59Z, TRUE",
        "Sun 01:00-02:30 Europe/Berlin, 2026-10-25T00:30Z, UNKNOWN",
        "Sun 01:00-02:30 Europe/Berlin, 2026-10-25T01:30Z, FALSE",
        // 29 March 2026, 02:00 to 03:00 never comes in Berlin: what starts in it starts with the change
        "Sun 02:30-06:00 Europe/Berlin, 2026-03-29T00:59:59Z, FALSE",
        "Sun 02:30-06:00 Europe/Berlin, 2026-03-29T01:00Z, TRUE",
        "Sun 01:00-02:30 Europe/Berlin, 2026-03-29T00:59:59Z, TRUE",
        "Sun 01:00-02:30 Europe/Berlin, 2026-03-29T01:00Z, FALSE",
    })
    void at_ofAMoment_isAsTheTableSays(String window, String moment, Truth expected) {
        assertThat(TimeWindow.parse(window).orElseThrow().at(instant(moment))).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0} after {1}: {2}")
    @CsvSource({
        "Mon-Fri 08:00-18:00 Europe/Berlin, 2026-11-23T09:00+01:00, 2026-11-23T18:00+01:00",
        "Mon-Fri 08:00-18:00 Europe/Berlin, 2026-11-23T18:00+01:00, 2026-11-24T08:00+01:00",
        "Mon-Fri 08:00-18:00 Europe/Berlin, 2026-11-27T18:00+01:00, 2026-11-30T08:00+01:00",
        "Sat 22:00-Sun 04:00 UTC, 2026-11-22T04:00+00:00, 2026-11-28T22:00+00:00",
        "2026-12-01..2026-12-15 UTC, 2026-11-22T04:00+00:00, 2026-12-01T00:00+00:00",
        "2026-12-01..2026-12-15 UTC, 2026-12-01T00:00+00:00, 2026-12-16T00:00+00:00",
        "Sun 02:30-06:00 Europe/Berlin, 2026-10-25T00:00Z, 2026-10-25T00:30Z",
        "Sun 02:30-06:00 Europe/Berlin, 2026-10-25T00:30Z, 2026-10-25T01:30Z",
    })
    void nextChange_afterAMoment_isAsTheTableSays(String window, String after, String expected) {
        assertThat(TimeWindow.parse(window).orElseThrow().nextChange(instant(after)))
                .contains(instant(expected));
    }

    @Test
    void nextChange_afterTheLastDay_neverComes() {
        assertThat(TimeWindow.parse("2026-12-01..2026-12-15 UTC")
                        .orElseThrow()
                        .nextChange(instant("2026-12-16T00:00Z")))
                .isEqualTo(Optional.empty());
    }

    @Test
    void nextChange_isEveryMomentAtWhichTheAnswerChanges() {
        for (String text : new String[] {
            "Mon-Fri 08:00-18:00 Europe/Berlin", "Sat 22:00-Sun 04:00 America/New_York", "Sun 00:30-01:30 Europe/London"
        }) {
            TimeWindow window = TimeWindow.parse(text).orElseThrow();
            Instant end = instant("2027-01-01T00:00Z");
            Instant from = instant("2026-01-01T00:00Z");
            while (from.isBefore(end)) {
                Instant next = window.nextChange(from).orElseThrow();
                Truth here = window.at(from);
                for (Instant in = from; in.isBefore(next); in = in.plusSeconds(900)) {
                    assertThat(window.at(in)).as("%s at %s", text, in).isEqualTo(here);
                }
                from = next;
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "Mon-Fri 08:00-18:00",
                "Mon-Fri 08:00-18:00 Mars/Olympus",
                "Mon-Fri 8:00-18:00 UTC",
                "Mon-Fri 08:00-24:00 UTC",
                "Mo-Fr 08:00-18:00 UTC",
                "08:00-18:00 UTC",
                "2026-12-15..2026-12-01 UTC",
                "2026-02-30..2026-03-01 UTC",
                "always"
            })
    void parse_ofWhatIsNoWindow_isEmpty(String text) {
        assertThat(TimeWindow.parse(text)).isEmpty();
    }

    private static Instant instant(String text) {
        return ZonedDateTime.parse(text).toInstant();
    }
}
