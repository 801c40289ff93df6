package io.gatehouse.transport;

import io.gatehouse.tls.CertificateRefused;
import io.gatehouse.tls.Handshake;
import io.gatehouse.tls.Peer;
import io.gatehouse.tls.TlsContext;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for the end of the TLS handshake; then, and only if the client's certificate is accepted, there is a {@link Peer}
 * and the rest of the pipeline. Confined to the connection's event loop.
 *
 * <p>Where somebody elsewhere is asked about the certificate, the connection is held meanwhile: nothing more is read, and
 * what came in the same breath waits, unread.
 */
final class HandshakeHandler extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(HandshakeHandler.class);

    private final MqttListener listener;
    private final BeforeLogin visit;
    private final TlsContext context;
    private final BiConsumer<ChannelHandlerContext, Peer> onPeer;
    private final Deque<Object> held = new ArrayDeque<>();
    private boolean done;

    HandshakeHandler(
            MqttListener listener,
            BeforeLogin visit,
            TlsContext context,
            BiConsumer<ChannelHandlerContext, Peer> onPeer) {
        this.listener = listener;
        this.visit = visit;
        this.context = context;
        this.onPeer = onPeer;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext channel, Object event) {
        if (!(event instanceof SslHandshakeCompletionEvent completion)) {
            channel.fireUserEventTriggered(event);
            return;
        }
        if (done) {
            channel.close(); // a second handshake in one connection, or the engine's word after a refusal
            return;
        }
        done = true;
        InetSocketAddress address = (InetSocketAddress) channel.channel().remoteAddress();
        if (!completion.isSuccess()) {
            refuse(channel, address, completion.cause());
            return;
        }
        if (address == null) {
            channel.close(); // nobody there any more
            return;
        }
        try {
            SslHandler tls = Objects.requireNonNull(channel.pipeline().get(SslHandler.class));
            CompletableFuture<Peer> judged =
                    Handshake.complete(context, tls.engine().getSession(), address);
            if (judged.isDone() && !judged.isCompletedExceptionally()) {
                onPeer.accept(channel, judged.join());
                return;
            }
            channel.channel().config().setAutoRead(false);
            judged.whenComplete(
                    (peer, failure) -> channel.executor().execute(() -> judged(channel, address, peer, failure)));
        } catch (CertificateRefused refused) {
            refuse(channel, address, refused);
        }
    }

    private void judged(
            ChannelHandlerContext channel,
            InetSocketAddress address,
            @Nullable Peer peer,
            @Nullable Throwable failure) {
        if (channel.isRemoved() || !channel.channel().isActive()) {
            return; // it did not wait for the answer, or its time was up
        }
        if (peer == null) {
            refuse(channel, address, Objects.requireNonNull(unwrapped(failure)));
            return;
        }
        // what was held goes to whoever stands behind this handler once there is somebody, before what is still to come
        Deque<Object> waiting = new ArrayDeque<>(held);
        held.clear();
        ChannelHandlerContext before = channel.pipeline().context(SslHandler.class);
        onPeer.accept(channel, peer);
        for (Object message : waiting) {
            Objects.requireNonNull(before).fireChannelRead(message);
        }
        Objects.requireNonNull(before).fireChannelReadComplete();
        channel.channel().config().setAutoRead(true);
    }

    private static @Nullable Throwable unwrapped(@Nullable Throwable failure) {
        return failure instanceof CompletionException wrapped && wrapped.getCause() != null
                ? wrapped.getCause()
                : failure;
    }

    @Override
    public void channelRead(ChannelHandlerContext channel, Object message) {
        held.add(message); // at most what one read of the socket brought, because reading is off
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext channel) {
        held.forEach(ReferenceCountUtil::release);
        held.clear();
    }

    private void refuse(ChannelHandlerContext channel, @Nullable InetSocketAddress address, Throwable cause) {
        listener.refusals().tell(listener.name(), address, cause);
        if (Refusals.isOfClient(cause)) {
            listener.failed(visit);
        }
        channel.close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext channel, Throwable cause) {
        // the handshake's own event has told why
        LOG.debug("before the end of a handshake on {}: {}", listener.name(), cause.getMessage());
        channel.close();
    }
}
