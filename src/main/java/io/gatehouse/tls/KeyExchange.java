package io.gatehouse.tls;

import java.nio.ByteBuffer;
import java.util.Map;

/**
 * By which group a handshake agrees on its keys, read from what the server says in the clear: the key share of its
 * ServerHello (RFC 8446, 4.2.8), or its ServerKeyExchange (RFC 8422, 5.4). Confined to the connection's event loop.
 *
 * <p>The session of neither provider tells it before Java 27. Nothing but names of groups leaves this class, and what it
 * cannot read is {@code unknown}: it counts, and decides nothing.
 */
public final class KeyExchange extends ClearHandshake {
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
    private static final int SERVER_HELLO = 2;
    private static final int SERVER_KEY_EXCHANGE = 12;
    private static final int NAMED_CURVE = 3;
    private static final int KEY_SHARE = 51;
    private static final int SUPPORTED_VERSIONS = 43;

    /** The longest first flight that is read: a chain of certificates stands between hello and key exchange in TLS 1.2. */
    private static final int MOST = 64 << 10;

    private String group = UNKNOWN;

    public KeyExchange() {
        super(MOST);
    }

    @Override
    void message(int type, ByteBuffer body) {
        if (type == SERVER_HELLO) {
            hello(body);
        } else if (type == SERVER_KEY_EXCHANGE) {
            boolean named = body.remaining() >= 3 && body.get() == NAMED_CURVE;
            end(named ? name(body.getShort()) : UNKNOWN);
        }
    }

    @Override
    void other(int recordType) {
        end(recordType == CHANGE_CIPHER_SPEC ? NONE : UNKNOWN); // and no key exchange before it
    }

    @Override
    void tooLong() {
        end(UNKNOWN);
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
        end();
    }

    /** The group's name; {@link #NONE}, {@link #UNKNOWN}, or {@code other}. */
    public String group() {
        return group;
    }
}
