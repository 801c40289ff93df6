package io.gatehouse.transport;

import io.gatehouse.tls.CertificateRefused;
import io.gatehouse.tls.Handshake;
import io.gatehouse.tls.Peer;
import io.gatehouse.tls.TlsContext;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for the end of the TLS handshake; then, and only if the client's certificate is accepted, there is a {@link Peer}
 * and the rest of the pipeline. Confined to the connection's event loop.
 */
final class HandshakeHandler extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(HandshakeHandler.class);

    private final MqttListener listener;
    private final TlsContext context;
    private final BiConsumer<ChannelHandlerContext, Peer> onPeer;

    HandshakeHandler(MqttListener listener, TlsContext context, BiConsumer<ChannelHandlerContext, Peer> onPeer) {
        this.listener = listener;
        this.context = context;
        this.onPeer = onPeer;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext channel, Object event) {
        if (!(event instanceof SslHandshakeCompletionEvent completion)) {
            channel.fireUserEventTriggered(event);
            return;
        }
        InetSocketAddress address = (InetSocketAddress) channel.channel().remoteAddress();
        if (!completion.isSuccess()) {
            refuse(channel, address, completion.cause());
            return;
        }
        try {
            SslHandler tls = Objects.requireNonNull(channel.pipeline().get(SslHandler.class));
            Peer peer = Handshake.complete(context, tls.engine().getSession(), address);
            onPeer.accept(channel, peer);
        } catch (CertificateRefused refused) {
            refuse(channel, address, refused);
        }
    }

    private void refuse(ChannelHandlerContext channel, @Nullable InetSocketAddress address, Throwable cause) {
        listener.refusals().tell(listener.name(), address, cause);
        channel.close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext channel, Throwable cause) {
        // the handshake's own event has told why
        LOG.debug("before the end of a handshake on {}: {}", listener.name(), cause.getMessage());
        channel.close();
    }
}
