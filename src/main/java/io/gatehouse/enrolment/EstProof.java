package io.gatehouse.enrolment;

import io.gatehouse.tls.ClientProof;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;

/**
 * As at the doors of MQTT: a client whose {@link ClientProof} is weak does not come to the TLS engine. Confined to the connection's event loop.
 */
final class EstProof extends ChannelInboundHandlerAdapter {
    private final ClientProof proof = new ClientProof();

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (proof.refusal().isPresent()) {
            ReferenceCountUtil.release(message); // it is being closed
            return;
        }
        proof.read((ByteBuf) message);
        if (proof.refusal().isPresent()) {
            ReferenceCountUtil.release(message);
            context.writeAndFlush(ClientProof.alert(context.alloc()));
            context.fireUserEventTriggered(
                    new SslHandshakeCompletionEvent(proof.refusal().get()));
            return;
        }
        context.fireChannelRead(message);
        if (proof.isDone() && !context.isRemoved()) {
            context.pipeline().remove(this);
        }
    }
}
