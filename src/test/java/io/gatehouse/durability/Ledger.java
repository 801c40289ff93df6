package io.gatehouse.durability;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** What was promised, what came, and what was found wrong. Any thread. */
final class Ledger {
    /** A message that the broker took. */
    record Message(String topic, int qos) {}

    private final Map<String, Message> acknowledged = new ConcurrentHashMap<>();
    private final Map<String, Map<String, AtomicInteger>> receipts = new ConcurrentHashMap<>();
    private final List<String> wrongs = new CopyOnWriteArrayList<>();
    private final AtomicLong lastReceiptNanos = new AtomicLong(System.nanoTime());
    final AtomicLong refused = new AtomicLong();
    final AtomicLong sessionsChecked = new AtomicLong();
    final AtomicLong subscriptionsChecked = new AtomicLong();
    final AtomicLong retainedChecked = new AtomicLong();
    final AtomicLong expiriesChecked = new AtomicLong();
    final AtomicLong takeovers = new AtomicLong();

    void acknowledged(String id, String topic, int qos) {
        acknowledged.put(id, new Message(topic, qos));
    }

    void received(String session, String id) {
        lastReceiptNanos.set(System.nanoTime());
        receipts.computeIfAbsent(session, one -> new ConcurrentHashMap<>())
                .computeIfAbsent(id, one -> new AtomicInteger())
                .incrementAndGet();
    }

    void wrong(String what) {
        wrongs.add(what);
    }

    long quietNanos() {
        return System.nanoTime() - lastReceiptNanos.get();
    }

    int acknowledgedCount() {
        return acknowledged.size();
    }

    /** What a subscription was to get: every acknowledged message on its topics, those of QoS 2 once. */
    interface Subscription {
        String session();

        boolean matches(String topic);

        int qos(String topic);
    }

    /** Messages that a session should have had and has not. */
    List<String> lost(Subscription subscription) {
        Map<String, AtomicInteger> had = receipts.getOrDefault(subscription.session(), Map.of());
        List<String> lost = new ArrayList<>();
        acknowledged.forEach((id, message) -> {
            if (subscription.matches(message.topic()) && !had.containsKey(id)) {
                lost.add(id + " (QoS " + message.qos() + ", " + message.topic() + ")");
            }
        });
        return lost;
    }

    List<String> twice(Subscription subscription) {
        List<String> twice = new ArrayList<>();
        receipts.getOrDefault(subscription.session(), Map.of()).forEach((id, count) -> {
            Message message = acknowledged.get(id);
            if (message != null && Math.min(message.qos(), subscription.qos(message.topic())) == 2 && count.get() > 1) {
                twice.add(id + " " + count + " times");
            }
        });
        return twice;
    }

    List<String> wrongs() {
        return wrongs;
    }

    long receiptCount() {
        return receipts.values().stream()
                .flatMap(one -> one.values().stream())
                .mapToLong(count -> Objects.requireNonNull(count).get())
                .sum();
    }
}
