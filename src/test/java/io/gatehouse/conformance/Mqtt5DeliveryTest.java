package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Quality of service: exchanges, repetition and order (MQTT 5.0, sections 3.4 to 3.7 and 4.3 to 4.6). */
@Conformance(Specification.MQTT_5)
class Mqtt5DeliveryTest {
    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse();

    private final String topic = HOUSE.name();
    private final String id = HOUSE.name();

    private RawClient reader(int qos) {
        RawClient reader = HOUSE.client(Connect.v5(id).expiry(3600));
        reader.subscribe(topic, qos);
        return reader;
    }

    private RawClient back() {
        return HOUSE.client(Connect.v5(id).resume().expiry(3600));
    }

    private byte[] publish(String payload, int qos, int packetId) {
        return Packets.publish(topic, payload, qos, packetId);
    }

    private byte[] again(String payload, int qos, int packetId) {
        return Packets.publish(5, topic, payload, qos, packetId, 8, Props.none());
    }

    // QoS 0

    @Test
    @Statement({"MQTT-4.3.1-1", "MQTT-3.3.1-2"})
    void mqtt_4_3_1_1_qos0_isSentOnceWithoutDup() {
        RawClient reader = reader(0);
        RawClient publisher = HOUSE.client();
        publisher.publish(topic, "x", 2);
        Received message = reader.next(Received.PUBLISH);
        assertThat(message.flags()).isZero();
        reader.drop();
        assertThat(back().received()).isEmpty();
    }

    // QoS 1

    @Test
    @Statement({"MQTT-4.3.2-2", "MQTT-4.3.2-3", "MQTT-3.3.1-1", "MQTT-4.4.0-1"})
    void mqtt_4_3_2_3_qos1_isUnacknowledgedUntilItsPuback() {
        RawClient reader = reader(1);
        RawClient publisher = HOUSE.client();
        publisher.publish(topic, "a", 1);
        publisher.publish(topic, "b", 1);
        Received a = reader.next(Received.PUBLISH);
        Received b = reader.next(Received.PUBLISH);
        assertThat(a.dup()).isFalse();
        reader.send(Packets.ack(0x40, a.packetId()));
        // not sent again while the connection lasts
        assertThat(reader.received()).isEmpty();
        reader.drop();

        RawClient back = back();
        Received again = back.accept();
        assertThat(again.packetId()).isEqualTo(b.packetId());
        assertThat(again.dup()).isTrue();
        assertThat(again.payload()).isEqualTo("b");
        assertThat(back.received()).isEmpty();
        back.drop();
        assertThat(back().received()).isEmpty();
    }

    @Test
    @Statement("MQTT-4.3.2-5")
    void mqtt_4_3_2_5_sameIdentifierAfterPuback_isANewMessage() {
        RawClient reader = reader(1);
        RawClient publisher = HOUSE.client();
        publisher.send(publish("a", 1, 7));
        publisher.next(Received.PUBACK);
        publisher.send(again("b", 1, 7));
        assertThat(publisher.next(Received.PUBACK).packetId()).isEqualTo(7);
        assertThat(reader.accept().payload()).isEqualTo("a");
        assertThat(reader.accept().payload()).isEqualTo("b");
    }

    @ParameterizedTest
    @ValueSource(ints = {0x80, 0x83, 0x87, 0x90, 0x97, 0x99})
    @Statement("MQTT-4.4.0-2")
    void mqtt_4_4_0_2_errorOfTheReceiver_endsTheExchange(int reason) {
        RawClient reader = reader(2);
        RawClient publisher = HOUSE.client();
        publisher.publish(topic, "one", 1);
        publisher.publish(topic, "two", 2);
        reader.send(Packets.ack(0x40, reader.next(Received.PUBLISH).packetId(), reason));
        reader.send(Packets.ack(0x50, reader.next(Received.PUBLISH).packetId(), reason));
        // no PUBREL for the one that failed, nothing again after a reconnect
        assertThat(reader.received()).isEmpty();
        reader.drop();
        assertThat(back().received()).isEmpty();
    }

    // QoS 2, the broker sends

    @Test
    @Statement({"MQTT-4.3.3-2", "MQTT-4.3.3-3", "MQTT-3.3.1-1", "MQTT-4.4.0-1"})
    void mqtt_4_3_3_3_qos2_isUnacknowledgedUntilItsPubrec() {
        RawClient reader = reader(2);
        HOUSE.client().publish(topic, "x", 2);
        Received first = reader.next(Received.PUBLISH);
        assertThat(first.dup()).isFalse();
        reader.drop();
        RawClient back = back();
        Received again = back.accept();
        assertThat(again.packetId()).isEqualTo(first.packetId());
        assertThat(again.dup()).isTrue();
        back.drop();
        assertThat(back().received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-4.3.3-4", "MQTT-4.3.3-5", "MQTT-4.3.3-6", "MQTT-4.4.0-1", "MQTT-3.6.2-1"})
    void mqtt_4_3_3_6_afterPubrec_itIsPubrelThatIsSentAgain() {
        RawClient reader = reader(2);
        HOUSE.client().publish(topic, "x", 2);
        int first = reader.next(Received.PUBLISH).packetId();
        reader.send(Packets.ack(0x50, first));
        Received release = reader.next(Received.PUBREL);
        assertThat(release.packetId()).isEqualTo(first);
        assertThat(release.reason()).isZero();
        for (int i = 0; i < 2; i++) {
            reader.drop();
            reader = back();
            assertThat(reader.next(Received.PUBREL).packetId()).isEqualTo(first);
            assertThat(reader.received()).isEmpty();
        }
        reader.send(Packets.ack(0x70, first));
        assertThat(reader.received()).isEmpty();
        reader.drop();
        assertThat(back().received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-4.3.3-4", "MQTT-3.6.2-1", "MQTT-4.6.0-4"})
    void mqtt_3_6_2_1_pubrecAgain_andOfNothing_areAnswered() {
        RawClient reader = reader(2);
        HOUSE.client().publish(topic, "x", 2);
        int first = reader.next(Received.PUBLISH).packetId();
        reader.send(Packets.ack(0x50, first), Packets.ack(0x50, first), Packets.ack(0x50, 4711));
        assertThat(reader.next(Received.PUBREL).reason()).isZero();
        assertThat(reader.next(Received.PUBREL).reason()).isZero();
        assertThat(reader.next(Received.PUBREL).reason()).isEqualTo(0x92);
    }

    @Test
    @Statement({"MQTT-4.4.0-1", "MQTT-4.6.0-1", "MQTT-4.6.0-5"})
    void mqtt_4_4_0_1_whatIsUnacknowledged_isSentAgainInItsOrderAndFirst() {
        RawClient reader = reader(2);
        RawClient publisher = HOUSE.client();
        for (int i = 0; i < 10; i++) {
            publisher.publish(topic, "m" + i, 1 + i % 2);
        }
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            ids.add(reader.next(Received.PUBLISH).packetId());
        }
        reader.send(Packets.ack(0x40, ids.get(4)), Packets.ack(0x50, ids.get(3)));
        assertThat(reader.next(Received.PUBREL).packetId()).isEqualTo(ids.get(3));
        reader.leave();
        publisher.publish(topic, "later", 1);

        List<String> again = back().received().stream()
                .map(packet -> packet.type() == Received.PUBREL
                        ? "release " + packet.packetId()
                        : packet.payload() + " " + packet.packetId() + " " + packet.dup())
                .toList();
        List<String> expected = new ArrayList<>();
        for (int i : new int[] {0, 1, 2, 3, 5, 6, 7, 8, 9}) {
            expected.add(i == 3 ? "release " + ids.get(3) : "m" + i + " " + ids.get(i) + " true");
        }
        assertThat(again.subList(0, 9)).isEqualTo(expected);
        assertThat(again.get(9)).startsWith("later ").endsWith(" false");
        assertThat(again).hasSize(10);
    }

    // QoS 2, the broker receives

    @Test
    @Statement({"MQTT-4.3.3-8", "MQTT-4.3.3-10", "MQTT-4.3.3-11", "MQTT-3.5.2-1", "MQTT-3.7.2-1"})
    void mqtt_4_3_3_10_repeatedPublish_isAnsweredAndNotDeliveredAgain() {
        RawClient reader = reader(2);
        RawClient publisher = HOUSE.client();
        publisher.send(publish("x", 2, 7), again("x", 2, 7), publish("other", 2, 7));
        for (int i = 0; i < 3; i++) {
            Received answer = publisher.next(Received.PUBREC);
            assertThat(answer.packetId()).isEqualTo(7);
            assertThat(answer.reason()).isZero();
        }
        publisher.send(Packets.ack(0x62, 7));
        assertThat(publisher.next(Received.PUBCOMP).reason()).isZero();
        assertThat(reader.accept().payload()).isEqualTo("x");
        assertThat(reader.received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-4.3.3-10", "MQTT-4.4.0-1"})
    void mqtt_4_3_3_10_repetitionAfterAReconnect_isNotDeliveredAgain() {
        RawClient reader = HOUSE.client();
        reader.subscribe(topic, 2);
        RawClient publisher = HOUSE.client(Connect.v5(id).expiry(3600));
        publisher.send(publish("x", 2, 7));
        publisher.next(Received.PUBREC);
        publisher.drop();
        RawClient again = back();
        again.send(again("x", 2, 7));
        assertThat(again.next(Received.PUBREC).reason()).isZero();
        again.send(Packets.ack(0x62, 7));
        assertThat(again.next(Received.PUBCOMP).reason()).isZero();
        assertThat(reader.accept().payload()).isEqualTo("x");
        assertThat(reader.received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-4.3.3-12", "MQTT-3.7.2-1"})
    void mqtt_4_3_3_12_sameIdentifierAfterPubcomp_isANewMessage() {
        RawClient reader = reader(2);
        RawClient publisher = HOUSE.client();
        for (String payload : List.of("a", "b")) {
            publisher.send(payload.equals("a") ? publish("a", 2, 7) : again("b", 2, 7));
            publisher.next(Received.PUBREC);
            publisher.send(Packets.ack(0x62, 7));
            publisher.next(Received.PUBCOMP);
            assertThat(reader.accept().payload()).isEqualTo(payload);
        }
        publisher.send(Packets.ack(0x62, 7));
        assertThat(publisher.next(Received.PUBCOMP).reason()).isEqualTo(0x92);
    }

    @Test
    @Statement({"MQTT-4.3.3-9", "MQTT-3.5.2-1", "MQTT-3.4.2-1"})
    void mqtt_4_3_3_9_sameIdentifierAfterAnError_isANewMessage() {
        RawClient reader = HOUSE.client();
        reader.subscribe("guest/#", 2);
        RawClient guest =
                HOUSE.client(Connect.v5(HOUSE.name()).user(ConformanceHouse.GUEST, ConformanceHouse.PASSWORD));
        guest.send(Packets.publish("forbidden", "x", 2, 7));
        assertThat(guest.next(Received.PUBREC).reason()).isEqualTo(0x87);
        guest.send(Packets.publish("guest/allowed", "y", 2, 7));
        assertThat(guest.next(Received.PUBREC).reason()).isZero();
        guest.send(Packets.ack(0x62, 7));
        assertThat(guest.next(Received.PUBCOMP).reason()).isZero();
        assertThat(reader.accept().payload()).isEqualTo("y");
        assertThat(reader.received()).isEmpty();
        guest.send(Packets.publish("forbidden", "x", 1, 8));
        assertThat(guest.next(Received.PUBACK).reason()).isEqualTo(0x87);
    }

    @Test
    @Statement({"MQTT-3.4.2-1", "MQTT-3.5.2-1"})
    void mqtt_3_4_2_1_nobodyListens_isSaid() {
        RawClient publisher = HOUSE.client();
        publisher.send(publish("x", 1, 1), publish("x", 2, 2));
        assertThat(publisher.next(Received.PUBACK).reason()).isEqualTo(0x10);
        assertThat(publisher.next(Received.PUBREC).reason()).isEqualTo(0x10);
        publisher.send(Packets.ack(0x62, 2));
        assertThat(publisher.next(Received.PUBCOMP).reason()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0x01, 0x11, 0x82, 0x8E, 0x42})
    @Statement({"MQTT-3.4.2-1", "MQTT-3.5.2-1", "MQTT-3.6.2-1", "MQTT-3.7.2-1"})
    void mqtt_3_4_2_1_reasonThatIsNotOfThisPacket_endsTheConnection(int reason) {
        for (int first : new int[] {0x40, 0x50, 0x62, 0x70}) {
            RawClient client = HOUSE.client();
            client.send(Packets.ack(first, 1, reason));
            client.disconnected(reason == 0x42 ? 0x81 : 0x82);
        }
    }

    @Test
    @Statement({"MQTT-3.4.2-1", "MQTT-3.5.2-1", "MQTT-3.7.2-1"})
    void mqtt_3_4_2_1_longFormsOfTheClientsAnswers_areUnderstood() {
        RawClient reader = reader(2);
        RawClient publisher = HOUSE.client();
        publisher.publish(topic, "1", 1);
        publisher.publish(topic, "2", 2);
        byte[] told = Props.none()
                .text(Props.REASON_STRING, "no reason")
                .user("a", "b")
                .done();
        int one = reader.next(Received.PUBLISH).packetId();
        int two = reader.next(Received.PUBLISH).packetId();
        reader.send(new Bytes().u16(one).u8(0x10).raw(told).packet(0x40));
        reader.send(new Bytes().u16(two).u8(0).raw(told).packet(0x50));
        assertThat(reader.next(Received.PUBREL).packetId()).isEqualTo(two);
        reader.send(new Bytes().u16(two).u8(0).raw(told).packet(0x70));
        assertThat(reader.received()).isEmpty();
        reader.drop();
        assertThat(back().received()).isEmpty();
    }

    // order

    @Test
    @Statement({"MQTT-4.6.0-2", "MQTT-4.6.0-3", "MQTT-4.6.0-4"})
    void mqtt_4_6_0_2_answersAreInTheOrderOfWhatTheyAnswer() {
        RawClient publisher = HOUSE.client();
        Bytes all = new Bytes();
        for (int i = 1; i <= 40; i++) {
            all.raw(publish("x", 1 + i % 2, i));
        }
        publisher.send(all.done());
        for (int i = 1; i <= 40; i++) {
            assertThat(publisher
                            .next(i % 2 == 0 ? Received.PUBACK : Received.PUBREC)
                            .packetId())
                    .isEqualTo(i);
        }
        RawClient reader = reader(2);
        for (int i = 0; i < 10; i++) {
            HOUSE.client().publish(topic, "x", 2);
        }
        List<Integer> ids = IntStream.range(0, 10)
                .mapToObj(i -> reader.next(Received.PUBLISH).packetId())
                .toList();
        List<Integer> shuffled = new ArrayList<>(ids);
        java.util.Collections.reverse(shuffled);
        shuffled.forEach(one -> reader.send(Packets.ack(0x50, one)));
        assertThat(IntStream.range(0, 10)
                        .mapToObj(i -> reader.next(Received.PUBREL).packetId()))
                .isEqualTo(shuffled);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    @Statement({"MQTT-4.6.0-5", "MQTT-4.6.0-6"})
    void mqtt_4_6_0_5_messagesOfOneTopicAndQos_keepTheirOrder(int qos) {
        RawClient reader = reader(qos);
        RawClient publisher = HOUSE.client();
        Bytes all = new Bytes();
        for (int i = 1; i <= 50; i++) {
            all.raw(publish("m" + i, qos, qos == 0 ? 0 : i));
        }
        publisher.send(all.done());
        for (int i = 1; i <= 50; i++) {
            assertThat(reader.accept().payload()).isEqualTo("m" + i);
        }
    }

    @Test
    @Statement({"MQTT-4.6.0-5", "MQTT-4.5.0-1"})
    void mqtt_4_6_0_5_messagesThatWaited_comeBeforeThoseThatFollow() {
        RawClient reader = reader(1);
        reader.leave();
        RawClient publisher = HOUSE.client();
        for (int i = 0; i < 150; i++) {
            publisher.publish(topic, "m" + i, 1);
        }
        RawClient back = back();
        publisher.publish(topic, "m150", 1);
        for (int i = 0; i <= 150; i++) {
            assertThat(back.accept().payload()).isEqualTo("m" + i);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    @Statement({"MQTT-4.6.0-5", "MQTT-4.4.0-1"})
    void mqtt_4_6_0_5_aLongQueue_isWholeAndInOrder_whileMoreComesAndConnectionsGo(int qos) {
        RawClient reader = reader(qos);
        reader.leave();
        RawClient publisher = HOUSE.client();
        int all = 600;
        int sent = 0;
        for (; sent < 400; sent++) {
            publisher.publish(topic, "m" + sent, qos);
        }
        Set<String> heard = new LinkedHashSet<>();
        reader = back();
        while (heard.size() < all) {
            Received packet = reader.next();
            if (packet.type() == Received.PUBREL) {
                reader.send(Packets.ack(0x70, packet.packetId()));
                continue;
            }
            boolean first = heard.add(packet.payload());
            reader.send(Packets.ack(qos == 1 ? 0x40 : 0x50, packet.packetId()));
            if (first && heard.size() % 2 == 0 && sent < all) {
                publisher.publish(topic, "m" + sent++, qos);
            }
            if (first && heard.size() % 150 == 0) { // what is on its way comes again, with the same identifiers
                reader.drop();
                reader = back();
            }
        }
        assertThat(heard)
                .containsExactlyElementsOf(
                        IntStream.range(0, all).mapToObj(i -> "m" + i).toList());
    }

    @Test
    @Statement("MQTT-4.5.0-1")
    void mqtt_4_5_0_1_messageGoesToEveryMatchingSession() {
        List<RawClient> readers = IntStream.range(0, 5)
                .mapToObj(i -> {
                    RawClient one = HOUSE.client();
                    one.subscribe(i % 2 == 0 ? topic : topic + "/#", i % 3);
                    return one;
                })
                .toList();
        HOUSE.client().publish(topic, "x", 2);
        for (int i = 0; i < 5; i++) {
            Received message = readers.get(i).accept();
            assertThat(message.payload()).isEqualTo("x");
            assertThat(message.qos()).isEqualTo(i % 3);
        }
    }
}
