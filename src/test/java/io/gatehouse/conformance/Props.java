package io.gatehouse.conformance;

/** The properties of a packet to send (MQTT 5.0, section 2.2.2), in any order and number. Used by one test thread. */
final class Props {
    static final int PAYLOAD_FORMAT = 1;
    static final int MESSAGE_EXPIRY = 2;
    static final int CONTENT_TYPE = 3;
    static final int RESPONSE_TOPIC = 8;
    static final int CORRELATION_DATA = 9;
    static final int SUBSCRIPTION_IDENTIFIER = 11;
    static final int SESSION_EXPIRY = 17;
    static final int ASSIGNED_CLIENT_ID = 18;
    static final int SERVER_KEEP_ALIVE = 19;
    static final int AUTHENTICATION_METHOD = 21;
    static final int AUTHENTICATION_DATA = 22;
    static final int REQUEST_PROBLEM_INFORMATION = 23;
    static final int WILL_DELAY = 24;
    static final int REQUEST_RESPONSE_INFORMATION = 25;
    static final int RESPONSE_INFORMATION = 26;
    static final int SERVER_REFERENCE = 28;
    static final int REASON_STRING = 31;
    static final int RECEIVE_MAXIMUM = 33;
    static final int TOPIC_ALIAS_MAXIMUM = 34;
    static final int TOPIC_ALIAS = 35;
    static final int MAXIMUM_QOS = 36;
    static final int RETAIN_AVAILABLE = 37;
    static final int USER_PROPERTY = 38;
    static final int MAXIMUM_PACKET_SIZE = 39;
    static final int WILDCARD_AVAILABLE = 40;
    static final int SUBSCRIPTION_IDENTIFIERS_AVAILABLE = 41;
    static final int SHARED_AVAILABLE = 42;

    private final Bytes bytes = new Bytes();

    static Props none() {
        return new Props();
    }

    Props u8(int id, int value) {
        bytes.u8(id).u8(value);
        return this;
    }

    Props u16(int id, int value) {
        bytes.u8(id).u16(value);
        return this;
    }

    Props u32(int id, long value) {
        bytes.u8(id).u32(value);
        return this;
    }

    Props vbi(int id, int value) {
        bytes.u8(id).vbi(value);
        return this;
    }

    Props text(int id, String value) {
        bytes.u8(id).text(value);
        return this;
    }

    Props binary(int id, byte... value) {
        bytes.u8(id).binary(value);
        return this;
    }

    Props user(String name, String value) {
        bytes.u8(USER_PROPERTY).text(name).text(value);
        return this;
    }

    Props raw(byte... value) {
        bytes.raw(value);
        return this;
    }

    /** With their length in front. */
    byte[] done() {
        byte[] all = bytes.done();
        return new Bytes().vbi(all.length).raw(all).done();
    }
}
