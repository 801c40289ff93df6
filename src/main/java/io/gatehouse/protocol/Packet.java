package io.gatehouse.protocol;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A control packet, one record per type, the same for every version of the protocol.
 *
 * <p>What a version does not have is its documented default: an absent property, an empty list, {@link
 * ReasonCode#SUCCESS}. Packet identifiers are 1 to 65,535. {@code reasonString} and {@code userProperties} are absent as
 * null and as an empty list.
 */
public sealed interface Packet {

    PacketType type();

    /**
     * CONNECT (section 3.1).
     *
     * @param bridge the connection says it is a bridge (bit 7 of the protocol level, an extension that Mosquitto's
     *     bridges use)
     * @param cleanStart "clean session" in MQTT 3.1 and 3.1.1
     * @param keepAliveSeconds 0: off
     * @param clientId empty: the server assigns one
     */
    record Connect(
            ProtocolVersion version,
            boolean bridge,
            boolean cleanStart,
            int keepAliveSeconds,
            String clientId,
            @Nullable Will will,
            @Nullable String userName,
            @Nullable Secret password,
            ConnectProperties properties)
            implements Packet {
        @Override
        public PacketType type() {
            return PacketType.CONNECT;
        }
    }

    /**
     * The properties of a CONNECT (section 3.1.2.11).
     *
     * @param sessionExpirySeconds {@link #NEVER} for 0xFFFFFFFF; for MQTT 3 the decoder fills in 0 with clean session and
     *     {@link #NEVER} without, so that one rule serves all versions
     * @param receiveMaximum 65,535 where absent
     * @param maximumPacketSizeBytes {@link #NO_LIMIT} where absent
     * @param authenticationData not to be written to
     */
    record ConnectProperties(
            long sessionExpirySeconds,
            int receiveMaximum,
            long maximumPacketSizeBytes,
            int topicAliasMaximum,
            boolean requestResponseInformation,
            boolean requestProblemInformation,
            List<UserProperty> userProperties,
            @Nullable String authenticationMethod,
            @Nullable Secret authenticationData) {

        /** A session expiry of 0xFFFFFFFF: the session does not expire. */
        public static final long NEVER = 0xFFFF_FFFFL;

        public static final long NO_LIMIT = Long.MAX_VALUE;

        /** All absent, a session that ends with its connection. */
        public static final ConnectProperties DEFAULT =
                new ConnectProperties(0, 65_535, NO_LIMIT, 0, false, true, List.of(), null, null);

        public ConnectProperties {
            userProperties = List.copyOf(userProperties);
        }

        public ConnectProperties withSessionExpirySeconds(long seconds) {
            return new ConnectProperties(
                    seconds,
                    receiveMaximum,
                    maximumPacketSizeBytes,
                    topicAliasMaximum,
                    requestResponseInformation,
                    requestProblemInformation,
                    userProperties,
                    authenticationMethod,
                    authenticationData);
        }
    }

    /** CONNACK (section 3.2). */
    record ConnAck(boolean sessionPresent, ReasonCode reason, ConnAckProperties properties) implements Packet {
        @Override
        public PacketType type() {
            return PacketType.CONNACK;
        }
    }

    /**
     * The properties of a CONNACK (section 3.2.2.3); a null or the specification's default is not sent.
     *
     * @param sessionExpirySeconds null: as the client asked
     * @param receiveMaximum 65,535 is not sent
     * @param maximumPacketSizeBytes {@link ConnectProperties#NO_LIMIT} is not sent
     * @param serverKeepAliveSeconds null: as the client asked
     */
    record ConnAckProperties(
            @Nullable Long sessionExpirySeconds,
            int receiveMaximum,
            Qos maximumQos,
            boolean retainAvailable,
            long maximumPacketSizeBytes,
            @Nullable String assignedClientId,
            int topicAliasMaximum,
            @Nullable String reasonString,
            List<UserProperty> userProperties,
            boolean wildcardSubscriptionAvailable,
            boolean subscriptionIdentifiersAvailable,
            boolean sharedSubscriptionAvailable,
            @Nullable Integer serverKeepAliveSeconds,
            @Nullable String responseInformation,
            @Nullable String serverReference,
            @Nullable String authenticationMethod,
            @Nullable Secret authenticationData) {

        /** Nothing to announce: what MQTT 3 clients and refusals get. */
        public static final ConnAckProperties NONE = refusal(null);

        public ConnAckProperties {
            userProperties = List.copyOf(userProperties);
        }

        /** The properties of a refusal: a reason string at most. */
        public static ConnAckProperties refusal(@Nullable String reasonString) {
            return new ConnAckProperties(
                    null,
                    65_535,
                    Qos.EXACTLY_ONCE,
                    true,
                    ConnectProperties.NO_LIMIT,
                    null,
                    0,
                    reasonString,
                    List.of(),
                    true,
                    true,
                    true,
                    null,
                    null,
                    null,
                    null,
                    null);
        }
    }

    /**
     * PUBLISH (section 3.3).
     *
     * @param packetId 0 with QoS 0
     * @param topic null: the topic is the one of {@code topicAlias}
     * @param topicAlias 0: none
     * @param subscriptionIdentifiers to a client only
     */
    record Publish(
            boolean dup,
            int packetId,
            @Nullable TopicName topic,
            int topicAlias,
            Qos qos,
            boolean retain,
            MessageProperties properties,
            List<Integer> subscriptionIdentifiers,
            Payload payload)
            implements Packet {
        public Publish {
            subscriptionIdentifiers = List.copyOf(subscriptionIdentifiers);
        }

        /** The packet that carries a message whole, without an alias. */
        public static Publish of(Message message, int packetId, boolean dup, List<Integer> subscriptionIdentifiers) {
            return new Publish(
                    dup,
                    packetId,
                    message.topic(),
                    0,
                    message.qos(),
                    message.retain(),
                    message.properties(),
                    subscriptionIdentifiers,
                    message.payload());
        }

        /** The message it carries, on the topic that its alias was resolved to. */
        public Message message(TopicName resolved) {
            return new Message(resolved, qos, retain, properties, payload);
        }

        @Override
        public PacketType type() {
            return PacketType.PUBLISH;
        }
    }

    /** PUBACK (section 3.4). */
    record PubAck(int packetId, ReasonCode reason, @Nullable String reasonString, List<UserProperty> userProperties)
            implements Packet {
        public PubAck {
            userProperties = List.copyOf(userProperties);
        }

        public PubAck(int packetId, ReasonCode reason) {
            this(packetId, reason, null, List.of());
        }

        @Override
        public PacketType type() {
            return PacketType.PUBACK;
        }
    }

    /** PUBREC (section 3.5). */
    record PubRec(int packetId, ReasonCode reason, @Nullable String reasonString, List<UserProperty> userProperties)
            implements Packet {
        public PubRec {
            userProperties = List.copyOf(userProperties);
        }

        public PubRec(int packetId, ReasonCode reason) {
            this(packetId, reason, null, List.of());
        }

        @Override
        public PacketType type() {
            return PacketType.PUBREC;
        }
    }

    /** PUBREL (section 3.6). */
    record PubRel(int packetId, ReasonCode reason, @Nullable String reasonString, List<UserProperty> userProperties)
            implements Packet {
        public PubRel {
            userProperties = List.copyOf(userProperties);
        }

        public PubRel(int packetId, ReasonCode reason) {
            this(packetId, reason, null, List.of());
        }

        @Override
        public PacketType type() {
            return PacketType.PUBREL;
        }
    }

    /** PUBCOMP (section 3.7). */
    record PubComp(
            int packetId, ReasonCode reason, @Nullable String reasonString, List<UserProperty> userProperties)
            implements Packet {
        public PubComp {
            userProperties = List.copyOf(userProperties);
        }

        public PubComp(int packetId, ReasonCode reason) {
            this(packetId, reason, null, List.of());
        }

        @Override
        public PacketType type() {
            return PacketType.PUBCOMP;
        }
    }

    /** SUBSCRIBE (section 3.8); each subscription carries the packet's subscription identifier. */
    record Subscribe(int packetId, List<Subscription> subscriptions, List<UserProperty> userProperties)
            implements Packet {
        public Subscribe {
            subscriptions = List.copyOf(subscriptions);
            userProperties = List.copyOf(userProperties);
        }

        @Override
        public PacketType type() {
            return PacketType.SUBSCRIBE;
        }
    }

    /** SUBACK (section 3.9): one reason per filter, in order [MQTT-3.8.4-6]. */
    record SubAck(
            int packetId,
            List<ReasonCode> reasons,
            @Nullable String reasonString,
            List<UserProperty> userProperties) implements Packet {
        public SubAck {
            reasons = List.copyOf(reasons);
            userProperties = List.copyOf(userProperties);
        }

        @Override
        public PacketType type() {
            return PacketType.SUBACK;
        }
    }

    /** UNSUBSCRIBE (section 3.10). */
    record Unsubscribe(int packetId, List<TopicFilter> filters, List<UserProperty> userProperties) implements Packet {
        public Unsubscribe {
            filters = List.copyOf(filters);
            userProperties = List.copyOf(userProperties);
        }

        @Override
        public PacketType type() {
            return PacketType.UNSUBSCRIBE;
        }
    }

    /** UNSUBACK (section 3.11): one reason per filter, in order; MQTT 3 sends none of them. */
    record UnsubAck(
            int packetId,
            List<ReasonCode> reasons,
            @Nullable String reasonString,
            List<UserProperty> userProperties) implements Packet {
        public UnsubAck {
            reasons = List.copyOf(reasons);
            userProperties = List.copyOf(userProperties);
        }

        @Override
        public PacketType type() {
            return PacketType.UNSUBACK;
        }
    }

    /** PINGREQ (section 3.12). */
    record PingReq() implements Packet {
        @Override
        public PacketType type() {
            return PacketType.PINGREQ;
        }
    }

    /** PINGRESP (section 3.13). */
    record PingResp() implements Packet {
        @Override
        public PacketType type() {
            return PacketType.PINGRESP;
        }
    }

    /**
     * DISCONNECT (section 3.14).
     *
     * @param sessionExpirySeconds null: as it was; never sent by a server [MQTT-3.14.2-2]
     */
    record Disconnect(
            ReasonCode reason,
            @Nullable Long sessionExpirySeconds,
            @Nullable String reasonString,
            List<UserProperty> userProperties,
            @Nullable String serverReference)
            implements Packet {
        public Disconnect {
            userProperties = List.copyOf(userProperties);
        }

        public Disconnect(ReasonCode reason, @Nullable String reasonString) {
            this(reason, null, reasonString, List.of(), null);
        }

        @Override
        public PacketType type() {
            return PacketType.DISCONNECT;
        }
    }

    /** AUTH (section 3.15); MQTT 5.0 only. */
    record Auth(
            ReasonCode reason,
            @Nullable String authenticationMethod,
            @Nullable Secret authenticationData,
            @Nullable String reasonString,
            List<UserProperty> userProperties)
            implements Packet {
        public Auth {
            userProperties = List.copyOf(userProperties);
        }

        @Override
        public PacketType type() {
            return PacketType.AUTH;
        }
    }
}
