package io.gatehouse.transport;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many connections there may be: in all, from one address, not yet logged in, and how many a second from one address.
 * Judged when a socket is accepted, before anything is read of it. Any thread.
 */
public final class Admission {
    /** What a connection that has not logged in may hold: its frame, its TLS buffers, and its objects. */
    private static final int BYTES_BEFORE_LOGIN = 64 << 10;

    private final Limits limits;
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger beforeLogin = new AtomicInteger();
    private final Map<InetAddress, Visits> visits = new ConcurrentHashMap<>();

    /**
     * @param connectsPerSecond from one address
     * @param memoryBeforeLoginBytes of all connections that have not logged in
     */
    public record Limits(
            int connections, int connectionsPerAddress, int connectsPerSecond, long memoryBeforeLoginBytes) {}

    /** One address. Guarded by itself. */
    private static final class Visits {
        int open;
        double tokens;
        long lastNanos = System.nanoTime();
    }

    public Admission(Limits limits) {
        this.limits = limits;
    }

    /** How many sockets there are. */
    public int open() {
        return open.get();
    }

    /** Takes a new connection, or does not; one that is taken is {@link #leave left} once. */
    boolean enter(InetSocketAddress peer) {
        if (open.incrementAndGet() > limits.connections()) {
            open.decrementAndGet();
            return false;
        }
        if (beforeLogin.incrementAndGet() > limits.memoryBeforeLoginBytes() / BYTES_BEFORE_LOGIN) {
            beforeLogin.decrementAndGet();
            open.decrementAndGet();
            return false;
        }
        boolean[] taken = new boolean[1];
        visits.compute(peer.getAddress(), (address, known) -> {
            Visits one = known == null ? new Visits() : known;
            if (known == null) {
                one.tokens = limits.connectsPerSecond();
            }
            long now = System.nanoTime();
            one.tokens = Math.min(
                    limits.connectsPerSecond(), one.tokens + (now - one.lastNanos) / 1e9 * limits.connectsPerSecond());
            one.lastNanos = now;
            if (one.tokens >= 1 && one.open < limits.connectionsPerAddress()) {
                one.tokens--;
                one.open++;
                taken[0] = true;
            }
            return one;
        });
        if (!taken[0]) {
            beforeLogin.decrementAndGet();
            open.decrementAndGet();
        }
        return taken[0];
    }

    /** A connection logged in, or went without. Called once for each that entered. */
    void loggedInOrGone() {
        beforeLogin.decrementAndGet();
    }

    void leave(InetSocketAddress peer) {
        open.decrementAndGet();
        visits.computeIfPresent(peer.getAddress(), (address, one) -> {
            one.open--;
            // an address without connections is forgotten, unless its rate still says something about it
            boolean idle = one.open == 0 && System.nanoTime() - one.lastNanos > 1_000_000_000L;
            return idle || one.open == 0 && visits.size() > 100_000 ? null : one;
        });
    }
}
