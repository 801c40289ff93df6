package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** PUBLISH: its flags, its properties, topic aliases and subscription identifiers (MQTT 5.0, section 3.3). */
@Conformance(Specification.MQTT_5)
class Mqtt5PublishTest {
    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse("limits: {max_topic_aliases: 5}");

    private final String topic = HOUSE.name();

    private RawClient reader(int qos) {
        return reader(Props.none(), qos);
    }

    private RawClient reader(Props properties, int options) {
        RawClient reader = HOUSE.client(Connect.v5(HOUSE.name()).with(properties));
        reader.subscribe(topic, options);
        return reader;
    }

    private static byte[] publish(String topic, int flags, Props properties) {
        return Packets.publish(5, topic, "x", 0, 0, flags, properties);
    }

    // 3.3.1 DUP and QoS

    @Test
    @Statement({"MQTT-3.3.1-2", "MQTT-3.3.1-4"})
    void mqtt_3_3_1_2_dupWithQos0_andQos3_areMalformed() {
        RawClient dup = HOUSE.client();
        dup.send(publish(topic, 8, Props.none()));
        dup.disconnected(0x81);
        for (int first : new int[] {0x36, 0x3E, 0x37}) {
            RawClient three = HOUSE.client();
            three.send(new Bytes().text(topic).u16(1).u8(0).packet(first));
            three.disconnected(0x81);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    @Statement("MQTT-3.3.1-3")
    void mqtt_3_3_1_3_dupOfThePublisher_isNotForwarded(int qos) {
        RawClient reader = reader(qos);
        RawClient publisher = HOUSE.client();
        publisher.send(Packets.publish(5, topic, "x", qos, 1, 8, Props.none()));
        assertThat(reader.next(Received.PUBLISH).dup()).isFalse();
    }

    // 3.3.2 topic

    @ParameterizedTest
    @ValueSource(strings = {"a/+", "#", "a/#", "+", "a+b", "a#"})
    @Statement({"MQTT-3.3.2-2", "MQTT-4.7.0-1"})
    void mqtt_3_3_2_2_wildcardInATopicName_isRefused(String name) {
        RawClient client = HOUSE.client();
        client.send(Packets.publish(name, "x", 0, 0));
        client.disconnected(0x90);
        HOUSE.knock(Connect.v5(HOUSE.name()).will(name, "x")).refused(0x90);
    }

    @Test
    @Statement("MQTT-3.3.2-3")
    void mqtt_3_3_2_3_topicDelivered_isThePublishersAndMatchesTheFilter() {
        RawClient reader = HOUSE.client();
        reader.subscribe(topic + "/+/x/#", 0);
        RawClient publisher = HOUSE.client();
        for (String below : List.of("/a/x", "/b/x/y/z", "//x/")) {
            publisher.publish(topic + below, "", 0);
            assertThat(reader.next(Received.PUBLISH).topic()).isEqualTo(topic + below);
        }
        publisher.publish(topic + "/a/y", "", 0);
        assertThat(reader.received()).isEmpty();
    }

    // 3.3.2.3 properties that travel

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    @Statement({"MQTT-3.3.2-4", "MQTT-3.3.2-15", "MQTT-3.3.2-16", "MQTT-3.3.2-17", "MQTT-3.3.2-18", "MQTT-3.3.2-20"})
    void mqtt_3_3_2_15_properties_reachEverySubscriberAsTheyWere(int qos) {
        RawClient first = reader(qos);
        RawClient second = reader(2);
        byte[] correlation = {0, 1, (byte) 0xFF};
        Props properties = Props.none()
                .user("z", "1")
                .text(Props.RESPONSE_TOPIC, "an/answer")
                .user("a", "2")
                .binary(Props.CORRELATION_DATA, correlation)
                .u8(Props.PAYLOAD_FORMAT, 1)
                .user("z", "1")
                .text(Props.CONTENT_TYPE, "text/plain; charset=\u00fc")
                .user("", "");
        HOUSE.client().publish(topic, "\u00e4", qos, true, properties);

        RawClient late = reader(2);
        for (RawClient reader : List.of(first, second, late)) {
            Received message = reader.accept();
            assertThat(message.users()).isEqualTo(List.of("z=1", "a=2", "z=1", "="));
            assertThat(message.text(Props.RESPONSE_TOPIC)).isEqualTo("an/answer");
            assertThat(message.bytes(Props.CORRELATION_DATA)).isEqualTo(correlation);
            assertThat(message.number(Props.PAYLOAD_FORMAT)).isEqualTo(1);
            assertThat(message.text(Props.CONTENT_TYPE)).isEqualTo("text/plain; charset=\u00fc");
            assertThat(message.has(Props.MESSAGE_EXPIRY)).isFalse();
        }
    }

    @Test
    @Statement("MQTT-3.3.2-15")
    void mqtt_3_3_2_15_requestAndResponse_findEachOther() {
        String answers = HOUSE.name();
        RawClient asker = HOUSE.client();
        asker.subscribe(answers, 1);
        RawClient answerer = reader(1);
        asker.publish(
                topic,
                "2+2",
                1,
                false,
                Props.none().text(Props.RESPONSE_TOPIC, answers).binary(Props.CORRELATION_DATA, (byte) 42));

        Received question = answerer.accept();
        answerer.publish(
                question.text(Props.RESPONSE_TOPIC),
                "4",
                1,
                false,
                Props.none().binary(Props.CORRELATION_DATA, question.bytes(Props.CORRELATION_DATA)));
        Received answer = asker.accept();
        assertThat(answer.payload()).isEqualTo("4");
        assertThat(answer.bytes(Props.CORRELATION_DATA)).containsExactly(42);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a/+", "#", ""})
    @Statement("MQTT-3.3.2-14")
    void mqtt_3_3_2_14_responseTopicThatIsNoTopicName_isAProtocolError(String response) {
        RawClient client = HOUSE.client();
        client.send(publish(topic, 0, Props.none().text(Props.RESPONSE_TOPIC, response)));
        client.disconnected(0x82);
    }

    // message expiry

    @Test
    @Statement({"MQTT-3.3.2-5", "MQTT-3.3.2-6"})
    void mqtt_3_3_2_6_messageThatWaited_isForwardedWithTheTimeLeft() {
        String id = HOUSE.name();
        RawClient away = HOUSE.client(Connect.v5(id).expiry(3600));
        away.subscribe(topic, 1);
        away.leave();
        RawClient publisher = HOUSE.client();
        publisher.publish(topic, "gone", 1, false, Props.none().u32(Props.MESSAGE_EXPIRY, 10));
        publisher.publish(topic, "kept", 1, false, Props.none().u32(Props.MESSAGE_EXPIRY, 100));
        publisher.publish(topic, "for ever", 1);
        HOUSE.pass(Duration.ofSeconds(30));

        RawClient back = HOUSE.client(Connect.v5(id).resume().expiry(3600));
        Received kept = back.accept();
        assertThat(kept.payload()).isEqualTo("kept");
        assertThat(kept.number(Props.MESSAGE_EXPIRY)).isBetween(60L, 70L);
        Received forEver = back.accept();
        assertThat(forEver.payload()).isEqualTo("for ever");
        assertThat(forEver.has(Props.MESSAGE_EXPIRY)).isFalse();
        assertThat(back.received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-3.3.2-5", "MQTT-3.3.2-6"})
    void mqtt_3_3_2_5_retainedMessage_expiresAndIsCountedDown() {
        RawClient publisher = HOUSE.client();
        publisher.publish(topic, "x", 1, true, Props.none().u32(Props.MESSAGE_EXPIRY, 100));
        HOUSE.pass(Duration.ofSeconds(30));
        assertThat(reader(0).next(Received.PUBLISH).number(Props.MESSAGE_EXPIRY))
                .isBetween(60L, 70L);
        HOUSE.pass(Duration.ofSeconds(80));
        assertThat(reader(0).received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-3.3.2-5", "MQTT-4.3.3-7", "MQTT-4.3.3-13"})
    void mqtt_4_3_3_7_messageOnItsWay_doesNotExpire() {
        String id = HOUSE.name();
        RawClient reader = HOUSE.client(Connect.v5(id).expiry(3600));
        reader.subscribe(topic, 2);
        HOUSE.client().publish(topic, "begun", 2, false, Props.none().u32(Props.MESSAGE_EXPIRY, 10));
        int first = reader.next(Received.PUBLISH).packetId();
        reader.drop();
        HOUSE.pass(Duration.ofSeconds(30));

        RawClient back = HOUSE.client(Connect.v5(id).resume().expiry(3600));
        Received again = back.accept();
        assertThat(again.packetId()).isEqualTo(first);
        assertThat(again.dup()).isTrue();
        assertThat(again.payload()).isEqualTo("begun");
    }

    @Test
    @Statement({"MQTT-4.3.3-13", "MQTT-4.3.3-11"})
    void mqtt_4_3_3_13_receiver_finishesTheExchangeOfAnExpiredMessage() {
        RawClient publisher = HOUSE.client();
        publisher.send(Packets.publish(5, topic, "x", 2, 1, 0, Props.none().u32(Props.MESSAGE_EXPIRY, 1)));
        assertThat(publisher.next(Received.PUBREC).packetId()).isEqualTo(1);
        HOUSE.pass(Duration.ofSeconds(30));
        publisher.send(Packets.ack(0x62, 1));
        Received end = publisher.next(Received.PUBCOMP);
        assertThat(end.packetId()).isEqualTo(1);
        assertThat(end.reason()).isZero();
    }

    // topic aliases of the client

    @Test
    @Statement("MQTT-3.3.2-12")
    void mqtt_3_3_2_12_everyAliasUpToTheMaximum_isTaken() {
        RawClient reader = HOUSE.client();
        reader.subscribe(topic + "/#", 0);
        RawClient publisher = HOUSE.client();
        for (int alias = 1; alias <= 5; alias++) {
            publisher.send(publish(topic + "/" + alias, 0, Props.none().u16(Props.TOPIC_ALIAS, alias)));
        }
        for (int alias = 5; alias >= 1; alias--) {
            publisher.send(publish("", 0, Props.none().u16(Props.TOPIC_ALIAS, alias)));
        }
        // and one may stand for something else from now on
        publisher.send(publish(topic + "/else", 0, Props.none().u16(Props.TOPIC_ALIAS, 3)));
        publisher.send(publish("", 0, Props.none().u16(Props.TOPIC_ALIAS, 3)));

        assertThat(publisher.received()).isEmpty();
        List<Received> heard = reader.received();
        assertThat(heard.stream().map(one -> one.topic().substring(topic.length() + 1)))
                .containsExactly("1", "2", "3", "4", "5", "5", "4", "3", "2", "1", "else", "else");
        assertThat(heard).noneMatch(one -> one.has(Props.TOPIC_ALIAS));
    }

    @Test
    @Statement({"MQTT-3.3.2-8", "MQTT-3.3.2-9", "MQTT-3.2.2-17"})
    void mqtt_3_3_2_9_alias0OrAboveTheMaximum_isInvalid() {
        for (int alias : new int[] {0, 6, 65_535}) {
            RawClient client = HOUSE.client();
            client.send(publish(topic, 0, Props.none().u16(Props.TOPIC_ALIAS, alias)));
            client.disconnected(0x94);
        }
    }

    @Test
    @Statement({"MQTT-3.3.2-7", "MQTT-4.7.3-1"})
    void mqtt_3_3_2_7_aliases_endWithTheirConnection() {
        String id = HOUSE.name();
        RawClient first = HOUSE.client(Connect.v5(id).expiry(60));
        first.send(publish(topic, 0, Props.none().u16(Props.TOPIC_ALIAS, 1)));
        first.leave();
        RawClient back = HOUSE.client(Connect.v5(id).resume().expiry(60));
        assertThat(back.connAck().sessionPresent()).isTrue();
        back.send(publish("", 0, Props.none().u16(Props.TOPIC_ALIAS, 1)));
        back.disconnected(0x82);
        RawClient without = HOUSE.client();
        without.send(publish("", 0, Props.none()));
        without.disconnected(0x82);
    }

    @Test
    @Statement({"MQTT-3.3.2-7", "MQTT-3.3.1-5"})
    void mqtt_3_3_2_7_aliasOfTheRetainedMessage_isNotKept() {
        RawClient publisher = HOUSE.client();
        publisher.send(publish(topic, 0, Props.none().u16(Props.TOPIC_ALIAS, 1)));
        publisher.send(publish("", 1, Props.none().u16(Props.TOPIC_ALIAS, 1)));
        assertThat(publisher.received()).isEmpty();
        Received retained = reader(0).next(Received.PUBLISH);
        assertThat(retained.topic()).isEqualTo(topic);
        assertThat(retained.has(Props.TOPIC_ALIAS)).isFalse();
    }

    // topic aliases of the server

    @Test
    @Statement({"MQTT-3.1.2-26", "MQTT-3.3.2-11", "MQTT-3.3.2-8", "MQTT-3.3.2-7"})
    void mqtt_3_1_2_26_aliasesOfTheServer_keepToTheClientsMaximum() {
        String id = HOUSE.name();
        RawClient reader = aliased(id, 2);
        RawClient publisher = HOUSE.client();
        java.util.Map<Long, String> known = new java.util.HashMap<>();
        int saved = 0;
        for (int round = 0; round < 3; round++) {
            for (String below : List.of("/a", "/b", "/c")) {
                publisher.publish(topic + below, below, 1);
                saved += understood(reader.accept(), known, below);
            }
        }
        // two topics have an alias, and are sent whole once
        assertThat(saved).isEqualTo(4);
        reader.drop();
        RawClient back = aliased(id, 2);
        publisher.publish(topic + "/a", "/a", 1);
        assertThat(back.accept().topic()).isEqualTo(topic + "/a");
    }

    private RawClient aliased(String id, int maximum) {
        RawClient reader = HOUSE.client(Connect.v5(id).with(Props.none().u16(Props.TOPIC_ALIAS_MAXIMUM, maximum)));
        reader.subscribe(topic + "/#", 1);
        return reader;
    }

    /** Resolves an alias as a client does; 1 if the topic was saved by it. */
    private int understood(Received message, java.util.Map<Long, String> known, String below) {
        String name = message.topic();
        if (message.has(Props.TOPIC_ALIAS)) {
            long alias = message.number(Props.TOPIC_ALIAS);
            assertThat(alias).isBetween(1L, 2L);
            name = name.isEmpty() ? known.get(alias) : name;
            known.put(alias, name);
        }
        assertThat(name).isEqualTo(topic + below);
        assertThat(message.payload()).isEqualTo(below);
        return message.topic().isEmpty() ? 1 : 0;
    }

    @Test
    @Statement("MQTT-3.1.2-27")
    void mqtt_3_1_2_27_clientThatTakesNoAlias_getsNone() {
        for (Props properties : List.of(Props.none(), Props.none().u16(Props.TOPIC_ALIAS_MAXIMUM, 0))) {
            RawClient reader = reader(properties, 0);
            RawClient publisher = HOUSE.client();
            for (int i = 0; i < 3; i++) {
                publisher.publish(topic, "x", 0);
                Received message = reader.next(Received.PUBLISH);
                assertThat(message.has(Props.TOPIC_ALIAS)).isFalse();
                assertThat(message.topic()).isEqualTo(topic);
            }
        }
    }

    @Test
    @Statement({"MQTT-3.1.2-26", "MQTT-3.1.2-25"})
    void mqtt_3_1_2_26_aliasOfAMessageThatWasDropped_isNotTakenForKnown() {
        RawClient reader = reader(Props.none().u16(Props.TOPIC_ALIAS_MAXIMUM, 5).u32(Props.MAXIMUM_PACKET_SIZE, 60), 0);
        RawClient publisher = HOUSE.client();
        publisher.publish(topic, "y".repeat(100), 0);
        publisher.publish(topic, "x", 0);
        assertThat(reader.next(Received.PUBLISH).topic()).isEqualTo(topic);
    }

    // 3.3.4 answers and identifiers

    @Test
    @Statement({"MQTT-3.3.4-1", "MQTT-4.3.1-1", "MQTT-4.3.2-4", "MQTT-4.3.3-8"})
    void mqtt_3_3_4_1_answer_isAsTheQosAsks() {
        RawClient publisher = HOUSE.client();
        publisher.send(Packets.publish(topic, "0", 0, 0));
        assertThat(publisher.received()).isEmpty();
        publisher.send(Packets.publish(topic, "1", 1, 1));
        assertThat(publisher.next(Received.PUBACK).packetId()).isEqualTo(1);
        publisher.send(Packets.publish(topic, "2", 2, 2));
        assertThat(publisher.next(Received.PUBREC).packetId()).isEqualTo(2);
        assertThat(publisher.received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-3.3.4-2", "MQTT-3.3.4-3", "MQTT-3.3.4-4"})
    void mqtt_3_3_4_4_overlappingSubscriptions_areOneCopyOfTheHighestQosWithAllIdentifiers() {
        RawClient reader = HOUSE.client();
        reader.subscribe(topic + "/#", 0, identifier(1));
        reader.subscribe(topic + "/+", 2, identifier(268_435_455));
        reader.subscribe(topic + "/x", 1, identifier(128));
        reader.subscribe(topic + "/x/#", 1);
        HOUSE.client().publish(topic + "/x", "once", 2);

        Received only = reader.accept();
        assertThat(only.qos()).isEqualTo(2);
        assertThat(only.identifiers()).containsExactlyInAnyOrder(1L, 128L, 268_435_455L);
        assertThat(reader.received()).isEmpty();
    }

    private static Props identifier(int value) {
        return Props.none().vbi(Props.SUBSCRIPTION_IDENTIFIER, value);
    }

    @Test
    @Statement({"MQTT-3.3.4-3", "MQTT-3.8.4-3"})
    void mqtt_3_3_4_3_identifier_isTheOneOfTheLatestSubscribe() {
        RawClient reader = HOUSE.client();
        reader.subscribe(topic, 0, identifier(5));
        RawClient publisher = HOUSE.client();
        publisher.publish(topic, "x", 0);
        assertThat(reader.next(Received.PUBLISH).identifiers()).containsExactly(5L);
        reader.subscribe(topic, 0, identifier(6));
        publisher.publish(topic, "x", 0);
        assertThat(reader.next(Received.PUBLISH).identifiers()).containsExactly(6L);
        reader.subscribe(topic, 0);
        publisher.publish(topic, "x", 0);
        assertThat(reader.next(Received.PUBLISH).identifiers()).isEmpty();
    }

    @Test
    @Statement({"MQTT-3.3.4-3", "MQTT-3.3.1-9"})
    void mqtt_3_3_4_3_identifier_isOnRetainedAndOnQueuedMessagesToo() {
        RawClient publisher = HOUSE.client();
        publisher.retain(topic, "retained");
        String id = HOUSE.name();
        RawClient reader = HOUSE.client(Connect.v5(id).expiry(60));
        reader.subscribe(topic, 1, identifier(9));
        assertThat(reader.accept().identifiers()).containsExactly(9L);
        reader.leave();
        publisher.publish(topic, "queued", 1);
        RawClient back = HOUSE.client(Connect.v5(id).resume().expiry(60));
        assertThat(back.accept().identifiers()).containsExactly(9L);
    }

    @Test
    @Statement("MQTT-3.3.4-6")
    void mqtt_3_3_4_6_identifierFromAClient_isAProtocolError() {
        RawClient client = HOUSE.client();
        client.send(publish(topic, 0, identifier(1)));
        client.disconnected(0x82);
        RawClient zero = HOUSE.client();
        zero.send(Packets.subscribe(5, 1, identifier(0), topic, 0));
        zero.disconnected(0x82);
    }
}
