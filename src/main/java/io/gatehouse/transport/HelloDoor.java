package io.gatehouse.transport;

import io.gatehouse.tls.ClientHello;
import io.gatehouse.tls.ServerNames;
import io.gatehouse.tls.TlsContext;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SslClientHelloHandler;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the ClientHello before there is a TLS engine, and gives its place to the engine of the server that is meant. Confined to the
 * connection's event loop.
 *
 * <p>One that is larger than any client's is closed unread; one that speaks something else, or wants a server that is not here, gets
 * the alert that says so.
 */
final class HelloDoor extends SslClientHelloHandler<ServerNames.Choice> {
    /** With hybrid key shares a ClientHello has under 2 KiB; 64 KiB is what TLS would allow. */
    private static final int MAX_HELLO_BYTES = 16 << 10;

    private static final int ALERT = 21;
    private static final int FATAL = 2;

    private final MqttListener listener;
    private final BeforeLogin visit;
    private final ServerNames names;
    private final BiConsumer<ChannelHandlerContext, TlsContext> onChosen;

    /** @param onChosen puts the engine in this handler's place */
    HelloDoor(
            MqttListener listener,
            BeforeLogin visit,
            ServerNames names,
            BiConsumer<ChannelHandlerContext, TlsContext> onChosen) {
        super(MAX_HELLO_BYTES);
        this.listener = listener;
        this.visit = visit;
        this.names = names;
        this.onChosen = onChosen;
    }

    @Override
    protected Future<ServerNames.Choice> lookup(ChannelHandlerContext context, @Nullable ByteBuf clientHello) {
        ClientHello hello = clientHello == null ? ClientHello.SILENT : ClientHello.of(clientHello);
        return context.executor().newSucceededFuture(names.choose(hello));
    }

    @Override
    protected void onLookupComplete(ChannelHandlerContext context, Future<ServerNames.Choice> future) {
        ServerNames.Choice choice = future.getNow();
        if (choice instanceof ServerNames.Choice.Chosen chosen) {
            onChosen.accept(context, chosen.context());
        } else if (choice instanceof ServerNames.Choice.Refused refused) {
            refuse(context, refused);
        } else {
            context.close();
        }
    }

    /** It is too long, or no ClientHello at all. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        listener.refusals()
                .tell(listener.name(), (InetSocketAddress) context.channel().remoteAddress(), cause);
        listener.failed(visit);
        context.close();
    }

    private void refuse(ChannelHandlerContext context, ServerNames.Choice.Refused refused) {
        listener.refusals()
                .tell(
                        listener.name(),
                        (InetSocketAddress) context.channel().remoteAddress(),
                        refused.code(),
                        refused.detail());
        listener.failed(visit);
        ByteBuf alert = context.alloc().buffer(7);
        alert.writeByte(ALERT).writeShort(0x0303).writeShort(2).writeByte(FATAL).writeByte(refused.alert());
        context.writeAndFlush(alert).addListener(ChannelFutureListener.CLOSE);
    }
}
