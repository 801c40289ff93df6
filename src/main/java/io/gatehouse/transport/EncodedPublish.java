package io.gatehouse.transport;

import io.gatehouse.codec.PacketEncoder;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.ProtocolVersion;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.FastThreadLocal;
import org.jspecify.annotations.Nullable;

/**
 * The last PUBLISH this event loop encoded: a message for many is the same packet to all who get it alike, and its bytes
 * are made once. Confined to its event loop.
 */
final class EncodedPublish {
    private static final FastThreadLocal<EncodedPublish> OF_LOOP = new FastThreadLocal<>() {
        @Override
        protected EncodedPublish initialValue() {
            return new EncodedPublish();
        }
    };

    private final ByteBuf bytes = Unpooled.buffer(1024);
    private Packet.@Nullable Publish packet;
    private @Nullable ProtocolVersion version;

    private EncodedPublish() {}

    /**
     * Writes a packet's bytes.
     *
     * @return whether it was written; false if the client does not take so much
     */
    static boolean write(Packet.Publish publish, ProtocolVersion version, long maxPacketBytes, ByteBuf out) {
        EncodedPublish last = OF_LOOP.get();
        if (last.packet != publish || last.version != version) {
            last.bytes.clear();
            PacketEncoder.encode(publish, version, last.bytes);
            last.packet = publish;
            last.version = version;
        }
        if (last.bytes.readableBytes() > maxPacketBytes) {
            return false;
        }
        out.writeBytes(last.bytes, last.bytes.readerIndex(), last.bytes.readableBytes());
        return true;
    }
}
