package io.gatehouse.codec;

import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.MessageProperties;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.Packet.ConnAckProperties;
import io.gatehouse.protocol.Packet.ConnectProperties;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.ProtocolVersion;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.RetainHandling;
import io.gatehouse.protocol.Secret;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import io.gatehouse.protocol.UserProperty;
import io.gatehouse.protocol.Will;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.mqtt.MqttConnAckMessage;
import io.netty.handler.codec.mqtt.MqttConnectMessage;
import io.netty.handler.codec.mqtt.MqttDecoder;
import io.netty.handler.codec.mqtt.MqttEncoder;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageIdAndPropertiesVariableHeader;
import io.netty.handler.codec.mqtt.MqttMessageIdVariableHeader;
import io.netty.handler.codec.mqtt.MqttProperties;
import io.netty.handler.codec.mqtt.MqttProperties.MqttProperty;
import io.netty.handler.codec.mqtt.MqttPubReplyMessageVariableHeader;
import io.netty.handler.codec.mqtt.MqttPublishMessage;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.netty.handler.codec.mqtt.MqttReasonCodeAndPropertiesVariableHeader;
import io.netty.handler.codec.mqtt.MqttSubAckMessage;
import io.netty.handler.codec.mqtt.MqttSubscribeMessage;
import io.netty.handler.codec.mqtt.MqttUnsubAckMessage;
import io.netty.handler.codec.mqtt.MqttUnsubscribeMessage;
import io.netty.util.ReferenceCountUtil;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Netty's codec for MQTT, read with our nouns: somebody else's understanding of the specification, to hold ours against.
 *
 * <p>One connection; used by one test thread.
 */
final class NettyCodec implements AutoCloseable {
    private static final int MAX_BYTES = 1 << 20;

    private final EmbeddedChannel decoding = new EmbeddedChannel(new MqttDecoder(MAX_BYTES, 65_535));
    private final EmbeddedChannel encoding = new EmbeddedChannel(MqttEncoder.INSTANCE);

    /** What Netty makes of one packet's bytes; null where it waits for more, its complaint where it refuses. */
    @Nullable
    MqttMessage decode(ByteBuf bytes) {
        decoding.writeInbound(bytes);
        return decoding.readInbound();
    }

    /** Netty's bytes for a message. */
    ByteBuf encode(MqttMessage message) {
        encoding.writeOutbound(message);
        ByteBuf all = Unpooled.buffer();
        for (ByteBuf part = encoding.readOutbound(); part != null; part = encoding.readOutbound()) {
            all.writeBytes(part);
            part.release();
        }
        return all;
    }

    @Override
    public void close() {
        decoding.finishAndReleaseAll();
        encoding.finishAndReleaseAll();
    }

    /** The packet that a message of Netty's says. */
    static Packet packet(MqttMessage message, ProtocolVersion version) {
        return switch (message.fixedHeader().messageType()) {
            case CONNECT -> connect((MqttConnectMessage) message, version);
            case CONNACK -> connAck((MqttConnAckMessage) message, version);
            case PUBLISH -> publish((MqttPublishMessage) message);
            case PUBACK -> {
                Reply reply = reply(message);
                yield new Packet.PubAck(reply.id, reply.reason, reply.text(), reply.user());
            }
            case PUBREC -> {
                Reply reply = reply(message);
                yield new Packet.PubRec(reply.id, reply.reason, reply.text(), reply.user());
            }
            case PUBREL -> {
                Reply reply = reply(message);
                yield new Packet.PubRel(reply.id, reply.reason, reply.text(), reply.user());
            }
            case PUBCOMP -> {
                Reply reply = reply(message);
                yield new Packet.PubComp(reply.id, reply.reason, reply.text(), reply.user());
            }
            case SUBSCRIBE -> subscribe((MqttSubscribeMessage) message);
            case SUBACK -> subAck((MqttSubAckMessage) message);
            case UNSUBSCRIBE -> unsubscribe((MqttUnsubscribeMessage) message);
            case UNSUBACK -> unsubAck((MqttUnsubAckMessage) message);
            case PINGREQ -> new Packet.PingReq();
            case PINGRESP -> new Packet.PingResp();
            case DISCONNECT -> disconnect(message);
            case AUTH -> auth(message);
        };
    }

    private static Packet connect(MqttConnectMessage message, ProtocolVersion version) {
        var header = message.variableHeader();
        var payload = message.payload();
        MqttProperties p = header.properties();
        boolean mqtt5 = version.isMqtt5();
        Will will = null;
        if (header.isWillFlag()) {
            MqttProperties about = payload.willProperties();
            will = new Will(
                    new Message(
                            TopicName.of(payload.willTopic()),
                            Qos.of(header.willQos()),
                            header.isWillRetain(),
                            message(about),
                            Payload.wrap(payload.willMessageInBytes())),
                    unsigned(about, Properties.WILL_DELAY, 0));
        }
        ConnectProperties properties = mqtt5
                ? new ConnectProperties(
                        unsigned(p, Properties.SESSION_EXPIRY, 0),
                        (int) unsigned(p, Properties.RECEIVE_MAXIMUM, 65_535),
                        unsigned(p, Properties.MAXIMUM_PACKET_SIZE, ConnectProperties.NO_LIMIT),
                        (int) unsigned(p, Properties.TOPIC_ALIAS_MAXIMUM, 0),
                        unsigned(p, Properties.REQUEST_RESPONSE_INFORMATION, 0) == 1,
                        unsigned(p, Properties.REQUEST_PROBLEM_INFORMATION, 1) == 1,
                        user(p),
                        text(p, Properties.AUTHENTICATION_METHOD),
                        secret(p))
                : ConnectProperties.DEFAULT.withSessionExpirySeconds(
                        header.isCleanSession() ? 0 : ConnectProperties.NEVER);
        return new Packet.Connect(
                ProtocolVersion.of(header.name(), header.version()).orElseThrow(),
                false,
                header.isCleanSession(),
                header.keepAliveTimeSeconds(),
                payload.clientIdentifier(),
                will,
                payload.userName(),
                header.hasPassword() ? Secret.wrap(payload.passwordInBytes()) : null,
                properties);
    }

    private static Packet connAck(MqttConnAckMessage message, ProtocolVersion version) {
        MqttProperties p = message.variableHeader().properties();
        int code = message.variableHeader().connectReturnCode().byteValue() & 0xFF;
        MqttProperty<?> expiry = p.getProperty(Properties.SESSION_EXPIRY);
        MqttProperty<?> keepAlive = p.getProperty(Properties.SERVER_KEEP_ALIVE);
        return new Packet.ConnAck(
                message.variableHeader().isSessionPresent(),
                version.isMqtt5() ? reason(code) : code == 0 ? ReasonCode.SUCCESS : ofReturnCode(code),
                new ConnAckProperties(
                        expiry == null ? null : unsigned(p, Properties.SESSION_EXPIRY, 0),
                        (int) unsigned(p, Properties.RECEIVE_MAXIMUM, 65_535),
                        Qos.of((int) unsigned(p, Properties.MAXIMUM_QOS, 2)),
                        unsigned(p, Properties.RETAIN_AVAILABLE, 1) == 1,
                        unsigned(p, Properties.MAXIMUM_PACKET_SIZE, ConnectProperties.NO_LIMIT),
                        text(p, Properties.ASSIGNED_CLIENT_ID),
                        (int) unsigned(p, Properties.TOPIC_ALIAS_MAXIMUM, 0),
                        text(p, Properties.REASON_STRING),
                        user(p),
                        unsigned(p, Properties.WILDCARD_AVAILABLE, 1) == 1,
                        unsigned(p, Properties.SUBSCRIPTION_IDENTIFIERS_AVAILABLE, 1) == 1,
                        unsigned(p, Properties.SHARED_AVAILABLE, 1) == 1,
                        keepAlive == null ? null : (int) unsigned(p, Properties.SERVER_KEEP_ALIVE, 0),
                        text(p, Properties.RESPONSE_INFORMATION),
                        text(p, Properties.SERVER_REFERENCE),
                        text(p, Properties.AUTHENTICATION_METHOD),
                        secret(p)));
    }

    private static Packet publish(MqttPublishMessage message) {
        MqttProperties p = message.variableHeader().properties();
        String topic = message.variableHeader().topicName();
        Qos qos = Qos.of(message.fixedHeader().qosLevel().value());
        return new Packet.Publish(
                message.fixedHeader().isDup(),
                qos == Qos.AT_MOST_ONCE ? 0 : message.variableHeader().packetId(),
                topic.isEmpty() ? null : TopicName.of(topic),
                (int) unsigned(p, Properties.TOPIC_ALIAS, 0),
                qos,
                message.fixedHeader().isRetain(),
                message(p),
                p.getProperties(Properties.SUBSCRIPTION_IDENTIFIER).stream()
                        .map(each -> (Integer) each.value())
                        .toList(),
                Payload.wrap(ByteBufUtil.getBytes(message.payload())));
    }

    private static MessageProperties message(MqttProperties p) {
        String response = text(p, Properties.RESPONSE_TOPIC);
        return new MessageProperties(
                unsigned(p, Properties.PAYLOAD_FORMAT, 0) == 1,
                unsigned(p, Properties.MESSAGE_EXPIRY, MessageProperties.NEVER_EXPIRES),
                text(p, Properties.CONTENT_TYPE),
                response == null ? null : TopicName.of(response),
                bytes(p, Properties.CORRELATION_DATA),
                user(p));
    }

    private record Reply(int id, ReasonCode reason, MqttProperties properties) {
        @Nullable
        String text() {
            return NettyCodec.text(properties, Properties.REASON_STRING);
        }

        List<UserProperty> user() {
            return NettyCodec.user(properties);
        }
    }

    private static Reply reply(MqttMessage message) {
        if (message.variableHeader() instanceof MqttPubReplyMessageVariableHeader full) {
            return new Reply(full.messageId(), reason(full.reasonCode() & 0xFF), full.properties());
        }
        int id = ((MqttMessageIdVariableHeader) message.variableHeader()).messageId();
        return new Reply(id, ReasonCode.SUCCESS, MqttProperties.NO_PROPERTIES);
    }

    private static Packet subscribe(MqttSubscribeMessage message) {
        MqttMessageIdAndPropertiesVariableHeader header = message.idAndPropertiesVariableHeader();
        int identifier = (int) unsigned(header.properties(), Properties.SUBSCRIPTION_IDENTIFIER, 0);
        List<Subscription> subscriptions = message.payload().topicSubscriptions().stream()
                .map(each -> new Subscription(
                        TopicFilter.of(each.topicFilter()),
                        qos(each.option().qos()),
                        each.option().isNoLocal(),
                        each.option().isRetainAsPublished(),
                        RetainHandling.of(each.option().retainHandling().value()),
                        identifier))
                .toList();
        return new Packet.Subscribe(header.messageId(), subscriptions, user(header.properties()));
    }

    private static Qos qos(MqttQoS qos) {
        return Qos.of(qos.value());
    }

    private static Packet subAck(MqttSubAckMessage message) {
        MqttProperties p = message.idAndPropertiesVariableHeader().properties();
        return new Packet.SubAck(
                message.variableHeader().messageId(),
                message.payload().reasonCodes().stream().map(NettyCodec::reason).toList(),
                text(p, Properties.REASON_STRING),
                user(p));
    }

    private static Packet unsubscribe(MqttUnsubscribeMessage message) {
        return new Packet.Unsubscribe(
                message.variableHeader().messageId(),
                message.payload().topics().stream().map(TopicFilter::of).toList(),
                user(message.idAndPropertiesVariableHeader().properties()));
    }

    private static Packet unsubAck(MqttUnsubAckMessage message) {
        MqttProperties p = message.idAndPropertiesVariableHeader().properties();
        return new Packet.UnsubAck(
                message.variableHeader().messageId(),
                message.payload().unsubscribeReasonCodes().stream()
                        .map(code -> reason(code & 0xFF))
                        .toList(),
                text(p, Properties.REASON_STRING),
                user(p));
    }

    private static Packet disconnect(MqttMessage message) {
        if (!(message.variableHeader() instanceof MqttReasonCodeAndPropertiesVariableHeader header)) {
            return new Packet.Disconnect(ReasonCode.SUCCESS, null);
        }
        MqttProperties p = header.properties();
        return new Packet.Disconnect(
                reason(header.reasonCode() & 0xFF),
                p.getProperty(Properties.SESSION_EXPIRY) == null ? null : unsigned(p, Properties.SESSION_EXPIRY, 0),
                text(p, Properties.REASON_STRING),
                user(p),
                text(p, Properties.SERVER_REFERENCE));
    }

    private static Packet auth(MqttMessage message) {
        var header = (MqttReasonCodeAndPropertiesVariableHeader) message.variableHeader();
        MqttProperties p = header.properties();
        return new Packet.Auth(
                reason(header.reasonCode() & 0xFF),
                text(p, Properties.AUTHENTICATION_METHOD),
                secret(p),
                text(p, Properties.REASON_STRING),
                user(p));
    }

    private static ReasonCode reason(int code) {
        return ReasonCode.of(code).orElseThrow();
    }

    /** What MQTT 3 refuses a connection with. */
    private static ReasonCode ofReturnCode(int code) {
        return Arrays.stream(ReasonCode.values())
                .filter(reason -> reason.isError() && reason.connectReturnCode() == code)
                .filter(reason -> code != 5 || reason == ReasonCode.NOT_AUTHORIZED)
                .findFirst()
                .orElseThrow();
    }

    /** Netty keeps four bytes in an int, so that large ones are negative. */
    private static long unsigned(MqttProperties properties, int id, long absent) {
        MqttProperty<?> property = properties.getProperty(id);
        return property == null ? absent : Integer.toUnsignedLong((Integer) property.value());
    }

    private static @Nullable String text(MqttProperties properties, int id) {
        MqttProperty<?> property = properties.getProperty(id);
        return property == null ? null : (String) property.value();
    }

    private static byte @Nullable [] bytes(MqttProperties properties, int id) {
        MqttProperty<?> property = properties.getProperty(id);
        return property == null ? null : (byte[]) property.value();
    }

    private static @Nullable Secret secret(MqttProperties properties) {
        byte[] data = bytes(properties, Properties.AUTHENTICATION_DATA);
        return data == null ? null : Secret.wrap(data);
    }

    private static List<UserProperty> user(MqttProperties properties) {
        return properties.getProperties(Properties.USER_PROPERTY).stream()
                .map(each -> (MqttProperties.StringPair) each.value())
                .map(pair -> new UserProperty(pair.key, pair.value))
                .toList();
    }

    /** Lets go of a message that is not encoded. */
    static void release(MqttMessage message) {
        ReferenceCountUtil.release(message);
    }
}
