package io.gatehouse.codec;

import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.TopicName;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The last topics of one connection, by their bytes: a publisher that repeats itself costs a compare, not a decoding.
 * Confined to its decoder.
 */
final class TopicMemo {
    /** A power of two; a device has a handful of topics. */
    private static final int SLOTS = 16;

    private final CodecLimits limits;
    private final byte[] @Nullable [] keys = new byte[SLOTS][];
    private final @Nullable TopicName[] names = new @Nullable TopicName[SLOTS];

    TopicMemo(CodecLimits limits) {
        this.limits = limits;
    }

    /** Reads a topic name; null for an empty one, which an alias may stand for. */
    @Nullable
    TopicName read(ByteBuf body) {
        int length = Reader.unsignedShort(body);
        Reader.require(body, length);
        if (length == 0) {
            return null;
        }
        if (length > limits.maxTopicBytes()) {
            throw new MalformedPacket(ReasonCode.TOPIC_NAME_INVALID, "a topic of " + length + " bytes");
        }
        int start = body.readerIndex();
        int slot = hash(body, start, length) & SLOTS - 1;
        byte[] key = keys[slot];
        TopicName name = names[slot];
        if (key != null && name != null && same(key, body, start, length)) {
            body.skipBytes(length);
            return name;
        }
        body.readerIndex(start - 2);
        TopicName read = TopicName.of(Reader.string(body));
        if (read.levels() > limits.maxTopicLevels()) {
            throw new MalformedPacket(ReasonCode.TOPIC_NAME_INVALID, "a topic of " + read.levels() + " levels");
        }
        byte[] bytes = new byte[length];
        body.getBytes(start, bytes);
        keys[slot] = bytes;
        names[slot] = read;
        return read;
    }

    private static int hash(ByteBuf body, int start, int length) {
        int hash = length;
        // the end of a topic tells topics of one device apart; a collision costs a decoding, no more
        for (int i = Math.max(0, length - 16); i < length; i++) {
            hash = hash * 31 + body.getByte(start + i);
        }
        return hash ^ hash >>> 16;
    }

    private static boolean same(byte[] key, ByteBuf body, int start, int length) {
        if (key.length != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (key[i] != body.getByte(start + i)) {
                return false;
            }
        }
        return true;
    }
}
