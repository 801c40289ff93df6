package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** CONNECT and CONNACK of MQTT 3.1.1 (sections 3.1 and 3.2): who comes in, and how. */
@Conformance(Specification.MQTT_3_1_1)
class Mqtt311ConnectTest {
    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse();

    private final String id = HOUSE.name();
    private final String topic = HOUSE.name();

    private RawClient reader() {
        RawClient reader = HOUSE.client(Connect.v311(HOUSE.name()));
        reader.subscribe(topic, 2);
        return reader;
    }

    /** A CONNECT whose fields are given one by one, behind protocol, level and flags. */
    private static byte[] connect(int flags, Bytes fields) {
        return new Bytes()
                .text("MQTT")
                .u8(4)
                .u8(flags)
                .u16(60)
                .raw(fields.done())
                .packet(0x10);
    }

    private static Bytes login(Bytes before) {
        return before.text(ConformanceHouse.USER).text(ConformanceHouse.PASSWORD);
    }

    @Test
    @Statement("MQTT-3.1.0-1")
    void mqtt_3_1_0_1_firstPacketMustBeConnect() {
        RawClient reader = reader();
        byte[] publish = Packets.publish(4, topic, "x", 0, 0, 0, Props.none());
        HOUSE.open(4).send(Packets.PINGREQ).closed();
        HOUSE.open(4).send(publish, Connect.v311(id).bytes()).closed();
        assertThat(reader.received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-3.1.0-2", "MQTT-4.8.0-1"})
    void mqtt_3_1_0_2_secondConnectEndsTheConnection() {
        RawClient client = HOUSE.client(Connect.v311(id));
        client.send(Connect.v311(id).bytes());
        client.closed();
    }

    @ParameterizedTest
    @ValueSource(strings = {"mqtt", "MQTTX", "HTTP", ""})
    @Statement("MQTT-3.1.2-1")
    void mqtt_3_1_2_1_anotherProtocolName_isNotLetIn(String name) {
        assertThat(HOUSE.knock(Connect.of(name, 4, id)).refusedByOldVersion()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 6, 127, 255})
    @Statement({"MQTT-3.1.2-2", "MQTT-3.2.2-5"})
    void mqtt_3_1_2_2_unknownLevel_isToldAndClosed(int level) {
        assertThat(HOUSE.knock(Connect.of("MQTT", level, id)).refusedByOldVersion())
                .isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"MQTT, 132", "MQIsdp, 131"})
    @Statement("MQTT-3.1.2-2")
    void mqtt_3_1_2_2_levelWithTheBridgeBit_isTaken(String name, int level) {
        RawClient bridge = HOUSE.open(4).send(Connect.of(name, level, id).bytes());
        assertThat(bridge.next(Received.CONNACK).reason()).isZero();
    }

    @ParameterizedTest(name = "flags {0}")
    @CsvSource({
        "1", // reserved
        "8",
        "16",
        "24", // will QoS without a will
        "32", // will retain without a will
        "60" // will QoS 3, with a will
    })
    @Statement({"MQTT-3.1.2-3", "MQTT-3.1.2-11", "MQTT-3.1.2-13", "MQTT-3.1.2-14", "MQTT-3.1.2-15", "MQTT-3.1.4-1"})
    void mqtt_3_1_2_3_flagsThatMustNotBe_closeWithoutConnack(int flags) {
        Bytes fields = new Bytes().text(id);
        if ((flags & 4) != 0) {
            fields.text(topic).text("x");
        }
        HOUSE.open(4).send(connect(0xC2 | flags, login(fields))).closed();
    }

    @ParameterizedTest(name = "flags {0}")
    @ValueSource(ints = {0xC6, 0xC2, 0x82, 0x02, 0x42})
    @Statement({
        "MQTT-3.1.2-9",
        "MQTT-3.1.2-11",
        "MQTT-3.1.2-18",
        "MQTT-3.1.2-19",
        "MQTT-3.1.2-20",
        "MQTT-3.1.2-21",
        "MQTT-3.1.2-22",
        "MQTT-3.1.4-1"
    })
    void mqtt_3_1_2_9_fieldsThatTheFlagsDoNotSay_closeWithoutConnack(int flags) {
        Bytes fields = new Bytes().text(id);
        switch (flags) {
            case 0xC6 -> login(fields); // a will is said, and not there
            case 0xC2 -> fields.text(ConformanceHouse.USER); // a password is said, and not there
            case 0x82 -> login(fields); // no password is said, and one is there
            case 0x02 -> fields.text(ConformanceHouse.USER); // nobody is said, and one is there
            default -> fields.text(ConformanceHouse.PASSWORD); // a password and nobody it belongs to
        }
        HOUSE.open(4).send(connect(flags, fields)).closed();
    }

    @Test
    @Statement({"MQTT-3.1.3-1", "MQTT-3.1.3-3", "MQTT-3.1.2-8", "MQTT-3.1.2-9"})
    void mqtt_3_1_3_1_payloadFields_areReadInTheirOrder() {
        RawClient reader = reader();
        RawClient client = HOUSE.open(4)
                .send(connect(0xC6, login(new Bytes().text(id).text(topic).text("last words"))))
                .admitted();
        client.drop();
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("last words");
        HOUSE.open(4).send(connect(0xC2, login(new Bytes()))).closed(); // the identifier missing altogether
    }

    @ParameterizedTest
    @ValueSource(strings = {"id", "will", "user"})
    @Statement({"MQTT-3.1.3-4", "MQTT-3.1.3-10", "MQTT-3.1.3-11", "MQTT-1.5.3-1"})
    void mqtt_3_1_3_4_fieldThatIsNotText_closes(String field) {
        byte[] wrong = {(byte) 0xED, (byte) 0xA0, (byte) 0x80};
        byte[] right = "x".getBytes(StandardCharsets.UTF_8);
        HOUSE.open(4)
                .send(connect(
                        0xC6,
                        new Bytes()
                                .binary(field.equals("id") ? wrong : right)
                                .binary(field.equals("will") ? wrong : right)
                                .binary(right)
                                .binary(field.equals("user") ? wrong : right)
                                .binary(right)))
                .closed();
    }

    @ParameterizedTest
    @ValueSource(strings = {"b", "0123456789abcdefghijkln", "ABCDEFGHIJKLMNOPQRSTUVX", "XYZnopqrstuvwxyy"})
    @Statement({"MQTT-3.1.3-5", "MQTT-3.1.4-4", "MQTT-3.2.0-1", "MQTT-7.1.1-1"})
    void mqtt_3_1_3_5_identifiersThatEveryServerTakes_areTaken(String taken) {
        assertThat(HOUSE.client(Connect.v311(taken)).received()).isEmpty();
    }

    @Test
    @Statement("MQTT-3.1.3-6")
    void mqtt_3_1_3_6_clientsWithoutIdentifier_areServedEachByItself() {
        RawClient first = HOUSE.client(Connect.v311(""));
        RawClient second = HOUSE.client(Connect.v311(""));
        first.subscribe(topic, 0);
        second.publish(topic, "x", 0);
        assertThat(first.heard()).containsExactly("x");
        assertThat(second.heard()).isEmpty();
    }

    @Test
    @Statement({"MQTT-3.1.3-7", "MQTT-3.1.3-8", "MQTT-3.2.2-4", "MQTT-3.2.2-5"})
    void mqtt_3_1_3_8_noIdentifierAndNoCleanSession_isTold() {
        HOUSE.knock(Connect.v311("").resume()).refused(2);
    }

    @Test
    @Statement({"MQTT-3.1.3-9", "MQTT-3.1.3-2"})
    void mqtt_3_1_3_9_identifierThatIsTooLongOrAnothers_isTold() {
        HOUSE.knock(Connect.v311("x".repeat(257))).refused(2);
        RawClient owner = HOUSE.client(Connect.v311(id));
        HOUSE.knock(Connect.v311(id).user(ConformanceHouse.GUEST, ConformanceHouse.PASSWORD))
                .refused(2);
        assertThat(owner.received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-3.2.2-5", "MQTT-3.2.2-4"})
    void mqtt_3_2_2_5_refusedLogins_areToldAndClosed() {
        HOUSE.knock(Connect.v311(id).user(ConformanceHouse.USER, "wrong")).refused(4);
        HOUSE.knock(Connect.v311(id).user("nobody", "wrong")).refused(4);
        HOUSE.knock(Connect.v311(id)
                        .user(ConformanceHouse.GUEST, ConformanceHouse.PASSWORD)
                        .will("forbidden", "x"))
                .refused(5);
    }

    @Test
    @Statement("MQTT-3.1.4-2")
    void mqtt_3_1_4_2_secondConnectionOfAClient_endsTheFirst() {
        RawClient first = HOUSE.client(Connect.v311(id));
        RawClient second = HOUSE.client(Connect.v311(id));
        first.closed();
        assertThat(second.received()).isEmpty();
    }

    @Test
    @Statement("MQTT-3.1.4-5")
    void mqtt_3_1_4_5_whatFollowsARefusedConnect_isNotHandled() {
        RawClient reader = reader();
        byte[] publish = Packets.publish(4, topic, "x", 0, 0, 0, Props.none());
        HOUSE.open(4)
                .send(Connect.v311(id).user(ConformanceHouse.USER, "wrong").bytes(), publish)
                .refused(4);
        assertThat(reader.received()).isEmpty();
        HOUSE.open(4).send(Connect.v311(id).bytes(), publish).admitted();
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("x");
    }

    @Test
    @Statement({"MQTT-3.2.0-1", "MQTT-3.1.4-4"})
    void mqtt_3_2_0_1_connackComesFirst() {
        RawClient client = HOUSE.open(4);
        client.send(Connect.v311(id).bytes(), Packets.subscribe(4, 1, Props.none(), topic, 0), Packets.PINGREQ);
        client.admitted();
        client.next(Received.SUBACK);
        client.next(Received.PINGRESP);
    }

    @Test
    @Statement({"MQTT-3.1.2-24", "MQTT-3.1.2-8"})
    void mqtt_3_1_2_24_silentClient_isCutOffAsIfTheNetworkHadFailed() {
        RawClient reader = reader();
        RawClient silent = HOUSE.client(Connect.v311(id).keepAlive(1).will(topic, "silent"));
        silent.closed();
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("silent");
    }

    @Test
    @Statement({"MQTT-3.14.4-3", "MQTT-3.1.2-8", "MQTT-3.1.2-10", "MQTT-3.1.2-12"})
    void mqtt_3_14_4_3_disconnect_deletesTheWill() {
        RawClient reader = reader();
        HOUSE.client(Connect.v311(id).will(topic, "x")).leave();
        HOUSE.client(Connect.v311(id)).drop(); // the will is gone: nothing is left of it for this connection
        RawClient third = HOUSE.client(Connect.v311(id));
        third.leave();
        assertThat(reader.received()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Statement({"MQTT-3.1.2-16", "MQTT-3.1.2-17"})
    void mqtt_3_1_2_16_will_isRetainedIfItSaysSo(boolean retained) {
        RawClient reader = reader();
        Connect connect = Connect.v311(id).will(topic, "x").willQos(1);
        HOUSE.client(retained ? connect.willRetain() : connect).drop();
        assertThat(reader.accept().retain()).isFalse();
        RawClient later = reader();
        assertThat(later.heard()).hasSize(retained ? 1 : 0);
        later.retain(topic, "");
    }

    @Test
    @Statement({"MQTT-3.14.1-1", "MQTT-2.2.2-2"})
    void mqtt_3_14_1_1_disconnectWithFlags_isNoGoodbye() {
        RawClient reader = reader();
        RawClient client = HOUSE.client(Connect.v311(id).will(topic, "x"));
        client.send(new Bytes().u8(0xE1).u8(0).done());
        client.closed();
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("x");
    }
}
