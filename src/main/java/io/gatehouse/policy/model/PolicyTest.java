package io.gatehouse.policy.model;

import io.gatehouse.authn.Subject;
import io.gatehouse.config.Place;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One inline test: someone, what they can do and what they cannot.
 *
 * @param clientId null: the test names none
 * @param at the clock of the test; null: now
 * @param as the {@code as:} line as written, for messages
 */
public record PolicyTest(
        Subject subject,
        @Nullable String clientId,
        @Nullable Instant at,
        List<Check> can,
        List<Check> cannot,
        String as,
        Place place) {
    public PolicyTest {
        can = List.copyOf(can);
        cannot = List.copyOf(cannot);
    }
}
