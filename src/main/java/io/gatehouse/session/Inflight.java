package io.gatehouse.session;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The messages a client has not acknowledged, by packet identifier, in the order they were first sent. Guarded by its
 * session's lock.
 */
final class Inflight {
    private final Map<Integer, Entry> entries = new LinkedHashMap<>();
    private int lastId;

    /** One exchange. */
    static final class Entry {
        final int packetId;
        Delivery delivery;
        /** PUBREC has come: what is sent from now on is PUBREL, never PUBLISH again [MQTT-4.3.3]. */
        boolean released;
        /** Sent on the connection there is now, or about to be. */
        boolean sent;
        /** Of an earlier connection. */
        boolean repeated;

        Entry(int packetId, Delivery delivery) {
            this.packetId = packetId;
            this.delivery = delivery;
        }
    }

    int size() {
        return entries.size();
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    /** Takes an identifier that is not in use [MQTT-2.2.1-4]. */
    Entry add(Delivery delivery) {
        do {
            lastId = lastId == 65_535 ? 1 : lastId + 1;
        } while (entries.containsKey(lastId));
        Entry entry = new Entry(lastId, delivery);
        entries.put(lastId, entry);
        return entry;
    }

    /** What an earlier connection, or an earlier run of the broker, sent under this identifier. */
    void restore(int packetId, boolean released, Delivery delivery) {
        Entry entry = new Entry(packetId, delivery);
        entry.released = released;
        entry.repeated = true;
        entries.put(packetId, entry);
        lastId = packetId;
    }

    @Nullable
    Entry get(int packetId) {
        return entries.get(packetId);
    }

    @Nullable
    Entry remove(int packetId) {
        return entries.remove(packetId);
    }

    Iterator<Entry> iterator() {
        return entries.values().iterator();
    }

    void disconnected() {
        entries.values().forEach(entry -> {
            entry.sent = false;
            entry.repeated = true;
        });
    }

    /** Takes all out: they stand in the store, and are read from there when they are needed. */
    List<Entry> clear() {
        List<Entry> all = new ArrayList<>(entries.values());
        entries.clear();
        return all;
    }
}
