package io.gatehouse.abuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Two well-behaved clients: one publishes with QoS 1, the other receives, again and again, on a thread of its own until
 * the pair is closed. A message that does not arrive within half a minute is a failure.
 */
final class Pair implements AutoCloseable {
    private final Caller publisher;
    private final Caller subscriber;
    private final Thread thread;
    private final List<Long> nanos = Collections.synchronizedList(new ArrayList<>());
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final CountDownLatch done = new CountDownLatch(1);

    Pair(AbuseHouse house) {
        publisher = house.client("good", "good-publisher", 0, 1);
        subscriber = house.client("good", "good-subscriber", 0, 1);
        assertThat(subscriber.subscribe("good/trip", 1)).isEqualTo(1);
        thread = new Thread(this::run, "well-behaved");
        thread.start();
    }

    private void run() {
        try {
            long trip = 0;
            do {
                trip(trip++);
            } while (!done.await(5, TimeUnit.MILLISECONDS)); // a device, not a flood
        } catch (Throwable e) {
            failure.set(e);
        }
    }

    private void trip(long number) {
        byte[] payload = ByteBuffer.allocate(8).putLong(number).array();
        long start = System.nanoTime();
        publisher.send(Caller.publish("good/trip", payload, publisher.nextId(), false));
        byte[] body = subscriber.take(3).body();
        nanos.add(System.nanoTime() - start);
        assertThat(ByteBuffer.wrap(body, body.length - 8, 8).getLong()).isEqualTo(number);
        assertThat(publisher.take(4).body()).as("PUBACK without a reason").hasSize(2);
    }

    /** How many round trips there were so far. */
    int trips() {
        return nanos.size();
    }

    /** Forgets the round trips so far. */
    void restart() {
        nanos.clear();
    }

    /** A share of the round trips took no longer than so many milliseconds. */
    double millis(double share) {
        List<Long> sorted = new ArrayList<>(List.copyOf(nanos));
        Collections.sort(sorted);
        return sorted.isEmpty() ? Double.NaN : sorted.get((int) ((sorted.size() - 1) * share)) / 1e6;
    }

    void assertUnharmed() {
        assertThat(failure.get()).isNull();
        assertThat(thread.isAlive()).isTrue();
    }

    @Override
    public void close() throws InterruptedException {
        done.countDown();
        thread.join();
        publisher.close();
        subscriber.close();
        assertThat(failure.get()).isNull();
    }
}
