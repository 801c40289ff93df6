package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Shared subscriptions (MQTT 5.0, section 4.8.2). */
@Conformance(Specification.MQTT_5)
class Mqtt5SharedTest {
    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse();

    private final String topic = HOUSE.name();
    private final String id = HOUSE.name();

    private RawClient member(int qos) {
        RawClient member = HOUSE.client();
        member.subscribe("$share/g/" + topic, qos);
        return member;
    }

    private void publish(int count, int qos) {
        RawClient publisher = HOUSE.client();
        for (int i = 0; i < count; i++) {
            assertThat(publisher.publish(topic, "m" + i, qos)).isZero();
        }
    }

    private static List<String> accepted(RawClient member) {
        List<String> payloads = new ArrayList<>();
        for (Received packet : member.received()) {
            payloads.add(packet.payload());
            if (packet.qos() == 1) {
                member.send(Packets.ack(0x40, packet.packetId()));
            }
        }
        return payloads;
    }

    @ParameterizedTest
    @ValueSource(strings = {"$share", "$share/", "$share//x", "$share/g", "$share/g/"})
    @Statement("MQTT-4.8.2-1")
    void mqtt_4_8_2_1_shareWithoutNameOrFilter_isInvalid(String filter) {
        assertInvalid(filter);
    }

    @ParameterizedTest
    @ValueSource(strings = {"$share/g+/x", "$share/+/x", "$share/#/x", "$share/#", "$share/g#/x", "$share/g/a#"})
    @Statement("MQTT-4.8.2-2")
    void mqtt_4_8_2_2_nameWithAWildcard_isInvalid(String filter) {
        assertInvalid(filter);
    }

    private static void assertInvalid(String filter) {
        RawClient client = HOUSE.client();
        client.send(Packets.subscribe(5, 1, Props.none(), filter, 0));
        client.disconnected(0x8F);
    }

    @Test
    @Statement({"MQTT-4.8.2-1", "MQTT-4.5.0-1"})
    void mqtt_4_8_2_1_message_goesToOneMemberOfEachGroup() {
        List<RawClient> members = IntStream.range(0, 3).mapToObj(i -> member(1)).toList();
        RawClient other = HOUSE.client();
        other.subscribe("$share/h/" + topic, 1);
        RawClient alone = HOUSE.client();
        alone.subscribe(topic, 1);
        publish(12, 1);

        List<String> shared = new ArrayList<>();
        for (RawClient member : members) {
            List<String> its = accepted(member);
            assertThat(its).isNotEmpty();
            shared.addAll(its);
        }
        List<String> all = IntStream.range(0, 12).mapToObj(i -> "m" + i).toList();
        assertThat(shared).containsExactlyInAnyOrderElementsOf(all);
        assertThat(accepted(other)).isEqualTo(all);
        assertThat(accepted(alone)).isEqualTo(all);
    }

    @Test
    @Statement({"MQTT-4.8.2-3", "MQTT-3.3.4-3"})
    void mqtt_4_8_2_3_sharedAndPlainFilterOfOneClient_deliverEachForItself() {
        RawClient client = HOUSE.client();
        client.subscribe("$share/g/" + topic, 0, Props.none().vbi(Props.SUBSCRIPTION_IDENTIFIER, 1));
        client.subscribe(topic, 2, Props.none().vbi(Props.SUBSCRIPTION_IDENTIFIER, 2));
        publish(1, 2);
        List<Received> both = client.received();
        assertThat(both).hasSize(2);
        assertThat(both)
                .anySatisfy(one -> {
                    assertThat(one.identifiers()).containsExactly(1L);
                    assertThat(one.qos()).isZero();
                })
                .anySatisfy(one -> {
                    assertThat(one.identifiers()).containsExactly(2L);
                    assertThat(one.qos()).isEqualTo(2);
                });
    }

    @Test
    @Statement("MQTT-4.8.2-3")
    void mqtt_4_8_2_3_member_getsTheQosItWasGranted() {
        List<RawClient> members = List.of(member(0), member(1), member(2));
        publish(9, 2);
        for (int qos = 0; qos <= 2; qos++) {
            List<Received> its = members.get(qos).received();
            assertThat(its).isNotEmpty();
            for (Received packet : its) {
                assertThat(packet.qos()).isEqualTo(qos);
            }
        }
    }

    @Test
    @Statement({"MQTT-4.8.2-4", "MQTT-4.8.2-5"})
    void mqtt_4_8_2_4_deliveryThatWasCutOff_waitsForItsMember() {
        RawClient first = HOUSE.client(Connect.v5(id).expiry(3600));
        first.subscribe("$share/g/" + topic, 2);
        publish(1, 2);
        int packetId = first.next(Received.PUBLISH).packetId();
        RawClient second = member(2);
        first.drop();
        assertThat(second.received()).isEmpty();

        RawClient back = HOUSE.client(Connect.v5(id).resume().expiry(3600));
        Received again = back.accept();
        assertThat(again.packetId()).isEqualTo(packetId);
        assertThat(again.dup()).isTrue();
        assertThat(second.received()).isEmpty();
    }

    @Test
    @Statement("MQTT-4.8.2-5")
    void mqtt_4_8_2_5_deliveryWhoseSessionEnded_goesToNobodyElse() {
        RawClient first = HOUSE.client(Connect.v5(id));
        first.subscribe("$share/g/" + topic, 2);
        publish(1, 2);
        first.next(Received.PUBLISH);
        RawClient second = member(2);
        first.leave();
        assertThat(second.received()).isEmpty();
        publish(1, 2);
        assertThat(second.accept().payload()).isEqualTo("m0");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    @Statement("MQTT-4.8.2-6")
    void mqtt_4_8_2_6_messageThatItsMemberRefused_goesToNobodyElse(int qos) {
        RawClient first = member(qos);
        publish(1, qos);
        Received message = first.next(Received.PUBLISH);
        RawClient second = member(qos);
        first.send(Packets.ack(qos == 1 ? 0x40 : 0x50, message.packetId(), 0x83));
        assertThat(first.received()).isEmpty();
        assertThat(second.received()).isEmpty();
    }

    @Test
    @Statement("MQTT-4.8.2-3")
    void mqtt_4_8_2_3_memberWithoutTheRight_isPassedOver() {
        RawClient half = HOUSE.client(Connect.v5(HOUSE.name()).user(ConformanceHouse.HALF, ConformanceHouse.PASSWORD));
        assertThat(half.subscribe("$share/g/half/#", 1)).isEqualTo(1);
        RawClient whole = HOUSE.client();
        whole.subscribe("$share/g/half/#", 1);
        RawClient publisher = HOUSE.client();
        for (int i = 0; i < 6; i++) {
            publisher.publish("half/secret", "s" + i, 1);
        }
        assertThat(accepted(whole)).containsExactly("s0", "s1", "s2", "s3", "s4", "s5");
        assertThat(half.received()).isEmpty();
        for (int i = 0; i < 6; i++) {
            publisher.publish("half/open", "o" + i, 1);
        }
        assertThat(accepted(half)).isNotEmpty();
    }

    @Test
    @Statement("MQTT-4.8.2-3")
    void mqtt_4_8_2_3_memberThatIsAway_isNotPreferred() {
        RawClient away = HOUSE.client(Connect.v5(id).expiry(3600));
        away.subscribe("$share/g/" + topic, 1);
        away.leave();
        RawClient here = member(1);
        publish(4, 1);
        assertThat(accepted(here)).containsExactly("m0", "m1", "m2", "m3");
        here.leave();
        publish(1, 1);
        // nobody else is left: it waits for the one that is away
        assertThat(accepted(HOUSE.client(Connect.v5(id).resume().expiry(3600)))).containsExactly("m0");
    }
}
