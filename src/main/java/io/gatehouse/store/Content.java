package io.gatehouse.store;

import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.MessageProperties;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.TopicName;

/**
 * What all who get a message have in common: topic, properties, payload. Immutable, but for the store's own part, which
 * belongs to its writer.
 */
final class Content {
    /** Not stored by itself: it stands in the one entry that needs it. */
    static final long INLINE = 0;

    final TopicName topic;
    final MessageProperties properties;
    final Payload payload;
    private final int sizeBytes;

    // the writer's
    long number = INLINE;
    int references;

    Content(TopicName topic, MessageProperties properties, Payload payload) {
        this.topic = topic;
        this.properties = properties;
        this.payload = payload;
        this.sizeBytes = message(Qos.AT_LEAST_ONCE, false).sizeBytes();
    }

    boolean isOf(Message message) {
        return payload == message.payload() && properties == message.properties() && topic.equals(message.topic());
    }

    Message message(Qos qos, boolean retain) {
        return new Message(topic, qos, retain, properties, payload);
    }

    int sizeBytes() {
        return sizeBytes;
    }
}
