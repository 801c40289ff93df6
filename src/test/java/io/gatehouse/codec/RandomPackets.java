package io.gatehouse.codec;

import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.MessageProperties;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.Packet.ConnAckProperties;
import io.gatehouse.protocol.Packet.ConnectProperties;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.ProtocolVersion;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.RetainHandling;
import io.gatehouse.protocol.Secret;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import io.gatehouse.protocol.UserProperty;
import io.gatehouse.protocol.Will;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Packets that a client or a server may send, drawn from a seed. */
public final class RandomPackets {
    private static final String LETTERS = "abcxyz0189 é€😀$_-";

    private static final List<ReasonCode> PUBLISH_ANSWERS =
            List.of(ReasonCode.SUCCESS, ReasonCode.NO_MATCHING_SUBSCRIBERS, ReasonCode.NOT_AUTHORIZED);
    private static final List<ReasonCode> RELEASE_ANSWERS =
            List.of(ReasonCode.SUCCESS, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND);

    private final Random random;

    public RandomPackets(long seed) {
        this.random = new Random(seed);
    }

    public Packet.Connect connect(ProtocolVersion version) {
        boolean mqtt5 = version.isMqtt5();
        boolean clean = random.nextBoolean();
        String user = random.nextBoolean() ? text(8) : null;
        Secret password = (user != null || mqtt5) && random.nextBoolean() ? Secret.wrap(bytes(12)) : null;
        String method = mqtt5 && random.nextInt(3) == 0 ? text(10) : null;
        ConnectProperties properties = mqtt5
                ? new ConnectProperties(
                        random.nextInt(3) == 0 ? ConnectProperties.NEVER : random.nextInt(1000),
                        1 + random.nextInt(65_535),
                        random.nextBoolean() ? ConnectProperties.NO_LIMIT : 1 + random.nextInt(1 << 20),
                        random.nextInt(65_536),
                        random.nextBoolean(),
                        random.nextBoolean(),
                        userProperties(),
                        method,
                        method != null && random.nextBoolean() ? Secret.wrap(bytes(30)) : null)
                : clean
                        ? ConnectProperties.DEFAULT
                        : ConnectProperties.DEFAULT.withSessionExpirySeconds(ConnectProperties.NEVER);
        Will will = random.nextBoolean()
                ? new Will(
                        new Message(topic(), qos(), random.nextBoolean(), properties(mqtt5), Payload.wrap(bytes(20))),
                        mqtt5 ? random.nextInt(100) : 0)
                : null;
        return new Packet.Connect(
                version, false, clean, random.nextInt(65_536), text(10), will, user, password, properties);
    }

    /** Any packet that may follow a CONNECT; PUBLISH more often than the others. */
    public Packet next(boolean mqtt5) {
        return random.nextInt(4) == 0 ? publish(mqtt5) : everyKind(mqtt5).get(random.nextInt(mqtt5 ? 11 : 10));
    }

    /** One packet of each kind that may follow a CONNECT. */
    List<Packet> everyKind(boolean mqtt5) {
        List<Packet> kinds = new ArrayList<>(List.of(
                publish(mqtt5),
                new Packet.PubAck(id(), anyOf(mqtt5, PUBLISH_ANSWERS), why(mqtt5), user(mqtt5)),
                new Packet.PubRec(id(), anyOf(mqtt5, PUBLISH_ANSWERS), why(mqtt5), user(mqtt5)),
                new Packet.PubRel(id(), anyOf(mqtt5, RELEASE_ANSWERS), why(mqtt5), user(mqtt5)),
                new Packet.PubComp(id(), anyOf(mqtt5, RELEASE_ANSWERS), why(mqtt5), user(mqtt5)),
                subscribe(mqtt5, user(mqtt5)),
                new Packet.Unsubscribe(id(), List.of(filter(), filter()), user(mqtt5)),
                new Packet.PingReq(),
                new Packet.PingReq(),
                mqtt5
                        ? new Packet.Disconnect(
                                ReasonCode.DISCONNECT_WITH_WILL,
                                random.nextBoolean() ? 7L : null,
                                why(true),
                                user(true),
                                null)
                        : new Packet.Disconnect(ReasonCode.SUCCESS, null)));
        if (mqtt5) {
            kinds.add(new Packet.Auth(
                    random.nextBoolean() ? ReasonCode.CONTINUE_AUTHENTICATION : ReasonCode.REAUTHENTICATE,
                    text(8),
                    random.nextBoolean() ? Secret.wrap(bytes(40)) : null,
                    why(true),
                    user(true)));
        }
        return kinds;
    }

    /** One packet of each kind that a server sends. */
    List<Packet> everyKindOfServer(boolean mqtt5) {
        ReasonCode refusal = random.nextBoolean() ? ReasonCode.NOT_AUTHORIZED : ReasonCode.SUCCESS;
        List<Packet> kinds = new ArrayList<>(List.of(
                connAck(mqtt5, refusal),
                delivery(mqtt5),
                new Packet.PubAck(id(), anyOf(mqtt5, PUBLISH_ANSWERS), why(mqtt5), user(mqtt5)),
                new Packet.PubRec(id(), anyOf(mqtt5, PUBLISH_ANSWERS), why(mqtt5), user(mqtt5)),
                new Packet.PubRel(id(), anyOf(mqtt5, RELEASE_ANSWERS), why(mqtt5), user(mqtt5)),
                new Packet.PubComp(id(), anyOf(mqtt5, RELEASE_ANSWERS), why(mqtt5), user(mqtt5)),
                new Packet.SubAck(
                        id(),
                        List.of(ReasonCode.SUCCESS, ReasonCode.GRANTED_QOS_2, ReasonCode.UNSPECIFIED_ERROR),
                        why(mqtt5),
                        user(mqtt5)),
                new Packet.UnsubAck(
                        id(),
                        mqtt5 ? List.of(ReasonCode.SUCCESS, ReasonCode.NO_SUBSCRIPTION_EXISTED) : List.of(),
                        why(mqtt5),
                        user(mqtt5)),
                new Packet.PingResp()));
        if (mqtt5) {
            String elsewhere = random.nextBoolean() ? text(12) : null;
            kinds.add(new Packet.Disconnect(ReasonCode.SESSION_TAKEN_OVER, null, why(true), user(true), elsewhere));
            kinds.add(new Packet.Auth(
                    ReasonCode.CONTINUE_AUTHENTICATION, text(8), Secret.wrap(bytes(40)), why(true), user(true)));
        }
        return kinds;
    }

    private Packet.ConnAck connAck(boolean mqtt5, ReasonCode reason) {
        boolean present = reason == ReasonCode.SUCCESS && random.nextBoolean();
        ConnAckProperties properties = mqtt5
                ? new ConnAckProperties(
                        random.nextBoolean() ? (Long) (long) random.nextInt(100_000) : null,
                        1 + random.nextInt(65_535),
                        Qos.of(random.nextInt(3)),
                        random.nextBoolean(),
                        random.nextBoolean() ? ConnectProperties.NO_LIMIT : 1 + random.nextInt(1 << 28),
                        random.nextBoolean() ? text(23) : null,
                        random.nextInt(65_536),
                        why(true),
                        user(true),
                        random.nextBoolean(),
                        random.nextBoolean(),
                        random.nextBoolean(),
                        random.nextBoolean() ? (Integer) random.nextInt(65_536) : null,
                        random.nextBoolean() ? text(9) : null,
                        random.nextBoolean() ? text(9) : null,
                        random.nextBoolean() ? text(9) : null,
                        random.nextBoolean() ? Secret.wrap(bytes(20)) : null)
                : ConnAckProperties.NONE;
        return new Packet.ConnAck(present, reason, properties);
    }

    private Packet.Publish delivery(boolean mqtt5) {
        Packet.Publish publish = publish(mqtt5);
        List<Integer> identifiers = new ArrayList<>();
        for (int i = mqtt5 ? random.nextInt(4) : 0; i > 0; i--) {
            identifiers.add(1 + random.nextInt(268_435_455));
        }
        return new Packet.Publish(
                publish.dup(),
                publish.packetId(),
                publish.topic(),
                publish.topicAlias(),
                publish.qos(),
                publish.retain(),
                publish.properties(),
                identifiers,
                publish.payload());
    }

    private ReasonCode anyOf(boolean mqtt5, List<ReasonCode> codes) {
        return mqtt5 ? codes.get(random.nextInt(codes.size())) : ReasonCode.SUCCESS;
    }

    private @Nullable String why(boolean mqtt5) {
        return mqtt5 && random.nextBoolean() ? text(10) : null;
    }

    private List<UserProperty> user(boolean mqtt5) {
        return mqtt5 ? userProperties() : List.of();
    }

    private Packet.Publish publish(boolean mqtt5) {
        Qos qos = qos();
        boolean alias = mqtt5 && random.nextInt(4) == 0;
        return new Packet.Publish(
                qos != Qos.AT_MOST_ONCE && random.nextBoolean(),
                qos == Qos.AT_MOST_ONCE ? 0 : id(),
                alias && random.nextBoolean() ? null : topic(),
                alias ? 1 + random.nextInt(65_535) : 0,
                qos,
                random.nextBoolean(),
                properties(mqtt5),
                List.of(),
                Payload.wrap(bytes(random.nextInt(5) == 0 ? 20_000 : 40)));
    }

    private Packet subscribe(boolean mqtt5, List<UserProperty> user) {
        int identifier = mqtt5 && random.nextBoolean() ? 1 + random.nextInt(268_435_455) : 0;
        List<Subscription> subscriptions = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            TopicFilter filter = filter();
            subscriptions.add(new Subscription(
                    filter,
                    qos(),
                    mqtt5 && !filter.isShared() && random.nextBoolean(),
                    mqtt5 && random.nextBoolean(),
                    mqtt5 ? RetainHandling.of(random.nextInt(3)) : RetainHandling.ALWAYS,
                    identifier));
        }
        return new Packet.Subscribe(id(), subscriptions, user);
    }

    private MessageProperties properties(boolean mqtt5) {
        if (!mqtt5 || random.nextBoolean()) {
            return MessageProperties.NONE;
        }
        return new MessageProperties(
                random.nextBoolean(),
                random.nextBoolean() ? MessageProperties.NEVER_EXPIRES : random.nextInt(100_000),
                random.nextBoolean() ? text(5) : null,
                random.nextBoolean() ? topic() : null,
                random.nextBoolean() ? bytes(16) : null,
                userProperties());
    }

    private List<UserProperty> userProperties() {
        List<UserProperty> properties = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            properties.add(new UserProperty(text(6), text(random.nextInt(4) == 0 ? 300 : 6)));
        }
        return properties;
    }

    private TopicName topic() {
        return TopicName.of(random.nextInt(5) + "/" + text(4) + "/" + text(3));
    }

    private TopicFilter filter() {
        String shared = random.nextInt(4) == 0 ? "$share/g/" : "";
        return TopicFilter.of(shared + List.of("a/+", "#", "+/b/#", "a//b", "x").get(random.nextInt(5)));
    }

    private Qos qos() {
        return Qos.of(random.nextInt(3));
    }

    private int id() {
        return 1 + random.nextInt(65_535);
    }

    private String text(int most) {
        StringBuilder text = new StringBuilder();
        int[] letters = LETTERS.codePoints().toArray();
        for (int i = random.nextInt(most) + 1; i > 0; i--) {
            text.appendCodePoint(letters[random.nextInt(letters.length)]);
        }
        return text.toString();
    }

    private byte[] bytes(int most) {
        return text(most).getBytes(StandardCharsets.UTF_8);
    }
}
