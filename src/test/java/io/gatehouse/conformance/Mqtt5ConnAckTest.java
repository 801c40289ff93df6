package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** CONNACK, and packets that must not be too large (MQTT 5.0, sections 3.2 and 3.1.2.11.4). */
@Conformance(Specification.MQTT_5)
class Mqtt5ConnAckTest {
    @RegisterExtension
    static final ConformanceHouse HOUSE =
            new ConformanceHouse("limits: {max_packet: 4KiB, max_topic_aliases: 5, receive_maximum: 7}");

    private static Connect taking(int maximumPacketSize) {
        return Connect.v5(HOUSE.name()).with(Props.none().u32(Props.MAXIMUM_PACKET_SIZE, maximumPacketSize));
    }

    @Test
    @Statement({"MQTT-3.2.2-1", "MQTT-3.2.2-2", "MQTT-3.2.2-8", "MQTT-3.1.4-5"})
    void mqtt_3_2_2_1_connack_hasItsFlagsReasonAndLimits() {
        Received answer = HOUSE.client().connAck();
        assertThat(answer.connAckFlags()).isZero();
        assertThat(answer.reason()).isZero();
        assertThat(answer.number(Props.MAXIMUM_PACKET_SIZE)).isEqualTo(4096);
        assertThat(answer.number(Props.TOPIC_ALIAS_MAXIMUM)).isEqualTo(5);
        assertThat(answer.number(Props.RECEIVE_MAXIMUM)).isEqualTo(7);
        // whatever is absent is available: QoS 2, retained messages, wildcards, identifiers, shared subscriptions
        for (int property : new int[] {
            Props.MAXIMUM_QOS,
            Props.RETAIN_AVAILABLE,
            Props.WILDCARD_AVAILABLE,
            Props.SUBSCRIPTION_IDENTIFIERS_AVAILABLE,
            Props.SHARED_AVAILABLE
        }) {
            assertThat(answer.has(property)).isFalse();
        }
    }

    @Test
    @Statement({"MQTT-3.2.2-3", "MQTT-3.2.2-1"})
    void mqtt_3_2_2_3_sessionPresent_isItsOnlyFlag() {
        String id = HOUSE.name();
        HOUSE.client(Connect.v5(id).expiry(60)).leave();
        assertThat(HOUSE.client(Connect.v5(id).resume().expiry(60)).connAck().connAckFlags())
                .isEqualTo(1);
    }

    @Test
    @Statement("MQTT-3.2.2-6")
    void mqtt_3_2_2_6_sessionPresent_is0InARefusalEvenIfThereIsOne() {
        String id = HOUSE.name();
        HOUSE.client(Connect.v5(id).expiry(60)).leave();
        Connect wrong = Connect.v5(id).resume().expiry(60).user(ConformanceHouse.USER, "wrong");
        assertThat(HOUSE.knock(wrong).refused(0x86).connAckFlags()).isZero();
        assertThat(HOUSE.client(Connect.v5(id).resume().expiry(60)).connAck().sessionPresent())
                .isTrue();
    }

    @Test
    @Statement("MQTT-3.2.2-15")
    void mqtt_3_2_2_15_packetLargerThanTheServerTakes_isRefusedOnItsHeader() {
        RawClient whole = HOUSE.client();
        String topic = HOUSE.name();
        // 2 + 2 + topic + 1 + payload with a header of 3: 4096 in all is the most
        int most = 4096 - 3 - 2 - topic.length() - 2 - 1;
        assertThat(whole.publish(topic, "x".repeat(most), 1)).isEqualTo(0x10);
        RawClient more = HOUSE.client();
        more.send(Packets.publish(topic, "x".repeat(most + 1), 1, 1));
        more.disconnected(0x95);
        RawClient declared = HOUSE.client();
        declared.send(Bytes.of(0x30).vbi(268_435_455).done());
        declared.disconnected(0x95);
    }

    // what the client takes

    @Test
    @Statement({"MQTT-3.1.2-24", "MQTT-3.1.2-25"})
    void mqtt_3_1_2_24_messageTooLargeForItsSubscriber_isDroppedAsIfDelivered() {
        RawClient small = HOUSE.client(taking(100));
        RawClient large = HOUSE.client();
        String topic = HOUSE.name();
        small.subscribe(topic, 2);
        large.subscribe(topic, 2);
        int most = 100 - 2 - 2 - topic.length() - 2 - 1;
        RawClient publisher = HOUSE.client();
        for (int qos = 0; qos <= 2; qos++) {
            publisher.publish(topic, "y".repeat(most + 3), qos);
            publisher.publish(topic, "x".repeat(most), qos);
            assertThat(large.accept().payload()).startsWith("y");
            assertThat(large.accept().payload()).startsWith("x");
            Received only = small.accept();
            assertThat(only.payload()).startsWith("x");
            // an identifier and its two bytes are what QoS 0 saves
            assertThat(only.sizeBytes()).isEqualTo(qos == 0 ? 98 : 100);
        }
        assertThat(small.received()).isEmpty();
    }

    @Test
    @Statement("MQTT-3.1.2-25")
    void mqtt_3_1_2_25_messagesTooLarge_takeNoPlaceInTheWindow() {
        RawClient small = HOUSE.client(Connect.v5(HOUSE.name())
                .with(Props.none().u32(Props.MAXIMUM_PACKET_SIZE, 100).u16(Props.RECEIVE_MAXIMUM, 2))
                .expiry(60));
        String topic = HOUSE.name();
        small.subscribe(topic, 1);
        RawClient publisher = HOUSE.client();
        for (int i = 0; i < 5; i++) {
            publisher.publish(topic, "y".repeat(200), 1);
        }
        publisher.publish(topic, "small", 1);
        assertThat(small.accept().payload()).isEqualTo("small");
    }

    @Test
    @Statement({"MQTT-3.4.2-2", "MQTT-3.5.2-2", "MQTT-3.9.2-1", "MQTT-3.14.2-3", "MQTT-3.1.2-24"})
    void mqtt_3_4_2_2_reasonStringThatMakesThePacketTooLarge_isLeftOut() {
        Props properties = Props.none().u32(Props.MAXIMUM_PACKET_SIZE, 24);
        Connect guest = Connect.v5("g")
                .user(ConformanceHouse.GUEST, ConformanceHouse.PASSWORD)
                .with(properties);
        RawClient client = HOUSE.client(guest);
        client.send(Packets.publish("forbidden", "x", 1, 1), Packets.publish("forbidden", "x", 2, 2));
        client.send(Packets.subscribe(5, 3, Props.none(), "forbidden", 0));
        for (int type : new int[] {Received.PUBACK, Received.PUBREC, Received.SUBACK}) {
            Received answer = client.next(type);
            assertThat(answer.reason()).isEqualTo(0x87);
            assertThat(answer.has(Props.REASON_STRING)).isFalse();
            assertThat(answer.sizeBytes()).isLessThanOrEqualTo(24);
        }
        client.send(Packets.publish("forbidden", "x", 1, 0));
        assertThat(client.disconnected(0x82).has(Props.REASON_STRING)).isFalse();
    }

    @Test
    @Statement("MQTT-3.1.2-24")
    void mqtt_3_1_2_24_clientThatCannotTakeItsConnack_isClosed() {
        HOUSE.knock(taking(4)).closed();
    }
}
