package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** CONNECT (MQTT 5.0, section 3.1): who comes in, and how. */
@Conformance(Specification.MQTT_5)
class Mqtt5ConnectTest {
    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse();

    @Test
    @Statement("MQTT-3.1.0-1")
    void mqtt_3_1_0_1_firstPacketMustBeConnect() {
        HOUSE.open(5).send(Packets.PINGREQ).closed();
        HOUSE.open(5).send(Packets.publish("t", "x", 0, 0)).closed();
        HOUSE.open(5).send(Packets.auth(0x19, Props.none())).closed();
    }

    @Test
    @Statement("MQTT-3.1.0-1")
    void mqtt_3_1_0_1_whatIsSentBeforeConnect_isNotProcessed() {
        RawClient reader = HOUSE.client();
        String topic = HOUSE.name();
        reader.subscribe(topic, 0);
        HOUSE.open(5)
                .send(
                        Packets.publish(topic, "x", 0, 0),
                        Connect.v5(HOUSE.name()).bytes())
                .closed();
        assertThat(reader.received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-3.1.0-2", "MQTT-4.13.1-1", "MQTT-4.13.2-1", "MQTT-3.2.0-2"})
    void mqtt_3_1_0_2_secondConnectEndsTheConnection() {
        RawClient client = HOUSE.client();
        client.send(Connect.v5(HOUSE.name()).bytes());
        client.disconnected(0x82);
    }

    // 3.1.2 protocol name, version, flags

    @ParameterizedTest
    @ValueSource(strings = {"mqtt", "MQIsdp", "MQTTX", "HTTP", ""})
    @Statement("MQTT-3.1.2-1")
    void mqtt_3_1_2_1_anotherProtocolName_isNotLetIn(String name) {
        RawClient client = HOUSE.knock(Connect.of(name, 5, HOUSE.name()));
        assertRefusedInTheOldForm(client);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 6, 7, 0x85, 255})
    @Statement({"MQTT-3.1.2-2", "MQTT-3.2.2-7"})
    void mqtt_3_1_2_2_anotherVersion_isNotLetIn(int level) {
        RawClient client = HOUSE.knock(Connect.of("MQTT", level, HOUSE.name()));
        assertRefusedInTheOldForm(client);
    }

    /** Whoever speaks something else is told in the oldest words there are: CONNACK 0x01 of MQTT 3. */
    private static void assertRefusedInTheOldForm(RawClient client) {
        assertThat(client.refusedByOldVersion()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"1", "8", "16", "24", "32"})
    @Statement({"MQTT-3.1.2-3", "MQTT-3.1.2-11", "MQTT-3.1.2-13", "MQTT-3.1.4-1"})
    void mqtt_3_1_2_3_reservedAndForeignFlags_areMalformed(int flags) {
        HOUSE.knock(Connect.v5(HOUSE.name()).flags(flags)).refused(0x81);
    }

    @Test
    @Statement("MQTT-3.1.2-12")
    void mqtt_3_1_2_12_willQos3_isMalformed() {
        HOUSE.knock(Connect.v5(HOUSE.name()).will("t", "x").willQos(3)).refused(0x81);
    }

    @Test
    @Statement({"MQTT-3.1.2-9", "MQTT-3.1.2-17", "MQTT-3.1.2-19"})
    void mqtt_3_1_2_9_flagsWithoutTheirFields_areMalformed() {
        HOUSE.knock(Connect.v5(HOUSE.name()).user(null, null).flags(0x04)).refused(0x81);
        HOUSE.knock(Connect.v5(HOUSE.name()).user(null, null).flags(0x80)).refused(0x81);
        HOUSE.knock(Connect.v5(HOUSE.name()).user(null, null).flags(0x40)).refused(0x81);
    }

    @Test
    @Statement({"MQTT-3.1.2-16", "MQTT-3.1.2-18"})
    void mqtt_3_1_2_16_fieldsWithoutTheirFlags_areMalformed() {
        byte[] connect = Connect.v5(HOUSE.name()).bytes();
        connect[9] &= 0x3F;
        HOUSE.open(5).send(connect).refused(0x81);
    }

    @Test
    @Statement({"MQTT-3.1.2-19", "MQTT-3.1.2-16", "MQTT-3.1.4-2"})
    void mqtt_3_1_2_19_passwordWithoutUserName_isReadAndJudged() {
        // legal in MQTT 5.0, and no login by password: refused as such, not as malformed
        HOUSE.knock(Connect.v5(HOUSE.name()).user(null, ConformanceHouse.PASSWORD))
                .refused(0x86);
    }

    // 3.1.2.11 properties

    @ParameterizedTest
    @CsvSource({"33, 0000", "39, 00000000", "23, 02", "25, 02"})
    @Statement("MQTT-3.1.4-1")
    void mqtt_3_1_4_1_propertyThatMayNotHaveThisValue_isAProtocolError(int property, String value) {
        Props wrong = Props.none()
                .raw(Bytes.of(property)
                        .raw(java.util.HexFormat.of().parseHex(value))
                        .done());
        HOUSE.knock(Connect.v5(HOUSE.name()).with(wrong)).refused(0x82);
    }

    @ParameterizedTest
    @CsvSource({"17, 00000001", "33, 0001", "39, 00001000", "34, 0001", "23, 01", "25, 01", "21, 000161"})
    @Statement("MQTT-3.1.4-1")
    void mqtt_3_1_4_1_propertyTwice_isAProtocolError(int property, String value) {
        byte[] one =
                Bytes.of(property).raw(java.util.HexFormat.of().parseHex(value)).done();
        HOUSE.knock(Connect.v5(HOUSE.name()).with(Props.none().raw(one).raw(one)))
                .refused(0x82);
    }

    @ParameterizedTest
    @ValueSource(ints = {Props.WILL_DELAY, Props.MESSAGE_EXPIRY, Props.TOPIC_ALIAS, Props.SERVER_KEEP_ALIVE, 99})
    @Statement("MQTT-3.1.4-1")
    void mqtt_3_1_4_1_propertyOfAnotherPacket_isMalformed(int property) {
        HOUSE.knock(Connect.v5(HOUSE.name()).with(Props.none().u32(property, 1)))
                .refused(0x81);
    }

    @Test
    @Statement("MQTT-3.1.4-1")
    void mqtt_3_1_4_1_authenticationDataWithoutMethod_isAProtocolError() {
        HOUSE.knock(Connect.v5(HOUSE.name()).with(Props.none().binary(Props.AUTHENTICATION_DATA, (byte) 1)))
                .refused(0x82);
    }

    @Test
    @Statement("MQTT-3.1.2-28")
    void mqtt_3_1_2_28_responseInformation_isNotSentUnasked() {
        assertThat(HOUSE.client().connAck().has(Props.RESPONSE_INFORMATION)).isFalse();
        RawClient no =
                HOUSE.client(Connect.v5(HOUSE.name()).with(Props.none().u8(Props.REQUEST_RESPONSE_INFORMATION, 0)));
        assertThat(no.connAck().has(Props.RESPONSE_INFORMATION)).isFalse();
    }

    @Test
    @Statement({"MQTT-3.1.2-29", "MQTT-3.4.2-1", "MQTT-3.5.2-1"})
    void mqtt_3_1_2_29_reasonStrings_areForThoseWhoWantThem() {
        RawClient told = HOUSE.client(guest(Props.none()));
        told.send(Packets.publish("forbidden", "x", 1, 1), Packets.publish("forbidden", "x", 2, 2));
        told.send(Packets.subscribe(5, 3, Props.none(), "forbidden", 0));
        assertThat(told.next(Received.PUBACK).text(Props.REASON_STRING)).isNotEmpty();
        assertThat(told.next(Received.PUBREC).text(Props.REASON_STRING)).isNotEmpty();
        assertThat(told.next(Received.SUBACK).text(Props.REASON_STRING)).isNotEmpty();

        RawClient spared = HOUSE.client(guest(Props.none().u8(Props.REQUEST_PROBLEM_INFORMATION, 0)));
        spared.send(Packets.publish("forbidden", "x", 1, 1), Packets.publish("forbidden", "x", 2, 2));
        spared.send(Packets.subscribe(5, 3, Props.none(), "forbidden", 0));
        for (int type : new int[] {Received.PUBACK, Received.PUBREC, Received.SUBACK}) {
            Received answer = spared.next(type);
            assertThat(answer.reason()).isEqualTo(0x87);
            assertThat(answer.has(Props.REASON_STRING)).isFalse();
        }
    }

    @Test
    @Statement("MQTT-3.1.2-29")
    void mqtt_3_1_2_29_disconnect_mayCarryAReasonStringInAnyCase() {
        RawClient spared = HOUSE.client(guest(Props.none().u8(Props.REQUEST_PROBLEM_INFORMATION, 0)));
        spared.send(Packets.publish("t", "x", 1, 0));
        assertThat(spared.disconnected(0x82).text(Props.REASON_STRING)).contains("packet identifier 0");
    }

    private static Connect guest(Props properties) {
        return Connect.v5(HOUSE.name())
                .user(ConformanceHouse.GUEST, ConformanceHouse.PASSWORD)
                .with(properties);
    }

    // 3.1.3 payload

    @Test
    @Statement({"MQTT-3.1.3-1", "MQTT-3.1.3-3"})
    void mqtt_3_1_3_1_payloadFields_areReadInTheirOrder() {
        String will = HOUSE.name();
        RawClient reader = HOUSE.client();
        reader.subscribe(will, 0);
        RawClient client = HOUSE.client(Connect.v5(HOUSE.name()).will(will, "last words"));
        client.drop();
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("last words");
        // the identifier missing altogether: what follows is taken for it, and what should follow is not there
        byte[] user = RawClient.utf8(ConformanceHouse.USER);
        HOUSE.open(5)
                .send(new Bytes()
                        .text("MQTT")
                        .u8(5)
                        .u8(0xC2)
                        .u16(60)
                        .u8(0)
                        .binary(user)
                        .text(ConformanceHouse.PASSWORD)
                        .packet(0x10))
                .refused(0x81);
    }

    @ParameterizedTest
    @ValueSource(strings = {"id", "will", "user"})
    @Statement({"MQTT-3.1.3-4", "MQTT-3.1.3-11", "MQTT-3.1.3-12"})
    void mqtt_3_1_3_4_payloadTextThatIsNotUtf8_isMalformed(String field) {
        byte[] wrong = {(byte) 0xED, (byte) 0xA0, (byte) 0x80};
        byte[] right = "x".getBytes(StandardCharsets.UTF_8);
        byte[] connect = new Bytes()
                .text("MQTT")
                .u8(5)
                .u8(0xC6)
                .u16(60)
                .u8(0)
                .binary(field.equals("id") ? wrong : right)
                .u8(0)
                .binary(field.equals("will") ? wrong : right)
                .binary(right)
                .binary(field.equals("user") ? wrong : right)
                .binary(right)
                .packet(0x10);
        HOUSE.open(5).send(connect).refused(0x81);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "0123456789abcdefghijklm", "ABCDEFGHIJKLMNOPQRSTUVW", "XYZnopqrstuvwxyz"})
    @Statement({"MQTT-3.1.3-5", "MQTT-3.1.4-5"})
    void mqtt_3_1_3_5_identifiersThatEveryServerTakes_areTaken(String id) {
        RawClient client = HOUSE.client(Connect.v5(id));
        assertThat(client.connAck().has(Props.ASSIGNED_CLIENT_ID)).isFalse();
    }

    @Test
    @Statement({"MQTT-3.1.3-6", "MQTT-3.1.3-7", "MQTT-3.2.2-16"})
    void mqtt_3_1_3_6_emptyIdentifier_getsOneOfItsOwn() {
        RawClient first = HOUSE.client(Connect.v5("").expiry(60));
        RawClient second = HOUSE.client(Connect.v5("").resume());
        String mine = first.connAck().text(Props.ASSIGNED_CLIENT_ID);
        assertThat(mine).isNotEmpty().isNotEqualTo(second.connAck().text(Props.ASSIGNED_CLIENT_ID));
        // it is good for coming back
        first.leave();
        RawClient back = HOUSE.client(Connect.v5(mine).resume().expiry(0));
        assertThat(back.connAck().sessionPresent()).isTrue();
    }

    @Test
    @Statement("MQTT-3.1.3-8")
    void mqtt_3_1_3_8_identifierTooLong_isToldSo() {
        HOUSE.knock(Connect.v5("x".repeat(257))).refused(0x85);
    }

    @Test
    @Statement({"MQTT-3.1.3-8", "MQTT-3.1.4-2"})
    void mqtt_3_1_3_8_identifierOfAnother_isToldSoAndTheOtherStays() {
        String id = HOUSE.name();
        RawClient owner = HOUSE.client(Connect.v5(id));
        HOUSE.knock(Connect.v5(id).user(ConformanceHouse.GUEST, ConformanceHouse.PASSWORD))
                .refused(0x85);
        assertThat(owner.received()).isEmpty();
    }

    // 3.1.4 actions

    @Test
    @Statement({"MQTT-3.1.4-2", "MQTT-3.2.2-6", "MQTT-3.2.2-7", "MQTT-4.13.2-1"})
    void mqtt_3_1_4_2_wrongPasswordOrUnknownUser_isToldTheSame() {
        HOUSE.knock(Connect.v5(HOUSE.name()).user(ConformanceHouse.USER, "wrong"))
                .refused(0x86);
        HOUSE.knock(Connect.v5(HOUSE.name()).user("nobody", "wrong")).refused(0x86);
    }

    @Test
    @Statement({"MQTT-3.1.4-2", "MQTT-3.1.2-7"})
    void mqtt_3_1_4_2_willThatMayNotBePublished_isRefused() {
        HOUSE.knock(Connect.v5(HOUSE.name())
                        .user(ConformanceHouse.GUEST, ConformanceHouse.PASSWORD)
                        .will("forbidden", "x"))
                .refused(0x87);
    }

    @Test
    @Statement({"MQTT-3.1.4-6", "MQTT-3.1.4-5"})
    void mqtt_3_1_4_6_whatFollowsARefusedConnect_isNotProcessed() {
        RawClient reader = HOUSE.client();
        String topic = HOUSE.name();
        reader.subscribe(topic, 0);
        byte[] publish = Packets.publish(topic, "x", 0, 0);
        HOUSE.open(5)
                .send(
                        Connect.v5(HOUSE.name())
                                .user(ConformanceHouse.USER, "wrong")
                                .bytes(),
                        publish)
                .refused(0x86);
        assertThat(reader.received()).isEmpty();
        // and what follows an accepted one in the same breath is
        HOUSE.open(5).send(Connect.v5(HOUSE.name()).bytes(), publish).admitted();
        assertThat(reader.next(Received.PUBLISH).payload()).isEqualTo("x");
    }

    @Test
    @Statement("MQTT-3.2.0-1")
    void mqtt_3_2_0_1_connackComesFirst() {
        RawClient client = HOUSE.open(5);
        client.send(Connect.v5(HOUSE.name()).bytes(), Packets.subscribe(5, 1, Props.none(), "t", 0), Packets.PINGREQ);
        client.admitted();
        client.next(Received.SUBACK);
        client.next(Received.PINGRESP);
    }

    @Test
    @Statement({"MQTT-3.2.0-1", "MQTT-3.14.0-1"})
    void mqtt_3_2_0_1_connackComesFirst_alsoOfASessionThatIsKept() {
        String topic = HOUSE.name();
        for (int i = 0; i < 5; i++) {
            Connect connect = Connect.v5(topic + i).expiry(60);
            RawClient client = HOUSE.open(5);
            client.send(
                    connect.bytes(),
                    Packets.PINGREQ,
                    Packets.subscribe(5, 1, Props.none(), topic, 1),
                    Packets.publish(topic, "x", 1, 2));
            client.admitted();
            assertThat(client.take(Received.SUBACK).packetId()).isEqualTo(1);
            assertThat(client.take(Received.PUBACK).packetId()).isEqualTo(2);
            client.take(Received.PINGRESP);
            RawClient wrong = HOUSE.open(5);
            wrong.send(connect.bytes(), Connect.v5("second").bytes()).admitted().disconnected(0x82);
        }
    }
}
