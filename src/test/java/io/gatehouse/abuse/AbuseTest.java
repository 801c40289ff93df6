package io.gatehouse.abuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.util.internal.PlatformDependent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each abuse by itself, while a well-behaved pair makes its round trips and a newcomer gets in; afterwards the strangers
 * are gone and so is what they cost. {@code bench/abuse.sh} runs it with ten times as many of everything and prints the
 * figures.
 */
class AbuseTest {
    /** What the heap may differ by afterwards: caches, and classes that were not there before. */
    private static final long SLACK_BYTES = 32 << 20;

    /** What the allocator may keep outside of the heap for the next buffers, whatever went on. */
    private static final long BUFFER_BYTES = 256 << 20;

    private static final int SCALE = Integer.getInteger("gatehouse.abuse.scale", 1);
    private static AbuseHouse house;

    private final List<Caller> strangers = new ArrayList<>();
    private Pair pair;
    private long before;
    private long most;

    @BeforeAll
    static void start(@TempDir Path folder) {
        house = new AbuseHouse(
                folder, "connect_timeout: 5s, max_retained: " + 500 * SCALE, "max_queued: 200, max_inflight: 10");
    }

    @AfterAll
    static void stop() {
        house.assertNoComplaints();
        house.close();
    }

    @BeforeEach
    void pair() {
        pair = new Pair(house);
        awaitTrips(50); // what runs for the first time is not what is measured
        before = AbuseHouse.heapBytes();
        awaitTrips(pair.trips() + 10);
        pair.restart();
    }

    @AfterEach
    void aftermath(TestInfo test) throws InterruptedException {
        look();
        String line = String.format(
                "abuse: %-48s trips %5d  p50 %7.2f ms  p99 %7.2f ms  longest %7.2f ms",
                test.getTestMethod().orElseThrow().getName(),
                pair.trips(),
                pair.millis(0.5),
                pair.millis(0.99),
                pair.millis(1));
        strangers.forEach(Caller::close);
        strangers.clear();
        house.awaitConnections(2);
        awaitTrips(pair.trips() + 20);
        pair.assertUnharmed();
        await("the heap's return")
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(500))
                .untilAsserted(() -> assertThat(AbuseHouse.heapBytes()).isLessThan(before + SLACK_BYTES));
        long buffers = PlatformDependent.usedDirectMemory();
        System.out.printf(
                "%s  heap %d, %d, %d MiB  buffers %d MiB%n",
                line, before >> 20, most >> 20, AbuseHouse.heapBytes() >> 20, buffers >> 20);
        assertThat(buffers).isLessThan(BUFFER_BYTES);
        pair.close();
        house.awaitConnections(0);
    }

    private void awaitTrips(int trips) {
        await("round trips").atMost(Duration.ofSeconds(60)).until(() -> {
            pair.assertUnharmed();
            return pair.trips() >= trips;
        });
    }

    /** In the midst of it: the heap as it is, garbage and all, and a newcomer who is let in and served. */
    private void look() {
        Runtime runtime = Runtime.getRuntime();
        most = Math.max(most, runtime.totalMemory() - runtime.freeMemory());
        try (Caller newcomer = house.client("good", "newcomer", 0, 2)) {
            assertThat(newcomer.subscribe("good/new", 1)).isEqualTo(1);
            newcomer.send(Caller.publish("good/new", new byte[] {42}, newcomer.nextId(), false));
            assertThat(newcomer.take(3).last()).isEqualTo(42);
        }
        pair.assertUnharmed();
    }

    /** The stranger of a number, from one of many addresses. */
    private Caller stranger(String listener, int number) {
        Caller caller = new Caller(house.tcp(listener, 1 + number / 100 % 100, 1 + number % 100));
        strangers.add(caller);
        return caller;
    }

    private Caller bad(int number) {
        return stranger("plain", number).login("bad", "bad-" + number, true);
    }

    /** The reason of an acknowledgement or a DISCONNECT. */
    private static int reason(Caller.Answer answer) {
        int at = answer.type() == 14 ? 0 : answer.type() == 9 ? answer.body().length - 1 : 2;
        return answer.body().length > at ? answer.body()[at] & 0xFF : 0;
    }

    @Test
    void halfOpenHandshakes_end() {
        byte[] half = {0x16, 3, 1, 2, 0, 1, 0}; // a ClientHello that says how long it is, and no more
        for (int i = 0; i < 200 * SCALE; i++) {
            stranger("apps", i).send(half);
        }
        await().atMost(Duration.ofSeconds(4))
                .untilAsserted(
                        () -> assertThat(house.metric("connections_open")).isGreaterThan(100 * SCALE));
        look();
        strangers.forEach(Caller::awaitClose);
    }

    @Test
    void slowConnects_end() {
        byte[] connect = Caller.connect("bad", "slow".repeat(100), true);
        for (int i = 0; i < 50 * SCALE; i++) {
            stranger("plain", i);
        }
        List<Caller> left = new ArrayList<>(strangers);
        AtomicInteger at = new AtomicInteger();
        await().pollInterval(Duration.ofMillis(50))
                .atMost(Duration.ofSeconds(60))
                .until(
                        () -> { // a byte, now and then
                            int next = at.getAndIncrement();
                            assertThat(next).as("what was sent of the CONNECT").isLessThan(connect.length - 1);
                            byte[] one = {connect[next]};
                            left.removeIf(slow -> !slow.send(one));
                            if (next == 10) {
                                look();
                            }
                            return left.isEmpty();
                        });
    }

    @Test
    void declaredLengths_areRefusedUnread() {
        for (int i = 0; i < 50 * SCALE; i++) {
            stranger("plain", i).send(new byte[] {0x10, -1, -1, -1, 0x7F});
            strangers.get(strangers.size() - 1).awaitClose();
            Caller in = bad(i);
            in.send(new byte[] {0x30, -1, -1, -1, 0x7F});
            assertThat(reason(in.take(14))).isEqualTo(0x95);
            in.awaitClose();
        }
    }

    @Test
    void deepTopics_areRefused() {
        String deep = "/".repeat(65_534);
        for (int i = 0; i < 20 * SCALE; i++) {
            for (byte[] packet :
                    List.of(Caller.publish(deep, new byte[0], 1, i % 2 == 0), Caller.subscribe(1, deep, 1))) {
                Caller in = bad(i);
                in.send(packet);
                assertThat(reason(Objects.requireNonNull(in.read()))).isGreaterThanOrEqualTo(0x80);
                in.close();
            }
        }
    }

    @Test
    void subscriptionBomb_isBounded() {
        long had = house.metric("subscriptions");
        for (int i = 0; i < 2 * SCALE; i++) {
            Caller in = bad(i);
            for (int filter = 0; filter < 1000; filter++) {
                in.send(Caller.subscribe(in.nextId(), "bomb/" + filter + "/+/" + i + "/#", 1));
            }
            for (int filter = 0; filter < 1000; filter++) {
                assertThat(reason(in.take(9))).isEqualTo(1);
            }
            assertThat(in.subscribe("bomb/more", 0)).isEqualTo(0x97);
            look();
        }
        await().atMost(Duration.ofSeconds(30)) // the newcomer's goes with it
                .untilAsserted(() -> assertThat(house.metric("subscriptions")).isEqualTo(had + 2000L * SCALE));
    }

    @Test
    void retainedBomb_isBounded() {
        Caller in = bad(0);
        byte[] payload = new byte[1024];
        int taken = 0;
        for (int i = 0; i < 600 * SCALE; i++) {
            in.send(Caller.publish("bomb/" + i + "/x/y/z", payload, in.nextId(), true));
            int reason = reason(in.take(4));
            taken += reason < 0x80 ? 1 : 0;
            assertThat(reason).isIn(0, 0x10, 0x97);
        }
        assertThat(taken).isEqualTo(500 * SCALE);
        look();
        for (int i = 0; i < 600 * SCALE; i++) {
            in.send(Caller.publish("bomb/" + i + "/x/y/z", new byte[0], in.nextId(), true));
            in.take(4);
        }
        assertThat(house.metric("retained_messages")).isZero();
    }

    @Test
    void clientIdStorm_leavesTheLast() {
        for (int i = 0; i < 200 * SCALE; i++) {
            stranger("plain", i).login("bad", "storm", true);
            // nor does a stranger take the place of another user's client
            Caller thief = stranger("plain", i);
            thief.send(Caller.connect("bad", "good-subscriber", true));
            thief.read();
            thief.close();
        }
        look();
        house.awaitConnections(3);
    }

    @Test
    void slowConsumers_areBounded() {
        for (int i = 0; i < 10 * SCALE; i++) {
            assertThat(bad(i).subscribe("bomb/flood/" + i % 2, i % 2)).isEqualTo(i % 2);
        }
        long dropped = house.metric("publish_dropped");
        Caller flood = stranger("plain", 9000).login("worse", "flood", true);
        byte[] payload = new byte[16 << 10];
        int refused = 0;
        for (int i = 0; i < 2500; i++) {
            int id = i % 5 == 0 ? flood.nextId() : 0;
            String topic = "bomb/flood/" + (id == 0 ? 0 : 1);
            assertThat(flood.send(Caller.publish(topic, payload, id, false))).isTrue();
            refused += id != 0 && reason(flood.take(4)) == 0x97 ? 1 : 0;
        }
        assertThat(refused).as("messages of QoS 1 for which there was no room").isPositive();
        look();
        assertThat(house.metric("publish_dropped")).isGreaterThan(dropped);
        strangers.forEach(Caller::close);
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(house.metric("queued_bytes")).isLessThan(1 << 20));
    }

    @Test
    void publishFlood_isServedBesideTheOthers() throws InterruptedException {
        byte[] packet = Caller.publish("bomb/nobody", "x".repeat(100).getBytes(StandardCharsets.US_ASCII), 0, false);
        byte[] many = new byte[packet.length * 500];
        for (int i = 0; i < 500; i++) {
            System.arraycopy(packet, 0, many, i * packet.length, packet.length);
        }
        Thread[] floods = new Thread[4];
        for (int i = 0; i < floods.length; i++) {
            Caller in = bad(i);
            floods[i] = new Thread(() -> {
                for (int sent = 0; sent < 200 * SCALE; sent++) {
                    in.send(many);
                }
            });
            floods[i].start();
        }
        look();
        for (Thread one : Arrays.asList(floods)) {
            one.join();
        }
        strangers.forEach(in -> {
            in.send(new byte[] {(byte) 0xC0, 0});
            in.take(13);
        });
    }
}
