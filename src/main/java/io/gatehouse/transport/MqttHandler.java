package io.gatehouse.transport;

import io.gatehouse.codec.PacketDecoder;
import io.gatehouse.connection.Dialogue;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.Packet;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.DecoderException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bytes in, packets to the dialogue. Confined to the connection's event loop.
 *
 * <p>The exception firewall of a connection: whatever goes wrong in one ends that one.
 */
final class MqttHandler extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(MqttHandler.class);

    private final PacketDecoder decoder;
    private final ChannelOutbound wire;
    private final Dialogue dialogue;
    private final Runnable onGarbage;
    private final Metrics metrics;
    private @Nullable ByteBuf unread;
    private boolean done;

    /** @param onGarbage counts bytes that were no packet */
    MqttHandler(PacketDecoder decoder, ChannelOutbound wire, Dialogue dialogue, Runnable onGarbage, Metrics metrics) {
        this.decoder = decoder;
        this.wire = wire;
        this.dialogue = dialogue;
        this.onGarbage = onGarbage;
        this.metrics = metrics;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf in = (ByteBuf) message;
        if (done) {
            in.release();
            return;
        }
        metrics.bytesReceived.add(in.readableBytes());
        ByteBuf all = unread == null ? in : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(context.alloc(), unread, in);
        unread = null;
        try {
            for (Packet packet = decoder.decode(all); packet != null; packet = done ? null : decoder.decode(all)) {
                metrics.packetsReceived.increment();
                dialogue.receive(packet);
            }
        } catch (MalformedPacket fault) {
            done = true;
            onGarbage.run();
            dialogue.malformed(fault);
        } catch (RuntimeException e) {
            fail(context, e);
        }
        if (all.isReadable() && !done) {
            unread = all;
        } else {
            all.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        dialogue.readComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        try {
            dialogue.writabilityChanged();
        } catch (RuntimeException e) {
            fail(context, e);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        done = true;
        release();
        wire.released();
        try {
            dialogue.closed();
        } catch (RuntimeException e) {
            LOG.error("the end of a connection failed: {}", wire.peer(), e);
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        release();
    }

    private void release() {
        if (unread != null) {
            unread.release();
            unread = null;
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof java.io.IOException) {
            LOG.debug("{}: {}", wire.peer(), cause.getMessage()); // the peer went without a word
            context.close();
        } else if (cause instanceof DecoderException) {
            done = true;
            metrics.protocolErrors.increment(); // TLS or WebSocket broken by the peer: nothing of ours failed
            LOG.info("closed {} on {}: {}", wire.peer().address(), wire.listener(), cause.getMessage());
            context.close();
        } else {
            fail(context, cause);
        }
    }

    private void fail(ChannelHandlerContext context, Throwable cause) {
        done = true;
        LOG.error("a connection failed and is closed: {}", wire.peer(), cause);
        context.close();
    }
}
