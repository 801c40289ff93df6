package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** SUBSCRIBE and UNSUBSCRIBE with their answers (MQTT 5.0, sections 3.8 to 3.11). */
@Conformance(Specification.MQTT_5)
class Mqtt5SubscribeTest {
    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse();

    private static final int NO_LOCAL = 4;
    private static final int NEVER = 0x20;

    private final String topic = HOUSE.name();

    private static RawClient guest() {
        return HOUSE.client(Connect.v5(HOUSE.name()).user(ConformanceHouse.GUEST, ConformanceHouse.PASSWORD));
    }

    // 3.8.3 payload

    @Test
    @Statement({"MQTT-3.8.3-1", "MQTT-3.10.3-1"})
    void mqtt_3_8_3_1_filterThatIsNotUtf8_isMalformed() {
        byte[] wrong = {'a', (byte) 0xC0, (byte) 0x80};
        RawClient subscriber = HOUSE.client();
        subscriber.send(new Bytes().u16(1).u8(0).binary(wrong).u8(0).packet(0x82));
        subscriber.disconnected(0x81);
        RawClient unsubscriber = HOUSE.client();
        unsubscriber.send(new Bytes().u16(1).u8(0).binary(wrong).packet(0xA2));
        unsubscriber.disconnected(0x81);
    }

    @Test
    @Statement({"MQTT-3.8.3-2", "MQTT-3.10.3-2"})
    void mqtt_3_8_3_2_noFilter_isAProtocolError() {
        RawClient subscriber = HOUSE.client();
        subscriber.send(new Bytes().u16(1).u8(0).packet(0x82));
        subscriber.disconnected(0x82);
        RawClient unsubscriber = HOUSE.client();
        unsubscriber.send(new Bytes().u16(1).u8(0).packet(0xA2));
        unsubscriber.disconnected(0x82);
        RawClient withoutOptions = HOUSE.client();
        withoutOptions.send(new Bytes().u16(1).u8(0).text("a").packet(0x82));
        withoutOptions.disconnected(0x81);
    }

    @ParameterizedTest
    @CsvSource({"0x40, 0x81", "0x80, 0x81", "0xC1, 0x81", "0x03, 0x82", "0x30, 0x82"})
    @Statement("MQTT-3.8.3-5")
    void mqtt_3_8_3_5_optionsThatDoNotExist_endTheConnection(String options, String reason) {
        RawClient client = HOUSE.client();
        client.send(Packets.subscribe(5, 1, Props.none(), topic, Integer.decode(options)));
        client.disconnected(Integer.decode(reason));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    @Statement("MQTT-3.8.3-3")
    void mqtt_3_8_3_3_noLocal_keepsAClientsOwnMessagesFromIt(int qos) {
        RawClient client = HOUSE.client();
        client.subscribe(topic, NO_LOCAL | qos);
        client.publish(topic, "own", qos);
        HOUSE.client().publish(topic, "other's", qos);
        assertThat(client.accept().payload()).isEqualTo("other's");
        assertThat(client.received()).isEmpty();
        RawClient without = HOUSE.client();
        without.subscribe(topic, qos);
        without.publish(topic, "own", qos);
        assertThat(without.take(Received.PUBLISH).payload()).isEqualTo("own");
    }

    @Test
    @Statement("MQTT-3.8.3-3")
    void mqtt_3_8_3_3_noLocal_isByClientIdentifier() {
        String id = HOUSE.name();
        RawClient first = HOUSE.client(Connect.v5(id).expiry(60).will(topic, "own will"));
        first.subscribe(topic, NO_LOCAL | 1);
        first.drop();
        RawClient back = HOUSE.client(Connect.v5(id).resume().expiry(60));
        back.publish(topic, "own", 1);
        assertThat(back.received()).isEmpty();
    }

    @Test
    @Statement("MQTT-3.8.3-4")
    void mqtt_3_8_3_4_noLocalOnASharedSubscription_isAProtocolError() {
        RawClient client = HOUSE.client();
        client.send(Packets.subscribe(5, 1, Props.none(), "$share/g/" + topic, NO_LOCAL));
        client.disconnected(0x82);
    }

    // 3.8.4 actions

    @Test
    @Statement({
        "MQTT-3.8.4-1",
        "MQTT-3.8.4-2",
        "MQTT-3.8.4-5",
        "MQTT-3.8.4-6",
        "MQTT-3.8.4-7",
        "MQTT-3.9.3-1",
        "MQTT-3.9.3-2"
    })
    void mqtt_3_8_4_5_severalFilters_areAnsweredEachInTheirOrder() {
        RawClient client = guest();
        client.send(new Bytes()
                .u16(77)
                .u8(0)
                .text("guest/a")
                .u8(2)
                .text("forbidden")
                .u8(1)
                .text("guest/b")
                .u8(0)
                .text("$share/g/guest/c")
                .u8(1)
                .text("guest/#")
                .u8(1)
                .packet(0x82));
        Received answer = client.next(Received.SUBACK);
        assertThat(answer.packetId()).isEqualTo(77);
        assertThat(answer.reasons()).containsExactly(2, 0x87, 0, 0x87, 1);
        RawClient publisher = HOUSE.client();
        publisher.publish("guest/a", "a", 2);
        publisher.publish("forbidden", "f", 2);
        assertThat(client.accept().qos()).isEqualTo(2);
        assertThat(client.received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-3.8.4-5", "MQTT-3.8.4-3"})
    void mqtt_3_8_4_5_oneFilterTwiceInOnePacket_isAsTwoPackets() {
        RawClient client = HOUSE.client();
        client.send(new Bytes().u16(1).u8(0).text(topic).u8(2).text(topic).u8(0).packet(0x82));
        assertThat(client.next(Received.SUBACK).reasons()).containsExactly(2, 0);
        HOUSE.client().publish(topic, "x", 2);
        assertThat(client.next(Received.PUBLISH).qos()).isZero();
        assertThat(client.received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-3.8.4-1", "MQTT-3.8.4-7"})
    void mqtt_3_8_4_1_subscription_isEffectiveByItsSuback() {
        RawClient client = HOUSE.client();
        RawClient publisher = HOUSE.client();
        for (int i = 0; i < 50; i++) {
            client.subscribe(topic + "/" + i, 1);
            assertThat(publisher.publish(topic + "/" + i, "x", 1)).isZero();
            assertThat(client.accept().topic()).isEqualTo(topic + "/" + i);
        }
    }

    @Test
    @Statement({"MQTT-3.8.4-3", "MQTT-3.8.4-4"})
    void mqtt_3_8_4_3_sameFilterAgain_replacesTheSubscription() {
        RawClient publisher = HOUSE.client();
        publisher.retain(topic, "retained");
        RawClient client = HOUSE.client();
        client.subscribe(topic, 0);
        client.next(Received.PUBLISH);
        client.subscribe(topic, 2);
        // retained messages again, as Retain Handling 0 asks
        assertThat(client.accept().payload()).isEqualTo("retained");
        publisher.publish(topic, "x", 2);
        assertThat(client.accept().qos()).isEqualTo(2);
        assertThat(client.received()).isEmpty();
        client.unsubscribe(topic);
        assertThat(publisher.publish(topic, "x", 1)).isEqualTo(0x10);
    }

    @Test
    @Statement("MQTT-3.8.4-4")
    void mqtt_3_8_4_4_replacement_losesNoMessage() {
        RawClient client = HOUSE.client();
        client.subscribe(topic, 1);
        RawClient publisher = HOUSE.client();
        Thread publishing = new Thread(() -> {
            for (int i = 0; i < 200; i++) {
                publisher.publish(topic, "m" + i, 1);
            }
        });
        publishing.start();
        int replaced = 0;
        int heard = 0;
        while (heard < 200) {
            if (replaced < 100) {
                client.send(Packets.subscribe(5, 1 + replaced++, Props.none(), topic, NEVER | 1));
            }
            for (Received packet : client.received()) {
                if (packet.type() == Received.PUBLISH) {
                    assertThat(packet.payload()).isEqualTo("m" + heard++);
                    client.send(Packets.ack(0x40, packet.packetId()));
                }
            }
        }
        assertThat(replaced).isGreaterThan(1);
        assertThat(client.received()).noneMatch(packet -> packet.type() == Received.PUBLISH);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0, 1", "0, 2", "1, 0", "1, 1", "1, 2", "2, 0", "2, 1", "2, 2"})
    @Statement({"MQTT-3.8.4-8", "MQTT-3.8.4-7"})
    void mqtt_3_8_4_8_delivery_isAtTheLowerQos(int published, int granted) {
        RawClient client = HOUSE.client();
        assertThat(client.subscribe(topic, granted)).isEqualTo(granted);
        HOUSE.client().publish(topic, "x", published);
        assertThat(client.accept().qos()).isEqualTo(Math.min(published, granted));
    }

    @Test
    @Statement({"MQTT-3.9.3-2", "MQTT-3.8.4-7"})
    void mqtt_3_9_3_2_subscriptionAboveTheLimit_isToldItsQuota() {
        RawClient client = HOUSE.client();
        for (int packet = 0; packet < 20; packet++) {
            Bytes body = new Bytes().u16(1).u8(0);
            for (int i = 0; i < 50; i++) {
                body.text(topic + "/" + packet + "/" + i).u8(0);
            }
            client.send(body.packet(0x82));
            assertThat(client.next(Received.SUBACK).reasons()).hasSize(50).containsOnly(0);
        }
        assertThat(client.subscribe(topic, 0)).isEqualTo(0x97);
    }

    // UNSUBSCRIBE

    @Test
    @Statement({
        "MQTT-3.10.4-1",
        "MQTT-3.10.4-2",
        "MQTT-3.10.4-4",
        "MQTT-3.10.4-5",
        "MQTT-3.10.4-6",
        "MQTT-3.11.3-1",
        "MQTT-3.11.3-2"
    })
    void mqtt_3_10_4_6_severalFilters_areDeletedAndAnsweredEach() {
        RawClient client = HOUSE.client();
        client.subscribe(topic + "/a", 0);
        client.subscribe(topic + "/+", 0);
        client.subscribe("$share/g/" + topic + "/c", 0);
        client.send(new Bytes()
                .u16(99)
                .u8(0)
                .text(topic + "/a")
                .text(topic + "/A")
                .text(topic + "/#")
                .text(topic + "/c")
                .text("$share/g/" + topic + "/c")
                .text(topic + "/+")
                .packet(0xA2));
        Received answer = client.next(Received.UNSUBACK);
        assertThat(answer.packetId()).isEqualTo(99);
        assertThat(answer.reasons()).containsExactly(0, 0x11, 0x11, 0x11, 0, 0);
        RawClient publisher = HOUSE.client();
        assertThat(publisher.publish(topic + "/a", "x", 1)).isEqualTo(0x10);
        assertThat(publisher.publish(topic + "/c", "x", 1)).isEqualTo(0x10);
        assertThat(client.received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-3.10.4-1", "MQTT-3.10.4-2"})
    void mqtt_3_10_4_1_anotherFilterThatMatchesTheSame_stays() {
        RawClient client = HOUSE.client();
        client.subscribe(topic + "/+", 0);
        client.unsubscribe(topic + "/a");
        HOUSE.client().publish(topic + "/a", "x", 0);
        assertThat(client.heard()).containsExactly("x");
    }

    @Test
    @Statement({"MQTT-3.10.4-3", "MQTT-3.10.4-2"})
    void mqtt_3_10_4_3_deliveryThatWasBegun_isFinished() {
        String id = HOUSE.name();
        RawClient client = HOUSE.client(Connect.v5(id).expiry(60));
        client.subscribe(topic, 2);
        HOUSE.client().publish(topic, "begun", 2);
        int packetId = client.next(Received.PUBLISH).packetId();
        client.unsubscribe(topic);
        client.send(Packets.ack(0x50, packetId));
        assertThat(client.next(Received.PUBREL).packetId()).isEqualTo(packetId);
        client.drop();
        RawClient back = HOUSE.client(Connect.v5(id).resume().expiry(60));
        assertThat(back.next(Received.PUBREL).packetId()).isEqualTo(packetId);
        back.send(Packets.ack(0x70, packetId));
        assertThat(back.received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-3.10.4-3", "MQTT-4.4.0-1"})
    void mqtt_3_10_4_3_deliveryThatWasBegun_isSentAgainAfterAReconnect() {
        String id = HOUSE.name();
        RawClient client = HOUSE.client(Connect.v5(id).expiry(60));
        client.subscribe(topic, 1);
        HOUSE.client().publish(topic, "begun", 1);
        client.next(Received.PUBLISH);
        client.unsubscribe(topic);
        client.drop();
        RawClient back = HOUSE.client(Connect.v5(id).resume().expiry(60));
        assertThat(back.accept().payload()).isEqualTo("begun");
    }

    @Test
    @Statement("MQTT-3.8.4-5")
    void mqtt_3_8_4_5_asManyFiltersAsAllowed_areTaken() {
        RawClient client = HOUSE.client();
        Bytes body = new Bytes().u16(1).u8(0);
        IntStream.range(0, 64).forEach(i -> body.text(topic + "/" + i).u8(1));
        client.send(body.packet(0x82));
        assertThat(client.next(Received.SUBACK).reasons())
                .isEqualTo(List.copyOf(IntStream.range(0, 64).mapToObj(i -> 1).toList()));
        RawClient more = HOUSE.client();
        body.text(topic).u8(1);
        more.send(body.packet(0x82));
        more.disconnected(0x97);
    }
}
