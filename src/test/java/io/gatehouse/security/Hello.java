package io.gatehouse.security;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A ClientHello of any kind, byte by byte, and what a server answers to it. Used by one test thread. */
final class Hello {
    static final int TLS_1_0 = 0x0301;
    static final int TLS_1_1 = 0x0302;
    static final int TLS_1_2 = 0x0303;
    static final int TLS_1_3 = 0x0304;
    static final int X25519 = 0x1D;
    static final int P_256 = 0x17;
    static final int P_384 = 0x18;
    static final int P_521 = 0x19;
    static final int FFDHE_2048 = 0x100;
    static final int X25519_MLKEM_768 = 0x11EC;
    /** ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, which every listener for TLS 1.2 has. */
    static final int GOOD_1_2 = 0xC02B;

    static final int AES_128 = 0x1301;
    static final int AES_256 = 0x1302;

    private static final int KEY_SHARE = 51;
    private static final int MILLIS = 20_000;

    private final int version;
    private int[] suites;
    private int[] groups = {X25519, P_256, P_384};
    private List<String> protocols = List.of();
    private int padding;
    private boolean early;

    Hello(int version) {
        this.version = version;
        this.suites = version == TLS_1_3 ? new int[] {AES_256, AES_128, 0x1303} : new int[] {GOOD_1_2};
    }

    Hello suites(int... values) {
        suites = values;
        return this;
    }

    Hello groups(int... values) {
        groups = values;
        return this;
    }

    Hello protocols(String... names) {
        protocols = List.of(names);
        return this;
    }

    Hello padding(int bytes) {
        padding = bytes;
        return this;
    }

    /** With a ticket that nobody gave, for which early data may follow (RFC 8446, 4.2.10 and 4.2.11). */
    Hello early() {
        early = true;
        return this;
    }

    /**
     * What comes back first.
     *
     * @param alert its description; -1: none
     * @param group of the key exchange that the server names or asks for; -1: none
     * @param end whether nothing came but the end
     */
    record Answer(int alert, int group, boolean end) {
        boolean isHello() {
            return !end && alert < 0;
        }
    }

    Answer sendTo(int port) throws IOException {
        return send(port, records());
    }

    static Answer send(int port, byte[] bytes) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), MILLIS);
            socket.setSoTimeout(MILLIS);
            socket.getOutputStream().write(bytes);
            socket.getOutputStream().flush();
            return answer(socket.getInputStream());
        } catch (SocketException e) {
            return new Answer(-1, -1, true); // reset: it was closed with our bytes unread
        }
    }

    private static Answer answer(InputStream in) throws IOException {
        byte[] header = in.readNBytes(5);
        if (header.length < 5) {
            return new Answer(-1, -1, true);
        }
        byte[] body = in.readNBytes((header[3] & 0xFF) << 8 | header[4] & 0xFF);
        if (header[0] == 21) {
            return new Answer(body[1], -1, false);
        }
        return new Answer(-1, group(body), false);
    }

    /** The group in a ServerHello or a HelloRetryRequest of TLS 1.3. */
    private static int group(byte[] hello) {
        int at = 4 + 34;
        at += 1 + (hello[at] & 0xFF) + 3;
        at += 2;
        while (at + 6 <= hello.length) {
            int length = u16(hello, at + 2);
            if (u16(hello, at) == KEY_SHARE) {
                return u16(hello, at + 4);
            }
            at += 4 + length;
        }
        return -1;
    }

    private static int u16(byte[] bytes, int at) {
        return (bytes[at] & 0xFF) << 8 | bytes[at + 1] & 0xFF;
    }

    byte[] records() {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        u16(body, Math.min(version, TLS_1_2));
        body.writeBytes(new byte[32]);
        body.write(0);
        u16(body, 2 * suites.length);
        for (int suite : suites) {
            u16(body, suite);
        }
        body.writeBytes(new byte[] {1, 0});
        byte[] extensions = extensions();
        u16(body, extensions.length);
        body.writeBytes(extensions);

        ByteArrayOutputStream message = new ByteArrayOutputStream();
        message.write(1);
        message.write(body.size() >> 16);
        u16(message, body.size() & 0xFFFF);
        message.writeBytes(body.toByteArray());
        byte[] whole = message.toByteArray();

        ByteArrayOutputStream records = new ByteArrayOutputStream();
        for (int at = 0; at < whole.length; at += 1 << 14) {
            int length = Math.min(1 << 14, whole.length - at);
            records.writeBytes(new byte[] {22, 3, 1});
            u16(records, length);
            records.write(whole, at, length);
        }
        return records.toByteArray();
    }

    private byte[] extensions() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        extension(out, 10, vector(groups));
        extension(out, 11, new byte[] {1, 0});
        extension(out, 13, vector(0x0403, 0x0503, 0x0804, 0x0805, 0x0401));
        extension(out, 23, new byte[0]);
        extension(out, 0xFF01, new byte[] {0});
        if (version == TLS_1_3) {
            extension(out, 43, new byte[] {2, 3, 4});
            extension(out, KEY_SHARE, new byte[] {0, 0}); // none: the server asks for the one that it wants
        }
        if (!protocols.isEmpty()) {
            ByteArrayOutputStream names = new ByteArrayOutputStream();
            for (String protocol : protocols) {
                names.write(protocol.length());
                names.writeBytes(protocol.getBytes(StandardCharsets.US_ASCII));
            }
            ByteArrayOutputStream list = new ByteArrayOutputStream();
            u16(list, names.size());
            list.writeBytes(names.toByteArray());
            extension(out, 16, list.toByteArray());
        }
        if (padding > 0) {
            extension(out, 21, new byte[padding]);
        }
        if (early) {
            extension(out, 45, new byte[] {1, 1});
            extension(out, 42, new byte[0]);
            ByteArrayOutputStream offered = new ByteArrayOutputStream();
            u16(offered, 2 + 64 + 4);
            u16(offered, 64);
            offered.writeBytes(new byte[64 + 4]); // the ticket, and its age
            u16(offered, 1 + 32);
            offered.write(32);
            offered.writeBytes(new byte[32]); // the binder
            extension(out, 41, offered.toByteArray());
        }
        return out.toByteArray();
    }

    private static byte[] vector(int... values) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        u16(out, 2 * values.length);
        for (int value : values) {
            u16(out, value);
        }
        return out.toByteArray();
    }

    private static void extension(ByteArrayOutputStream out, int type, byte[] content) {
        u16(out, type);
        u16(out, content.length);
        out.writeBytes(content);
    }

    private static void u16(ByteArrayOutputStream out, int value) {
        out.write(value >> 8);
        out.write(value);
    }
}
