package io.gatehouse.transport;

import io.gatehouse.config.Network;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * How many connections there may be, how many a second, how many in the midst of a TLS handshake, and how much memory those
 * that have not logged in may hold together: in all, and from one address; and which addresses have to wait, because they
 * failed too often. Judged when a socket is accepted, before anything is read of it. Any thread.
 *
 * <p>An address of IPv6 stands for its network of 64 bits, because whoever has one has all of it.
 */
public final class Admission {
    /** What a connection holds before it has sent anything: its TLS engine and buffers, its pipeline, its objects. */
    private static final int BASE_BYTES = 32 << 10;

    /** One address holds no more than this part of the memory, so that it does not shut the others out. */
    private static final int SHARE_OF_ONE_ADDRESS = 2;

    private static final long SECOND_NANOS = 1_000_000_000L;

    private final Limits limits;
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicLong heldBytes = new AtomicLong();
    private final Rate rate;
    private final Penalties penalties;
    private final Map<InetAddress, Visits> visits = new ConcurrentHashMap<>();

    /**
     * @param connectsPerSecond of all addresses
     * @param connectsPerSecondPerAddress from one address
     * @param handshakes of one listener, begun and not ended
     * @param handshakesPerAddress from one address
     * @param memoryBeforeLoginBytes of all connections that have not logged in
     * @param penalty what repeated failures cost
     */
    public record Limits(
            int connections,
            int connectionsPerAddress,
            int connectsPerSecond,
            int connectsPerSecondPerAddress,
            int handshakes,
            int handshakesPerAddress,
            long memoryBeforeLoginBytes,
            Penalty penalty) {}

    /**
     * @param after so many failures in a row; 0: never
     * @param first how long an address is shut out the first time
     * @param longest how long at most
     * @param exempt addresses that nothing is counted against
     */
    public record Penalty(int after, Duration first, Duration longest, List<Network> exempt) {
        public Penalty {
            exempt = List.copyOf(exempt);
        }
    }

    /** What a new connection is told: its {@link Place}, or why there is none. */
    sealed interface Answer permits Place, Refused {}

    enum Refused implements Answer {
        PENALTY,
        CONNECTIONS,
        CONNECTIONS_OF_ADDRESS,
        RATE,
        RATE_OF_ADDRESS,
        HANDSHAKES,
        HANDSHAKES_OF_ADDRESS,
        MEMORY_BEFORE_LOGIN
    }

    /** So many a second, a second's worth at once. Guarded by itself. */
    private static final class Rate {
        private final int perSecond;
        private double tokens;
        private long lastNanos = System.nanoTime();

        Rate(int perSecond) {
            this.perSecond = perSecond;
            this.tokens = perSecond;
        }

        synchronized boolean take() {
            long now = System.nanoTime();
            tokens = Math.min(perSecond, tokens + (now - lastNanos) / 1e9 * perSecond);
            lastNanos = now;
            if (tokens < 1) {
                return false;
            }
            tokens--;
            return true;
        }

        synchronized boolean isQuiet() {
            return System.nanoTime() - lastNanos > SECOND_NANOS;
        }
    }

    /** One address. */
    private static final class Visits {
        private final Rate rate;
        private final AtomicInteger open = new AtomicInteger();
        private final AtomicInteger handshakes = new AtomicInteger();
        private final AtomicInteger clients = new AtomicInteger();
        private final AtomicLong heldBytes = new AtomicLong();

        boolean hasClients() {
            return clients.get() > 0;
        }

        Visits(int connectsPerSecond) {
            this.rate = new Rate(connectsPerSecond);
        }
    }

    /** A connection that was let in. Confined to its event loop. */
    final class Place implements Answer {
        private final InetAddress address;
        private final InetAddress key;
        private final Visits mine;
        private @Nullable AtomicInteger shaking;
        private long held;
        private boolean isClient;
        private boolean left;

        private Place(InetAddress address, InetAddress key, Visits mine) {
            this.address = address;
            this.key = key;
            this.mine = mine;
        }

        /** Begins a handshake among those of a listener; what there is no room for, or null. */
        private @Nullable Refused shake(AtomicInteger ofListener) {
            shaking = ofListener;
            int all = ofListener.incrementAndGet();
            int ofMine = mine.handshakes.incrementAndGet();
            if (ofMine > limits.handshakesPerAddress()) {
                return Refused.HANDSHAKES_OF_ADDRESS;
            }
            return all > limits.handshakes() ? Refused.HANDSHAKES : null;
        }

        /** The handshake is over, one way or the other; again, and where there was none: nothing. */
        void shaken() {
            AtomicInteger ofListener = shaking;
            if (ofListener != null) {
                shaking = null;
                ofListener.decrementAndGet();
                mine.handshakes.decrementAndGet();
            }
        }

        /** Counts bytes that have come before the login; false if there is no room for them. */
        boolean hold(int bytes) {
            held += bytes;
            long all = heldBytes.addAndGet(bytes);
            long ofMine = mine.heldBytes.addAndGet(bytes);
            long share = Math.max(limits.memoryBeforeLoginBytes() / SHARE_OF_ONE_ADDRESS, 4L * BASE_BYTES);
            return all <= limits.memoryBeforeLoginBytes() && ofMine <= share;
        }

        long heldBytes() {
            return held - BASE_BYTES;
        }

        /** It is a client now: what it held before is let go of, and its address has proved itself. */
        void loggedIn() {
            release();
            isClient = true;
            mine.clients.incrementAndGet();
            penalties.succeeded(key);
        }

        private void release() {
            heldBytes.addAndGet(-held);
            mine.heldBytes.addAndGet(-held);
            held = 0;
        }

        /**
         * It failed by its own doing, before it was a client.
         *
         * @return for how long its address is shut out from now on; null: it is not, or was before
         */
        @Nullable
        Duration failed() {
            return penalties.failed(key, address, mine.hasClients());
        }

        /** The connection is gone; again: nothing. */
        void leave() {
            if (left) {
                return;
            }
            left = true;
            shaken();
            release();
            if (isClient) {
                mine.clients.decrementAndGet();
            }
            open.decrementAndGet();
            visits.computeIfPresent(key, (address, one) -> {
                // an address without connections is forgotten, unless its rate still says something about it
                boolean forget = one.open.decrementAndGet() == 0 && (one.rate.isQuiet() || visits.size() > 100_000);
                return forget ? null : one;
            });
        }
    }

    public Admission(Limits limits) {
        this.limits = limits;
        this.penalties = new Penalties(limits.penalty(), System::nanoTime);
        this.rate = new Rate(limits.connectsPerSecond());
    }

    /** That knows of failures alone, for doors that bound their connections themselves. */
    public static Admission ofFailures(Penalty penalty) {
        int any = Integer.MAX_VALUE;
        return new Admission(new Limits(any, any, any, any, any, any, Long.MAX_VALUE, penalty));
    }

    /** Forgets addresses without connections that have been quiet since; called now and then. */
    public void forget() {
        visits.keySet()
                .forEach(key -> visits.computeIfPresent(
                        key, (address, one) -> one.open.get() == 0 && one.rate.isQuiet() ? null : one));
    }

    /** Forgets every failure: what was refused before may be good now. */
    public void forgive() {
        penalties.forgive();
    }

    /** Whether nothing is accepted from there now, at this door or another. */
    boolean isShutOut(InetAddress address) {
        InetAddress key = Network.ofOneParty(address);
        return penalties.isShutOut(key, hasClients(key));
    }

    /**
     * Somebody from there failed by its own doing at another door than one of MQTT's.
     *
     * @return for how long the address is shut out from now on; null: it is not, or was before
     */
    @Nullable
    Duration failed(InetAddress address) {
        InetAddress key = Network.ofOneParty(address);
        return penalties.failed(key, address, hasClients(key));
    }

    /** Somebody from there proved at another door who it is. */
    void proved(InetAddress address) {
        penalties.succeeded(Network.ofOneParty(address));
    }

    private boolean hasClients(InetAddress key) {
        Visits known = visits.get(key);
        return known != null && known.hasClients();
    }

    /** How many addresses are shut out, because they failed again and again. */
    public int shutOut() {
        return penalties.count();
    }

    /** How many sockets there are. */
    public int open() {
        return open.get();
    }

    /** What connections hold that have not logged in. */
    public long heldBytes() {
        return heldBytes.get();
    }

    /**
     * Takes a new connection, or does not; one that is taken {@linkplain Place#leave leaves} once.
     *
     * @param handshakes how many there are at the listener; null where it has none
     */
    Answer enter(InetSocketAddress peer, @Nullable AtomicInteger handshakes) {
        InetAddress key = Network.ofOneParty(peer.getAddress());
        Visits mine = visits.compute(key, (address, known) -> {
            Visits one = known == null ? new Visits(limits.connectsPerSecondPerAddress()) : known;
            one.open.incrementAndGet();
            return one;
        });
        Place place = new Place(peer.getAddress(), key, mine);
        Refused refused = judge(place, open.incrementAndGet());
        if (refused == null && handshakes != null) {
            refused = place.shake(handshakes);
        }
        if (refused == null) {
            return place;
        }
        place.leave();
        return refused;
    }

    private @Nullable Refused judge(Place place, int openNow) {
        if (openNow > limits.connections()) {
            return Refused.CONNECTIONS;
        }
        if (penalties.isShutOut(place.key, place.mine.hasClients())) {
            return Refused.PENALTY;
        }
        if (place.mine.open.get() > limits.connectionsPerAddress()) {
            return Refused.CONNECTIONS_OF_ADDRESS;
        }
        if (!place.mine.rate.take()) {
            return Refused.RATE_OF_ADDRESS;
        }
        if (!place.hold(BASE_BYTES)) {
            return Refused.MEMORY_BEFORE_LOGIN;
        }
        return rate.take() ? null : Refused.RATE;
    }
}
