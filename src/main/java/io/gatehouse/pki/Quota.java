package io.gatehouse.pki;

import io.gatehouse.pki.Inventory.State;
import io.gatehouse.pki.Verdict.Settled;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;

/** How many certificates a device, a minute and a day may have. Guarded by its {@link Enrolment}. */
final class Quota {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final EnrolmentRules rules;
    private final Clock clock;
    private final Deque<Instant> lastMinute = new ArrayDeque<>();

    Quota(EnrolmentRules rules, Clock clock) {
        this.rules = rules;
        this.clock = clock;
    }

    /** Ends the judging if there is none left for a device. */
    void require(String id, Inventory inventory) throws Settled {
        Instant now = clock.instant();
        long pending = inventory.byId(id).stream()
                .filter(item -> item.state(now) == State.PENDING)
                .count();
        if (pending >= EnrolmentRules.MAX_PENDING) {
            throw Settled.refused(
                    id, EnrolmentFault.QUOTA, pending + " certificates wait for the first login of this device");
        }
        while (!lastMinute.isEmpty() && lastMinute.getFirst().isBefore(now.minus(MINUTE))) {
            lastMinute.removeFirst();
        }
        if (lastMinute.size() >= rules.perMinute()) {
            throw Settled.refused(
                    id, EnrolmentFault.QUOTA, "more than " + rules.perMinute() + " certificates a minute");
        }
        if (inventory.enrolledWithinADay(now) >= rules.perDay()) {
            throw Settled.refused(id, EnrolmentFault.QUOTA, "more than " + rules.perDay() + " certificates a day");
        }
    }

    /** A certificate was made. */
    void granted() {
        lastMinute.addLast(clock.instant());
    }
}
