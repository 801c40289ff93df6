package io.gatehouse.store;

import java.util.Optional;

/**
 * How a durable store is kept.
 *
 * @param fsync whether durable means through to the disk; else to the operating system
 * @param minFreeBytes with less room on the disk, nothing new is taken
 * @param key that its values are encrypted with; empty: in the clear
 */
public record StoreSettings(boolean fsync, long minFreeBytes, Optional<StoreKey> key) {
    public static final StoreSettings DEFAULT = new StoreSettings(true, 256L << 20);

    public StoreSettings(boolean fsync, long minFreeBytes) {
        this(fsync, minFreeBytes, Optional.empty());
    }
}
