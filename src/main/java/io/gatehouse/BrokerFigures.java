package io.gatehouse;

import io.gatehouse.admin.Figures;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.routing.Router;
import io.gatehouse.session.SessionRegistry;
import io.gatehouse.store.RocksStore;
import io.gatehouse.store.Store;
import io.gatehouse.transport.Admission;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** What a running broker can count about itself, gathered from its parts. Any thread. */
final class BrokerFigures {
    private final long startedNanos = System.nanoTime();
    private final Metrics metrics;
    private final Router router;
    private final SessionRegistry registry;
    private final Admission admission;
    private final AtomicLong mostConnected = new AtomicLong();
    private final AtomicLong mostHeap = new AtomicLong();

    BrokerFigures(Metrics metrics, Router router, SessionRegistry registry, Admission admission) {
        this.metrics = metrics;
        this.router = router;
        this.registry = registry;
        this.admission = admission;
    }

    /** The version of the package, or {@code development} for one that was not packaged. */
    static String version() {
        return Objects.requireNonNullElse(Broker.class.getPackage().getImplementationVersion(), "development");
    }

    /** Registers what the metrics read when they are asked. */
    void gauges(Store store) {
        metrics.gauge("connections_open", "sockets, logged in or not", admission::open);
        metrics.gauge(
                "addresses_shut_out",
                "addresses that nothing is accepted from for a while, because they failed again and again",
                admission::shutOut);
        metrics.gauge("before_login_bytes", "what connections hold that have not logged in", admission::heldBytes);
        metrics.gauge("clients_connected", "clients that are logged in", this::connected);
        metrics.gauge("sessions", "sessions, connected or not", registry::size);
        metrics.gauge(
                "subscriptions",
                "subscriptions, shared ones included",
                () -> router.subscriptionCount() + router.sharedSubscriptionCount());
        metrics.gauge("retained_messages", "retained messages", router::retainedCount);
        metrics.gauge("queued_bytes", "bytes that wait for clients", registry::queuedBytesTotal);
        if (store instanceof RocksStore durable) {
            metrics.gauge("store_syncs", "how often the disk was asked to make sure", durable::syncs);
            metrics.gauge("store_records", "records written or removed, several a message", durable::operations);
        }
    }

    /** Called once a second, so that the most there were is known. */
    void look() {
        mostConnected.accumulateAndGet(connected(), Math::max);
    }

    int connected() {
        int[] count = new int[1];
        registry.eachConnection(one -> count[0]++);
        return count[0];
    }

    Figures now() {
        long heap = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
        int connected = connected();
        long queued = registry.sessions().stream()
                .mapToLong(session -> session.queued())
                .sum();
        return new Figures(
                TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startedNanos),
                connected,
                registry.size() - connected,
                Math.max(mostConnected.get(), connected),
                metrics.sessionsExpired.value(),
                metrics.packetsReceived.value(),
                metrics.packetsSent.value(),
                metrics.bytesReceived.value(),
                metrics.bytesSent.value(),
                metrics.publishReceived.value(),
                metrics.publishSent.value(),
                metrics.publishDropped.value(),
                metrics.publishBytesReceived.value(),
                metrics.publishBytesSent.value(),
                router.subscriptionCount(),
                router.sharedSubscriptionCount(),
                router.retainedCount(),
                queued + router.retainedCount(),
                registry.queuedBytesTotal() + router.retainedBytes(),
                metrics.connectionsAccepted.value(),
                admission.open(),
                metrics.loginsAccepted.value() + metrics.loginsRefused.value(),
                heap,
                mostHeap.accumulateAndGet(heap, Math::max));
    }
}
