package io.gatehouse.authn;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * A map that forgets what was not used for longest when it is full. Any thread; every call holds one lock briefly.
 *
 * <p>What an attacker fills it with costs memory up to the bound and no more.
 */
final class RecentMap<K, V> {
    private final int bound;
    private final Map<K, V> map = new LinkedHashMap<>(16, 0.75f, true);

    RecentMap(int bound) {
        this.bound = bound;
    }

    synchronized @Nullable V get(K key) {
        return map.get(key);
    }

    synchronized void put(K key, V value) {
        map.put(key, value);
        trim();
    }

    /** Replaces a value by what a function makes of it; null removes. */
    synchronized void update(K key, BiFunction<K, @Nullable V, @Nullable V> change) {
        V value = change.apply(key, map.get(key));
        if (value == null) {
            map.remove(key);
        } else {
            map.put(key, value);
            trim();
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

    private void trim() {
        if (map.size() > bound) {
            Iterator<K> oldest = map.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
    }
}
