package io.gatehouse.codec;

import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.Secret;
import io.gatehouse.protocol.UserProperty;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The properties of one packet (MQTT 5.0, section 2.2.2) while it is decoded.
 *
 * <p>A property may stand once, in the packets that know it; user properties any number up to a limit, subscription
 * identifiers more than once in a PUBLISH to a client only. Confined to the decoder that reads it.
 */
final class Properties {
    static final int PAYLOAD_FORMAT = 0x01;
    static final int MESSAGE_EXPIRY = 0x02;
    static final int CONTENT_TYPE = 0x03;
    static final int RESPONSE_TOPIC = 0x08;
    static final int CORRELATION_DATA = 0x09;
    static final int SUBSCRIPTION_IDENTIFIER = 0x0B;
    static final int SESSION_EXPIRY = 0x11;
    static final int ASSIGNED_CLIENT_ID = 0x12;
    static final int SERVER_KEEP_ALIVE = 0x13;
    static final int AUTHENTICATION_METHOD = 0x15;
    static final int AUTHENTICATION_DATA = 0x16;
    static final int REQUEST_PROBLEM_INFORMATION = 0x17;
    static final int WILL_DELAY = 0x18;
    static final int REQUEST_RESPONSE_INFORMATION = 0x19;
    static final int RESPONSE_INFORMATION = 0x1A;
    static final int SERVER_REFERENCE = 0x1C;
    static final int REASON_STRING = 0x1F;
    static final int RECEIVE_MAXIMUM = 0x21;
    static final int TOPIC_ALIAS_MAXIMUM = 0x22;
    static final int TOPIC_ALIAS = 0x23;
    static final int MAXIMUM_QOS = 0x24;
    static final int RETAIN_AVAILABLE = 0x25;
    static final int USER_PROPERTY = 0x26;
    static final int MAXIMUM_PACKET_SIZE = 0x27;
    static final int WILDCARD_AVAILABLE = 0x28;
    static final int SUBSCRIPTION_IDENTIFIERS_AVAILABLE = 0x29;
    static final int SHARED_AVAILABLE = 0x2A;

    private static final int IDS = 0x2B;

    /** The properties each packet knows, as a bit set of identifiers; the will's are a packet of their own here. */
    static final long CONNECT = set(
            SESSION_EXPIRY,
            RECEIVE_MAXIMUM,
            MAXIMUM_PACKET_SIZE,
            TOPIC_ALIAS_MAXIMUM,
            REQUEST_RESPONSE_INFORMATION,
            REQUEST_PROBLEM_INFORMATION,
            USER_PROPERTY,
            AUTHENTICATION_METHOD,
            AUTHENTICATION_DATA);

    static final long WILL = set(
            WILL_DELAY, PAYLOAD_FORMAT, MESSAGE_EXPIRY, CONTENT_TYPE, RESPONSE_TOPIC, CORRELATION_DATA, USER_PROPERTY);
    static final long CONNACK = set(
            SESSION_EXPIRY,
            RECEIVE_MAXIMUM,
            MAXIMUM_QOS,
            RETAIN_AVAILABLE,
            MAXIMUM_PACKET_SIZE,
            ASSIGNED_CLIENT_ID,
            TOPIC_ALIAS_MAXIMUM,
            REASON_STRING,
            USER_PROPERTY,
            WILDCARD_AVAILABLE,
            SUBSCRIPTION_IDENTIFIERS_AVAILABLE,
            SHARED_AVAILABLE,
            SERVER_KEEP_ALIVE,
            RESPONSE_INFORMATION,
            SERVER_REFERENCE,
            AUTHENTICATION_METHOD,
            AUTHENTICATION_DATA);
    static final long PUBLISH = set(
            PAYLOAD_FORMAT,
            MESSAGE_EXPIRY,
            TOPIC_ALIAS,
            RESPONSE_TOPIC,
            CORRELATION_DATA,
            USER_PROPERTY,
            SUBSCRIPTION_IDENTIFIER,
            CONTENT_TYPE);
    static final long ACKNOWLEDGEMENT = set(REASON_STRING, USER_PROPERTY);
    static final long SUBSCRIBE = set(SUBSCRIPTION_IDENTIFIER, USER_PROPERTY);
    static final long UNSUBSCRIBE = set(USER_PROPERTY);
    static final long DISCONNECT = set(SESSION_EXPIRY, REASON_STRING, USER_PROPERTY, SERVER_REFERENCE);
    static final long AUTH = set(AUTHENTICATION_METHOD, AUTHENTICATION_DATA, REASON_STRING, USER_PROPERTY);

    private final long[] numbers = new long[IDS];
    private final @Nullable Object[] values = new @Nullable Object[IDS];
    private final List<UserProperty> userProperties = new ArrayList<>(0);
    private final List<Integer> subscriptionIdentifiers = new ArrayList<>(0);
    private int userPropertyBytes;
    private long seen;

    private Properties() {}

    static Properties none() {
        return new Properties();
    }

    private static long set(int... ids) {
        long bits = 0;
        for (int id : ids) {
            bits |= 1L << id;
        }
        return bits;
    }

    /**
     * Reads a property length and that many bytes of properties.
     *
     * @param known what the packet knows
     */
    static Properties read(ByteBuf body, long known, CodecLimits limits) {
        Properties properties = new Properties();
        int length = Reader.variableByteInteger(body);
        Reader.require(body, length);
        ByteBuf section = body.readSlice(length);
        while (section.isReadable()) {
            properties.readOne(section, known, limits);
        }
        return properties;
    }

    private void readOne(ByteBuf section, long known, CodecLimits limits) {
        int id = Reader.variableByteInteger(section);
        if (id >= IDS || (known & 1L << id) == 0) {
            throw new MalformedPacket("property " + id + " does not belong to this packet"); // section 2.2.2.2
        }
        boolean repeated = (seen & 1L << id) != 0;
        seen |= 1L << id;
        if (id == USER_PROPERTY) {
            readUserProperty(section, limits);
            return;
        }
        if (id == SUBSCRIPTION_IDENTIFIER && known == PUBLISH) {
            subscriptionIdentifiers.add(subscriptionIdentifier(section));
            return;
        }
        if (repeated) {
            throw MalformedPacket.protocolError("property " + id + " appears twice");
        }
        switch (id) {
            case PAYLOAD_FORMAT,
                    REQUEST_PROBLEM_INFORMATION,
                    REQUEST_RESPONSE_INFORMATION,
                    MAXIMUM_QOS,
                    RETAIN_AVAILABLE,
                    WILDCARD_AVAILABLE,
                    SUBSCRIPTION_IDENTIFIERS_AVAILABLE,
                    SHARED_AVAILABLE -> numbers[id] = flag(section, id);
            case RECEIVE_MAXIMUM -> numbers[id] = positive(Reader.unsignedShort(section), id);
            case MAXIMUM_PACKET_SIZE -> numbers[id] = positive(Reader.unsignedInt(section), id);
            case TOPIC_ALIAS, TOPIC_ALIAS_MAXIMUM, SERVER_KEEP_ALIVE -> numbers[id] = Reader.unsignedShort(section);
            case MESSAGE_EXPIRY, SESSION_EXPIRY, WILL_DELAY -> numbers[id] = Reader.unsignedInt(section);
            case SUBSCRIPTION_IDENTIFIER -> numbers[id] = subscriptionIdentifier(section);
            case CORRELATION_DATA -> values[id] = Reader.binary(section);
            case AUTHENTICATION_DATA -> values[id] = Reader.secret(section);
            default -> values[id] = Reader.string(section);
        }
    }

    private void readUserProperty(ByteBuf section, CodecLimits limits) {
        if (userProperties.size() == limits.maxUserProperties()) {
            throw new MalformedPacket(
                    ReasonCode.QUOTA_EXCEEDED, "more than " + limits.maxUserProperties() + " user properties");
        }
        userPropertyBytes += Reader.lengthOfTwoStrings(section);
        if (userPropertyBytes > limits.maxUserPropertyBytes()) {
            throw new MalformedPacket(
                    ReasonCode.QUOTA_EXCEEDED,
                    "more than " + limits.maxUserPropertyBytes() + " bytes of user properties");
        }
        userProperties.add(new UserProperty(Reader.string(section), Reader.string(section)));
    }

    private static int flag(ByteBuf section, int id) {
        int value = Reader.unsignedByte(section);
        if (value > 1) {
            throw MalformedPacket.protocolError("property " + id + " is neither 0 nor 1");
        }
        return value;
    }

    private static long positive(long value, int id) {
        if (value == 0) {
            throw MalformedPacket.protocolError("property " + id + " is 0");
        }
        return value;
    }

    private static int subscriptionIdentifier(ByteBuf section) {
        return (int) positive(Reader.variableByteInteger(section), SUBSCRIPTION_IDENTIFIER);
    }

    boolean has(int id) {
        return (seen & 1L << id) != 0;
    }

    long number(int id, long absent) {
        return has(id) ? numbers[id] : absent;
    }

    boolean flag(int id, boolean absent) {
        return has(id) ? numbers[id] == 1 : absent;
    }

    @Nullable
    String text(int id) {
        return (String) values[id];
    }

    @Nullable
    Secret secret(int id) {
        return (Secret) values[id];
    }

    byte @Nullable [] bytes(int id) {
        return (byte[]) values[id];
    }

    List<UserProperty> userProperties() {
        return userProperties;
    }

    List<Integer> subscriptionIdentifiers() {
        return subscriptionIdentifiers;
    }
}
