package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.authn.ScramClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Enhanced authentication, and authentication anew (MQTT 5.0, sections 3.15 and 4.12). */
@Conformance(Specification.MQTT_5)
class Mqtt5AuthTest {
    private static final String METHOD = "SCRAM-SHA-256";
    private static final int CONTINUE = 0x18;
    private static final int AGAIN = 0x19;

    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse();

    private final ScramClient scram =
            new ScramClient(ConformanceHouse.SCRAM, ConformanceHouse.PASSWORD, "rOprNGfwEbeRWgbNEkqO");

    private static Props method(String method, String data) {
        return Props.none()
                .text(Props.AUTHENTICATION_METHOD, method)
                .binary(Props.AUTHENTICATION_DATA, data.getBytes(StandardCharsets.UTF_8));
    }

    private Connect connect() {
        return Connect.v5(HOUSE.name()).user(null, null).with(method(METHOD, scram.first()));
    }

    private static String data(Received packet) {
        return new String(packet.bytes(Props.AUTHENTICATION_DATA), StandardCharsets.UTF_8);
    }

    /** A client in the midst of its exchange: the server has asked for its proof. */
    private record Asked(RawClient client, ScramClient.Last last) {}

    private Asked asked() throws Exception {
        RawClient client = HOUSE.knock(connect());
        Received challenge = client.next(Received.AUTH);
        assertThat(challenge.reason()).isEqualTo(CONTINUE);
        assertThat(challenge.text(Props.AUTHENTICATION_METHOD)).isEqualTo(METHOD);
        return new Asked(client, scram.last(data(challenge)));
    }

    private static RawClient proved(Asked asked) {
        return asked.client()
                .send(Packets.auth(CONTINUE, method(METHOD, asked.last().message())))
                .admitted();
    }

    private RawClient holder() {
        return holder(Duration.ofMinutes(5));
    }

    private static RawClient holder(Duration life) {
        return HOUSE.client(Connect.v5(HOUSE.name()).user(null, null).with(token(ConformanceHouse.HOLDER, life)));
    }

    private static Props token(String user) {
        return token(user, Duration.ofMinutes(5));
    }

    private static Props token(String user, Duration life) {
        return Props.none()
                .text(Props.AUTHENTICATION_METHOD, "JWT")
                .binary(Props.AUTHENTICATION_DATA, HOUSE.token(user, life));
    }

    @Test
    @Statement({"MQTT-4.12.0-2", "MQTT-4.12.0-5", "MQTT-3.15.2-1"})
    void mqtt_4_12_0_2_theServerAsksWithAuth0x18_andEveryAnswerNamesTheMethod() throws Exception {
        Asked asked = asked();
        RawClient client = proved(asked);
        assertThat(client.connAck().text(Props.AUTHENTICATION_METHOD)).isEqualTo(METHOD);
        assertThat(data(client.connAck())).isEqualTo(asked.last().expectedAnswer());
        assertThat(client.subscribe(HOUSE.name(), 0)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0x00, 0x19})
    @Statement({"MQTT-4.12.0-3", "MQTT-3.15.2-1"})
    void mqtt_4_12_0_3_anAnswerWithAnotherReason_endsTheConnection(int reason) throws Exception {
        Asked asked = asked();
        asked.client().send(Packets.auth(reason, method(METHOD, asked.last().message())));
        asked.client().refused(0x82);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x01, 0x80})
    @Statement("MQTT-3.15.2-1")
    void mqtt_3_15_2_1_aReasonThatAuthDoesNotHave_endsTheConnection(int reason) throws Exception {
        Asked asked = asked();
        asked.client().send(Packets.auth(reason, method(METHOD, asked.last().message())));
        asked.client().closed();
    }

    @Test
    @Statement("MQTT-4.12.0-5")
    void mqtt_4_12_0_5_anAnswerWithAnotherMethod_endsTheConnection() throws Exception {
        Asked asked = asked();
        asked.client().send(Packets.auth(CONTINUE, method("JWT", asked.last().message())));
        asked.client().refused(0x82);
    }

    @Test
    @Statement("MQTT-4.12.0-4")
    void mqtt_4_12_0_4_aProofThatIsWrong_isRefusedAndClosed() throws Exception {
        ScramClient wrong = new ScramClient(ConformanceHouse.SCRAM, "other leaves", "rOprNGfwEbeRWgbNEkqO");
        RawClient client = HOUSE.knock(Connect.v5(HOUSE.name()).user(null, null).with(method(METHOD, wrong.first())));
        ScramClient.Last last = wrong.last(data(client.next(Received.AUTH)));
        client.send(Packets.auth(CONTINUE, method(METHOD, last.message()))).refused(0x86);
    }

    @ParameterizedTest
    @ValueSource(strings = {"KERBEROS", "scram-sha-256", ""})
    @Statement({"MQTT-4.12.0-1", "MQTT-4.12.0-4"})
    void mqtt_4_12_0_1_aMethodThatIsNotTaken_isRefused(String method) {
        HOUSE.knock(Connect.v5(HOUSE.name()).user(null, null).with(method(method, "x")))
                .refused(0x8C);
    }

    @Test
    @Statement("MQTT-4.12.0-6")
    void mqtt_4_12_0_6_withoutAMethod_theServerNamesNone() {
        RawClient client = HOUSE.client();
        assertThat(client.connAck().has(Props.AUTHENTICATION_METHOD)).isFalse();
        assertThat(client.received()).isEmpty();
    }

    @Test
    @Statement("MQTT-4.12.0-7")
    void mqtt_4_12_0_7_authWithoutAMethodInConnect_isAProtocolError() {
        RawClient client = HOUSE.client();
        client.send(Packets.auth(AGAIN, token(ConformanceHouse.HOLDER))).disconnected(0x82);
    }

    @ParameterizedTest
    @ValueSource(strings = {"publish", "subscribe", "ping"})
    @Statement("MQTT-3.1.2-30")
    void mqtt_3_1_2_30_anotherPacketThanAuth_beforeTheConnAck_endsTheConnection(String what) throws Exception {
        Asked asked = asked();
        asked.client()
                .send(
                        switch (what) {
                            case "publish" -> Packets.publish(HOUSE.name(), "x", 0, 0);
                            case "subscribe" -> Packets.subscribe(5, 1, Props.none(), HOUSE.name(), 0);
                            default -> Packets.PINGREQ;
                        });
        asked.client().refused(0x82);
    }

    @Test
    @Statement("MQTT-4.12.1-1")
    void mqtt_4_12_1_1_authenticationAnew_byAnotherMethod_isAProtocolError() {
        holder().send(Packets.auth(AGAIN, method(METHOD, scram.first()))).disconnected(0x82);
    }

    @Test
    @Statement("MQTT-4.12.1-1")
    void mqtt_4_12_1_1_authenticationAnew_byTheSame_isAnswered_andTheConnectionGoesOn() {
        RawClient client = holder();
        String topic = HOUSE.name();
        client.subscribe(topic, 0);
        client.send(Packets.auth(AGAIN, token(ConformanceHouse.HOLDER)));
        Received answer = client.next(Received.AUTH);
        assertThat(answer.reason()).isZero();
        assertThat(answer.text(Props.AUTHENTICATION_METHOD)).isEqualTo("JWT");
        client.publish(topic, "on", 1);
        assertThat(client.heard()).containsExactly("on");
    }

    @ParameterizedTest
    @ValueSource(strings = {"not a token", ConformanceHouse.USER})
    @Statement("MQTT-4.12.1-2")
    void mqtt_4_12_1_2_authenticationAnew_thatFails_endsTheConnection(String what) {
        Props wrong = what.equals(ConformanceHouse.USER) ? token(what) : method("JWT", what);
        holder().send(Packets.auth(AGAIN, wrong)).disconnected(0x87);
    }

    @Test
    @Statement("MQTT-4.12.1-1")
    void mqtt_4_12_1_1_authenticationAnew_outlivesTheFirstToken() {
        Duration life = Duration.ofSeconds(4);
        RawClient renewed = holder(life);
        renewed.send(Packets.auth(AGAIN, token(ConformanceHouse.HOLDER)));
        assertThat(renewed.next(Received.AUTH).reason()).isZero();
        RawClient notRenewed = holder(life);

        notRenewed.disconnected(0xA0);

        assertThat(renewed.received()).isEmpty();
        assertThat(renewed.publish(HOUSE.name(), "on", 1)).isEqualTo(0x10);
    }

    @Test
    @Statement({"MQTT-4.12.1-1", "MQTT-4.12.0-5"})
    void mqtt_4_12_1_1_authenticationAnew_inSeveralSteps_whileTheConnectionGoesOn() throws Exception {
        RawClient client = proved(asked());
        ScramClient anew = new ScramClient(ConformanceHouse.SCRAM, ConformanceHouse.PASSWORD, "anotherNonceOfAClient");
        client.send(Packets.auth(AGAIN, method(METHOD, anew.first())));
        Received challenge = client.next(Received.AUTH);
        assertThat(challenge.reason()).isEqualTo(CONTINUE);
        assertThat(client.publish(HOUSE.name(), "meanwhile", 1)).isEqualTo(0x10);
        ScramClient.Last last = anew.last(data(challenge));
        client.send(Packets.auth(CONTINUE, method(METHOD, last.message())));
        Received answer = client.next(Received.AUTH);
        assertThat(answer.reason()).isZero();
        assertThat(answer.text(Props.AUTHENTICATION_METHOD)).isEqualTo(METHOD);
        assertThat(data(answer)).isEqualTo(last.expectedAnswer());
        assertThat(client.publish(HOUSE.name(), "on", 1)).isEqualTo(0x10);
    }
}
