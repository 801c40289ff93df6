package io.gatehouse.protocol;

import org.jspecify.annotations.Nullable;

/**
 * The topic of a message: at least one character, no wildcards, no U+0000 (MQTT 5.0, section 4.7).
 *
 * <p>Case, empty levels and a leading or trailing slash are significant; nothing is ever normalised [MQTT-4.7.3-4].
 */
public final class TopicName {
    private final String text;
    private final int levels;

    /** Made when first asked for; a race makes it twice, alike. */
    private String @Nullable [] parts;

    private TopicName(String text) {
        this.text = text;
        this.levels = Topics.levels(text);
    }

    /**
     * Checks and wraps a topic.
     *
     * @throws MalformedPacket with {@link ReasonCode#TOPIC_NAME_INVALID} if it is empty, too long or holds a wildcard
     */
    public static TopicName of(String text) {
        if (text.isEmpty()) {
            throw new MalformedPacket(ReasonCode.TOPIC_NAME_INVALID, "the topic name is empty");
        }
        if (text.indexOf('+') >= 0 || text.indexOf('#') >= 0) {
            throw new MalformedPacket(ReasonCode.TOPIC_NAME_INVALID, "the topic name holds a wildcard");
        }
        Topics.requireLegal(text, ReasonCode.TOPIC_NAME_INVALID, "the topic name");
        return new TopicName(text);
    }

    public String text() {
        return text;
    }

    /** How many levels it has; {@code a//b} has three. */
    public int levels() {
        return levels;
    }

    /** The texts of its levels: not a copy, read only. */
    public String[] parts() {
        String[] made = parts;
        if (made == null) {
            made = text.split("/", -1);
            parts = made;
        }
        return made;
    }

    /** Whether its first level starts with {@code $}, so that no leading wildcard matches it [MQTT-4.7.2-1]. */
    public boolean startsWithDollar() {
        return text.charAt(0) == '$';
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TopicName that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
