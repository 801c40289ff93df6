package io.gatehouse.routing;

/** What retained messages may take; all finite. */
public record RouterLimits(int maxRetained, long maxRetainedBytes) {
    public static final RouterLimits DEFAULT = new RouterLimits(100_000, 256L << 20);
}
