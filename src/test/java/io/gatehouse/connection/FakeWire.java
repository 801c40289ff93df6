package io.gatehouse.connection;

import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.ProtocolVersion;
import io.gatehouse.tls.Peer;
import io.gatehouse.tls.TestPeers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** The transport's port, written down: what was sent, and whether it was closed. One thread stands for the event loop. */
final class FakeWire implements Wire {
    final List<Packet> sent = new ArrayList<>();
    boolean closed;
    boolean reading = true;

    /** What its event loop has not come to; null: it is idle, and runs everything at once. */
    @Nullable
    Queue<Runnable> busy;

    boolean writable = true;

    /** What happens between the login and the CONNACK. */
    Runnable admitted = () -> {};

    @Nullable
    ProtocolVersion spoken;

    private final List<Scheduled> scheduled = new ArrayList<>();
    private final Peer peer = TestPeers.tls("127.0.0.1");

    private static final class Scheduled {
        final Duration delay;
        final Runnable task;
        boolean cancelled;

        Scheduled(Duration delay, Runnable task) {
            this.delay = delay;
            this.task = task;
        }
    }

    /** Takes the only packet of a type, and everything before it. */
    <P extends Packet> P take(Class<P> type) {
        while (!sent.isEmpty()) {
            Packet packet = sent.remove(0);
            if (type.isInstance(packet)) {
                return type.cast(packet);
            }
        }
        throw new AssertionError("no " + type.getSimpleName() + " was sent");
    }

    List<Packet> takeAll() {
        List<Packet> all = List.copyOf(sent);
        sent.clear();
        return all;
    }

    /** Runs the timers that are due by then, once each. */
    void runTimers(Duration upTo) {
        List<Scheduled> due = scheduled.stream()
                .filter(one -> !one.cancelled && one.delay.compareTo(upTo) <= 0)
                .toList();
        scheduled.removeAll(due);
        due.forEach(one -> one.task.run());
    }

    @Override
    public void send(Packet packet) {
        if (!closed) {
            sent.add(packet);
        }
    }

    @Override
    public boolean isWritable() {
        return writable;
    }

    @Override
    public void closeWith(Packet last) {
        send(last);
        closed = true;
    }

    @Override
    public void close() {
        closed = true;
    }

    @Override
    public Peer peer() {
        return peer;
    }

    @Override
    public String listener() {
        return "devices";
    }

    @Override
    public void speak(ProtocolVersion version) {
        spoken = version;
    }

    @Override
    public void admit(
            long maximumPacketSizeBytes,
            int topicAliasMaximum,
            boolean problemInformation,
            java.util.function.IntConsumer dropped) {
        // the codec's part
        admitted.run();
    }

    @Override
    public void read(boolean on) {
        reading = on;
    }

    @Override
    public Executor loop() {
        return this::execute;
    }

    @Override
    public void execute(Runnable task) {
        if (busy == null) {
            task.run();
        } else {
            busy.add(task);
        }
    }

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        Scheduled one = new Scheduled(delay, task);
        scheduled.add(one);
        return () -> one.cancelled = true;
    }
}
