package io.gatehouse.bounds;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A map that forgets what was not touched for longest when it is full. Guarded by whoever has it, reads too, because
 * they touch.
 *
 * <p>What an attacker fills it with costs memory up to the bound and no more.
 */
public final class BoundedMap<K, V> extends LinkedHashMap<K, V> {
    private static final long serialVersionUID = 1L;

    private final int bound;

    /** @param bound how many it holds at most */
    public BoundedMap(int bound) {
        super(16, 0.75f, true);
        this.bound = bound;
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > bound;
    }
}
