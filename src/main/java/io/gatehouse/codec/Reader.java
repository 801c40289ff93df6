package io.gatehouse.codec;

import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.Secret;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * The data types of MQTT (section 1.5) read from the body of one packet, never beyond its end. Stateless.
 */
final class Reader {
    private Reader() {}

    static int unsignedByte(ByteBuf body) {
        require(body, 1);
        return body.readUnsignedByte();
    }

    static int unsignedShort(ByteBuf body) {
        require(body, 2);
        return body.readUnsignedShort();
    }

    static long unsignedInt(ByteBuf body) {
        require(body, 4);
        return body.readUnsignedInt();
    }

    /** A packet identifier, which is never 0 [MQTT-2.2.1-3]. */
    static int packetId(ByteBuf body) {
        int id = unsignedShort(body);
        if (id == 0) {
            throw MalformedPacket.protocolError("packet identifier 0");
        }
        return id;
    }

    /** Of at most four bytes, in the fewest that hold the value [MQTT-1.5.5-1]. */
    static int variableByteInteger(ByteBuf body) {
        int value = 0;
        for (int shift = 0; shift < 28; shift += 7) {
            int digit = unsignedByte(body);
            value |= (digit & 0x7F) << shift;
            if (digit < 0x80) {
                if (digit == 0 && shift > 0) {
                    throw new MalformedPacket("a variable byte integer is longer than need be");
                }
                return value;
            }
        }
        throw new MalformedPacket("a variable byte integer has more than four bytes");
    }

    /** What the next two strings say they hold, without reading them. */
    static int lengthOfTwoStrings(ByteBuf body) {
        require(body, 2);
        int first = body.getUnsignedShort(body.readerIndex());
        require(body, 2 + first + 2);
        return first + body.getUnsignedShort(body.readerIndex() + 2 + first);
    }

    static byte[] binary(ByteBuf body) {
        int length = unsignedShort(body);
        require(body, length);
        byte[] bytes = new byte[length];
        body.readBytes(bytes);
        return bytes;
    }

    static Secret secret(ByteBuf body) {
        return Secret.wrap(binary(body));
    }

    /** Well-formed UTF-8 without U+0000 [MQTT-1.5.4-1, -2]; a byte order mark is kept [MQTT-1.5.4-3]. */
    static String string(ByteBuf body) {
        int length = unsignedShort(body);
        require(body, length);
        int start = body.readerIndex();
        requireUtf8(body, start, length);
        String text = body.toString(start, length, StandardCharsets.UTF_8);
        body.skipBytes(length);
        return text;
    }

    /** RFC 3629's table of well-formed sequences; Java's own decoder would replace what is not. */
    static void requireUtf8(ByteBuf buffer, int start, int length) {
        int end = start + length;
        int i = start;
        while (i < end) {
            int b = buffer.getByte(i++) & 0xFF;
            if (b == 0) {
                throw new MalformedPacket("a string holds U+0000");
            }
            if (b < 0x80) {
                continue;
            }
            int more;
            int least = 0x80;
            int most = 0xBF;
            if (b >= 0xC2 && b <= 0xDF) {
                more = 1;
            } else if (b >= 0xE0 && b <= 0xEF) {
                more = 2;
                least = b == 0xE0 ? 0xA0 : 0x80; // no overlong forms
                most = b == 0xED ? 0x9F : 0xBF; // no surrogates
            } else if (b >= 0xF0 && b <= 0xF4) {
                more = 3;
                least = b == 0xF0 ? 0x90 : 0x80;
                most = b == 0xF4 ? 0x8F : 0xBF; // nothing above U+10FFFF
            } else {
                throw new MalformedPacket("a string is not UTF-8");
            }
            for (; more > 0; more--) {
                int next = i < end ? buffer.getByte(i++) & 0xFF : 0;
                if (next < least || next > most) {
                    throw new MalformedPacket("a string is not UTF-8");
                }
                least = 0x80;
                most = 0xBF;
            }
        }
    }

    static void require(ByteBuf body, int bytes) {
        if (body.readableBytes() < bytes) {
            throw new MalformedPacket("a field is longer than its packet");
        }
    }
}
