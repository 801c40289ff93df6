package io.gatehouse.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * Closes, without a word, a connection whose first byte does not begin a TLS handshake. Confined to the connection's event
 * loop.
 */
final class TlsOnly extends ChannelInboundHandlerAdapter {
    /** The content type of a handshake record (RFC 8446, section 5.1). */
    private static final int HANDSHAKE = 22;

    private final Runnable onOther;

    /** @param onOther counts it */
    TlsOnly(Runnable onOther) {
        this.onOther = onOther;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (bytes.isReadable() && bytes.getUnsignedByte(bytes.readerIndex()) != HANDSHAKE) {
            bytes.release();
            onOther.run();
            Hangup.on(context.channel());
            return;
        }
        context.pipeline().remove(this);
        context.fireChannelRead(message);
    }
}
