package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What MQTT 3.1 does otherwise than 3.1.1: its name and level, its client identifiers, no session present, DUP on packets
 * that may come again, and fields that a CONNECT may leave out. Its document numbers no statements.
 */
class Mqtt31Test {
    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse();

    private final String id = HOUSE.name();
    private final String topic = HOUSE.name();

    private static byte[] connect(int flags, Bytes fields) {
        return new Bytes()
                .text("MQIsdp")
                .u8(3)
                .u8(flags)
                .u16(60)
                .raw(fields.done())
                .packet(0x10);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void client_of31_publishesAndHearsAtEachQos(int qos) {
        RawClient client = HOUSE.client(Connect.v31(id));
        client.subscribe(topic, qos);
        HOUSE.client(Connect.v31(HOUSE.name())).publish(topic, "x", qos);
        Received message = client.accept();
        assertThat(message.payload()).isEqualTo("x");
        assertThat(message.qos()).isEqualTo(qos);
    }

    @ParameterizedTest
    @CsvSource({"MQIsdp, 4", "MQIsdp, 5", "MQTT, 3", "MQIsdp, 2", "mqisdp, 3"})
    void connect_nameAndLevelThatDoNotBelongTogether_areTold(String name, int level) {
        assertThat(HOUSE.knock(Connect.of(name, level, id)).refusedByOldVersion())
                .isEqualTo(1);
    }

    @Test
    void connect_identifierThatIsMissing_isToldWithCleanSessionToo() {
        HOUSE.knock(Connect.v31("")).refused(2);
        HOUSE.knock(Connect.v31("").resume()).refused(2);
    }

    @Test
    void connect_identifierOf23Characters_isTaken_andLongerOnesAreAsIn311() {
        HOUSE.client(Connect.v31("abcdefghijklmnopqrstuvw"));
        HOUSE.client(Connect.v31("longer-than-23-characters-as-many-clients-have-it"));
        HOUSE.knock(Connect.v31("x".repeat(257))).refused(2);
    }

    @Test
    void connack_hasNoSessionPresent_thoughTheSessionIs() {
        RawClient first = HOUSE.client(Connect.v31(id).resume());
        first.subscribe(topic, 1);
        first.leave();
        RawClient second = HOUSE.client(Connect.v31(id).resume());
        assertThat(second.connAck().connAckFlags()).isZero();
        HOUSE.client(Connect.v31(HOUSE.name())).publish(topic, "x", 1);
        assertThat(second.accept().payload()).isEqualTo("x");
    }

    @Test
    void connect_refused_hasTheReturnCodesOf31() {
        HOUSE.knock(Connect.v31(id).user(ConformanceHouse.USER, "wrong")).refused(4);
        HOUSE.knock(Connect.v31(id)
                        .user(ConformanceHouse.GUEST, ConformanceHouse.PASSWORD)
                        .will("forbidden", "x"))
                .refused(5);
    }

    @Test
    void connect_flagsOfFieldsThatAreMissing_areNoFault_andNoLogin() {
        HOUSE.open(3).send(connect(0xC2, new Bytes().text(id))).refused(4);
        HOUSE.open(3)
                .send(connect(0xC2, new Bytes().text(id).text(ConformanceHouse.USER)))
                .refused(4);
        // 3.1.1 does not know this
        HOUSE.open(4)
                .send(new Bytes().text("MQTT").u8(4).u8(0xC2).u16(60).text(id).packet(0x10))
                .closed();
    }

    @Test
    void dup_onPacketsThatMayComeAgain_isTaken() {
        RawClient client = HOUSE.client(Connect.v31(id));
        byte[] subscribe = Packets.subscribe(3, 1, Props.none(), topic, 0);
        subscribe[0] = (byte) 0x8A;
        client.send(subscribe);
        assertThat(client.next(Received.SUBACK).reasons()).containsExactly(0);
        client.send(Packets.publish(3, topic, "x", 2, 9, 0, Props.none()));
        client.take(Received.PUBREC);
        client.send(Packets.ack(0x6A, 9));
        assertThat(client.take(Received.PUBCOMP).packetId()).isEqualTo(9);
        byte[] unsubscribe = Packets.unsubscribe(3, 2, topic);
        unsubscribe[0] = (byte) 0xAA;
        client.send(unsubscribe);
        assertThat(client.take(Received.UNSUBACK).packetId()).isEqualTo(2);
    }

    @Test
    void suback_ofASubscriptionThatFails_saysSo_asIn311() {
        RawClient guest = HOUSE.client(Connect.v31(id).user(ConformanceHouse.GUEST, ConformanceHouse.PASSWORD));
        assertThat(guest.subscribe("forbidden", 1)).isEqualTo(0x80);
        assertThat(guest.subscribe("guest/x", 1)).isEqualTo(1);
    }
}
