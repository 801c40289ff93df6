package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Wills: when they are sent, when they are not, and what they carry (MQTT 5.0, sections 3.1.2.5, 3.1.3.2 and 3.14). */
@Conformance(Specification.MQTT_5)
class Mqtt5WillTest {
    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse();

    private final String topic = HOUSE.name();
    private final String id = HOUSE.name();

    private RawClient reader() {
        RawClient reader = HOUSE.client();
        reader.subscribe(topic, 2);
        return reader;
    }

    private Connect mortal() {
        return Connect.v5(id).will(topic, "last words");
    }

    private static Props delay(int seconds) {
        return Props.none().u32(Props.WILL_DELAY, seconds);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    @Statement({"MQTT-3.1.2-7", "MQTT-3.1.2-8", "MQTT-3.1.2-12"})
    void mqtt_3_1_2_8_connectionLost_sendsTheWill(int qos) {
        RawClient reader = reader();
        HOUSE.client(mortal().willQos(qos)).drop();

        Received will = reader.accept();
        assertThat(will.payload()).isEqualTo("last words");
        assertThat(will.qos()).isEqualTo(qos);
        assertThat(will.retain()).isFalse();
    }

    @Test
    @Statement({"MQTT-3.14.4-3", "MQTT-3.1.2-8", "MQTT-3.1.2-10"})
    void mqtt_3_14_4_3_normalDisconnect_deletesTheWill() {
        RawClient reader = reader();
        HOUSE.client(mortal()).leave();
        RawClient another = HOUSE.client(mortal());
        another.send(Packets.disconnect(0, Props.none()));
        another.closed();
        assertThat(reader.received()).isEmpty();
    }

    @Test
    @Statement("MQTT-3.1.2-8")
    void mqtt_3_1_2_8_disconnectWithWill_sendsIt() {
        RawClient reader = reader();
        RawClient client = HOUSE.client(mortal());
        client.send(Packets.disconnect(4, Props.none()));
        client.closed();
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("last words");
    }

    @Test
    @Statement({"MQTT-3.1.2-8", "MQTT-4.13.1-1"})
    void mqtt_3_1_2_8_protocolError_sendsTheWill() {
        RawClient reader = reader();
        RawClient client = HOUSE.client(mortal());
        client.send(Packets.publish("t", "", 1, 0));
        client.disconnected(0x82);
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("last words");
    }

    @Test
    @Statement({"MQTT-3.1.2-8", "MQTT-3.1.2-22"})
    void mqtt_3_1_2_8_keepAliveTimeout_sendsTheWill() {
        RawClient reader = reader();
        HOUSE.client(mortal().keepAlive(1)).disconnected(0x8D);
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("last words");
    }

    @Test
    @Statement("MQTT-3.1.2-8")
    void mqtt_3_1_2_8_takeover_sendsTheWill() {
        RawClient reader = reader();
        RawClient old = HOUSE.client(mortal().expiry(60));
        HOUSE.client(Connect.v5(id).resume().expiry(60));
        old.disconnected(0x8E);
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("last words");
    }

    @Test
    @Statement("MQTT-3.1.2-10")
    void mqtt_3_1_2_10_will_isSentOnce() {
        RawClient reader = reader();
        HOUSE.client(mortal().expiry(60)).drop();
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("last words");
        HOUSE.client(Connect.v5(id).resume().expiry(60)).drop();
        HOUSE.client(Connect.v5(id)).leave();
        assertThat(reader.received()).isEmpty();
    }

    @Test
    @Statement("MQTT-3.1.2-14")
    void mqtt_3_1_2_14_withoutWillRetain_itIsNotRetained() {
        RawClient reader = reader();
        HOUSE.client(mortal()).drop();
        reader.next(Received.PUBLISH);
        RawClient late = reader();
        assertThat(late.received()).isEmpty();
    }

    @Test
    @Statement("MQTT-3.1.2-15")
    void mqtt_3_1_2_15_withWillRetain_itIsRetained() {
        RawClient reader = reader();
        HOUSE.client(mortal().willRetain()).drop();
        reader.next(Received.PUBLISH);
        Received retained = reader().next(Received.PUBLISH);
        assertThat(retained.payload()).isEqualTo("last words");
        assertThat(retained.retain()).isTrue();
    }

    @Test
    @Statement({"MQTT-3.1.2-9", "MQTT-3.1.3-10", "MQTT-3.3.2-4"})
    void mqtt_3_1_3_10_willProperties_travelWithItInTheirOrder() {
        RawClient reader = reader();
        Props properties = delay(0).user("b", "1")
                .u8(Props.PAYLOAD_FORMAT, 1)
                .user("a", "2")
                .u32(Props.MESSAGE_EXPIRY, 100)
                .text(Props.CONTENT_TYPE, "text/plain")
                .text(Props.RESPONSE_TOPIC, "answers")
                .binary(Props.CORRELATION_DATA, (byte) 7)
                .user("b", "3");
        HOUSE.client(mortal().willProps(properties)).drop();

        Received will = reader.next(Received.PUBLISH);
        assertThat(will.users()).isEqualTo(List.of("b=1", "a=2", "b=3"));
        assertThat(will.number(Props.PAYLOAD_FORMAT)).isEqualTo(1);
        assertThat(will.number(Props.MESSAGE_EXPIRY)).isEqualTo(100);
        assertThat(will.text(Props.CONTENT_TYPE)).isEqualTo("text/plain");
        assertThat(will.text(Props.RESPONSE_TOPIC)).isEqualTo("answers");
        assertThat(will.bytes(Props.CORRELATION_DATA)).containsExactly(7);
        // that it was delayed is nobody's business: the test client refuses a Will Delay in PUBLISH
    }

    // will delay

    @Test
    @Statement("MQTT-3.1.2-8")
    void mqtt_3_1_2_8_willDelay_isWaitedFor() {
        RawClient reader = reader();
        long start = System.nanoTime();
        HOUSE.client(mortal().expiry(60).willProps(delay(1))).drop();
        assertThat(reader.received()).isEmpty();
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("last words");
        assertThat(System.nanoTime() - start).isGreaterThan(900_000_000L);
    }

    @Test
    @Statement("MQTT-3.1.2-8")
    void mqtt_3_1_2_8_endOfTheSession_sendsTheWillBeforeItsDelay() {
        RawClient reader = reader();
        HOUSE.client(mortal().willProps(delay(3600))).drop();
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("last words");
        HOUSE.client(mortal().expiry(1).willProps(delay(3600))).drop();
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("last words");
    }

    @Test
    @Statement("MQTT-3.1.2-8")
    void mqtt_3_1_2_8_cleanStartWithinTheDelay_endsTheSessionAndSendsTheWill() {
        RawClient reader = reader();
        HOUSE.client(mortal().expiry(3600).willProps(delay(3600))).drop();
        HOUSE.client(Connect.v5(id));
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("last words");
    }

    @Test
    @Statement("MQTT-3.1.3-9")
    void mqtt_3_1_3_9_backWithinTheDelay_theWillIsNotSent() {
        RawClient reader = reader();
        HOUSE.client(mortal().expiry(60).willProps(delay(1))).drop();
        RawClient back = HOUSE.client(Connect.v5(id).resume().expiry(60));
        assertThat(back.connAck().sessionPresent()).isTrue();
        // a will that is as late and of somebody who does not come back shows when this one would have been sent
        HOUSE.client(Connect.v5(HOUSE.name())
                        .expiry(60)
                        .will(topic, "the other's")
                        .willProps(delay(2)))
                .drop();
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("the other's");
    }

    @Test
    @Statement("MQTT-3.1.3-9")
    void mqtt_3_1_3_9_takeoverOfAConnectionWithADelayedWill_theWillIsNotSent() {
        RawClient reader = reader();
        RawClient old = HOUSE.client(mortal().expiry(60).willProps(delay(1)));
        HOUSE.client(Connect.v5(id).resume().expiry(60));
        old.disconnected(0x8E);
        HOUSE.client(Connect.v5(HOUSE.name())
                        .expiry(60)
                        .will(topic, "the other's")
                        .willProps(delay(2)))
                .drop();
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("the other's");
    }
}
