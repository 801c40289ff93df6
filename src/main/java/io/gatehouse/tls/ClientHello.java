package io.gatehouse.tls;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What the first message of a handshake says of whom it wants (RFC 6066, 3) and what it will speak (RFC 7301). Immutable.
 *
 * <p>Read beside the TLS engine, which reads the same bytes and judges them: what cannot be understood here is as if it were not
 * there, and the engine refuses it.
 *
 * @param serverName in lower case; empty: none
 * @param protocols offered with ALPN; empty: none
 */
public record ClientHello(String serverName, List<String> protocols) {
    private static final int VERSION_AND_RANDOM = 34;
    private static final int SERVER_NAME = 0;
    private static final int ALPN = 16;
    private static final int HOST_NAME = 0;
    private static final int MAX_PROTOCOLS = 16;

    public static final ClientHello SILENT = new ClientHello("", List.of());

    public ClientHello {
        protocols = List.copyOf(protocols);
    }

    /** @param body of the handshake message, behind its type and length; it is read from a copy of its indices */
    public static ClientHello of(ByteBuf body) {
        try {
            return read(body.duplicate());
        } catch (IndexOutOfBoundsException e) {
            return SILENT; // lengths that lead out of it
        }
    }

    private static ClientHello read(ByteBuf in) {
        in.skipBytes(VERSION_AND_RANDOM);
        in.skipBytes(in.readUnsignedByte()); // session id
        in.skipBytes(in.readUnsignedShort()); // cipher suites
        in.skipBytes(in.readUnsignedByte()); // compression methods
        if (!in.isReadable()) {
            return SILENT;
        }
        ByteBuf extensions = in.readSlice(in.readUnsignedShort());
        String name = "";
        List<String> protocols = new ArrayList<>();
        while (extensions.readableBytes() >= 4) {
            int type = extensions.readUnsignedShort();
            ByteBuf extension = extensions.readSlice(extensions.readUnsignedShort());
            if (type == SERVER_NAME) {
                name = name(extension);
            } else if (type == ALPN) {
                protocols(extension, protocols);
            }
        }
        return new ClientHello(name, protocols);
    }

    private static String name(ByteBuf extension) {
        ByteBuf list = extension.readSlice(extension.readUnsignedShort());
        int type = list.readUnsignedByte();
        byte[] name = new byte[list.readUnsignedShort()];
        list.readBytes(name);
        return type == HOST_NAME ? new String(name, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT) : "";
    }

    private static void protocols(ByteBuf extension, List<String> into) {
        ByteBuf list = extension.readSlice(extension.readUnsignedShort());
        while (list.isReadable() && into.size() < MAX_PROTOCOLS) {
            byte[] protocol = new byte[list.readUnsignedByte()];
            list.readBytes(protocol);
            into.add(new String(protocol, StandardCharsets.US_ASCII));
        }
    }
}
