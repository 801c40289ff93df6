package io.gatehouse.store;

import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.MessageProperties;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.RetainHandling;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import io.gatehouse.protocol.UserProperty;
import io.gatehouse.protocol.Will;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Records as bytes and back: what stands on disk. Stateless.
 *
 * <p>This is format 1. A change of it is a new format, with the old one still read: see {@link Format}.
 */
final class Records {
    private static final int RETAIN = 4;
    private static final int SHARED = 8;
    private static final int RELEASED = 16;

    /** So many identifiers, or more: their number follows. */
    private static final int MANY = 255;

    private static final int EXPIRES = 32;

    private Records() {}

    // sessions

    static byte[] session(RecordOut out, SessionRecord record) {
        out.reset().text(record.clientId());
        principal(out, record.principal());
        out.int64(record.expirySeconds()).int64(record.awaySinceMillis());
        Will will = record.will();
        out.flag(will != null);
        if (will != null) {
            out.int64(will.delaySeconds());
            message(out, will.message());
        }
        return out.done();
    }

    static SessionRecord session(RecordIn in) {
        String clientId = in.text();
        PrincipalRecord principal = principal(in);
        long expirySeconds = in.int64();
        long awaySince = in.int64();
        Will will = null;
        if (in.flag()) {
            long delay = in.int64();
            will = new Will(message(in), delay);
        }
        return new SessionRecord(clientId, principal, expirySeconds, awaySince, will);
    }

    private static void principal(RecordOut out, PrincipalRecord principal) {
        out.text(principal.user()).text(principal.realm());
        texts(out, principal.methods());
        out.text(principal.listener()).text(principal.address());
        out.int16(principal.attributes().size());
        principal.attributes().forEach((name, values) -> {
            out.text(name);
            texts(out, values);
        });
    }

    private static PrincipalRecord principal(RecordIn in) {
        String user = in.text();
        String realm = in.text();
        List<String> methods = texts(in);
        String listener = in.text();
        String address = in.text();
        Map<String, List<String>> attributes = new LinkedHashMap<>();
        for (int left = in.int16(); left > 0; left--) {
            String name = in.text();
            attributes.put(name, texts(in));
        }
        return new PrincipalRecord(user, realm, methods, listener, address, attributes);
    }

    private static void texts(RecordOut out, List<String> texts) {
        out.int16(texts.size());
        texts.forEach(out::text);
    }

    private static List<String> texts(RecordIn in) {
        List<String> texts = new ArrayList<>();
        for (int left = in.int16(); left > 0; left--) {
            texts.add(in.text());
        }
        return List.copyOf(texts);
    }

    static byte[] subscription(RecordOut out, Subscription subscription) {
        return out.reset()
                .int8(subscription.qos().level())
                .flag(subscription.noLocal())
                .flag(subscription.retainAsPublished())
                .int8(subscription.retainHandling().ordinal())
                .int32(subscription.identifier())
                .text(subscription.filter().text())
                .done();
    }

    static Subscription subscription(RecordIn in) {
        Qos qos = Qos.of(in.int8());
        boolean noLocal = in.flag();
        boolean retainAsPublished = in.flag();
        RetainHandling handling = RetainHandling.of(in.int8());
        int identifier = in.int32();
        return new Subscription(TopicFilter.of(in.text()), qos, noLocal, retainAsPublished, handling, identifier);
    }

    // queues

    static byte[] entry(RecordOut out, QueueEntry entry, int packetId, boolean released) {
        Content content = entry.content();
        boolean shared = content.number != Content.INLINE;
        boolean expires = entry.expiresAtMillis() != Long.MAX_VALUE;
        out.reset()
                .int8(entry.qos().level()
                        | (entry.retain() ? RETAIN : 0)
                        | (shared ? SHARED : 0)
                        | (released ? RELEASED : 0)
                        | (expires ? EXPIRES : 0))
                .int16(packetId);
        if (expires) {
            out.int64(entry.expiresAtMillis());
        }
        int identifiers = entry.identifiers().size();
        out.text(entry.filter()).int8(Math.min(identifiers, MANY));
        if (identifiers >= MANY) {
            out.int32(identifiers);
        }
        entry.identifiers().forEach(out::int32);
        out.int32(entry.sizeBytes());
        if (shared) {
            out.int64(content.number);
        } else {
            content(out, content.topic, content.properties, content.payload);
        }
        return out.done();
    }

    /** What an entry says about itself without its content, where that stands elsewhere. */
    record Entry(
            Qos qos,
            boolean retain,
            boolean released,
            int packetId,
            long expiresAtMillis,
            String filter,
            List<Integer> identifiers,
            int sizeBytes,
            long contentNumber) {}

    /** Reads an entry up to its content, which follows if it has no number. */
    static Entry entry(RecordIn in) {
        int flags = in.int8();
        int packetId = in.int16();
        long expiresAt = (flags & EXPIRES) != 0 ? in.int64() : Long.MAX_VALUE;
        String filter = in.text();
        List<Integer> identifiers = new ArrayList<>();
        int few = in.int8();
        for (int left = few == MANY ? in.int32() : few; left > 0; left--) {
            identifiers.add(in.int32());
        }
        int size = in.int32();
        long number = (flags & SHARED) != 0 ? in.int64() : Content.INLINE;
        return new Entry(
                Qos.of(flags & 3),
                (flags & RETAIN) != 0,
                (flags & RELEASED) != 0,
                packetId,
                expiresAt,
                filter,
                List.copyOf(identifiers),
                size,
                number);
    }

    static byte[] content(RecordOut out, Content content, int references) {
        out.reset().int32(references);
        content(out, content.topic, content.properties, content.payload);
        return out.done();
    }

    private static void content(RecordOut out, TopicName topic, MessageProperties properties, Payload payload) {
        out.text(topic.text());
        boolean plain = properties.equals(MessageProperties.NONE);
        out.flag(!plain);
        if (!plain) {
            out.flag(properties.utf8Payload()).int64(properties.expirySeconds()).optionalText(properties.contentType());
            TopicName response = properties.responseTopic();
            out.optionalText(response == null ? null : response.text());
            byte[] correlation = properties.correlationData();
            out.flag(correlation != null);
            if (correlation != null) {
                out.bytes(correlation);
            }
            out.int16(properties.userProperties().size());
            properties
                    .userProperties()
                    .forEach(property -> out.text(property.name()).text(property.value()));
        }
        out.bytes(payload.bytes());
    }

    static Content content(RecordIn in) {
        TopicName topic = TopicName.of(in.text());
        MessageProperties properties = MessageProperties.NONE;
        if (in.flag()) {
            boolean utf8 = in.flag();
            long expirySeconds = in.int64();
            String contentType = in.optionalText();
            String response = in.optionalText();
            byte[] correlation = in.flag() ? in.bytes() : null;
            List<UserProperty> user = new ArrayList<>();
            for (int left = in.int16(); left > 0; left--) {
                String name = in.text();
                user.add(new UserProperty(name, in.text()));
            }
            properties = new MessageProperties(
                    utf8,
                    expirySeconds,
                    contentType,
                    response == null ? null : TopicName.of(response),
                    correlation,
                    user);
        }
        return new Content(topic, properties, Payload.wrap(in.bytes()));
    }

    // messages that stand for themselves

    private static void message(RecordOut out, Message message) {
        out.int8(message.qos().level()).flag(message.retain());
        content(out, message.topic(), message.properties(), message.payload());
    }

    private static Message message(RecordIn in) {
        Qos qos = Qos.of(in.int8());
        boolean retain = in.flag();
        return content(in).message(qos, retain);
    }

    static byte[] retained(RecordOut out, RetainedRecord record) {
        out.reset().int64(record.storedAtMillis()).text(record.clientId());
        principal(out, record.publisher());
        message(out, record.message());
        return out.done();
    }

    static RetainedRecord retained(RecordIn in) {
        long storedAt = in.int64();
        String clientId = in.text();
        PrincipalRecord publisher = principal(in);
        return new RetainedRecord(message(in), publisher, clientId, storedAt);
    }
}
