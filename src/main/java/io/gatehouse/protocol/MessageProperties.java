package io.gatehouse.protocol;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What travels with an application message from publisher to subscriber unchanged, but for the expiry that is counted
 * down (MQTT 5.0, section 3.3.2.3).
 *
 * @param utf8Payload payload format indicator: whether the payload says it is UTF-8 text
 * @param expirySeconds message expiry interval, {@link #NEVER_EXPIRES} where absent
 * @param contentType absent: null
 * @param responseTopic absent: null
 * @param correlationData absent: null; not to be written to
 */
public record MessageProperties(
        boolean utf8Payload,
        long expirySeconds,
        @Nullable String contentType,
        @Nullable TopicName responseTopic,
        byte @Nullable [] correlationData,
        List<UserProperty> userProperties) {

    /** No message expiry interval: the message does not expire. */
    public static final long NEVER_EXPIRES = -1;

    /** What a message of MQTT 3.1.1 has. */
    public static final MessageProperties NONE =
            new MessageProperties(false, NEVER_EXPIRES, null, null, null, List.of());

    public MessageProperties {
        userProperties = List.copyOf(userProperties);
    }

    public boolean expires() {
        return expirySeconds != NEVER_EXPIRES;
    }

    /** The bytes of what a client can make large: names, values and data. */
    int sizeBytes() {
        if (this == NONE) {
            return 0;
        }
        int bytes = correlationData == null ? 0 : correlationData.length;
        bytes += contentType == null ? 0 : contentType.length();
        bytes += responseTopic == null ? 0 : responseTopic.text().length();
        for (UserProperty property : userProperties) {
            bytes += property.name().length() + property.value().length();
        }
        return bytes;
    }

    public MessageProperties withExpirySeconds(long seconds) {
        return new MessageProperties(utf8Payload, seconds, contentType, responseTopic, correlationData, userProperties);
    }
}
