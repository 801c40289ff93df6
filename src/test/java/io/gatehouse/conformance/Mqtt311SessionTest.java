package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions, quality of service and order in MQTT 3.1.1 (sections 3.1.2.4, 3.2.2.2 and 4.1 to 4.6). */
@Conformance(Specification.MQTT_3_1_1)
class Mqtt311SessionTest {
    private static final int QUEUE = 40;

    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse("sessions: {max_queued: " + QUEUE + "}");

    private final String id = HOUSE.name();
    private final String topic = HOUSE.name();
    private final RawClient publisher = HOUSE.client(Connect.v311(HOUSE.name()));

    private RawClient kept() {
        return HOUSE.client(Connect.v311(id).resume());
    }

    @Test
    @Statement({"MQTT-3.1.2-4", "MQTT-3.2.2-2", "MQTT-3.2.2-3", "MQTT-4.1.0-1", "MQTT-3.1.3-2", "MQTT-4.1.0-2"})
    void mqtt_3_1_2_4_withoutCleanSession_theSessionGoesOn() {
        RawClient first = kept();
        assertThat(first.connAck().sessionPresent()).isFalse();
        first.subscribe(topic, 1);
        first.leave();
        RawClient second = kept();
        assertThat(second.connAck().sessionPresent()).isTrue();
        publisher.publish(topic, "x", 1);
        assertThat(second.accept().payload()).isEqualTo("x");
    }

    @Test
    @Statement({"MQTT-3.1.2-6", "MQTT-3.2.2-1", "MQTT-3.1.4-3"})
    void mqtt_3_1_2_6_withCleanSession_thereIsNothingBeforeAndAfter() {
        RawClient old = kept();
        old.subscribe(topic, 1);
        old.leave();
        publisher.publish(topic, "missed", 1);
        RawClient clean = HOUSE.client(Connect.v311(id));
        assertThat(clean.connAck().sessionPresent()).isFalse();
        publisher.publish(topic, "x", 1);
        assertThat(clean.received()).isEmpty();
        clean.subscribe(topic, 1);
        clean.leave();
        RawClient next = kept();
        assertThat(next.connAck().sessionPresent()).isFalse();
        publisher.publish(topic, "y", 1);
        assertThat(next.received()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    @Statement({"MQTT-3.1.2-5", "MQTT-4.5.0-1", "MQTT-4.6.0-6", "MQTT-4.6.0-5"})
    void mqtt_3_1_2_5_messagesForAClientThatIsAway_waitInOrder(int qos) {
        RawClient away = kept();
        away.subscribe(topic, qos);
        away.leave();
        for (int i = 1; i <= 20; i++) {
            publisher.publish(topic, Integer.toString(i), qos);
        }
        RawClient back = kept();
        for (int i = 1; i <= 20; i++) {
            assertThat(back.accept().payload()).isEqualTo(Integer.toString(i));
        }
        assertThat(back.received()).isEmpty();
    }

    @Test
    @Statement("MQTT-3.1.2-7")
    void mqtt_3_1_2_7_retainedMessage_outlivesTheSession() {
        RawClient client = HOUSE.client(Connect.v311(id));
        client.retain(topic, "x");
        client.leave();
        assertThat(HOUSE.client(Connect.v311(id)).subscribe(topic, 0)).isZero();
        RawClient reader = HOUSE.client(Connect.v311(HOUSE.name()));
        reader.subscribe(topic, 0);
        assertThat(reader.heard()).containsExactly("x");
        publisher.retain(topic, "");
    }

    @Test
    @Statement({"MQTT-4.3.1-1", "MQTT-3.3.1-2", "MQTT-2.3.1-5", "MQTT-3.3.4-1"})
    void mqtt_4_3_1_1_qos0_isSentOnceAndAnsweredByNobody() {
        RawClient reader = HOUSE.client(Connect.v311(id));
        reader.subscribe(topic, 2);
        publisher.publish(topic, "x", 0);
        Received message = reader.next(Received.PUBLISH);
        assertThat(message.qos()).isZero();
        assertThat(message.dup()).isFalse();
        assertThat(publisher.received()).isEmpty();
        publisher.send(Packets.publish(4, topic, "x", 0, 0, 8, Props.none()));
        publisher.closed();
    }

    @Test
    @Statement({"MQTT-4.3.2-1", "MQTT-2.3.1-4", "MQTT-3.3.1-1", "MQTT-4.4.0-1", "MQTT-4.6.0-1", "MQTT-3.3.1-3"})
    void mqtt_4_3_2_1_qos1_isUnacknowledgedUntilPuback_andSentAgainOnReconnectOnly() {
        RawClient reader = kept();
        reader.subscribe(topic, 1);
        for (int i = 1; i <= 3; i++) {
            publisher.send(Packets.publish(4, topic, "m" + i, 1, i, 8, Props.none()));
            publisher.next(Received.PUBACK);
        }
        List<Received> first = reader.received();
        assertThat(first).hasSize(3).noneMatch(Received::dup);
        assertThat(first).extracting(Received::packetId).doesNotHaveDuplicates().doesNotContain(0);
        reader.send(Packets.ack(0x40, first.get(1).packetId()));
        assertThat(reader.received()).isEmpty();
        reader.drop();

        List<Received> again = kept().received();
        assertThat(again).extracting(Received::payload).containsExactly("m1", "m3");
        assertThat(again).allMatch(Received::dup);
        assertThat(again)
                .extracting(Received::packetId)
                .containsExactly(first.get(0).packetId(), first.get(2).packetId());
    }

    @Test
    @Statement({"MQTT-4.3.2-2", "MQTT-2.3.1-6", "MQTT-3.3.4-1", "MQTT-2.3.1-1"})
    void mqtt_4_3_2_2_qos1_isAnswered_andTheSameIdentifierIsANewMessage() {
        RawClient reader = HOUSE.client(Connect.v311(id));
        reader.subscribe(topic, 0);
        for (int dup : new int[] {0, 8}) {
            publisher.send(Packets.publish(4, topic, "x", 1, 77, dup, Props.none()));
            assertThat(publisher.next(Received.PUBACK).packetId()).isEqualTo(77);
        }
        assertThat(reader.heard()).containsExactly("x", "x");
        publisher.send(Packets.publish(4, topic, "x", 1, 0, 0, Props.none()));
        publisher.closed();
    }

    @Test
    @Statement({"MQTT-4.3.3-1", "MQTT-4.4.0-1", "MQTT-2.3.1-4", "MQTT-3.3.1-1"})
    void mqtt_4_3_3_1_qos2_sendsPubrelAgain_onceThereWasPubrec() {
        RawClient reader = kept();
        reader.subscribe(topic, 2);
        publisher.publish(topic, "early", 2);
        publisher.publish(topic, "late", 2);
        List<Received> sent = reader.received();
        assertThat(sent).hasSize(2).allMatch(one -> one.qos() == 2 && !one.dup());
        reader.send(Packets.ack(0x50, sent.get(0).packetId()));
        assertThat(reader.next(Received.PUBREL).packetId())
                .isEqualTo(sent.get(0).packetId());
        reader.drop();

        RawClient back = kept();
        List<Received> again = back.received();
        assertThat(again).extracting(Received::type).containsExactly(Received.PUBREL, Received.PUBLISH);
        assertThat(again.get(0).packetId()).isEqualTo(sent.get(0).packetId());
        assertThat(again.get(1).packetId()).isEqualTo(sent.get(1).packetId());
        assertThat(again.get(1).dup()).isTrue();
        back.send(
                Packets.ack(0x70, sent.get(0).packetId()),
                Packets.ack(0x50, sent.get(1).packetId()));
        assertThat(back.next(Received.PUBREL).packetId()).isEqualTo(sent.get(1).packetId());
        back.send(Packets.ack(0x70, sent.get(1).packetId()));
        back.drop();
        assertThat(kept().received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-4.3.3-2", "MQTT-2.3.1-6", "MQTT-3.3.4-1"})
    void mqtt_4_3_3_2_qos2_isDeliveredOnce_howeverOftenItComes() {
        RawClient reader = HOUSE.client(Connect.v311(id));
        reader.subscribe(topic, 0);
        for (int round = 0; round < 2; round++) {
            for (int dup : new int[] {0, 8, 8}) {
                publisher.send(Packets.publish(4, topic, "x", 2, 9, dup, Props.none()));
                assertThat(publisher.next(Received.PUBREC).packetId()).isEqualTo(9);
            }
            publisher.send(Packets.ack(0x62, 9));
            assertThat(publisher.next(Received.PUBCOMP).packetId()).isEqualTo(9);
        }
        assertThat(reader.heard()).containsExactly("x", "x");
        publisher.send(Packets.ack(0x62, 9)); // of nothing
        assertThat(publisher.next(Received.PUBCOMP).packetId()).isEqualTo(9);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    @Statement({"MQTT-4.6.0-6", "MQTT-4.6.0-5"})
    void mqtt_4_6_0_6_messagesAndAnswers_keepTheirOrder(int qos) {
        RawClient reader = HOUSE.client(Connect.v311(id));
        reader.subscribe(topic, qos);
        publisher.send(IntStream.rangeClosed(1, 50)
                .mapToObj(i -> Packets.publish(4, topic, Integer.toString(i), qos, i, 0, Props.none()))
                .toArray(byte[][]::new));
        for (int i = 1; i <= 50; i++) {
            assertThat(publisher
                            .next(qos == 1 ? Received.PUBACK : Received.PUBREC)
                            .packetId())
                    .isEqualTo(i);
        }
        for (int i = 1; i <= 50; i++) {
            assertThat(reader.accept().payload()).isEqualTo(Integer.toString(i));
        }
    }

    @Test
    @Statement({"MQTT-4.8.0-2", "MQTT-4.5.0-1"})
    void mqtt_4_8_0_2_messageThatCannotBeKept_isNotAcknowledged_andEndsTheConnection() {
        RawClient away = kept();
        away.subscribe(topic, 1);
        away.leave();
        for (int i = 0; i < QUEUE; i++) {
            publisher.publish(topic, "x", 1);
        }
        publisher.send(Packets.publish(4, topic, "one too many", 1, 1000, 0, Props.none()));
        publisher.closed();
    }
}
