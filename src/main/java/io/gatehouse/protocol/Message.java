package io.gatehouse.protocol;

/**
 * An application message: what a publisher says and a subscriber hears, apart from packets and their identifiers.
 *
 * @param retain as the publisher set it
 */
public record Message(TopicName topic, Qos qos, boolean retain, MessageProperties properties, Payload payload) {

    public static Message of(String topic, Qos qos, boolean retain, Payload payload) {
        return new Message(TopicName.of(topic), qos, retain, MessageProperties.NONE, payload);
    }

    /** What keeping it takes, as limits count: payload, topic and properties, without what the program adds. */
    public int sizeBytes() {
        return payload.sizeBytes() + topic.text().length() + properties.sizeBytes();
    }

    public Message withRetain(boolean flag) {
        return flag == retain ? this : new Message(topic, qos, flag, properties, payload);
    }

    public Message withQos(Qos other) {
        return other == qos ? this : new Message(topic, other, retain, properties, payload);
    }

    public Message withProperties(MessageProperties other) {
        return new Message(topic, qos, retain, other, payload);
    }
}
