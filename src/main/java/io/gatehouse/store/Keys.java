package io.gatehouse.store;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The keys of records: numbers first, so that what belongs together stands together, in order. Stateless. */
final class Keys {
    static final byte[] FORMAT = "format".getBytes(StandardCharsets.US_ASCII);
    static final byte[] CLOCK = "clock".getBytes(StandardCharsets.US_ASCII);

    /** What follows a session's number. */
    static final int RECORD = 0;

    static final int COUNTS = 1;
    static final int SUBSCRIPTION = 2;
    static final int RECEIPT = 3;

    private static final byte GONE = 'g';

    private Keys() {}

    static byte[] number(long number) {
        return ByteBuffer.allocate(8).putLong(number).array();
    }

    static byte[] entry(long session, long sequence) {
        return ByteBuffer.allocate(16).putLong(session).putLong(sequence).array();
    }

    static long sequence(byte[] entryKey) {
        return ByteBuffer.wrap(entryKey).getLong(8);
    }

    static byte[] session(long number, int kind) {
        return ByteBuffer.allocate(9).putLong(number).put((byte) kind).array();
    }

    static byte[] subscription(long number, String filter) {
        byte[] text = filter.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(9 + text.length)
                .putLong(number)
                .put((byte) SUBSCRIPTION)
                .put(text)
                .array();
    }

    static byte[] receipt(long number, int packetId) {
        return ByteBuffer.allocate(11)
                .putLong(number)
                .put((byte) RECEIPT)
                .putShort((short) packetId)
                .array();
    }

    static byte[] references(long content) {
        return ByteBuffer.allocate(9).putLong(content).put((byte) '#').array();
    }

    static byte[] topic(String topic) {
        return topic.getBytes(StandardCharsets.UTF_8);
    }

    /** How much of a key is numbers; the rest is a client's text. */
    static int plainBytes(Family family, byte[] key) {
        return switch (family) {
            case RETAINED -> 0;
            case SESSIONS -> key[8] == SUBSCRIPTION ? 9 : key.length;
            default -> key.length;
        };
    }

    static byte[] gone(long session) {
        return ByteBuffer.allocate(9).put(GONE).putLong(session).array();
    }

    /** Where the keys of sessions that are gone begin. */
    static byte[] firstGone() {
        return new byte[] {GONE};
    }

    static boolean isGone(byte[] key) {
        return key.length == 9 && key[0] == GONE;
    }

    static long goneSession(byte[] key) {
        return ByteBuffer.wrap(key).getLong(1);
    }
}
