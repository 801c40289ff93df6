package io.gatehouse.protocol;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The filter of a subscription, with its {@code $share/group/} prefix taken apart (MQTT 5.0, sections 4.7 and 4.8.2).
 */
public final class TopicFilter {
    private static final String SHARE = "$share";

    private final String text;
    private final @Nullable String shareGroup;
    private final String pattern;
    private final int levels;
    private final boolean wildcard;

    private TopicFilter(String text, @Nullable String shareGroup, String pattern) {
        this.text = text;
        this.shareGroup = shareGroup;
        this.pattern = pattern;
        this.levels = Topics.levels(pattern);
        this.wildcard = pattern.indexOf('+') >= 0 || pattern.indexOf('#') >= 0;
    }

    /**
     * Checks a filter and takes it apart.
     *
     * @throws MalformedPacket with {@link ReasonCode#TOPIC_FILTER_INVALID} if a wildcard does not stand alone in its
     *     level, {@code #} is not last, the filter is empty, or a shared subscription has no valid group or filter
     */
    public static TopicFilter of(String text) {
        if (text.isEmpty()) {
            throw invalid("the topic filter is empty"); // [MQTT-4.7.3-1]
        }
        Topics.requireLegal(text, ReasonCode.TOPIC_FILTER_INVALID, "the topic filter");
        if (!text.equals(SHARE) && !text.startsWith(SHARE + "/")) {
            requireWildcards(text);
            return new TopicFilter(text, null, text);
        }
        int group = SHARE.length() + 1;
        int end = group <= text.length() ? text.indexOf('/', group) : -1;
        if (end < 0 || end == group || end + 1 == text.length()) {
            throw invalid("a shared subscription needs a group and a filter"); // [MQTT-4.8.2-1]
        }
        String name = text.substring(group, end);
        if (name.indexOf('+') >= 0 || name.indexOf('#') >= 0) {
            throw invalid("the group of a shared subscription holds a wildcard"); // [MQTT-4.8.2-2]
        }
        String pattern = text.substring(end + 1);
        requireWildcards(pattern);
        return new TopicFilter(text, name, pattern);
    }

    private static void requireWildcards(String pattern) {
        int length = pattern.length();
        for (int i = 0; i < length; i++) {
            char c = pattern.charAt(i);
            if (c != '+' && c != '#') {
                continue;
            }
            boolean startsLevel = i == 0 || pattern.charAt(i - 1) == '/';
            boolean endsLevel = i + 1 == length || pattern.charAt(i + 1) == '/';
            if (!startsLevel || !endsLevel) {
                throw invalid("a wildcard must stand alone in its level"); // [MQTT-4.7.1-1, -2]
            }
            if (c == '#' && i + 1 != length) {
                throw invalid("\"#\" must be the last level"); // [MQTT-4.7.1-1]
            }
        }
    }

    private static MalformedPacket invalid(String message) {
        return new MalformedPacket(ReasonCode.TOPIC_FILTER_INVALID, message);
    }

    /** As the client wrote it, {@code $share/group/} included: the key of its subscription. */
    public String text() {
        return text;
    }

    /** What topics are matched against: without {@code $share/group/}. */
    public String pattern() {
        return pattern;
    }

    /** The group of a shared subscription. */
    public Optional<String> shareGroup() {
        return Optional.ofNullable(shareGroup);
    }

    public boolean isShared() {
        return shareGroup != null;
    }

    public boolean hasWildcard() {
        return wildcard;
    }

    /** Levels of {@link #pattern}. */
    public int levels() {
        return levels;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TopicFilter that && text.equals(that.text);
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
