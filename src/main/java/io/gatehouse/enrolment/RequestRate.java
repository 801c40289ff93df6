package io.gatehouse.enrolment;

import io.gatehouse.bounds.BoundedMap;
import io.gatehouse.config.Network;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How often one address may ask: so many a second, with a burst. Any thread.
 *
 * <p>Of IPv6 the network of 64 bits counts, which is what one subscriber has. Of very many addresses, those that asked
 * longest ago are forgotten.
 */
final class RequestRate {
    private static final int MAX_ADDRESSES = 50_000;

    private final double perSecond;
    private final int burst;
    private final LongSupplier nanos;
    private final Map<String, Bucket> buckets = new BoundedMap<>(MAX_ADDRESSES);

    /** What one address has left. */
    private static final class Bucket {
        private double tokens;
        private long lastNanos;

        Bucket(double tokens, long lastNanos) {
            this.tokens = tokens;
            this.lastNanos = lastNanos;
        }
    }

    /** @param nanos the time that passes, as {@link System#nanoTime} */
    RequestRate(double perSecond, int burst, LongSupplier nanos) {
        this.perSecond = perSecond;
        this.burst = burst;
        this.nanos = nanos;
    }

    /** Whether a request may pass now; if so it is counted. */
    synchronized boolean take(InetAddress address) {
        long now = nanos.getAsLong();
        Bucket bucket = buckets.computeIfAbsent(network(address), unknown -> new Bucket(burst, now));
        bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.lastNanos) / 1e9 * perSecond);
        bucket.lastNanos = now;
        if (bucket.tokens < 1) {
            return false;
        }
        bucket.tokens--;
        return true;
    }

    /** What counts as one address. */
    static String network(InetAddress address) {
        String text = Network.ofOneParty(address).getHostAddress();
        return address instanceof Inet6Address ? text + "/64" : text;
    }
}
