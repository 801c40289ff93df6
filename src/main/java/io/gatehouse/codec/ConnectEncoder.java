package io.gatehouse.codec;

import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.Packet.ConnectProperties;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.Will;
import io.netty.buffer.ByteBuf;

/** The packets that clients send and a broker does not, for bridges and for the clients of our own tests. Stateless. */
final class ConnectEncoder {
    private ConnectEncoder() {}

    static void encode(Packet.Connect connect, ByteBuf out) {
        PacketEncoder.string(connect.version().protocolName(), out);
        out.writeByte(connect.version().level() | (connect.bridge() ? 0x80 : 0));
        Will will = connect.will();
        int flags = connect.cleanStart() ? 2 : 0;
        if (will != null) {
            flags |= 4 | will.message().qos().level() << 3 | (will.message().retain() ? 0x20 : 0);
        }
        flags |= connect.password() != null ? 0x40 : 0;
        flags |= connect.userName() != null ? 0x80 : 0;
        out.writeByte(flags).writeShort(connect.keepAliveSeconds());
        boolean mqtt5 = connect.version().isMqtt5();
        if (mqtt5) {
            PacketEncoder.properties(out, at -> properties(connect.properties(), out));
        }
        PacketEncoder.string(connect.clientId(), out);
        if (will != null) {
            if (mqtt5) {
                PacketEncoder.properties(out, at -> {
                    if (will.delaySeconds() != 0) {
                        out.writeByte(Properties.WILL_DELAY).writeInt((int) will.delaySeconds());
                    }
                    PacketEncoder.message(will.message().properties(), out);
                });
            }
            PacketEncoder.string(will.message().topic().text(), out);
            byte[] payload = will.message().payload().bytes();
            out.writeShort(payload.length).writeBytes(payload);
        }
        if (connect.userName() != null) {
            PacketEncoder.string(connect.userName(), out);
        }
        if (connect.password() != null) {
            byte[] password = connect.password().copy();
            out.writeShort(password.length).writeBytes(password);
        }
    }

    private static void properties(ConnectProperties properties, ByteBuf out) {
        if (properties.sessionExpirySeconds() != 0) {
            out.writeByte(Properties.SESSION_EXPIRY).writeInt((int) properties.sessionExpirySeconds());
        }
        if (properties.receiveMaximum() != 65_535) {
            out.writeByte(Properties.RECEIVE_MAXIMUM).writeShort(properties.receiveMaximum());
        }
        if (properties.maximumPacketSizeBytes() != ConnectProperties.NO_LIMIT) {
            out.writeByte(Properties.MAXIMUM_PACKET_SIZE).writeInt((int) properties.maximumPacketSizeBytes());
        }
        if (properties.topicAliasMaximum() != 0) {
            out.writeByte(Properties.TOPIC_ALIAS_MAXIMUM).writeShort(properties.topicAliasMaximum());
        }
        if (properties.requestResponseInformation()) {
            out.writeByte(Properties.REQUEST_RESPONSE_INFORMATION).writeByte(1);
        }
        if (!properties.requestProblemInformation()) {
            out.writeByte(Properties.REQUEST_PROBLEM_INFORMATION).writeByte(0);
        }
        PacketEncoder.userProperties(properties.userProperties(), out);
        PacketEncoder.text(Properties.AUTHENTICATION_METHOD, properties.authenticationMethod(), out);
        PacketEncoder.secret(properties.authenticationData(), out);
    }

    static void encode(Packet.Subscribe subscribe, boolean mqtt5, ByteBuf out) {
        out.writeShort(subscribe.packetId());
        if (mqtt5) {
            PacketEncoder.properties(out, at -> {
                int identifier = subscribe.subscriptions().get(0).identifier();
                if (identifier != Subscription.NO_IDENTIFIER) {
                    out.writeByte(Properties.SUBSCRIPTION_IDENTIFIER);
                    PacketEncoder.variableByteInteger(identifier, out);
                }
                PacketEncoder.userProperties(subscribe.userProperties(), out);
            });
        }
        for (Subscription subscription : subscribe.subscriptions()) {
            PacketEncoder.string(subscription.filter().text(), out);
            out.writeByte(subscription.qos().level()
                    | (subscription.noLocal() ? 4 : 0)
                    | (subscription.retainAsPublished() ? 8 : 0)
                    | subscription.retainHandling().ordinal() << 4);
        }
    }
}
