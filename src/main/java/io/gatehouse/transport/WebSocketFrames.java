package io.gatehouse.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.ReferenceCountUtil;

/**
 * Binary frames to bytes and back (MQTT 5.0, section 6): packets may span frames and share them, so frames mean nothing.
 * Confined to the connection's event loop.
 */
final class WebSocketFrames extends ChannelDuplexHandler {
    private boolean inBinary;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (!(message instanceof WebSocketFrame frame)) {
            // what is left of HTTP: the peer went before it was answered
            ReferenceCountUtil.release(message);
            Hangup.on(context.channel());
            return;
        }
        boolean binary =
                frame instanceof BinaryWebSocketFrame || frame instanceof ContinuationWebSocketFrame && inBinary;
        if (!binary) {
            frame.release();
            // [MQTT-6.0.0-1]: anything but binary closes
            context.writeAndFlush(new CloseWebSocketFrame(WebSocketCloseStatus.INVALID_MESSAGE_TYPE))
                    .addListener(ChannelFutureListener.CLOSE);
            return;
        }
        inBinary = !frame.isFinalFragment();
        context.fireChannelRead(frame.content());
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        context.write(message instanceof ByteBuf bytes ? new BinaryWebSocketFrame(bytes) : message, promise);
    }
}
