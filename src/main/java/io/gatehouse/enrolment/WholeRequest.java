package io.gatehouse.enrolment;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;

/** Gathers a request up to a size, and has one that is larger refused. Confined to the connection's event loop. */
final class WholeRequest extends HttpObjectAggregator {
    private final EstHandler handler;

    WholeRequest(int maxBytes, EstHandler handler) {
        super(maxBytes, true);
        this.handler = handler;
    }

    @Override
    protected void handleOversizedMessage(ChannelHandlerContext context, HttpMessage oversized) {
        handler.tooLarge(context.channel());
    }
}
