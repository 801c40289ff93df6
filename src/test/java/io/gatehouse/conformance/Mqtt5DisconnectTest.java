package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** PINGREQ and DISCONNECT, both ways (MQTT 5.0, sections 3.12 to 3.14). */
@Conformance(Specification.MQTT_5)
class Mqtt5DisconnectTest {
    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse();

    /** One that a test stops. */
    @RegisterExtension
    static final ConformanceHouse STOPPING = new ConformanceHouse();

    @Test
    @Statement("MQTT-3.12.4-1")
    void mqtt_3_12_4_1_ping_isAnswered() {
        RawClient client = HOUSE.client();
        client.send(Packets.PINGREQ, Packets.PINGREQ);
        client.next(Received.PINGRESP);
        client.next(Received.PINGRESP);
    }

    @Test
    @Statement("MQTT-3.14.0-1")
    void mqtt_3_14_0_1_beforeItsConnack_aClientGetsNoDisconnect() {
        HOUSE.open(5).send(Packets.DISCONNECT).closed();
        HOUSE.knock(Connect.v5("").will("a/#", "x")).refused(0x90);
        HOUSE.knock(Connect.v5(HOUSE.name()).user("nobody", "x")).refused(0x86);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99})
    @Statement("MQTT-3.14.2-1")
    void mqtt_3_14_2_1_reasonsOfClients_areTaken(int reason) {
        RawClient client = HOUSE.client();
        client.send(Packets.disconnect(
                reason, Props.none().text(Props.REASON_STRING, "why").user("a", "b")));
        client.closed();
    }

    @ParameterizedTest
    @ValueSource(ints = {0x01, 0x10, 0x18, 0x84, 0x87, 0x8B, 0x8E, 0x9D, 0xA2})
    @Statement("MQTT-3.14.2-1")
    void mqtt_3_14_2_1_reasonsThatAreNotAClients_areAProtocolError(int reason) {
        RawClient client = HOUSE.client();
        client.send(Packets.disconnect(reason, Props.none()));
        client.disconnected(0x82);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x03, 0x42, 0xA3, 0xFF})
    @Statement("MQTT-3.14.2-1")
    void mqtt_3_14_2_1_reasonsThatDoNotExist_areMalformed(int reason) {
        RawClient client = HOUSE.client();
        client.send(Packets.disconnect(reason, Props.none()));
        client.disconnected(0x81);
    }

    @Test
    @Statement({"MQTT-3.14.2-1", "MQTT-3.14.4-3"})
    void mqtt_3_14_2_1_serverReferenceFromAClient_isAProtocolError() {
        RawClient client = HOUSE.client();
        client.send(Packets.disconnect(0, Props.none().text(Props.SERVER_REFERENCE, "elsewhere")));
        client.disconnected(0x82);
    }

    @Test
    @Statement({"MQTT-3.14.4-1", "MQTT-3.14.4-2"})
    void mqtt_3_14_4_1_afterItsDisconnect_theServerSendsNothingAndCloses() {
        String topic = HOUSE.name();
        RawClient client = HOUSE.client();
        client.subscribe(topic, 0);
        byte[] publish = Packets.publish(topic, "x", 0, 0);
        client.send(publish, Connect.v5("second").bytes(), publish, Packets.PINGREQ);
        assertThat(client.next(Received.PUBLISH).payload()).isEqualTo("x");
        client.disconnected(0x82);
    }

    @Test
    @Statement("MQTT-3.14.4-1")
    void mqtt_3_14_4_1_whatFollowsAClientsDisconnect_isNotProcessed() {
        String topic = HOUSE.name();
        RawClient reader = HOUSE.client();
        reader.subscribe(topic, 0);
        RawClient client = HOUSE.client();
        client.send(Packets.publish(topic, "before", 0, 0), Packets.DISCONNECT, Packets.publish(topic, "after", 0, 0));
        client.closed();
        assertThat(reader.heard()).containsExactly("before");
    }

    @Test
    @Statement({"MQTT-3.14.2-1", "MQTT-3.14.4-2", "MQTT-3.14.2-2"})
    void mqtt_3_14_2_1_serverThatStops_saysSo() {
        RawClient first = STOPPING.client();
        RawClient second = STOPPING.client(Connect.v5(STOPPING.name()).expiry(60));
        STOPPING.stop();
        first.disconnected(0x8B);
        second.disconnected(0x8B);
    }
}
