package io.gatehouse.transport;

import io.gatehouse.config.Configuration.WebSocket;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.ReferenceCountUtil;
import java.util.Arrays;

/**
 * Looks at the request for a WebSocket before it is answered: its path, its origin and its subprotocol. Confined to the
 * connection's event loop.
 *
 * <p>A browser says which page asks; only the pages that are listed may. A client that says nothing is no browser, and
 * its login is what decides.
 */
final class WebSocketDoor extends SimpleChannelInboundHandler<FullHttpRequest> {
    private final WebSocket settings;

    WebSocketDoor(WebSocket settings) {
        super(false);
        this.settings = settings;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        HttpResponseStatus refusal = refusal(request);
        if (refusal == null) {
            context.pipeline().remove(this);
            context.fireChannelRead(request);
            return;
        }
        ReferenceCountUtil.release(request);
        DefaultFullHttpResponse response =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, refusal, Unpooled.EMPTY_BUFFER);
        response.headers().set(HttpHeaderNames.CONTENT_LENGTH, 0).set(HttpHeaderNames.CONNECTION, "close");
        context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
    }

    private @org.jspecify.annotations.Nullable HttpResponseStatus refusal(FullHttpRequest request) {
        if (!request.decoderResult().isSuccess()) {
            return HttpResponseStatus.BAD_REQUEST;
        }
        String path = request.uri().split("\\?", 2)[0];
        if (!path.equals(settings.path())) {
            return HttpResponseStatus.NOT_FOUND;
        }
        String origin = request.headers().get(HttpHeaderNames.ORIGIN);
        if (origin != null && !settings.origins().contains(origin)) {
            return HttpResponseStatus.FORBIDDEN;
        }
        boolean mqtt = request.headers().getAll(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL).stream()
                .flatMap(header -> Arrays.stream(header.split(",")))
                .map(String::trim)
                .anyMatch(protocol -> protocol.equals("mqtt") || protocol.equals("mqttv3.1"));
        return mqtt ? null : HttpResponseStatus.BAD_REQUEST; // [MQTT-6.0.0-3]
    }
}
