package io.gatehouse.security;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Publishes one number after the other with QoS 1, each when the one before was acknowledged and a pause is over. It speaks on a
 * thread of its own, from its making until it is told to stop; any thread looks.
 */
final class Herald implements AutoCloseable {
    private final TlsClient client;
    private final String topic;
    private final long pauseMillis;
    private final Thread thread;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile int acknowledged;
    private final CountDownLatch done = new CountDownLatch(1);

    Herald(String id, SSLContext context, int port, String topic, long pauseMillis) throws IOException {
        this.client =
                TlsClient.connect(context, port, "TLSv1.3", parameters -> {}).in(id);
        client.socket().setSoTimeout(60_000);
        this.topic = topic;
        this.pauseMillis = pauseMillis;
        this.thread = new Thread(null, this::run, "herald-" + id, 256 << 10);
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        try {
            int number = 0;
            do {
                int packetId = 1 + number % 60_000;
                client.send(Member.publish(topic, packetId, number));
                byte[] answer = client.packet();
                if (answer == null || answer[0] != 0x40 || answer.length != 3) {
                    throw new IOException("number " + number + " of " + topic + " is not acknowledged");
                }
                acknowledged = ++number;
            } while (!done.await(pauseMillis, TimeUnit.MILLISECONDS)); // a device, not a flood
        } catch (IOException | InterruptedException e) {
            failure.set(e);
        }
    }

    /** How many numbers were acknowledged, all without a reason against them: somebody received each. */
    int acknowledged() {
        return acknowledged;
    }

    @Nullable
    Throwable failure() {
        return failure.get();
    }

    /** Ends after the acknowledgement of the last number; the connection stays. */
    void stop() throws InterruptedException {
        done.countDown();
        thread.join(60_000);
    }

    @Override
    public void close() {
        done.countDown();
        client.close();
    }
}
