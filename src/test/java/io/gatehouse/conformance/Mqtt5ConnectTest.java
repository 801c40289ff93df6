package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** CONNECT (MQTT 5.0, section 3.1): who comes in, and how. */
@Conformance(Specification.MQTT_5)
class Mqtt5ConnectTest {
    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse();

    @Test
    @Statement("MQTT-3.1.0-1")
    void mqtt_3_1_0_1_firstPacketMustBeConnect() {
        HOUSE.open(5).send(Packets.PINGREQ).closed();
    }

    @Test
    @Statement({"MQTT-3.1.0-2", "MQTT-4.13.1-1", "MQTT-4.13.2-1"})
    void mqtt_3_1_0_2_secondConnectEndsTheConnection() {
        RawClient client = HOUSE.client();
        client.send(Connect.v5("again").bytes());
        client.disconnected(0x82);
        assertThat(client.connAck().reason()).isZero();
    }
}
