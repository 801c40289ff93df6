package io.gatehouse.protocol;

/** The control packet types by their number in the fixed header (MQTT 5.0, section 2.1.2). */
public enum PacketType {
    CONNECT(1),
    CONNACK(2),
    PUBLISH(3),
    PUBACK(4),
    PUBREC(5),
    PUBREL(6),
    PUBCOMP(7),
    SUBSCRIBE(8),
    SUBACK(9),
    UNSUBSCRIBE(10),
    UNSUBACK(11),
    PINGREQ(12),
    PINGRESP(13),
    DISCONNECT(14),
    AUTH(15);

    private static final PacketType[] VALUES = values();

    private final int number;

    PacketType(int number) {
        this.number = number;
    }

    /**
     * The type of a number.
     *
     * @throws MalformedPacket for 0, which is reserved
     */
    public static PacketType of(int number) {
        if (number < 1 || number > 15) {
            throw new MalformedPacket("packet type " + number + " is reserved");
        }
        return VALUES[number - 1];
    }

    public int number() {
        return number;
    }
}
