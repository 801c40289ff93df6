package io.gatehouse.codec;

import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.MessageProperties;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.Packet.ConnectProperties;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.ProtocolVersion;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.Secret;
import io.gatehouse.protocol.TopicName;
import io.gatehouse.protocol.Will;
import io.netty.buffer.ByteBuf;

/** The body of a CONNECT (section 3.1), the packet with the most rules. Stateless. */
final class ConnectDecoder {
    private static final int BRIDGE_BIT = 0x80;

    private ConnectDecoder() {}

    static Packet.Connect decode(ByteBuf body, CodecLimits limits) {
        String name = Reader.string(body);
        int level = Reader.unsignedByte(body);
        boolean bridge = (level & BRIDGE_BIT) != 0;
        ProtocolVersion version = ProtocolVersion.of(name, level & ~BRIDGE_BIT)
                .filter(known -> !bridge || !known.isMqtt5()) // bridges mark 3.1 and 3.1.1 only
                .orElseThrow(() -> new MalformedPacket(
                        ReasonCode.UNSUPPORTED_PROTOCOL_VERSION, "protocol level " + level)); // [MQTT-3.1.2-2]
        try {
            return decode(version, bridge, body, limits);
        } catch (MalformedPacket fault) {
            throw fault.inConnect(version);
        }
    }

    private static Packet.Connect decode(ProtocolVersion version, boolean bridge, ByteBuf body, CodecLimits limits) {
        int flags = Reader.unsignedByte(body);
        if ((flags & 1) != 0) {
            throw new MalformedPacket("the reserved flag of CONNECT is set"); // [MQTT-3.1.2-3]
        }
        boolean cleanStart = (flags & 0b10) != 0;
        boolean hasWill = (flags & 0b100) != 0;
        int willQos = flags >> 3 & 0b11;
        boolean willRetain = (flags & 0b10_0000) != 0;
        boolean hasPassword = (flags & 0b100_0000) != 0;
        boolean hasUserName = (flags & 0b1000_0000) != 0;
        if (!hasWill && (willQos != 0 || willRetain)) {
            throw new MalformedPacket("will flags without a will"); // [MQTT-3.1.2-11, -13]
        }
        if (!version.isMqtt5() && hasPassword && !hasUserName) {
            throw new MalformedPacket("a password without a user name"); // 3.1.1 [MQTT-3.1.2-22]
        }
        int keepAlive = Reader.unsignedShort(body);
        ConnectProperties properties = version.isMqtt5()
                ? properties(Properties.read(body, Properties.CONNECT, limits))
                : cleanStart
                        ? ConnectProperties.DEFAULT
                        : ConnectProperties.DEFAULT.withSessionExpirySeconds(ConnectProperties.NEVER);
        String clientId = Reader.string(body);
        Will will = hasWill ? will(body, version, limits, Qos.of(willQos), willRetain) : null;
        // MQTT 3.1, section 3.1: a name or password that is flagged and missing is no fault, and is not there
        boolean mayMiss = version == ProtocolVersion.MQTT_3_1;
        String userName = hasUserName && (body.isReadable() || !mayMiss) ? Reader.string(body) : null;
        Secret password = hasPassword && (body.isReadable() || !mayMiss) ? Reader.secret(body) : null;
        if (body.isReadable()) {
            throw new MalformedPacket("bytes after the end of the packet");
        }
        return new Packet.Connect(
                version, bridge, cleanStart, keepAlive, clientId, will, userName, password, properties);
    }

    private static ConnectProperties properties(Properties read) {
        String method = read.text(Properties.AUTHENTICATION_METHOD);
        Secret data = read.secret(Properties.AUTHENTICATION_DATA);
        if (data != null && method == null) {
            throw MalformedPacket.protocolError("authentication data without a method"); // section 3.1.2.11.10
        }
        return new ConnectProperties(
                read.number(Properties.SESSION_EXPIRY, 0),
                (int) read.number(Properties.RECEIVE_MAXIMUM, 65_535),
                read.number(Properties.MAXIMUM_PACKET_SIZE, ConnectProperties.NO_LIMIT),
                (int) read.number(Properties.TOPIC_ALIAS_MAXIMUM, 0),
                read.flag(Properties.REQUEST_RESPONSE_INFORMATION, false),
                read.flag(Properties.REQUEST_PROBLEM_INFORMATION, true),
                read.userProperties(),
                method,
                data);
    }

    private static Will will(ByteBuf body, ProtocolVersion version, CodecLimits limits, Qos qos, boolean retain) {
        MessageProperties properties = MessageProperties.NONE;
        long delay = 0;
        if (version.isMqtt5()) {
            Properties read = Properties.read(body, Properties.WILL, limits);
            properties = PacketDecoder.message(read);
            delay = read.number(Properties.WILL_DELAY, 0);
        }
        PacketDecoder.requireTopicBytes(body, limits, ReasonCode.TOPIC_NAME_INVALID);
        TopicName topic = TopicName.of(Reader.string(body));
        if (topic.levels() > limits.maxTopicLevels()) {
            throw new MalformedPacket(ReasonCode.TOPIC_NAME_INVALID, "a topic of " + topic.levels() + " levels");
        }
        Payload payload = Payload.wrap(Reader.binary(body));
        return new Will(new Message(topic, qos, retain, properties, payload), delay);
    }
}
