package io.gatehouse.transport;

import io.gatehouse.metrics.Metrics;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.SocketChannel;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands first in a pipeline until the client is in: whatever comes is counted before anything is made of it, and there is
 * one deadline for all of it. Confined to the connection's event loop.
 *
 * <p>A connection that has sent what a login may take is not read any further; when there is no room for more bytes of
 * connections like it, it is closed.
 */
final class BeforeLogin extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(BeforeLogin.class);

    /** A TLS handshake with the longest chain that either of our providers takes, and its records around the CONNECT. */
    private static final int HANDSHAKE_BYTES = 64 << 10;

    private final SocketChannel channel;
    private final InetSocketAddress address;
    private final Admission.Place place;
    private final int maxBytes;
    private final Metrics metrics;
    private boolean ended;

    BeforeLogin(
            SocketChannel channel,
            InetSocketAddress address,
            Admission.Place place,
            int maxPacketBytes,
            Metrics metrics) {
        this.channel = channel;
        this.address = address;
        this.place = place;
        this.maxBytes = HANDSHAKE_BYTES + 2 * maxPacketBytes;
        this.metrics = metrics;
        channel.closeFuture().addListener(closed -> {
            ended = true;
            place.leave();
        });
    }

    /** A connection that has not logged in by then is closed without a word. */
    void limit(Duration deadline) {
        channel.eventLoop()
                .schedule(
                        () -> {
                            if (!ended) {
                                metrics.connectionsRefused.increment();
                                LOG.debug("{} did not log in in time", channel.remoteAddress());
                                Hangup.on(channel);
                            }
                        },
                        deadline.toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (!place.hold(bytes.readableBytes())) {
            bytes.release();
            metrics.connectionsRefused.increment();
            Hangup.on(channel);
            return;
        }
        if (place.heldBytes() > maxBytes) {
            channel.config().setAutoRead(false);
        }
        context.fireChannelRead(bytes);
    }

    InetSocketAddress address() {
        return address;
    }

    /**
     * The client failed, by its own doing.
     *
     * @return for how long its address is shut out from now on; null: it is not, or was before, or this one is in
     */
    @Nullable
    Duration failed() {
        return ended ? null : place.failed();
    }

    /** The TLS handshake is over. */
    void shaken() {
        place.shaken();
    }

    /** The client is in. */
    void end() {
        if (!ended) {
            ended = true;
            place.loggedIn();
            channel.pipeline().remove(this);
            channel.config().setAutoRead(true);
        }
    }
}
