package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Retained messages: kept, replaced, removed, replayed (MQTT 5.0, sections 3.3.1.3 and 3.8.3.1). */
@Conformance(Specification.MQTT_5)
class Mqtt5RetainTest {
    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse();

    private static final int RETAIN_AS_PUBLISHED = 8;
    private static final int IF_NEW = 0x10;
    private static final int NEVER = 0x20;

    private final String topic = HOUSE.name();
    private final RawClient publisher = HOUSE.client();

    private RawClient reader(int options) {
        RawClient reader = HOUSE.client();
        reader.subscribe(topic, options);
        return reader;
    }

    @Test
    @Statement({"MQTT-3.3.1-5", "MQTT-3.3.1-9"})
    void mqtt_3_3_1_5_lastRetainedMessage_isTheOneThatIsReplayed() {
        publisher.retain(topic, "first");
        publisher.retain(topic, "second");
        Received retained = reader(1).accept();
        assertThat(retained.payload()).isEqualTo("second");
        assertThat(retained.retain()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"0, 2, 0", "1, 2, 1", "2, 2, 2", "2, 1, 1", "2, 0, 0", "1, 0, 0"})
    @Statement({"MQTT-3.3.1-5", "MQTT-3.8.4-8"})
    void mqtt_3_3_1_5_retainedMessage_hasTheLowerQos(int published, int granted, int delivered) {
        publisher.publish(topic, "x", published, true, Props.none());
        assertThat(reader(granted).accept().qos()).isEqualTo(delivered);
    }

    @Test
    @Statement({"MQTT-3.3.1-6", "MQTT-3.3.1-7"})
    void mqtt_3_3_1_6_emptyRetainedMessage_isDeliveredAndRemovesWhatIsRetained() {
        publisher.retain(topic, "x");
        RawClient live = reader(0);
        live.next(Received.PUBLISH);
        publisher.retain(topic, "");
        Received cleared = live.next(Received.PUBLISH);
        assertThat(cleared.payload()).isEmpty();
        assertThat(cleared.retain()).isFalse();
        assertThat(reader(0).received()).isEmpty();
    }

    @Test
    @Statement("MQTT-3.3.1-8")
    void mqtt_3_3_1_8_messageThatIsNotRetained_leavesTheRetainedOneAlone() {
        publisher.publish(topic, "never kept", 1);
        assertThat(reader(0).received()).isEmpty();
        publisher.retain(topic, "kept");
        publisher.publish(topic, "not kept", 1);
        publisher.publish(topic, "", 1);
        assertThat(reader(0).heard()).containsExactly("kept");
    }

    @Test
    @Statement("MQTT-3.3.1-9")
    void mqtt_3_3_1_9_retainHandling0_replaysEveryTime() {
        publisher.retain(topic, "x");
        RawClient reader = reader(0);
        reader.subscribe(topic, 0);
        assertThat(reader.heard()).containsExactly("x", "x");
    }

    @Test
    @Statement("MQTT-3.3.1-10")
    void mqtt_3_3_1_10_retainHandling1_replaysForANewSubscription() {
        publisher.retain(topic, "x");
        RawClient reader = reader(IF_NEW);
        assertThat(reader.heard()).containsExactly("x");
        reader.subscribe(topic, IF_NEW | 1);
        assertThat(reader.received()).isEmpty();
        reader.unsubscribe(topic);
        reader.subscribe(topic, IF_NEW);
        assertThat(reader.heard()).containsExactly("x");
    }

    @Test
    @Statement("MQTT-3.3.1-10")
    void mqtt_3_3_1_10_subscriptionOfTheResumedSession_isNotNew() {
        publisher.retain(topic, "x");
        String id = HOUSE.name();
        RawClient reader = HOUSE.client(Connect.v5(id).expiry(60));
        reader.subscribe(topic, IF_NEW);
        reader.next(Received.PUBLISH);
        reader.leave();
        RawClient back = HOUSE.client(Connect.v5(id).resume().expiry(60));
        back.subscribe(topic, IF_NEW);
        assertThat(back.received()).isEmpty();
    }

    @Test
    @Statement("MQTT-3.3.1-11")
    void mqtt_3_3_1_11_retainHandling2_replaysNothing() {
        publisher.retain(topic, "x");
        RawClient reader = reader(NEVER);
        assertThat(reader.received()).isEmpty();
        publisher.publish(topic, "live", 0);
        assertThat(reader.heard()).containsExactly("live");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    @Statement({"MQTT-3.3.1-12", "MQTT-3.3.1-13"})
    void mqtt_3_3_1_12_retainOfALiveMessage_isAsTheSubscriptionWants(int qos) {
        RawClient plain = reader(qos);
        RawClient asPublished = reader(RETAIN_AS_PUBLISHED | qos);
        publisher.publish(topic, "a", qos, true, Props.none());
        publisher.publish(topic, "b", qos, false, Props.none());
        assertThat(plain.accept().retain()).isFalse();
        assertThat(plain.accept().retain()).isFalse();
        assertThat(asPublished.accept().retain()).isTrue();
        assertThat(asPublished.accept().retain()).isFalse();
        // what is replayed is retained in any case
        assertThat(reader(0).next(Received.PUBLISH).retain()).isTrue();
    }

    @Test
    @Statement("MQTT-3.3.1-13")
    void mqtt_3_3_1_13_retainAsPublished_holdsForMessagesThatWaited() {
        String id = HOUSE.name();
        RawClient reader = HOUSE.client(Connect.v5(id).expiry(60));
        reader.subscribe(topic, RETAIN_AS_PUBLISHED | 1);
        reader.leave();
        publisher.retain(topic, "x");
        RawClient back = HOUSE.client(Connect.v5(id).resume().expiry(60));
        assertThat(back.accept().retain()).isTrue();
    }

    @Test
    @Statement("MQTT-3.3.1-9")
    void mqtt_3_3_1_9_sharedSubscription_isReplayedNothing() {
        publisher.retain(topic, "x");
        RawClient reader = HOUSE.client();
        assertThat(reader.subscribe("$share/g/" + topic, 1)).isEqualTo(1);
        assertThat(reader.received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-3.3.1-9", "MQTT-4.7.2-1"})
    void mqtt_3_3_1_9_wildcards_replayEverythingThatMatches() {
        publisher.retain(topic + "/a", "a");
        publisher.retain(topic + "/b/c", "c");
        publisher.retain(topic, "parent");
        publisher.retain("$test/" + topic, "dollar");
        RawClient reader = HOUSE.client();
        reader.subscribe(topic + "/#", 0);
        assertThat(reader.heard()).containsExactlyInAnyOrder("a", "c", "parent");
        reader.subscribe("+/" + topic, 0);
        assertThat(reader.received()).isEmpty();
        reader.subscribe("$test/" + topic, 0);
        assertThat(reader.heard()).containsExactly("dollar");
    }
}
