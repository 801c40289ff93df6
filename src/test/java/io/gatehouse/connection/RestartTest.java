package io.gatehouse.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.ProtocolVersion;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.Will;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What clients find when the broker ended without a word and is back, over what its store held. */
class RestartTest {
    private static final String[] RULES = {"pub #", "sub #"};
    private static final Duration A_MOMENT = Duration.ofSeconds(1);

    private final House house = new House(RULES);

    private static House.Visitor reader(House house) {
        return house.client("ann", "reader", false, 1000, null);
    }

    private House.Visitor subscribed(String filter, Qos qos) {
        House.Visitor reader = reader(house);
        reader.subscribe(filter, qos);
        assertThat(reader.suback()).containsExactly(ReasonCode.granted(qos));
        return reader;
    }

    private void publish(String topic, String payload, Qos qos) {
        House.Visitor writer = house.client("bob", "writer");
        writer.publish(topic, payload, qos, 1);
        writer.leave();
    }

    @Test
    void session_isPresent_withItsSubscriptionsAndWhatWaited() {
        subscribed("a/#", Qos.EXACTLY_ONCE).drop();
        publish("a/1", "one", Qos.AT_LEAST_ONCE);
        publish("a/2", "two", Qos.EXACTLY_ONCE);
        publish("a/0", "zero", Qos.AT_MOST_ONCE);

        House after = house.crash(A_MOMENT, RULES);
        House.Visitor again = reader(after);

        assertThat(again.connack().sessionPresent()).isTrue();
        assertThat(again.heard()).containsExactly("a/1 one", "a/2 two");
        House.Visitor writer = after.client("bob", "writer");
        writer.publish("a/3", "three", Qos.AT_LEAST_ONCE, 1);
        assertThat(again.heard()).containsExactly("a/3 three");
    }

    @Test
    void session_thatEndsWithItsConnection_isGone() {
        House.Visitor reader = house.client("ann", "reader", true, 0, null);
        reader.subscribe("a/#", Qos.AT_LEAST_ONCE);

        House.Visitor again = reader(house.crash(A_MOMENT, RULES));

        assertThat(again.connack().sessionPresent()).isFalse();
    }

    @Test
    void session_ofAnotherPrincipal_isStillRefused() {
        subscribed("a/#", Qos.AT_LEAST_ONCE).drop();

        House.Visitor thief = house.crash(A_MOMENT, RULES).client("bob", "reader", false, 1000, null);

        assertThat(thief.connack().reason()).isEqualTo(ReasonCode.CLIENT_IDENTIFIER_NOT_VALID);
    }

    @Test
    void session_whoseTimeRanOutWhileTheBrokerWasDown_isGone() throws Exception {
        subscribed("a/#", Qos.AT_LEAST_ONCE).drop();

        House after = house.crash(Duration.ofSeconds(1001), RULES);

        assertThat(after.registry.size()).isZero();
        assertThat(after.store.recover().sessions()).isEmpty();
        assertThat(reader(after).connack().sessionPresent()).isFalse();
    }

    @Test
    void session_goesOnExpiring_fromWhenItsClientWent() {
        subscribed("a/#", Qos.AT_LEAST_ONCE).drop();

        House after = house.crash(Duration.ofSeconds(600), RULES);
        after.pass(Duration.ofSeconds(399));
        assertThat(after.registry.size()).isEqualTo(1);
        after.pass(Duration.ofSeconds(2));

        assertThat(after.registry.size()).isZero();
    }

    @Test
    void message_thatExpiredMeanwhile_isNotDelivered() {
        subscribed("a/#", Qos.AT_LEAST_ONCE).drop();
        House.Visitor writer = house.client("bob", "writer");
        Message message = Message.of("a/1", Qos.AT_LEAST_ONCE, false, Payload.of("short"));
        writer.send(Packet.Publish.of(
                message.withProperties(message.properties().withExpirySeconds(10)), 1, false, java.util.List.of()));
        writer.publish("a/2", "long", Qos.AT_LEAST_ONCE, 2);

        assertThat(reader(house.crash(Duration.ofSeconds(11), RULES)).heard()).containsExactly("a/2 long");
    }

    @Test
    void mqtt_4_4_0_1_inFlight_isSentAgainUnderItsIdentifier() {
        House.Visitor reader = subscribed("a/#", Qos.EXACTLY_ONCE);
        publish("a/1", "one", Qos.AT_LEAST_ONCE);
        publish("a/2", "two", Qos.EXACTLY_ONCE);
        Packet.Publish one = reader.delivered();
        Packet.Publish two = reader.delivered();

        House.Visitor again = reader(house.crash(A_MOMENT, RULES));

        Packet.Publish first = again.delivered();
        Packet.Publish second = again.delivered();
        assertThat(first.packetId()).isEqualTo(one.packetId());
        assertThat(first.dup()).isTrue();
        assertThat(second.packetId()).isEqualTo(two.packetId());
        assertThat(second.dup()).isTrue();
    }

    @Test
    void mqtt_4_3_3_released_isNotPublishedAgain() {
        House.Visitor reader = subscribed("a/#", Qos.EXACTLY_ONCE);
        publish("a/2", "two", Qos.EXACTLY_ONCE);
        int id = reader.delivered().packetId();
        reader.send(new Packet.PubRec(id, ReasonCode.SUCCESS));
        assertThat(reader.wire.take(Packet.PubRel.class).packetId()).isEqualTo(id);

        House after = house.crash(A_MOMENT, RULES);
        House.Visitor again = reader(after);

        assertThat(again.wire.takeAll())
                .noneMatch(Packet.Publish.class::isInstance)
                .anyMatch(packet -> packet instanceof Packet.PubRel release && release.packetId() == id);
        again.send(new Packet.PubComp(id, ReasonCode.SUCCESS));
        assertThat(reader(after.crash(A_MOMENT, RULES)).wire.takeAll()).hasSize(1);
    }

    @Test
    void acknowledged_isNotSentAgain() {
        House.Visitor reader = subscribed("a/#", Qos.AT_LEAST_ONCE);
        publish("a/1", "one", Qos.AT_LEAST_ONCE);
        publish("a/2", "two", Qos.AT_LEAST_ONCE);
        reader.send(new Packet.PubAck(reader.delivered().packetId(), ReasonCode.SUCCESS));

        assertThat(reader(house.crash(A_MOMENT, RULES)).heard()).containsExactly("a/2 two");
    }

    @Test
    void mqtt_4_3_3_10_repetitionOfWhatWasReceivedBefore_isNotRoutedAgain() {
        subscribed("a/#", Qos.EXACTLY_ONCE).drop();
        House.Visitor writer = house.client("bob", "writer", false, 1000, null);
        writer.publish("a/1", "once", Qos.EXACTLY_ONCE, 9);
        assertThat(writer.wire.take(Packet.PubRec.class).packetId()).isEqualTo(9);

        House after = house.crash(A_MOMENT, RULES);
        House.Visitor again = after.client("bob", "writer", false, 1000, null);
        again.publish("a/1", "once", Qos.EXACTLY_ONCE, 9);
        assertThat(again.wire.take(Packet.PubRec.class).reason()).isEqualTo(ReasonCode.SUCCESS);
        again.send(new Packet.PubRel(9, ReasonCode.SUCCESS));
        assertThat(again.wire.take(Packet.PubComp.class).reason()).isEqualTo(ReasonCode.SUCCESS);

        assertThat(reader(after).heard()).containsExactly("a/1 once");
        House last = after.crash(A_MOMENT, RULES);
        House.Visitor third = last.client("bob", "writer", false, 1000, null);
        third.publish("a/1", "another", Qos.EXACTLY_ONCE, 9);
        assertThat(third.wire.take(Packet.PubRec.class).reason()).isEqualTo(ReasonCode.SUCCESS);
        assertThat(reader(last).heard()).contains("a/1 another");
    }

    @Test
    void unsubscribed_staysUnsubscribed() {
        House.Visitor reader = subscribed("a/#", Qos.AT_LEAST_ONCE);
        reader.subscribe("b/#", Qos.AT_LEAST_ONCE);
        reader.send(new Packet.Unsubscribe(
                3, java.util.List.of(io.gatehouse.protocol.TopicFilter.of("a/#")), java.util.List.of()));

        House after = house.crash(A_MOMENT, RULES);
        House.Visitor again = reader(after);
        again.wire.takeAll();
        House.Visitor writer = after.client("bob", "writer");
        writer.publish("a/1", "no", Qos.AT_LEAST_ONCE, 1);
        writer.publish("b/1", "yes", Qos.AT_LEAST_ONCE, 2);

        assertThat(again.heard()).containsExactly("b/1 yes");
    }

    @Test
    void policy_thatGivesTheOwnerNothingAnyMore_deliversNothing() {
        subscribed("a/#", Qos.AT_LEAST_ONCE).drop();
        publish("a/1", "secret", Qos.AT_LEAST_ONCE);

        House after = house.crash(A_MOMENT, "pub #", "sub other/#");

        assertThat(reader(after).heard()).isEmpty();
        House.Visitor writer = after.client("bob", "writer");
        writer.publish("a/2", "secret", Qos.AT_LEAST_ONCE, 1);
        assertThat(writer.wire.take(Packet.PubAck.class).reason()).isEqualTo(ReasonCode.NO_MATCHING_SUBSCRIBERS);
    }

    @Test
    void retained_isThere_unlessTakenAwayExpiredOrNoLongerItsPublishersToSay() throws Exception {
        House.Visitor writer = house.client("bob", "writer");
        writer.publish("r/keep", "keep", Qos.AT_MOST_ONCE, 0, true);
        writer.publish("r/gone", "gone", Qos.AT_LEAST_ONCE, 1, true);
        writer.publish("r/gone", "", Qos.AT_LEAST_ONCE, 2, true);
        writer.publish("q/denied", "denied", Qos.AT_LEAST_ONCE, 3, true);
        Message brief = Message.of("r/brief", Qos.AT_LEAST_ONCE, true, Payload.of("brief"));
        writer.send(Packet.Publish.of(
                brief.withProperties(brief.properties().withExpirySeconds(5)), 4, false, java.util.List.of()));

        House after = house.crash(Duration.ofSeconds(6), "pub r/#", "sub #");
        House.Visitor reader = reader(after);
        reader.subscribe("#", Qos.AT_LEAST_ONCE);

        assertThat(reader.heard()).containsExactly("r/keep keep");
        assertThat(after.store.recover().retained()).hasSize(2);
    }

    @Test
    void will_withADelay_firesAfterTheRest_andIsCancelledByAReconnect() {
        subscribed("w/#", Qos.AT_LEAST_ONCE).drop();
        for (String id : java.util.List.of("late", "due", "back")) {
            Message words = Message.of("w/" + id, Qos.AT_LEAST_ONCE, false, Payload.of("gone"));
            house.client("bob", id, false, 1000, new Will(words, id.equals("due") ? 20 : 60))
                    .drop();
        }

        House after = house.crash(Duration.ofSeconds(30), RULES);
        House.Visitor reader = reader(after);
        assertThat(reader.heard()).containsExactly("w/due gone");
        after.client("bob", "back", false, 1000, null);
        after.pass(Duration.ofSeconds(29));
        assertThat(reader.heard()).isEmpty();
        after.pass(Duration.ofSeconds(2));

        assertThat(reader.heard()).containsExactly("w/late gone");
        assertThat(after.crash(A_MOMENT, RULES).registry.size()).isEqualTo(4);
    }

    @Test
    void session_thatBeginsToOutliveItsConnection_takesEverythingAlong() {
        House.Visitor first = house.client("ann", "reader", true, 0, null);
        first.subscribe("a/#", Qos.EXACTLY_ONCE);
        publish("a/1", "in flight", Qos.EXACTLY_ONCE);
        first.wire.writable = false;
        publish("a/2", "waiting", Qos.AT_LEAST_ONCE);

        House.Visitor second = reader(house);
        assertThat(second.connack().sessionPresent()).isTrue();
        assertThat(second.heard()).containsExactly("a/1 in flight", "a/2 waiting");

        House.Visitor again = reader(house.crash(A_MOMENT, RULES));
        assertThat(again.connack().sessionPresent()).isTrue();
        assertThat(again.heard()).containsExactly("a/1 in flight", "a/2 waiting");
    }

    @Test
    void session_thatBeginsToOutliveItsConnection_sendsWhatIsInFlightOnce() {
        House.Visitor first = house.client("ann", "reader", true, 0, null);
        first.subscribe("a/#", Qos.AT_LEAST_ONCE);
        publish("a/1", "in flight", Qos.AT_LEAST_ONCE);

        House.Visitor second = house.visitor();
        second.wire.admitted = () -> publish("a/2", "before its CONNACK", Qos.AT_LEAST_ONCE);
        second.send(House.connect(ProtocolVersion.MQTT_5, "ann", "reader", false, 1000, null));

        assertThat(second.connack().sessionPresent()).isTrue();
        assertThat(second.heard()).containsExactly("a/1 in flight", "a/2 before its CONNACK");
        assertThat(house.registry.sessions())
                .anySatisfy(session -> assertThat(session.queued()).isEqualTo(2));
    }

    @Test
    void longQueue_isDeliveredWholeAndInOrder() {
        subscribed("a/#", Qos.AT_LEAST_ONCE).drop();
        House.Visitor writer = house.client("bob", "writer");
        for (int i = 0; i < 1000; i++) {
            writer.publish("a/n", "m" + i, Qos.AT_LEAST_ONCE, i % 60_000 + 1);
        }

        House after = house.crash(A_MOMENT, RULES);
        House.Visitor again = reader(after);
        again.wire.take(Packet.ConnAck.class);

        for (int i = 0; i < 1000; i++) {
            Packet.Publish next = again.delivered();
            assertThat(new String(next.payload().bytes())).isEqualTo("m" + i);
            again.send(new Packet.PubAck(next.packetId(), ReasonCode.SUCCESS));
        }
        assertThat(again.wire.takeAll()).isEmpty();
        assertThat(after.registry.queuedBytesTotal()).isZero();
        assertThat(IntStream.of(after.registry.sessions().iterator().next().queued()))
                .containsExactly(0);
    }
}
