package io.gatehouse.transport;

import io.gatehouse.tls.KeyExchange;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;

/** Shows what the TLS engine sends first to whom it concerns, and goes. Confined to the connection's event loop. */
final class KeyExchangeWatch extends ChannelOutboundHandlerAdapter {
    private final KeyExchange exchange;

    KeyExchangeWatch(KeyExchange exchange) {
        this.exchange = exchange;
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (message instanceof ByteBuf bytes) {
            exchange.read(bytes);
        }
        context.write(message, promise);
        if (exchange.isDone()) {
            context.pipeline().remove(this);
        }
    }
}
