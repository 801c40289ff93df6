package io.gatehouse.authn;

import io.gatehouse.bounds.BoundedMap;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * A {@link BoundedMap} for any thread; every call holds one lock briefly.
 */
final class RecentMap<K, V> {
    private final Map<K, V> map;

    RecentMap(int bound) {
        this.map = new BoundedMap<>(bound);
    }

    synchronized @Nullable V get(K key) {
        return map.get(key);
    }

    synchronized void put(K key, V value) {
        map.put(key, value);
    }

    /** Replaces a value by what a function makes of it; null removes. */
    synchronized void update(K key, BiFunction<K, @Nullable V, @Nullable V> change) {
        V value = change.apply(key, map.get(key));
        if (value == null) {
            map.remove(key);
        } else {
            map.put(key, value);
        }
    }

    synchronized void remove(K key) {
        map.remove(key);
    }

    synchronized void clear() {
        map.clear();
    }

    synchronized int size() {
        return map.size();
    }
}
