package io.gatehouse.authn;

import io.gatehouse.config.Network;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Slows guessing down before any hash is computed. Any thread.
 *
 * <p>Two counts of failures: of a user name from an address, and of an address whatever the name; an IPv6 address counts
 * by its /64. A few are free, then each makes the next wait twice as long, up to five minutes. No count is kept of a
 * name alone: a stranger who fails under somebody's name slows nobody but himself. A quiet minute forgives one failure.
 * A success clears the count of its name from its address, not that of the address: an attacker with one account of his
 * own must not be able to wash off his guesses at others.
 *
 * <p>An attempt is counted as a failure when it is let through and taken back when it succeeds, so that a thousand
 * guesses at once are a thousand failures and not one.
 */
final class LoginThrottle {
    static final int FREE_PER_USER = 5;
    // many clients may share an address, and one of them with an old password is no attack
    static final int FREE_PER_ADDRESS = 20;
    static final Duration FIRST_WAIT = Duration.ofSeconds(1);
    static final Duration LONGEST_WAIT = Duration.ofMinutes(5);
    static final Duration FORGIVE_ONE = Duration.ofMinutes(1);

    private static final int MOST_REMEMBERED = 100_000;

    private final Clock clock;
    private final RecentMap<Source, Count> counts = new RecentMap<>(MOST_REMEMBERED);

    LoginThrottle(Clock clock) {
        this.clock = clock;
    }

    /** Whom a failure is counted for; a null user is the address as a whole. */
    private record Source(InetAddress network, @Nullable String user) {}

    /** Failures up to an instant, and until when to wait because of them. */
    private record Count(int failures, Instant last, Instant blockedUntil) {}

    /** Whether a login of this name from this address has to wait; without counting it. */
    boolean isBlocked(InetAddress address, String user) {
        InetAddress network = Network.ofOneParty(address);
        Instant now = clock.instant();
        return isBlocked(new Source(network, user), now) || isBlocked(new Source(network, null), now);
    }

    /** Whether every login from this address has to wait: asked again when its turn to be hashed comes. */
    boolean isBlocked(InetAddress address) {
        return isBlocked(new Source(Network.ofOneParty(address), null), clock.instant());
    }

    /** Counts one attempt as a failure until {@link #succeeded}. */
    void attempt(InetAddress address, String user) {
        add(new Source(Network.ofOneParty(address), user), FREE_PER_USER);
    }

    /** The attempt has failed: the address is charged too. */
    void failed(InetAddress address) {
        add(new Source(Network.ofOneParty(address), null), FREE_PER_ADDRESS);
    }

    void succeeded(InetAddress address, String user) {
        counts.remove(new Source(Network.ofOneParty(address), user));
    }

    /** The attempt came to no end that says anything of the password: it is taken back. */
    void undecided(InetAddress address, String user) {
        counts.update(new Source(Network.ofOneParty(address), user), (source, count) -> {
            if (count == null || count.failures() <= 1) {
                return null;
            }
            int failures = count.failures() - 1;
            return new Count(failures, count.last(), count.last().plus(wait(failures - FREE_PER_USER)));
        });
    }

    private boolean isBlocked(Source source, Instant now) {
        Count count = counts.get(source);
        return count != null && now.isBefore(count.blockedUntil());
    }

    private void add(Source source, int free) {
        Instant now = clock.instant();
        counts.update(source, (same, count) -> {
            int failures = 1;
            if (count != null) {
                // while it waits nobody can fail: only the time after that is quiet
                Duration quiet = Duration.between(count.blockedUntil(), now);
                long forgiven = quiet.isNegative() ? 0 : quiet.dividedBy(FORGIVE_ONE);
                failures += (int) Math.max(0, count.failures() - forgiven);
            }
            return new Count(failures, now, now.plus(wait(failures - free)));
        });
    }

    private static Duration wait(int beyond) {
        if (beyond < 0) {
            return Duration.ZERO;
        }
        Duration wait = FIRST_WAIT.multipliedBy(1L << Math.min(beyond, 20));
        return wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
    }

    int remembered() {
        return counts.size();
    }
}
