package io.gatehouse.tls;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;

/**
 * Stands before a TLS engine and ends the handshake of a client whose {@link ClientProof} is weak: the engine does not see it.
 * Goes where there is nothing more to see. Confined to the connection's event loop.
 */
public final class ClientProofDoor extends ChannelInboundHandlerAdapter {
    private static final int FATAL = 2;
    private static final int INSUFFICIENT_SECURITY = 71;

    private final ClientProof proof = new ClientProof();

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (proof.refusal().isPresent()) {
            ReferenceCountUtil.release(message); // it is being closed
            return;
        }
        proof.read((ByteBuf) message);
        proof.refusal().ifPresentOrElse(refusal -> refuse(context, message, refusal), () -> {
            context.fireChannelRead(message);
            if (proof.isDone() && !context.isRemoved()) {
                context.pipeline().remove(this);
            }
        });
    }

    private static void refuse(ChannelHandlerContext context, Object message, CertificateRefused refusal) {
        ReferenceCountUtil.release(message);
        ByteBuf alert = context.alloc().buffer(7);
        alert.writeByte(ClearHandshake.ALERT).writeShort(0x0303).writeShort(2);
        context.writeAndFlush(alert.writeByte(FATAL).writeByte(INSUFFICIENT_SECURITY));
        context.fireUserEventTriggered(new SslHandshakeCompletionEvent(refusal));
    }
}
