package io.gatehouse.enrolment;

import io.gatehouse.connection.Porter;
import io.gatehouse.tls.ClientHello;
import io.gatehouse.tls.EnrolmentTls;
import io.gatehouse.tls.ServerNames;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SslClientHelloHandler;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reads the ClientHello before there is a TLS engine, and gives its place to one. Confined to the connection's event loop.
 *
 * <p>One that is larger than any client's is closed unread; one that speaks another protocol gets the alert that says so, so
 * that this server is not mistaken for another (RFC 9325, 3.7).
 */
final class EstHello extends SslClientHelloHandler<ClientHello> {
    /** As at the doors of MQTT. */
    private static final int MAX_BYTES = 16 << 10;

    private static final int ALERT = 21;
    private static final int FATAL = 2;

    private final EnrolmentTls tls;
    private final Porter porter;
    private final InetSocketAddress address;

    EstHello(EnrolmentTls tls, Porter porter, InetSocketAddress address) {
        super(MAX_BYTES);
        this.tls = tls;
        this.porter = porter;
        this.address = address;
    }

    @Override
    protected Future<ClientHello> lookup(ChannelHandlerContext context, @Nullable ByteBuf clientHello) {
        return context.executor()
                .newSucceededFuture(clientHello == null ? ClientHello.SILENT : ClientHello.of(clientHello));
    }

    @Override
    protected void onLookupComplete(ChannelHandlerContext context, Future<ClientHello> future) {
        Optional<ServerNames.Choice.Refused> foreign = tls.foreign(future.getNow());
        if (foreign.isPresent()) {
            porter.helloRefused(address, foreign.get().code(), foreign.get().detail());
            ByteBuf alert = context.alloc().buffer(7);
            alert.writeByte(ALERT).writeShort(0x0303).writeShort(2).writeByte(FATAL);
            context.writeAndFlush(alert.writeByte(foreign.get().alert())).addListener(ChannelFutureListener.CLOSE);
            return;
        }
        SslHandler handler = tls.newHandler(context.alloc());
        handler.setHandshakeTimeout(0, TimeUnit.MILLISECONDS); // one deadline is for hello and handshake
        handler.setCloseNotifyFlushTimeout(1, TimeUnit.SECONDS);
        context.pipeline().addBefore(context.name(), "client-proof", new EstProof());
        context.pipeline().replace(this, "tls", handler);
    }

    /** It is too long, or no ClientHello at all. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        porter.handshakeFailed(address, cause);
        context.close();
    }
}
