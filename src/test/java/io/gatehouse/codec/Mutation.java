package io.gatehouse.codec;

import io.gatehouse.protocol.ProtocolVersion;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.Random;

/** A packet with a mistake or two in it, whose remaining length is right again. */
public final class Mutation {
    private static final int[] TELLING = {0, 1, 2, 3, 4, 5, 0x23, 0x2B, 0x7F, 0x80, 0xA0, 0xC0, 0xED, 0xFF};

    private Mutation() {}

    public static byte[] of(byte[] packet, Random random) {
        int header = 2;
        while ((packet[header - 1] & 0x80) != 0) {
            header++;
        }
        int first = packet[0];
        byte[] body = Arrays.copyOfRange(packet, header, packet.length);
        for (int mistakes = 1 + random.nextInt(2); mistakes > 0; mistakes--) {
            int at = body.length == 0 ? 0 : random.nextInt(Math.min(body.length, 100));
            switch (random.nextInt(6)) {
                case 0 -> first ^= 1 << random.nextInt(8);
                case 1 -> body = Arrays.copyOf(body, at);
                case 2 -> {
                    byte[] longer = Arrays.copyOf(body, body.length + 1);
                    System.arraycopy(body, at, longer, at + 1, body.length - at);
                    longer[at] = (byte) random.nextInt(256);
                    body = longer;
                }
                case 3 -> {
                    if (body.length > 0) {
                        body[at] = (byte) TELLING[random.nextInt(TELLING.length)];
                    }
                }
                default -> {
                    if (body.length > 0) {
                        body[at] ^= (byte) (1 << random.nextInt(8));
                    }
                }
            }
        }
        ByteBuf out = Unpooled.buffer().writeByte(first);
        PacketEncoder.variableByteInteger(body.length, out);
        return ByteBufUtil.getBytes(out.writeBytes(body));
    }

    /** Whether what we accept and Netty refuses is one of the two we know. */
    static boolean isBridgeOrDupOfMqtt31(ProtocolVersion version, byte[] packet) {
        int type = packet[0] >> 4 & 0x0F;
        boolean bridge = type == 1;
        boolean dup =
                version == ProtocolVersion.MQTT_3_1 && (packet[0] & 8) != 0 && (type == 6 || type == 8 || type == 10);
        return bridge || dup;
    }

    /** Whether it may say that it has a user name or a password, and have none: MQTT 3.1 allows it, and Netty waits for it. */
    static boolean isConnectOfMqtt31(ProtocolVersion version, byte[] packet) {
        return version == ProtocolVersion.MQTT_3_1 && (packet[0] >> 4 & 0x0F) == 1;
    }
}
