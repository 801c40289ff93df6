package io.gatehouse.connection;

/** A rate limit: so many a second, a second's worth at once. Confined to the connection's event loop. */
final class TokenBucket {
    private double perSecond;
    private double tokens;
    private long lastNanos;

    TokenBucket(double perSecond, long nowNanos) {
        this.perSecond = perSecond;
        this.tokens = Math.max(1, perSecond);
        this.lastNanos = nowNanos;
    }

    /** The rate from now on: a policy may have changed it. */
    void rate(double rate) {
        perSecond = rate;
    }

    /** Whether {@code amount} may pass now; if so it is spent. */
    boolean take(double amount, long nowNanos) {
        double burst = Math.max(1, perSecond);
        tokens = Math.min(burst, tokens + (nowNanos - lastNanos) / 1e9 * perSecond);
        lastNanos = nowNanos;
        // one that is larger than a second's worth passes when the bucket is full, or never would
        if (tokens >= Math.min(amount, burst)) {
            tokens -= amount;
            return true;
        }
        return false;
    }
}
