package io.gatehouse.transport;

import io.gatehouse.codec.PacketEncoder;
import io.gatehouse.connection.Wire;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.Packet.ConnectProperties;
import io.gatehouse.protocol.PacketType;
import io.gatehouse.protocol.ProtocolVersion;
import io.gatehouse.tls.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A connection on Netty. Threads as {@link Wire} says.
 *
 * <p>What one turn of the event loop sends is encoded into one buffer and leaves with one write: one TLS record where it
 * fits, one system call. Packets of other threads are handed over in batches, one task for as many as there are.
 */
final class ChannelOutbound implements Wire {
    /** A turn that has written so much does not wait for its end. */
    private static final int FLUSH_BYTES = 64 << 10;

    /** So many packets handed over and not yet encoded, and the client does not keep up. */
    private static final int MAX_HANDED_OVER = 4096;

    private final Channel channel;
    private final Peer peer;
    private final String listener;
    private final Metrics metrics;
    private final Runnable onAdmitted;

    // any thread
    private final Queue<Packet> handedOver = new ConcurrentLinkedQueue<>();
    private final AtomicInteger handedOverCount = new AtomicInteger();
    private final AtomicBoolean handingOver = new AtomicBoolean();
    private volatile boolean closing;

    // the event loop's
    private ProtocolVersion version = ProtocolVersion.MQTT_3_1_1;
    private long maxPacketBytes = ConnectProperties.NO_LIMIT;
    private boolean problemInformation = true;
    private IntConsumer dropped = packetId -> {};
    private @Nullable OutgoingAliases aliases;
    private @Nullable ByteBuf batch;
    private boolean flushScheduled;

    ChannelOutbound(Channel channel, Peer peer, String listener, Metrics metrics, Runnable onAdmitted) {
        this.channel = channel;
        this.peer = peer;
        this.listener = listener;
        this.metrics = metrics;
        this.onAdmitted = onAdmitted;
    }

    @Override
    public void send(Packet packet) {
        if (closing) {
            return;
        }
        if (channel.eventLoop().inEventLoop()) {
            takeHandedOver();
            encode(packet);
            scheduleFlush();
            return;
        }
        handedOver.add(packet);
        handedOverCount.incrementAndGet();
        if (handingOver.compareAndSet(false, true)) {
            channel.eventLoop().execute(this::takeOver);
        }
    }

    private void takeOver() {
        handingOver.set(false);
        takeHandedOver();
        flush();
    }

    private void takeHandedOver() {
        for (Packet packet = handedOver.poll(); packet != null; packet = handedOver.poll()) {
            handedOverCount.decrementAndGet();
            if (!closing) {
                encode(packet);
            }
        }
    }

    private void encode(Packet packet) {
        ByteBuf out = batch;
        if (out == null) {
            out = channel.alloc().directBuffer(512);
            batch = out;
        }
        int before = out.writerIndex();
        boolean written;
        if (packet instanceof Packet.Publish publish) {
            written = encodePublish(publish, out);
        } else {
            written = PacketEncoder.encode(packet, version, maxPacketBytes, problemInformation, out);
        }
        if (written) {
            metrics.packetsSent.increment();
            metrics.bytesSent.add(out.writerIndex() - before);
        } else if (packet.type() != PacketType.PUBLISH && !closing) {
            closeNow(); // its answer cannot be told, and it would wait for it for ever
            return;
        }
        if (out.readableBytes() >= FLUSH_BYTES) {
            flush();
        }
    }

    private boolean encodePublish(Packet.Publish publish, ByteBuf out) {
        OutgoingAliases mine = aliases;
        boolean written;
        if (mine != null) {
            Packet.Publish aliased = mine.applied(publish);
            written = PacketEncoder.encode(aliased, version, maxPacketBytes, true, out);
            if (written) {
                mine.sent(aliased);
            }
        } else if (publish.packetId() == 0) {
            written = EncodedPublish.write(publish, version, maxPacketBytes, out);
        } else {
            written = PacketEncoder.encode(publish, version, maxPacketBytes, true, out);
        }
        if (written) {
            metrics.publishSent.increment();
            metrics.publishBytesSent.add(publish.payload().sizeBytes());
        } else {
            metrics.publishDropped.increment(); // [MQTT-3.1.2-25]
            if (publish.packetId() != 0) {
                // not at once: whoever sends holds its session
                channel.eventLoop().execute(() -> dropped.accept(publish.packetId()));
            }
        }
        return written;
    }

    private void scheduleFlush() {
        if (!flushScheduled) {
            flushScheduled = true;
            channel.eventLoop().execute(() -> {
                flushScheduled = false;
                flush();
            });
        }
    }

    /** Writes what this turn has sent so far. Event loop only. */
    void flush() {
        ByteBuf out = batch;
        if (out != null) {
            batch = null;
            channel.writeAndFlush(out, channel.voidPromise());
        }
    }

    @Override
    public boolean isWritable() {
        return channel.isWritable() && handedOverCount.get() < MAX_HANDED_OVER;
    }

    @Override
    public void closeWith(Packet last) {
        execute(() -> {
            if (!closing) {
                takeHandedOver();
            }
            if (!closing) {
                encode(last);
            }
            if (!closing) {
                closeNow();
            }
        });
    }

    @Override
    public void close() {
        execute(() -> {
            if (!closing) {
                takeHandedOver();
            }
            if (!closing) {
                closeNow();
            }
        });
    }

    private void closeNow() {
        closing = true;
        ByteBuf out = batch;
        batch = null;
        channel.config().setAutoRead(false);
        if (out == null) {
            channel.close();
        } else {
            channel.writeAndFlush(out).addListener(ChannelFutureListener.CLOSE);
        }
        // a peer that does not read is not waited for
        channel.eventLoop().schedule(() -> Hangup.on(channel), 5, TimeUnit.SECONDS);
    }

    /** The channel is gone: lets go of what was not written. Event loop only. */
    void released() {
        closing = true;
        ByteBuf out = batch;
        batch = null;
        if (out != null) {
            out.release();
        }
        handedOver.clear();
    }

    @Override
    public Peer peer() {
        return peer;
    }

    @Override
    public String listener() {
        return listener;
    }

    @Override
    public void speak(ProtocolVersion spoken) {
        version = spoken;
    }

    @Override
    public void admit(
            long maximumPacketSizeBytes, int topicAliasMaximum, boolean tellProblems, IntConsumer tellDropped) {
        maxPacketBytes = maximumPacketSizeBytes;
        problemInformation = tellProblems;
        dropped = tellDropped;
        aliases = topicAliasMaximum == 0 ? null : new OutgoingAliases(topicAliasMaximum);
        onAdmitted.run();
    }

    @Override
    public void read(boolean on) {
        channel.config().setAutoRead(on);
    }

    @Override
    public Executor loop() {
        return channel.eventLoop();
    }

    @Override
    public void execute(Runnable task) {
        if (channel.eventLoop().inEventLoop()) {
            task.run();
        } else {
            channel.eventLoop().execute(task);
        }
    }

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        Future<?> scheduled = channel.eventLoop().schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
        return () -> scheduled.cancel(false);
    }
}
