package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Receive Maximum, both ways (MQTT 5.0, sections 3.3.4 and 4.9). */
@Conformance(Specification.MQTT_5)
class Mqtt5FlowTest {
    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse("limits: {receive_maximum: 5}");

    private final String topic = HOUSE.name();
    private final String id = HOUSE.name();

    private Connect connect(int receiveMaximum) {
        return Connect.v5(id)
                .with(Props.none().u16(Props.RECEIVE_MAXIMUM, receiveMaximum))
                .expiry(3600);
    }

    private RawClient reader(int receiveMaximum, int qos) {
        RawClient reader = HOUSE.client(connect(receiveMaximum));
        reader.subscribe(topic, qos);
        return reader;
    }

    private void publish(int count, int qos) {
        RawClient publisher = HOUSE.client();
        for (int i = 1; i <= count; i++) {
            publisher.publish(topic, "m" + i, qos);
        }
    }

    // the broker sends

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    @Statement({"MQTT-3.3.4-9", "MQTT-4.9.0-1", "MQTT-4.9.0-2"})
    void mqtt_3_3_4_9_server_keepsToTheClientsReceiveMaximum(int qos) {
        RawClient reader = reader(3, qos);
        publish(8, qos);
        List<Integer> open = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            Received message = reader.next(Received.PUBLISH);
            assertThat(message.payload()).isEqualTo("m" + i);
            open.add(message.packetId());
        }
        assertThat(reader.received()).isEmpty();
        for (int i = 4; i <= 8; i++) {
            int oldest = open.remove(0);
            if (qos == 1) {
                reader.send(Packets.ack(0x40, oldest));
            } else {
                reader.send(Packets.ack(0x50, oldest));
                assertThat(reader.next(Received.PUBREL).packetId()).isEqualTo(oldest);
                // it is the PUBCOMP that makes room
                assertThat(reader.received()).isEmpty();
                reader.send(Packets.ack(0x70, oldest));
            }
            Received next = reader.next(Received.PUBLISH);
            assertThat(next.payload()).isEqualTo("m" + i);
            open.add(next.packetId());
            assertThat(reader.received()).isEmpty();
        }
    }

    @Test
    @Statement({"MQTT-4.9.0-2", "MQTT-4.4.0-2"})
    void mqtt_4_9_0_2_pubrecWithAnError_makesRoom() {
        RawClient reader = reader(1, 2);
        publish(2, 2);
        int first = reader.next(Received.PUBLISH).packetId();
        reader.send(Packets.ack(0x50, first, 0x97));
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("m2");
    }

    @Test
    @Statement({"MQTT-3.3.4-10", "MQTT-4.9.0-3"})
    void mqtt_3_3_4_10_everythingElse_isSentWithAFullWindow() {
        RawClient reader = reader(1, 1);
        publish(3, 1);
        Received first = reader.next(Received.PUBLISH);
        publish(1, 0);
        assertThat(reader.next(Received.PUBLISH).qos()).isZero();
        reader.subscribe(HOUSE.name(), 1);
        reader.unsubscribe(HOUSE.name());
        assertThat(reader.publish(HOUSE.name(), "x", 1)).isEqualTo(0x10);
        assertThat(reader.publish(HOUSE.name(), "x", 2)).isEqualTo(0x10);
        assertThat(reader.received()).isEmpty();
        reader.send(Packets.ack(0x40, first.packetId()));
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("m2");
    }

    @Test
    @Statement({"MQTT-4.9.0-1", "MQTT-3.3.4-9", "MQTT-4.4.0-1"})
    void mqtt_4_9_0_1_smallerMaximumAfterAReconnect_isKeptTo() {
        RawClient reader = reader(5, 1);
        publish(5, 1);
        for (int i = 0; i < 5; i++) {
            reader.next(Received.PUBLISH);
        }
        reader.drop();
        RawClient back = HOUSE.client(connect(2).resume());
        assertThat(back.connAck().sessionPresent()).isTrue();
        List<Received> now = back.received();
        assertThat(now.stream().map(Received::payload)).containsExactly("m1", "m2");
        back.send(Packets.ack(0x40, now.get(0).packetId()));
        Received third = back.next(Received.PUBLISH);
        assertThat(third.payload()).isEqualTo("m3");
        assertThat(third.dup()).isTrue();
        assertThat(back.received()).isEmpty();
    }

    // the broker receives

    @ParameterizedTest
    @ValueSource(ints = {1, 5})
    @Statement("MQTT-3.3.4-7")
    void mqtt_3_3_4_7_clientWithinTheMaximum_goesOnForEver(int window) {
        RawClient publisher = HOUSE.client();
        assertThat(publisher.connAck().number(Props.RECEIVE_MAXIMUM)).isEqualTo(5);
        for (int round = 0; round < 4; round++) {
            for (int i = 1; i <= window; i++) {
                publisher.send(Packets.publish(topic, "x", 2, i));
                publisher.next(Received.PUBREC);
            }
            for (int i = 1; i <= window; i++) {
                publisher.send(Packets.ack(0x62, i));
                assertThat(publisher.next(Received.PUBCOMP).reason()).isZero();
            }
        }
        assertThat(publisher.received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-3.3.4-7", "MQTT-4.13.1-1"})
    void mqtt_3_3_4_7_clientAboveTheMaximum_isDisconnected() {
        RawClient publisher = HOUSE.client();
        for (int i = 1; i <= 5; i++) {
            publisher.send(Packets.publish(topic, "x", 2, i));
            publisher.next(Received.PUBREC);
        }
        publisher.send(Packets.publish(topic, "x", 2, 6));
        publisher.disconnected(0x93);
    }

    @Test
    @Statement({"MQTT-3.3.4-7", "MQTT-4.3.3-10"})
    void mqtt_3_3_4_7_fullWindowSentAgainAfterAReconnect_isNoMore() {
        RawClient publisher = HOUSE.client(Connect.v5(id).expiry(3600));
        for (int i = 1; i <= 5; i++) {
            publisher.send(Packets.publish(topic, "x", 2, i));
            publisher.next(Received.PUBREC);
        }
        publisher.drop();
        RawClient back = HOUSE.client(Connect.v5(id).resume().expiry(3600));
        for (int i = 1; i <= 5; i++) {
            back.send(Packets.publish(5, topic, "x", 2, i, 8, Props.none()));
            assertThat(back.next(Received.PUBREC).packetId()).isEqualTo(i);
        }
        assertThat(back.received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-3.3.4-7", "MQTT-4.3.3-10"})
    void mqtt_3_3_4_7_messageThatEndedItsConnection_isTakenWhenItComesAgain() {
        RawClient reader = HOUSE.client();
        reader.subscribe(topic, 0);
        RawClient publisher = HOUSE.client(Connect.v5(id).expiry(3600));
        for (int i = 1; i <= 5; i++) {
            publisher.send(Packets.publish(topic, "m" + i, 2, i));
            publisher.next(Received.PUBREC);
        }
        publisher.send(Packets.publish(topic, "m6", 2, 6));
        publisher.disconnected(0x93);
        RawClient back = HOUSE.client(Connect.v5(id).resume().expiry(3600));
        back.send(Packets.ack(0x62, 1));
        assertThat(back.next(Received.PUBCOMP).reason()).isZero();
        back.send(Packets.publish(5, topic, "m6", 2, 6, 8, Props.none()));
        assertThat(back.next(Received.PUBREC).packetId()).isEqualTo(6);
        assertThat(reader.heard()).containsExactly("m1", "m2", "m3", "m4", "m5", "m6");
    }

    @Test
    @Statement("MQTT-3.3.4-7")
    void mqtt_3_3_4_7_qos0_isNotCounted() {
        RawClient publisher = HOUSE.client();
        for (int i = 1; i <= 5; i++) {
            publisher.send(Packets.publish(topic, "x", 2, i));
            publisher.next(Received.PUBREC);
        }
        for (int i = 0; i < 20; i++) {
            publisher.send(Packets.publish(topic, "x", 0, 0));
        }
        assertThat(publisher.received()).isEmpty();
    }
}
