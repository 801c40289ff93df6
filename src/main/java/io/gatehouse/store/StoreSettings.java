package io.gatehouse.store;

/**
 * How a durable store is kept.
 *
 * @param fsync whether durable means through to the disk; else to the operating system
 * @param minFreeBytes with less room on the disk, nothing new is taken
 */
public record StoreSettings(boolean fsync, long minFreeBytes) {
    public static final StoreSettings DEFAULT = new StoreSettings(true, 256L << 20);
}
