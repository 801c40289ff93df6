package io.gatehouse.codec;

import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.MessageProperties;
import io.gatehouse.protocol.Packet;
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

/** Packets that a client may send, drawn from a seed. */
final class RandomPackets {
    private static final String LETTERS = "abcxyz0189 é€😀$_-";

    private final Random random;

    RandomPackets(long seed) {
        this.random = new Random(seed);
    }

    Packet.Connect connect(ProtocolVersion version) {
        boolean mqtt5 = version.isMqtt5();
        boolean clean = random.nextBoolean();
        String user = random.nextBoolean() ? text(8) : null;
        Secret password = (user != null || mqtt5) && random.nextBoolean() ? Secret.wrap(bytes(12)) : null;
        ConnectProperties properties = mqtt5
                ? new ConnectProperties(
                        random.nextInt(3) == 0 ? ConnectProperties.NEVER : random.nextInt(1000),
                        1 + random.nextInt(65_535),
                        random.nextBoolean() ? ConnectProperties.NO_LIMIT : 1 + random.nextInt(1 << 20),
                        random.nextInt(65_536),
                        random.nextBoolean(),
                        random.nextBoolean(),
                        userProperties(),
                        null,
                        null)
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

    Packet next(boolean mqtt5) {
        List<UserProperty> user = mqtt5 ? userProperties() : List.of();
        String why = mqtt5 && random.nextBoolean() ? text(10) : null;
        return switch (random.nextInt(10)) {
            case 0, 1, 2 -> publish(mqtt5);
            case 3 -> new Packet.PubAck(id(), ReasonCode.SUCCESS, why, user);
            case 4 -> new Packet.PubRec(id(), mqtt5 ? ReasonCode.NOT_AUTHORIZED : ReasonCode.SUCCESS, why, user);
            case 5 ->
                new Packet.PubRel(id(), mqtt5 ? ReasonCode.PACKET_IDENTIFIER_NOT_FOUND : ReasonCode.SUCCESS, why, user);
            case 6 -> new Packet.PubComp(id(), ReasonCode.SUCCESS, why, user);
            case 7 -> subscribe(mqtt5, user);
            case 8 -> new Packet.Unsubscribe(id(), List.of(filter(), filter()), user);
            default ->
                mqtt5
                        ? new Packet.Disconnect(
                                ReasonCode.DISCONNECT_WITH_WILL, random.nextBoolean() ? 7L : null, why, user, null)
                        : new Packet.PingReq();
        };
    }

    private Packet publish(boolean mqtt5) {
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
                null,
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
