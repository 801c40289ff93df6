package io.gatehouse.codec;

import io.gatehouse.protocol.MessageProperties;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.Packet.ConnAckProperties;
import io.gatehouse.protocol.Packet.ConnectProperties;
import io.gatehouse.protocol.PacketType;
import io.gatehouse.protocol.ProtocolVersion;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.Secret;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.UserProperty;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Packets to bytes, in the version of the connection.
 *
 * <p>Every packet is written once, with room left for its length: no size is computed first. Stateless; any thread.
 */
public final class PacketEncoder {
    private static final int LENGTH_ROOM = 4;

    private PacketEncoder() {}

    /**
     * Writes one packet.
     *
     * <p>A reason string and user properties are left out where the client asked not to be told [MQTT-3.1.2-29], and where
     * they would make the packet larger than it takes (such as [MQTT-3.2.2-19]).
     *
     * @param maxPacketBytes what the client takes
     * @return whether it was written; false if it is larger than the client takes, and nothing was
     */
    public static boolean encode(
            Packet packet, ProtocolVersion version, long maxPacketBytes, boolean problemInformation, ByteBuf out) {
        boolean always = packet.type() == PacketType.PUBLISH
                || packet.type() == PacketType.CONNACK
                || packet.type() == PacketType.DISCONNECT;
        int start = out.writerIndex();
        write(packet, version, always || problemInformation, out);
        if (out.writerIndex() - start > maxPacketBytes) {
            out.writerIndex(start);
            if (packet.type() == PacketType.PUBLISH) {
                return false;
            }
            write(packet, version, false, out);
            if (out.writerIndex() - start > maxPacketBytes) {
                out.writerIndex(start);
                return false;
            }
        }
        return true;
    }

    /** Writes one packet whole, whatever its size. */
    public static void encode(Packet packet, ProtocolVersion version, ByteBuf out) {
        write(packet, version, true, out);
    }

    private static void write(Packet packet, ProtocolVersion version, boolean reasons, ByteBuf out) {
        int start = out.writerIndex();
        out.writeByte(firstByte(packet));
        out.writeZero(LENGTH_ROOM);
        boolean mqtt5 = version.isMqtt5();
        if (packet instanceof Packet.Publish publish) {
            publish(publish, mqtt5, out);
        } else if (packet instanceof Packet.PubAck ack) {
            acknowledgement(
                    ack.packetId(), ack.reason(), ack.reasonString(), ack.userProperties(), mqtt5, reasons, out);
        } else if (packet instanceof Packet.PubRec ack) {
            acknowledgement(
                    ack.packetId(), ack.reason(), ack.reasonString(), ack.userProperties(), mqtt5, reasons, out);
        } else if (packet instanceof Packet.PubRel ack) {
            acknowledgement(
                    ack.packetId(), ack.reason(), ack.reasonString(), ack.userProperties(), mqtt5, reasons, out);
        } else if (packet instanceof Packet.PubComp ack) {
            acknowledgement(
                    ack.packetId(), ack.reason(), ack.reasonString(), ack.userProperties(), mqtt5, reasons, out);
        } else if (packet instanceof Packet.ConnAck connAck) {
            connAck(connAck, mqtt5, reasons, out);
        } else if (packet instanceof Packet.SubAck subAck) {
            subAck(subAck, mqtt5, reasons, out);
        } else if (packet instanceof Packet.UnsubAck unsubAck) {
            unsubAck(unsubAck, mqtt5, reasons, out);
        } else if (packet instanceof Packet.Disconnect disconnect) {
            disconnect(disconnect, mqtt5, reasons, out);
        } else if (packet instanceof Packet.Auth auth) {
            auth(auth, reasons, out);
        } else if (packet instanceof Packet.Connect connect) {
            ConnectEncoder.encode(connect, out);
        } else if (packet instanceof Packet.Subscribe subscribe) {
            ConnectEncoder.encode(subscribe, mqtt5, out);
        } else if (packet instanceof Packet.Unsubscribe unsubscribe) {
            out.writeShort(unsubscribe.packetId());
            if (mqtt5) {
                properties(out, at -> userProperties(unsubscribe.userProperties(), out));
            }
            for (TopicFilter filter : unsubscribe.filters()) {
                string(filter.text(), out);
            }
        }
        closeLength(start, out);
    }

    /** Moves the body up to a length of as few bytes as it takes. */
    private static void closeLength(int start, ByteBuf out) {
        int bodyStart = start + 1 + LENGTH_ROOM;
        int length = out.writerIndex() - bodyStart;
        int lengthBytes = variableByteIntegerSize(length);
        if (lengthBytes < LENGTH_ROOM) {
            // the head of the packet moves instead of its body would need an offset in every reader; bodies are small,
            // and the copy is within one cache line for acknowledgements
            out.setBytes(start + 1 + lengthBytes, out, bodyStart, length);
            out.writerIndex(start + 1 + lengthBytes + length);
        }
        int end = out.writerIndex();
        out.writerIndex(start + 1);
        variableByteInteger(length, out);
        out.writerIndex(end);
    }

    private static int firstByte(Packet packet) {
        int type = packet.type().number() << 4;
        if (packet instanceof Packet.Publish publish) {
            return type | (publish.dup() ? 8 : 0) | publish.qos().level() << 1 | (publish.retain() ? 1 : 0);
        }
        return switch (packet.type()) {
            case PUBREL, SUBSCRIBE, UNSUBSCRIBE -> type | 2;
            default -> type;
        };
    }

    private static void publish(Packet.Publish publish, boolean mqtt5, ByteBuf out) {
        if (publish.topic() == null) {
            out.writeShort(0);
        } else {
            string(publish.topic().text(), out);
        }
        if (publish.qos() != Qos.AT_MOST_ONCE) {
            out.writeShort(publish.packetId());
        }
        if (mqtt5) {
            MessageProperties properties = publish.properties();
            if (properties == MessageProperties.NONE
                    && publish.topicAlias() == 0
                    && publish.subscriptionIdentifiers().isEmpty()) {
                out.writeByte(0);
            } else {
                properties(out, at -> {
                    if (publish.topicAlias() != 0) {
                        out.writeByte(Properties.TOPIC_ALIAS).writeShort(publish.topicAlias());
                    }
                    for (int identifier : publish.subscriptionIdentifiers()) {
                        out.writeByte(Properties.SUBSCRIPTION_IDENTIFIER);
                        variableByteInteger(identifier, out);
                    }
                    message(properties, out);
                });
            }
        }
        out.writeBytes(publish.payload().bytes());
    }

    static void message(MessageProperties properties, ByteBuf out) {
        if (properties.utf8Payload()) {
            out.writeByte(Properties.PAYLOAD_FORMAT).writeByte(1);
        }
        if (properties.expires()) {
            out.writeByte(Properties.MESSAGE_EXPIRY).writeInt((int) properties.expirySeconds());
        }
        text(Properties.CONTENT_TYPE, properties.contentType(), out);
        if (properties.responseTopic() != null) {
            text(Properties.RESPONSE_TOPIC, properties.responseTopic().text(), out);
        }
        byte[] correlation = properties.correlationData();
        if (correlation != null) {
            out.writeByte(Properties.CORRELATION_DATA)
                    .writeShort(correlation.length)
                    .writeBytes(correlation);
        }
        userProperties(properties.userProperties(), out);
    }

    private static void acknowledgement(
            int packetId,
            ReasonCode reason,
            @Nullable String reasonString,
            List<UserProperty> userProperties,
            boolean mqtt5,
            boolean reasons,
            ByteBuf out) {
        out.writeShort(packetId);
        boolean telling = reasons && (reasonString != null || !userProperties.isEmpty());
        if (mqtt5 && (reason != ReasonCode.SUCCESS || telling)) {
            out.writeByte(reason.code());
            if (telling) {
                reasons(reasonString, userProperties, out);
            }
        }
    }

    private static void connAck(Packet.ConnAck connAck, boolean mqtt5, boolean reasons, ByteBuf out) {
        out.writeByte(connAck.sessionPresent() ? 1 : 0);
        if (!mqtt5) {
            out.writeByte(connAck.reason().connectReturnCode());
            return;
        }
        out.writeByte(connAck.reason().code());
        ConnAckProperties p = connAck.properties();
        properties(out, at -> {
            if (p.sessionExpirySeconds() != null) {
                out.writeByte(Properties.SESSION_EXPIRY).writeInt((int) (long) p.sessionExpirySeconds());
            }
            if (p.receiveMaximum() != 65_535) {
                out.writeByte(Properties.RECEIVE_MAXIMUM).writeShort(p.receiveMaximum());
            }
            if (p.maximumQos() != Qos.EXACTLY_ONCE) {
                out.writeByte(Properties.MAXIMUM_QOS).writeByte(p.maximumQos().level());
            }
            unavailable(Properties.RETAIN_AVAILABLE, p.retainAvailable(), out);
            if (p.maximumPacketSizeBytes() != ConnectProperties.NO_LIMIT) {
                out.writeByte(Properties.MAXIMUM_PACKET_SIZE).writeInt((int) p.maximumPacketSizeBytes());
            }
            text(Properties.ASSIGNED_CLIENT_ID, p.assignedClientId(), out);
            if (p.topicAliasMaximum() != 0) {
                out.writeByte(Properties.TOPIC_ALIAS_MAXIMUM).writeShort(p.topicAliasMaximum());
            }
            unavailable(Properties.WILDCARD_AVAILABLE, p.wildcardSubscriptionAvailable(), out);
            unavailable(Properties.SUBSCRIPTION_IDENTIFIERS_AVAILABLE, p.subscriptionIdentifiersAvailable(), out);
            unavailable(Properties.SHARED_AVAILABLE, p.sharedSubscriptionAvailable(), out);
            if (p.serverKeepAliveSeconds() != null) {
                out.writeByte(Properties.SERVER_KEEP_ALIVE).writeShort(p.serverKeepAliveSeconds());
            }
            text(Properties.RESPONSE_INFORMATION, p.responseInformation(), out);
            text(Properties.SERVER_REFERENCE, p.serverReference(), out);
            text(Properties.AUTHENTICATION_METHOD, p.authenticationMethod(), out);
            secret(p.authenticationData(), out);
            if (reasons) {
                text(Properties.REASON_STRING, p.reasonString(), out);
                userProperties(p.userProperties(), out);
            }
        });
    }

    private static void unavailable(int id, boolean available, ByteBuf out) {
        if (!available) {
            out.writeByte(id).writeByte(0);
        }
    }

    private static void subAck(Packet.SubAck subAck, boolean mqtt5, boolean reasons, ByteBuf out) {
        out.writeShort(subAck.packetId());
        if (mqtt5) {
            reasons(reasons ? subAck.reasonString() : null, reasons ? subAck.userProperties() : List.of(), out);
        }
        for (ReasonCode reason : subAck.reasons()) {
            out.writeByte(mqtt5 || !reason.isError() ? reason.code() : 0x80);
        }
    }

    private static void unsubAck(Packet.UnsubAck unsubAck, boolean mqtt5, boolean reasons, ByteBuf out) {
        out.writeShort(unsubAck.packetId());
        if (mqtt5) {
            reasons(reasons ? unsubAck.reasonString() : null, reasons ? unsubAck.userProperties() : List.of(), out);
            for (ReasonCode reason : unsubAck.reasons()) {
                out.writeByte(reason.code());
            }
        }
    }

    private static void disconnect(Packet.Disconnect disconnect, boolean mqtt5, boolean reasons, ByteBuf out) {
        if (!mqtt5) {
            return;
        }
        boolean telling = disconnect.sessionExpirySeconds() != null
                || disconnect.serverReference() != null
                || reasons
                        && (disconnect.reasonString() != null
                                || !disconnect.userProperties().isEmpty());
        if (disconnect.reason() == ReasonCode.SUCCESS && !telling) {
            return;
        }
        out.writeByte(disconnect.reason().code());
        if (telling) {
            properties(out, at -> {
                if (disconnect.sessionExpirySeconds() != null) {
                    out.writeByte(Properties.SESSION_EXPIRY).writeInt((int) (long) disconnect.sessionExpirySeconds());
                }
                text(Properties.SERVER_REFERENCE, disconnect.serverReference(), out);
                if (reasons) {
                    text(Properties.REASON_STRING, disconnect.reasonString(), out);
                    userProperties(disconnect.userProperties(), out);
                }
            });
        }
    }

    private static void auth(Packet.Auth auth, boolean reasons, ByteBuf out) {
        out.writeByte(auth.reason().code());
        properties(out, at -> {
            text(Properties.AUTHENTICATION_METHOD, auth.authenticationMethod(), out);
            secret(auth.authenticationData(), out);
            if (reasons) {
                text(Properties.REASON_STRING, auth.reasonString(), out);
                userProperties(auth.userProperties(), out);
            }
        });
    }

    private static void reasons(@Nullable String reasonString, List<UserProperty> userProperties, ByteBuf out) {
        properties(out, at -> {
            text(Properties.REASON_STRING, reasonString, out);
            userProperties(userProperties, out);
        });
    }

    /** Writes properties behind their length, which is known when they are written. */
    static void properties(ByteBuf out, java.util.function.IntConsumer writer) {
        int start = out.writerIndex();
        out.writeByte(0); // enough for nearly all; the rest is moved
        writer.accept(start);
        int length = out.writerIndex() - start - 1;
        int more = variableByteIntegerSize(length) - 1;
        if (more > 0) {
            out.writeZero(more);
            byte[] moved = ByteBufUtil.getBytes(out, start + 1, length);
            out.setBytes(start + 1 + more, moved);
        }
        int end = out.writerIndex();
        out.writerIndex(start);
        variableByteInteger(length, out);
        out.writerIndex(end);
    }

    static void userProperties(List<UserProperty> userProperties, ByteBuf out) {
        for (UserProperty property : userProperties) {
            out.writeByte(Properties.USER_PROPERTY);
            string(property.name(), out);
            string(property.value(), out);
        }
    }

    static void text(int id, @Nullable String text, ByteBuf out) {
        if (text != null) {
            out.writeByte(id);
            string(text, out);
        }
    }

    static void secret(@Nullable Secret secret, ByteBuf out) {
        if (secret != null) {
            byte[] bytes = secret.copy();
            out.writeByte(Properties.AUTHENTICATION_DATA)
                    .writeShort(bytes.length)
                    .writeBytes(bytes);
        }
    }

    static void string(String text, ByteBuf out) {
        int start = out.writerIndex();
        out.writeShort(0);
        int bytes = ByteBufUtil.writeUtf8(out, text);
        out.setShort(start, bytes);
    }

    static int variableByteIntegerSize(int value) {
        return value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : value < 1 << 21 ? 3 : 4;
    }

    static void variableByteInteger(int value, ByteBuf out) {
        int rest = value;
        while (rest >= 0x80) {
            out.writeByte(rest & 0x7F | 0x80);
            rest >>>= 7;
        }
        out.writeByte(rest);
    }
}
