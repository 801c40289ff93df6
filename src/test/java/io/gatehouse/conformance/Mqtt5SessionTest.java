package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions: what outlives a connection, for how long, and who takes it over (MQTT 5.0, sections 3.1.2.4 and 4.1). */
@Conformance(Specification.MQTT_5)
class Mqtt5SessionTest {
    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse("sessions: {max_expiry: 2d}");

    private static RawClient resume(String id) {
        return HOUSE.client(Connect.v5(id).resume().expiry(60));
    }

    @Test
    @Statement({"MQTT-3.1.2-4", "MQTT-3.1.4-4", "MQTT-3.2.2-2"})
    void mqtt_3_1_2_4_cleanStart_throwsTheOldSessionAway() {
        String id = HOUSE.name();
        String topic = HOUSE.name();
        RawClient old = resume(id);
        old.subscribe(topic, 1);
        old.leave();
        HOUSE.client().publish(topic, "waiting", 1);

        RawClient anew = HOUSE.client(Connect.v5(id).expiry(60));
        assertThat(anew.connAck().sessionPresent()).isFalse();
        assertThat(HOUSE.client().publish(topic, "unheard", 1)).isEqualTo(0x10);
        assertThat(anew.received()).isEmpty();
        anew.leave();
        assertThat(resume(id).received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-3.1.2-5", "MQTT-3.1.3-2", "MQTT-3.2.2-3", "MQTT-3.1.2-23", "MQTT-4.5.0-1"})
    void mqtt_3_1_2_5_withoutCleanStart_theSessionGoesOn() {
        String id = HOUSE.name();
        String topic = HOUSE.name();
        RawClient first = resume(id);
        first.subscribe(topic, 1);
        first.leave();
        RawClient publisher = HOUSE.client();
        assertThat(publisher.publish(topic, "while away", 1)).isZero();
        assertThat(publisher.publish(topic, "as well", 2)).isZero();

        RawClient back = resume(id);
        assertThat(back.connAck().sessionPresent()).isTrue();
        assertThat(back.accept().payload()).isEqualTo("while away");
        assertThat(back.accept().payload()).isEqualTo("as well");
        publisher.publish(topic, "now", 0);
        assertThat(back.accept().payload()).isEqualTo("now");
        // another identifier is another session
        assertThat(resume(HOUSE.name()).connAck().sessionPresent()).isFalse();
    }

    @Test
    @Statement({"MQTT-3.1.2-6", "MQTT-3.2.2-3"})
    void mqtt_3_1_2_6_withoutCleanStartAndSession_thereIsANewOne() {
        String id = HOUSE.name();
        assertThat(resume(id).connAck().sessionPresent()).isFalse();
        assertThat(resume(id).connAck().sessionPresent()).isTrue();
    }

    @Test
    @Statement({"MQTT-4.1.0-2", "MQTT-3.1.2-23"})
    void mqtt_4_1_0_2_expiryOf0_endsTheSessionWithItsConnection() {
        String id = HOUSE.name();
        RawClient first = HOUSE.client(Connect.v5(id));
        first.subscribe(HOUSE.name(), 1);
        first.leave();
        assertThat(resume(id).connAck().sessionPresent()).isFalse();
    }

    @Test
    @Statement("MQTT-4.1.0-2")
    void mqtt_4_1_0_2_session_endsWhenItsExpiryHasPassed() {
        String id = HOUSE.name();
        String topic = HOUSE.name();
        RawClient first = HOUSE.client(Connect.v5(id).expiry(1));
        first.subscribe(topic, 1);
        first.drop();
        RawClient publisher = HOUSE.client();
        await().atMost(Duration.ofSeconds(30)).until(() -> publisher.publish(topic, "x", 1) == 0x10);
        RawClient back = resume(id);
        assertThat(back.connAck().sessionPresent()).isFalse();
        assertThat(back.received()).isEmpty();
    }

    @Test
    @Statement({"MQTT-4.1.0-1", "MQTT-4.1.0-2"})
    void mqtt_4_1_0_1_session_staysWhileItsConnectionLasts() {
        String id = HOUSE.name();
        String topic = HOUSE.name();
        RawClient short1 = HOUSE.client(Connect.v5(id).expiry(1));
        short1.subscribe(topic, 1);
        RawClient other = HOUSE.client(Connect.v5(HOUSE.name()).expiry(1));
        String others = HOUSE.name();
        other.subscribe(others, 1);
        other.drop();
        // when the other's second is over, this one's would be too
        RawClient publisher = HOUSE.client();
        await().atMost(Duration.ofSeconds(30)).until(() -> publisher.publish(others, "x", 1) == 0x10);
        assertThat(publisher.publish(topic, "x", 1)).isZero();
        assertThat(short1.accept().payload()).isEqualTo("x");
    }

    @Test
    @Statement("MQTT-3.1.2-23")
    void mqtt_3_1_2_23_expiryLongerThanAllowed_isCutAndTold() {
        long twoDays = Duration.ofDays(2).toSeconds();
        RawClient never = HOUSE.client(Connect.v5(HOUSE.name()).expiry(0xFFFF_FFFFL));
        assertThat(never.connAck().number(Props.SESSION_EXPIRY)).isEqualTo(twoDays);
        RawClient within = HOUSE.client(Connect.v5(HOUSE.name()).expiry(twoDays));
        assertThat(within.connAck().has(Props.SESSION_EXPIRY)).isFalse();
    }

    @Test
    @Statement({"MQTT-4.1.0-2", "MQTT-3.1.2-23"})
    void mqtt_4_1_0_2_disconnect_mayShortenTheExpiry() {
        String id = HOUSE.name();
        RawClient first = resume(id);
        first.send(Packets.disconnect(0, Props.none().u32(Props.SESSION_EXPIRY, 0)));
        first.closed();
        assertThat(resume(id).connAck().sessionPresent()).isFalse();
    }

    @Test
    @Statement("MQTT-3.1.2-23")
    void mqtt_3_1_2_23_disconnect_mayLengthenTheExpiryButNotFrom0() {
        String id = HOUSE.name();
        RawClient first = HOUSE.client(Connect.v5(id).expiry(1));
        first.send(Packets.disconnect(0, Props.none().u32(Props.SESSION_EXPIRY, 3600)));
        first.closed();
        RawClient other = HOUSE.client(Connect.v5(HOUSE.name()).expiry(1));
        String others = HOUSE.name();
        other.subscribe(others, 1);
        other.drop();
        RawClient publisher = HOUSE.client();
        await().atMost(Duration.ofSeconds(30)).until(() -> publisher.publish(others, "x", 1) == 0x10);
        assertThat(resume(id).connAck().sessionPresent()).isTrue();

        RawClient ending = HOUSE.client(Connect.v5(HOUSE.name()));
        ending.send(Packets.disconnect(0, Props.none().u32(Props.SESSION_EXPIRY, 10)));
        ending.disconnected(0x82);
    }

    // takeover

    @Test
    @Statement({"MQTT-3.1.4-3", "MQTT-3.14.2-2", "MQTT-4.13.2-1"})
    void mqtt_3_1_4_3_sameIdentifier_takesOver() {
        String id = HOUSE.name();
        String topic = HOUSE.name();
        RawClient old = resume(id);
        old.subscribe(topic, 1);
        RawClient anew = resume(id);

        old.disconnected(0x8E);
        assertThat(anew.connAck().sessionPresent()).isTrue();
        HOUSE.client().publish(topic, "x", 1);
        assertThat(anew.accept().payload()).isEqualTo("x");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    @Statement({"MQTT-3.1.4-3", "MQTT-4.4.0-1"})
    void mqtt_3_1_4_3_takeover_losesNothing(int qos) {
        String id = HOUSE.name();
        String topic = HOUSE.name();
        RawClient publisher = HOUSE.client();
        RawClient current = resume(id);
        current.subscribe(topic, qos);
        List<String> heard = new java.util.ArrayList<>();
        for (int i = 0; i < 20; i++) {
            publisher.publish(topic, "m" + i, qos);
            RawClient next = resume(id);
            heard.add(next.accept().payload());
            // its acknowledgement is read before the next one takes over: else the message would rightly come again
            assertThat(next.received()).isEmpty();
            current = next;
        }
        assertThat(heard)
                .containsExactlyElementsOf(java.util.stream.IntStream.range(0, 20)
                        .mapToObj(i -> "m" + i)
                        .toList());
        assertThat(current.received()).isEmpty();
    }

    @Test
    @Statement("MQTT-3.1.4-3")
    void mqtt_3_1_4_3_cleanStart_takesOverAsWell() {
        String id = HOUSE.name();
        RawClient old = HOUSE.client(Connect.v5(id));
        RawClient anew = HOUSE.client(Connect.v5(id));
        old.disconnected(0x8E);
        assertThat(anew.received()).isEmpty();
    }

    // keep alive

    @Test
    @Statement("MQTT-3.1.2-22")
    void mqtt_3_1_2_22_silence_endsTheConnectionAfterOneAndAHalfTimesTheKeepAlive() {
        RawClient silent = HOUSE.client(Connect.v5(HOUSE.name()).keepAlive(1));
        long start = System.nanoTime();
        silent.disconnected(0x8D);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(1000));
    }

    @Test
    @Statement("MQTT-3.1.2-22")
    void mqtt_3_1_2_22_bytesThatAreNoWholePacket_areSilence() {
        RawClient dribbling = HOUSE.client(Connect.v5(HOUSE.name()).keepAlive(1));
        byte[] packet = Packets.publish(HOUSE.name(), "x".repeat(100), 0, 0);
        AtomicInteger sent = new AtomicInteger();
        ScheduledExecutorService dribble = Executors.newSingleThreadScheduledExecutor();
        // a byte that comes after the end is no matter of this test: the task that throws is not run again
        dribble.scheduleWithFixedDelay(
                () -> dribbling.send(new byte[] {packet[sent.getAndIncrement()]}), 0, 50, TimeUnit.MILLISECONDS);
        try {
            dribbling.disconnected(0x8D);
            assertThat(sent.get()).isBetween(2, packet.length - 1);
        } finally {
            dribble.shutdownNow();
        }
    }

    @Test
    @Statement({"MQTT-3.2.2-22", "MQTT-3.1.2-22"})
    void mqtt_3_2_2_22_keepAlive_isTheClientsOwnUnlessTheServerSaysAnother() {
        RawClient own = HOUSE.client(Connect.v5(HOUSE.name()).keepAlive(100));
        assertThat(own.connAck().has(Props.SERVER_KEEP_ALIVE)).isFalse();
        RawClient none = HOUSE.client(Connect.v5(HOUSE.name()).keepAlive(0));
        assertThat(none.connAck().number(Props.SERVER_KEEP_ALIVE)).isEqualTo(3600);
        RawClient tooLong = HOUSE.client(Connect.v5(HOUSE.name()).keepAlive(65_535));
        assertThat(tooLong.connAck().number(Props.SERVER_KEEP_ALIVE)).isEqualTo(3600);
    }
}
