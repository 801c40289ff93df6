package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Topic names and filters (MQTT 5.0, section 4.7). */
@Conformance(Specification.MQTT_5)
class Mqtt5TopicTest {
    @RegisterExtension
    static final ConformanceHouse HOUSE =
            new ConformanceHouse("limits: {max_topic_bytes: 65535, max_topic_levels: 40}");

    @ParameterizedTest
    @ValueSource(strings = {"a/#/b", "a#", "#/a", "a/b#", "##", "a/##", "#+", "/#/"})
    @Statement("MQTT-4.7.1-1")
    void mqtt_4_7_1_1_hashThatIsNotALastLevel_isInvalid(String filter) {
        assertInvalid(filter);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a+", "+a", "a/b+", "++", "a/+b/c", "+/a+"})
    @Statement("MQTT-4.7.1-2")
    void mqtt_4_7_1_2_plusThatIsNotAWholeLevel_isInvalid(String filter) {
        assertInvalid(filter);
    }

    private static void assertInvalid(String filter) {
        RawClient subscriber = HOUSE.client();
        subscriber.send(Packets.subscribe(5, 1, Props.none(), filter, 0));
        subscriber.disconnected(0x8F);
        RawClient unsubscriber = HOUSE.client();
        unsubscriber.send(Packets.unsubscribe(5, 1, filter));
        unsubscriber.disconnected(0x8F);
    }

    @ParameterizedTest
    @CsvSource({
        "P/#, P, true",
        "P/#, P/, true",
        "P/#, P/a/b/c, true",
        "P/+, P/, true",
        "P/+, P/a, true",
        "P/+, P, false",
        "P/+, P/a/b, false",
        "P/+/+, P//, true",
        "+/P, /P, true",
        "+/P, P, false",
        "/+, P, false",
        "P, P/, false",
        "P/, P, false",
        "P/a, P/A, false",
        "P/+/c, P/b/c, true",
        "P/+/c, P//c, true",
        "P/+/+/#, P/a, false",
        "P/+/+/#, P/a/b, true",
    })
    @Statement({"MQTT-4.7.1-1", "MQTT-4.7.1-2", "MQTT-4.7.3-4", "MQTT-3.3.2-3"})
    void mqtt_4_7_3_4_filters_matchAsTheyAreWritten(String filter, String topic, boolean matches) {
        String own = HOUSE.name();
        RawClient reader = HOUSE.client();
        reader.subscribe(filter.replace("P", own), 0);
        HOUSE.client().publish(topic.replace("P", own), "x", 0);
        assertThat(reader.received()).hasSize(matches ? 1 : 0);
    }

    @ParameterizedTest
    @CsvSource({
        "P/\u00e9, P/e\u0301",
        "P/\u212b, P/\u00c5",
        "P/\ufb01, P/fi",
        "P/a b, P/ab",
        "P/%41, P/A",
        "P/./a, P/a",
        "P/a/../b, P/b",
        "P//a, P/a",
    })
    @Statement("MQTT-4.7.3-4")
    void mqtt_4_7_3_4_nothing_isNormalised(String filter, String topic) {
        String own = HOUSE.name();
        RawClient reader = HOUSE.client();
        reader.subscribe(filter.replace("P", own), 0);
        RawClient publisher = HOUSE.client();
        publisher.publish(topic.replace("P", own), "another", 0);
        publisher.publish(filter.replace("P", own), "the same", 0);
        assertThat(reader.heard()).containsExactly("the same");
    }

    @Test
    @Statement("MQTT-4.7.2-1")
    void mqtt_4_7_2_1_wildcardAtTheStart_doesNotMatchDollar() {
        String topic = "$test/" + HOUSE.name();
        RawClient wide = HOUSE.client();
        wide.subscribe("#", 0);
        wide.subscribe("+/" + topic.substring(6), 0);
        wide.subscribe("+/#", 0);
        RawClient exact = HOUSE.client();
        exact.subscribe("$test/+", 0);
        HOUSE.client().publish(topic, "x", 0);
        assertThat(exact.heard()).containsExactly("x");
        assertThat(wide.received()).isEmpty();
    }

    @Test
    @Statement("MQTT-4.7.3-1")
    void mqtt_4_7_3_1_emptyTopicOrFilter_isRefused() {
        assertInvalid("");
        RawClient publisher = HOUSE.client();
        publisher.send(Packets.publish("", "x", 0, 0));
        publisher.disconnected(0x82);
        RawClient slash = HOUSE.client();
        slash.subscribe("/", 0);
        slash.publish("/", "x", 0);
        assertThat(slash.heard()).containsExactly("x");
        HOUSE.knock(Connect.v5(HOUSE.name()).will("", "x")).refused(0x90);
    }

    @Test
    @Statement("MQTT-4.7.3-3")
    void mqtt_4_7_3_3_topicOf65535Bytes_isTaken() {
        // more cannot be said in the two bytes of its length
        String longest = "x".repeat(65_535);
        RawClient client = HOUSE.client();
        client.subscribe(longest, 0);
        client.publish(longest, "far", 0);
        Received message = client.next(Received.PUBLISH);
        assertThat(message.topic()).isEqualTo(longest);
        assertThat(message.payload()).isEqualTo("far");
    }

    @Test
    @Statement({"MQTT-4.7.3-3", "MQTT-4.13.1-1"})
    void mqtt_4_7_3_3_topicOfMoreLevelsThanAllowed_isRefused() {
        RawClient client = HOUSE.client();
        client.send(Packets.publish("/".repeat(40), "x", 0, 0));
        client.disconnected(0x90);
        assertInvalid("/".repeat(40));
    }
}
