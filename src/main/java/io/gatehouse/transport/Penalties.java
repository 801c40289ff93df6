package io.gatehouse.transport;

import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Addresses that failed again and again, and until when nothing is accepted from them. Any thread; every call holds one
 * lock briefly.
 *
 * <p>A few failures in a row are free; the next shuts the address out for a moment, and each one after that for twice as
 * long, up to a bound. A login clears it. An address stands for everybody behind it, so from one that has clients who are
 * logged in, others are shut out for the first, short time only, however often it fails: a stranger behind the same router
 * costs them a second and not their service.
 */
final class Penalties {
    private static final int MOST_REMEMBERED = 100_000;

    private final Admission.Penalty settings;
    private final LongSupplier nanoTime;

    /** Guarded by this. What was not touched for longest is forgotten first. */
    private final Map<InetAddress, Offence> offences = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<InetAddress, Offence> eldest) {
            return size() > MOST_REMEMBERED;
        }
    };

    /** Of one address. Guarded by the penalties. */
    private static final class Offence {
        private int failures;
        private long lastNanos;
        private long penaltyNanos;
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
        long penalty =
                hasClients ? Math.min(offence.penaltyNanos, settings.first().toNanos()) : offence.penaltyNanos;
        return nanoTime.getAsLong() - offence.lastNanos < penalty;
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
        if (isShutOut(offence, hasClients)) {
            return null; // it had begun before, with others: a burst is one failure, not as many doublings
        }
        long now = nanoTime.getAsLong();
        if (offence.failures > 0
                && now - offence.lastNanos
                        > offence.penaltyNanos + settings.longest().toNanos()) {
            offence.failures = 0; // quiet since
            offence.penaltyNanos = 0;
        }
        offence.failures++;
        offence.lastNanos = now;
        if (offence.failures < settings.after()) {
            return null;
        }
        offence.penaltyNanos = offence.penaltyNanos == 0
                ? settings.first().toNanos()
                : Math.min(2 * offence.penaltyNanos, settings.longest().toNanos());
        return Duration.ofNanos(offence.penaltyNanos);
    }

    /** Somebody from there logged in. */
    synchronized void succeeded(InetAddress network) {
        offences.remove(network);
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
