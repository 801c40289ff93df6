package io.gatehouse.tls;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/**
 * The handshake messages that one side sends in the clear, put together from its records (RFC 5246, 6.2.1 and 7.4; RFC 8446, 4
 * and 5.1). Confined to the connection's event loop.
 *
 * <p>Read beside the TLS engine, which reads the same bytes and judges their form: here they are looked at only as far as
 * somebody asks for one of them.
 */
abstract class ClearHandshake {
    /** Types of records, by the names of the specification. */
    static final int CHANGE_CIPHER_SPEC = 20;

    static final int ALERT = 21;
    static final int HANDSHAKE = 22;

    private static final int RECORD_HEADER = 5;
    private static final int MESSAGE_HEADER = 4;

    /** How much is put to what is kept at a time: what comes behind the last handshake message is not kept at all. */
    private static final int PIECE = 16 << 10;

    private final int mostBytes;

    /** Records that are not whole yet, and the handshake messages in those that are. */
    private ByteBuffer records = ByteBuffer.allocate(512);

    private ByteBuffer messages = ByteBuffer.allocate(512);
    private boolean done;

    /** @param mostBytes that are kept until they make a message */
    ClearHandshake(int mostBytes) {
        this.mostBytes = mostBytes;
    }

    /** A whole handshake message. */
    abstract void message(int type, ByteBuffer body);

    /** A record of another type than {@link #HANDSHAKE}. */
    abstract void other(int recordType);

    /** There is more than is kept. */
    abstract void tooLong();

    /** What this side sends next; it is left as it is. */
    public final void read(ByteBuf sent) {
        ByteBuf view = sent.duplicate();
        while (!done && view.isReadable()) {
            take(view.readSlice(Math.min(view.readableBytes(), PIECE)).nioBuffer());
        }
    }

    private void take(ByteBuffer piece) {
        records = append(records, piece);
        records.flip();
        while (!done && records.remaining() >= RECORD_HEADER && records.remaining() >= RECORD_HEADER + length()) {
            record();
        }
        records.compact();
        if (!done && records.position() + messages.position() > mostBytes) {
            end();
            tooLong();
        }
    }

    /** Of the record that begins here. */
    private int length() {
        return records.getShort(records.position() + 3) & 0xFFFF;
    }

    private void record() {
        int type = records.get(records.position()) & 0xFF;
        int length = length();
        ByteBuffer body = records.slice(records.position() + RECORD_HEADER, length);
        records.position(records.position() + RECORD_HEADER + length);
        if (type != HANDSHAKE) {
            other(type);
            return;
        }
        messages = append(messages, body);
        messages.flip();
        while (!done && messages.remaining() >= MESSAGE_HEADER && messages.remaining() >= MESSAGE_HEADER + size()) {
            int kind = messages.get(messages.position()) & 0xFF;
            int size = size();
            ByteBuffer message = messages.slice(messages.position() + MESSAGE_HEADER, size);
            messages.position(messages.position() + MESSAGE_HEADER + size);
            message(kind, message);
        }
        messages.compact();
    }

    /** Of the message that begins here. */
    private int size() {
        return messages.getInt(messages.position()) & 0xFFFFFF;
    }

    /** Nothing more is read. */
    final void end() {
        done = true;
        records = ByteBuffer.allocate(0);
        messages = records;
    }

    /** Whether nothing more is read. */
    public final boolean isDone() {
        return done;
    }

    private static ByteBuffer append(ByteBuffer to, ByteBuffer more) {
        ByteBuffer room = to;
        if (to.remaining() < more.remaining()) {
            room = ByteBuffer.allocate(2 * (to.position() + more.remaining()));
            room.put(to.flip());
        }
        return room.put(more);
    }
}
