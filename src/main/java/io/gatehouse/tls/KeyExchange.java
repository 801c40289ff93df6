package io.gatehouse.tls;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * By which group a handshake agrees on its keys, read from what the server says in the clear: the key share of its
 * ServerHello (RFC 8446, 4.2.8), or its ServerKeyExchange (RFC 8422, 5.4). Confined to the connection's event loop.
 *
 * <p>The session of neither provider tells it before Java 27. Nothing but names of groups leaves this class, and what it
 * cannot read is {@code unknown}: it counts, and decides nothing.
 */
public final class KeyExchange {
    /** A resumed session of TLS 1.2 goes on with the keys that it has. */
    public static final String NONE = "none";

    public static final String UNKNOWN = "unknown";

    private static final Map<Integer, String> NAMES = Map.of(
            0x11EC,
            "X25519MLKEM768",
            0x0202,
            "MLKEM1024",
            29,
            "x25519",
            23,
            "secp256r1",
            24,
            "secp384r1",
            25,
            "secp521r1");

    // of TLS, by the names of its specification
    private static final int CHANGE_CIPHER_SPEC = 20;
    private static final int HANDSHAKE = 22;
    private static final int SERVER_HELLO = 2;
    private static final int SERVER_KEY_EXCHANGE = 12;
    private static final int NAMED_CURVE = 3;
    private static final int KEY_SHARE = 51;
    private static final int SUPPORTED_VERSIONS = 43;

    /** The longest first flight that is read: a chain of certificates stands between hello and key exchange in TLS 1.2. */
    private static final int MOST = 64 << 10;

    /** Records that are not whole yet, and the handshake messages in those that are. */
    private ByteBuffer records = ByteBuffer.allocate(512);

    private ByteBuffer messages = ByteBuffer.allocate(512);
    private String group = UNKNOWN;
    private boolean done;

    /** What the server sends next; it is left as it is. */
    public void read(ByteBuf sent) {
        if (done) {
            return;
        }
        if (records.position() + messages.position() + sent.readableBytes() > MOST) {
            end(UNKNOWN);
            return;
        }
        records = append(records, sent.nioBuffer());
        records.flip();
        while (!done && records.remaining() >= 5 && records.remaining() >= 5 + length(records)) {
            record();
        }
        records.compact();
    }

    private static int length(ByteBuffer record) {
        return record.getShort(record.position() + 3) & 0xFFFF;
    }

    private void record() {
        int type = records.get(records.position()) & 0xFF;
        int length = length(records);
        ByteBuffer body = records.slice(records.position() + 5, length);
        records.position(records.position() + 5 + length);
        if (type == CHANGE_CIPHER_SPEC) {
            end(NONE); // and no key exchange before it
        } else if (type != HANDSHAKE) {
            end(UNKNOWN);
        } else {
            messages = append(messages, body);
            messages.flip();
            while (!done && messages.remaining() >= 4 && messages.remaining() >= 4 + messageLength()) {
                message();
            }
            messages.compact();
        }
    }

    private int messageLength() {
        return messages.getInt(messages.position()) & 0xFFFFFF;
    }

    private void message() {
        int type = messages.get(messages.position()) & 0xFF;
        int length = messageLength();
        ByteBuffer body = messages.slice(messages.position() + 4, length);
        messages.position(messages.position() + 4 + length);
        if (type == SERVER_HELLO) {
            hello(body);
        } else if (type == SERVER_KEY_EXCHANGE) {
            boolean named = body.remaining() >= 3 && body.get() == NAMED_CURVE;
            end(named ? name(body.getShort()) : UNKNOWN);
        }
    }

    private void hello(ByteBuffer body) {
        boolean isTls13 = false;
        String share = NONE;
        if (body.remaining() < 35) {
            end(UNKNOWN);
            return;
        }
        body.position(34); // version and random
        skip(body, 1 + (body.get(34) & 0xFF)); // session identifier
        skip(body, 5); // suite, compression, length of the extensions
        while (body.remaining() >= 4) {
            int type = body.getShort() & 0xFFFF;
            int length = body.getShort() & 0xFFFF;
            if (type == KEY_SHARE && body.remaining() >= 2) {
                share = name(body.getShort(body.position()));
            }
            isTls13 |= type == SUPPORTED_VERSIONS;
            skip(body, length);
        }
        if (isTls13) {
            end(share); // a HelloRetryRequest names the group that its retry will have
        }
    }

    private static void skip(ByteBuffer body, int bytes) {
        body.position(Math.min(body.limit(), body.position() + bytes));
    }

    private static String name(short group) {
        return NAMES.getOrDefault(group & 0xFFFF, "other");
    }

    private void end(String what) {
        group = what;
        done = true;
        records = ByteBuffer.allocate(0);
        messages = records;
    }

    private static ByteBuffer append(ByteBuffer to, ByteBuffer more) {
        ByteBuffer room = to;
        if (to.remaining() < more.remaining()) {
            room = ByteBuffer.allocate(2 * (to.position() + more.remaining()));
            room.put(to.flip());
        }
        return room.put(more);
    }

    /** Whether there is nothing more to read. */
    public boolean isDone() {
        return done;
    }

    /** The group's name; {@link #NONE}, {@link #UNKNOWN}, or {@code other}. */
    public String group() {
        return group;
    }
}
