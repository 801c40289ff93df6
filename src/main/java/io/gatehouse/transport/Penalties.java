package io.gatehouse.transport;

import io.gatehouse.bounds.BoundedMap;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Addresses that failed again and again, and until when nothing is accepted from them. Any thread; every call holds one
 * lock briefly.
 *
 * <p>A few failures in a row are free; the next shuts the address out for a moment, and each one after that for twice as
 * long, up to a bound. A login clears it. An address stands for everybody behind it, and whoever fails there must not keep
 * the others out: after each penalty the door is open for a moment, whatever comes, and for an address that has clients who
 * are logged in no penalty is longer than the first, and nine times as long the door is open.
 */
final class Penalties {
    private static final int MOST_REMEMBERED = 100_000;

    /** So many times as long as the first penalty the door is open for an address that has clients. */
    private static final int OPEN = 9;

    private final Admission.Penalty settings;
    private final LongSupplier nanoTime;

    /** Guarded by this. What was not touched for longest is forgotten first. */
    private final Map<InetAddress, Offence> offences = new BoundedMap<>(MOST_REMEMBERED);

    /** Of one address. Guarded by the penalties. */
    private static final class Offence {
        private int failures;
        private long lastNanos;

        // of the last penalty; a length of none: there was none
        private long beganNanos;
        private long lengthNanos;
        private boolean cleared;
    }

    /** @param nanoTime as {@link System#nanoTime} */
    Penalties(Admission.Penalty settings, LongSupplier nanoTime) {
        this.settings = settings;
        this.nanoTime = nanoTime;
    }

    /**
     * Whether nothing is accepted from there now.
     *
     * @param hasClients whether somebody from there is logged in
     */
    synchronized boolean isShutOut(InetAddress network, boolean hasClients) {
        Offence offence = offences.get(network);
        return offence != null && isShutOut(offence, hasClients);
    }

    private boolean isShutOut(Offence offence, boolean hasClients) {
        return nanoTime.getAsLong() - offence.beganNanos < shutNanos(offence, hasClients);
    }

    private long shutNanos(Offence offence, boolean hasClients) {
        if (offence.cleared) {
            return 0;
        }
        return hasClients ? Math.min(offence.lengthNanos, settings.first().toNanos()) : offence.lengthNanos;
    }

    /**
     * A connection from there failed by its own doing.
     *
     * @param address itself, where the network stands for it
     * @return for how long the address is shut out from now on; null: it is not, or was before
     */
    synchronized @Nullable Duration failed(InetAddress network, InetAddress address, boolean hasClients) {
        if (settings.after() == 0 || settings.exempt().stream().anyMatch(one -> one.contains(address))) {
            return null;
        }
        Offence offence = offences.computeIfAbsent(network, fresh -> new Offence());
        long now = nanoTime.getAsLong();
        long quiet = now - offence.lastNanos;
        offence.lastNanos = now;
        long first = settings.first().toNanos();
        long open = hasClients ? OPEN * first : first;
        if (offence.lengthNanos > 0 && now - offence.beganNanos < shutNanos(offence, hasClients) + open) {
            return null; // it had begun before, with others: a burst is one failure; or it is the others' moment
        }
        if (offence.failures > 0
                && quiet > offence.lengthNanos + settings.longest().toNanos()) {
            offence.failures = 0;
            offence.lengthNanos = 0;
        }
        offence.failures++;
        if (offence.failures < settings.after()) {
            return null;
        }
        offence.lengthNanos = offence.lengthNanos == 0 || offence.cleared
                ? first
                : Math.min(2 * offence.lengthNanos, settings.longest().toNanos());
        offence.beganNanos = now;
        offence.cleared = false;
        return Duration.ofNanos(shutNanos(offence, hasClients));
    }

    /** Somebody from there logged in. */
    synchronized void succeeded(InetAddress network) {
        Offence offence = offences.get(network);
        if (offence != null) {
            offence.failures = 0;
            offence.cleared = true;
        }
    }

    /** What was refused before may be good now. */
    synchronized void forgive() {
        offences.clear();
    }

    /** How many addresses are shut out now. */
    synchronized int count() {
        return (int) offences.values().stream()
                .filter(offence -> isShutOut(offence, false))
                .count();
    }
}
