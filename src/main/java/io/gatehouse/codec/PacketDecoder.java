package io.gatehouse.codec;

import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.MessageProperties;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.PacketType;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.ProtocolVersion;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.RetainHandling;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Bytes from a client to packets, strictly. Confined to its connection's event loop.
 *
 * <p>Sizes are judged on the declared length, before anything of the packet is waited for; before a CONNECT nothing else
 * is. What is wrong is a {@link MalformedPacket} with the reason code of the specification, after which the decoder is of
 * no use: the connection closes.
 */
public final class PacketDecoder {
    private static final int MAX_LENGTH_BYTES = 4;

    private final CodecLimits limits;
    private final TopicMemo topics;

    // for this connection
    private int maxPacketBytes;
    private @Nullable ProtocolVersion version;

    public PacketDecoder(CodecLimits limits) {
        this.limits = limits;
        this.topics = new TopicMemo(limits);
        this.maxPacketBytes = limits.maxPacketBeforeLoginBytes();
    }

    /** The connection is admitted: packets may be as large as the limits say from now on. */
    public void admit() {
        maxPacketBytes = limits.maxPacketBytes();
    }

    /**
     * Reads one packet.
     *
     * @return null if {@code in} does not hold a whole one yet; nothing is consumed then
     * @throws MalformedPacket if it is not what it claims to be, or may not stand here
     */
    public @Nullable Packet decode(ByteBuf in) {
        int available = in.readableBytes();
        if (available == 0) {
            return null;
        }
        int start = in.readerIndex();
        int first = in.getUnsignedByte(start);
        PacketType type = PacketType.of(first >> 4);
        requireHere(type);
        int length = 0;
        int headerBytes = 1;
        while (true) {
            if (headerBytes >= available) {
                return null;
            }
            int digit = in.getUnsignedByte(start + headerBytes);
            length |= (digit & 0x7F) << 7 * (headerBytes - 1);
            headerBytes++;
            if (digit < 0x80) {
                if (digit == 0 && headerBytes > 2) {
                    throw new MalformedPacket("the remaining length is longer than need be"); // [MQTT-1.5.5-1]
                }
                break;
            }
            if (headerBytes > MAX_LENGTH_BYTES) {
                throw new MalformedPacket("the remaining length has more than four bytes");
            }
        }
        if (headerBytes + length > maxPacketBytes) {
            throw new MalformedPacket(
                    ReasonCode.PACKET_TOO_LARGE,
                    "a packet of " + (headerBytes + length) + " bytes, " + maxPacketBytes + " are allowed here");
        }
        if (available < headerBytes + length) {
            return null;
        }
        ByteBuf body = in.slice(start + headerBytes, length);
        Packet packet = body(type, first & 0x0F, body);
        if (body.isReadable()) {
            throw new MalformedPacket("bytes after the end of the packet");
        }
        in.skipBytes(headerBytes + length);
        return packet;
    }

    private void requireHere(PacketType type) {
        if (version == null) {
            if (type != PacketType.CONNECT) {
                throw MalformedPacket.protocolError("the first packet is not a CONNECT"); // [MQTT-3.1.0-1]
            }
            return;
        }
        switch (type) {
            case CONNECT -> throw MalformedPacket.protocolError("a second CONNECT"); // [MQTT-3.1.0-2]
            case CONNACK, SUBACK, UNSUBACK, PINGRESP ->
                throw MalformedPacket.protocolError(type + " is for servers to send");
            case AUTH -> {
                if (!mqtt5()) {
                    throw new MalformedPacket("packet type 15 is reserved");
                }
            }
            default -> {
                // the others come from clients
            }
        }
    }

    private boolean mqtt5() {
        return version == ProtocolVersion.MQTT_5;
    }

    private Packet body(PacketType type, int flags, ByteBuf body) {
        if (type == PacketType.PUBLISH) {
            return publish(flags, body);
        }
        int expected = switch (type) {
            case PUBREL, SUBSCRIBE, UNSUBSCRIBE -> 2;
            default -> 0;
        };
        // MQTT 3.1, section 2.1: DUP marks a PUBREL, SUBSCRIBE or UNSUBSCRIBE that is sent again
        int checked = expected == 2 && version == ProtocolVersion.MQTT_3_1 ? flags & 0b0111 : flags;
        if (checked != expected) {
            throw new MalformedPacket("reserved flags of " + type + " are " + flags); // [MQTT-2.1.3-1]
        }
        return switch (type) {
            case CONNECT -> {
                Packet.Connect connect = ConnectDecoder.decode(body, limits);
                version = connect.version();
                yield connect;
            }
            case PUBACK -> {
                Acknowledgement ack = acknowledgement(body, ReasonCode.NO_MATCHING_SUBSCRIBERS);
                yield new Packet.PubAck(ack.packetId, ack.reason, ack.reasonString, ack.userProperties());
            }
            case PUBREC -> {
                Acknowledgement ack = acknowledgement(body, ReasonCode.NO_MATCHING_SUBSCRIBERS);
                yield new Packet.PubRec(ack.packetId, ack.reason, ack.reasonString, ack.userProperties());
            }
            case PUBREL -> {
                Acknowledgement ack = acknowledgement(body, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND);
                yield new Packet.PubRel(ack.packetId, ack.reason, ack.reasonString, ack.userProperties());
            }
            case PUBCOMP -> {
                Acknowledgement ack = acknowledgement(body, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND);
                yield new Packet.PubComp(ack.packetId, ack.reason, ack.reasonString, ack.userProperties());
            }
            case SUBSCRIBE -> subscribe(body);
            case UNSUBSCRIBE -> unsubscribe(body);
            case PINGREQ -> new Packet.PingReq();
            case DISCONNECT -> disconnect(body);
            default -> auth(body);
        };
    }

    private Packet publish(int flags, ByteBuf body) {
        boolean dup = (flags & 0b1000) != 0;
        Qos qos = Qos.of(flags >> 1 & 0b11);
        if (dup && qos == Qos.AT_MOST_ONCE) {
            throw new MalformedPacket("DUP with QoS 0"); // [MQTT-3.3.1-2]
        }
        TopicName topic = topics.read(body);
        int packetId = qos.isAcknowledged() ? Reader.packetId(body) : 0;
        int alias = 0;
        MessageProperties properties = MessageProperties.NONE;
        if (mqtt5()) {
            int length = body.isReadable() ? body.getUnsignedByte(body.readerIndex()) : -1;
            if (length == 0) {
                body.skipBytes(1); // no properties: the common case, without an object for it
            } else {
                Properties read = Properties.read(body, Properties.PUBLISH, limits);
                if (!read.subscriptionIdentifiers().isEmpty()) {
                    throw MalformedPacket.protocolError("a client's PUBLISH with a subscription identifier");
                }
                if (read.has(Properties.TOPIC_ALIAS)) {
                    alias = (int) read.number(Properties.TOPIC_ALIAS, 0);
                    if (alias == 0) {
                        throw new MalformedPacket(ReasonCode.TOPIC_ALIAS_INVALID, "topic alias 0");
                    }
                }
                properties = message(read);
            }
        }
        if (topic == null && alias == 0) {
            throw mqtt5()
                    ? MalformedPacket.protocolError("an empty topic without an alias")
                    : new MalformedPacket(ReasonCode.TOPIC_NAME_INVALID, "the topic name is empty");
        }
        byte[] payload = new byte[body.readableBytes()];
        body.readBytes(payload);
        return new Packet.Publish(
                dup, packetId, topic, alias, qos, (flags & 1) != 0, properties, List.of(), Payload.wrap(payload));
    }

    static MessageProperties message(Properties read) {
        String response = read.text(Properties.RESPONSE_TOPIC);
        return new MessageProperties(
                read.flag(Properties.PAYLOAD_FORMAT, false),
                read.number(Properties.MESSAGE_EXPIRY, MessageProperties.NEVER_EXPIRES),
                read.text(Properties.CONTENT_TYPE),
                response == null ? null : responseTopic(response),
                read.bytes(Properties.CORRELATION_DATA),
                read.userProperties());
    }

    private static TopicName responseTopic(String text) {
        try {
            return TopicName.of(text);
        } catch (MalformedPacket e) {
            // [MQTT-3.3.2-14]: a wildcard here is a protocol error, not an invalid topic name
            throw MalformedPacket.protocolError("the response topic is no topic name");
        }
    }

    /** What PUBACK, PUBREC, PUBREL and PUBCOMP have in common. */
    private static final class Acknowledgement {
        private final int packetId;
        private final ReasonCode reason;
        private final @Nullable String reasonString;
        private final Properties properties;

        Acknowledgement(int packetId, ReasonCode reason, Properties properties) {
            this.packetId = packetId;
            this.reason = reason;
            this.properties = properties;
            this.reasonString = properties.text(Properties.REASON_STRING);
        }

        List<io.gatehouse.protocol.UserProperty> userProperties() {
            return properties.userProperties();
        }
    }

    private Acknowledgement acknowledgement(ByteBuf body, ReasonCode other) {
        int packetId = Reader.packetId(body);
        ReasonCode reason = ReasonCode.SUCCESS;
        Properties properties = Properties.none();
        if (mqtt5() && body.isReadable()) {
            reason = reason(body);
            boolean publishing = other == ReasonCode.NO_MATCHING_SUBSCRIBERS;
            boolean legal = reason == ReasonCode.SUCCESS || reason == other || publishing && REFUSALS.contains(reason);
            if (!legal) {
                throw MalformedPacket.protocolError(reason + " does not belong to this packet");
            }
            if (body.isReadable()) {
                properties = Properties.read(body, Properties.ACKNOWLEDGEMENT, limits);
            }
        }
        return new Acknowledgement(packetId, reason, properties);
    }

    private static final java.util.Set<ReasonCode> REFUSALS = java.util.Set.of(
            ReasonCode.UNSPECIFIED_ERROR,
            ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
            ReasonCode.NOT_AUTHORIZED,
            ReasonCode.TOPIC_NAME_INVALID,
            ReasonCode.PACKET_IDENTIFIER_IN_USE,
            ReasonCode.QUOTA_EXCEEDED,
            ReasonCode.PAYLOAD_FORMAT_INVALID);

    /** What a client may say when it goes (table 3-10). */
    private static final java.util.Set<ReasonCode> LEAVING = java.util.EnumSet.of(
            ReasonCode.SUCCESS,
            ReasonCode.DISCONNECT_WITH_WILL,
            ReasonCode.UNSPECIFIED_ERROR,
            ReasonCode.MALFORMED_PACKET,
            ReasonCode.PROTOCOL_ERROR,
            ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
            ReasonCode.TOPIC_NAME_INVALID,
            ReasonCode.RECEIVE_MAXIMUM_EXCEEDED,
            ReasonCode.TOPIC_ALIAS_INVALID,
            ReasonCode.PACKET_TOO_LARGE,
            ReasonCode.MESSAGE_RATE_TOO_HIGH,
            ReasonCode.QUOTA_EXCEEDED,
            ReasonCode.ADMINISTRATIVE_ACTION,
            ReasonCode.PAYLOAD_FORMAT_INVALID);

    private static ReasonCode reason(ByteBuf body) {
        int code = Reader.unsignedByte(body);
        return ReasonCode.of(code).orElseThrow(() -> new MalformedPacket("reason code " + code + " does not exist"));
    }

    private Packet subscribe(ByteBuf body) {
        int packetId = Reader.packetId(body);
        Properties properties = mqtt5() ? Properties.read(body, Properties.SUBSCRIBE, limits) : Properties.none();
        int identifier = (int) properties.number(Properties.SUBSCRIPTION_IDENTIFIER, Subscription.NO_IDENTIFIER);
        List<Subscription> subscriptions = new ArrayList<>();
        while (body.isReadable()) {
            TopicFilter filter = filter(body, subscriptions.size());
            subscriptions.add(subscription(filter, Reader.unsignedByte(body), identifier));
        }
        if (subscriptions.isEmpty()) {
            throw MalformedPacket.protocolError("a SUBSCRIBE without a filter"); // [MQTT-3.8.3-2]
        }
        return new Packet.Subscribe(packetId, subscriptions, properties.userProperties());
    }

    private Subscription subscription(TopicFilter filter, int options, int identifier) {
        int reserved = mqtt5() ? 0b1100_0000 : 0b1111_1100;
        if ((options & reserved) != 0) {
            throw new MalformedPacket("reserved subscription options are set"); // [MQTT-3.8.3-5]
        }
        boolean noLocal = (options & 0b100) != 0;
        if (noLocal && filter.isShared()) {
            throw MalformedPacket.protocolError("No Local on a shared subscription"); // [MQTT-3.8.3-4]
        }
        if ((options & 0b11) == 3) {
            throw MalformedPacket.protocolError("a subscription with QoS 3");
        }
        return new Subscription(
                filter,
                Qos.of(options & 0b11),
                noLocal,
                (options & 0b1000) != 0,
                RetainHandling.of(options >> 4 & 0b11),
                identifier);
    }

    private Packet unsubscribe(ByteBuf body) {
        int packetId = Reader.packetId(body);
        Properties properties = mqtt5() ? Properties.read(body, Properties.UNSUBSCRIBE, limits) : Properties.none();
        List<TopicFilter> filters = new ArrayList<>();
        while (body.isReadable()) {
            filters.add(filter(body, filters.size()));
        }
        if (filters.isEmpty()) {
            throw MalformedPacket.protocolError("an UNSUBSCRIBE without a filter"); // [MQTT-3.10.3-2]
        }
        return new Packet.Unsubscribe(packetId, filters, properties.userProperties());
    }

    private TopicFilter filter(ByteBuf body, int before) {
        if (before == limits.maxFilters()) {
            throw new MalformedPacket(
                    ReasonCode.QUOTA_EXCEEDED, "more than " + limits.maxFilters() + " filters in one packet");
        }
        requireTopicBytes(body, limits, ReasonCode.TOPIC_FILTER_INVALID);
        TopicFilter filter = TopicFilter.of(Reader.string(body));
        if (filter.levels() > limits.maxTopicLevels()) {
            throw new MalformedPacket(
                    ReasonCode.TOPIC_FILTER_INVALID, "a topic filter of " + filter.levels() + " levels");
        }
        return filter;
    }

    static void requireTopicBytes(ByteBuf body, CodecLimits limits, ReasonCode reason) {
        Reader.require(body, 2);
        int length = body.getUnsignedShort(body.readerIndex());
        if (length > limits.maxTopicBytes()) {
            throw new MalformedPacket(reason, "a topic of " + length + " bytes");
        }
    }

    private Packet disconnect(ByteBuf body) {
        if (!mqtt5() || !body.isReadable()) {
            return new Packet.Disconnect(ReasonCode.SUCCESS, null);
        }
        ReasonCode reason = reason(body);
        Properties properties =
                body.isReadable() ? Properties.read(body, Properties.DISCONNECT, limits) : Properties.none();
        if (!LEAVING.contains(reason)) { // [MQTT-3.14.2-1]
            throw MalformedPacket.protocolError(reason + " does not belong to DISCONNECT");
        }
        if (properties.has(Properties.SERVER_REFERENCE)) {
            throw MalformedPacket.protocolError("a client's DISCONNECT with a server reference");
        }
        return new Packet.Disconnect(
                reason,
                properties.has(Properties.SESSION_EXPIRY) ? properties.number(Properties.SESSION_EXPIRY, 0) : null,
                properties.text(Properties.REASON_STRING),
                properties.userProperties(),
                null);
    }

    private Packet auth(ByteBuf body) {
        ReasonCode reason = ReasonCode.SUCCESS;
        Properties properties = Properties.none();
        if (body.isReadable()) {
            reason = reason(body);
            properties = Properties.read(body, Properties.AUTH, limits);
        }
        if (reason != ReasonCode.SUCCESS
                && reason != ReasonCode.CONTINUE_AUTHENTICATION
                && reason != ReasonCode.REAUTHENTICATE) {
            throw MalformedPacket.protocolError(reason + " does not belong to AUTH"); // [MQTT-3.15.2-1]
        }
        return new Packet.Auth(
                reason,
                properties.text(Properties.AUTHENTICATION_METHOD),
                properties.secret(Properties.AUTHENTICATION_DATA),
                properties.text(Properties.REASON_STRING),
                properties.userProperties());
    }
}
