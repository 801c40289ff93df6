package io.gatehouse.security;

import static io.gatehouse.security.Raw.V311;
import static io.gatehouse.security.Raw.V5;
import static io.gatehouse.security.Raw.raw;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.security.RawClient.Frame;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The limits on how many come in and how fast, on those who have not logged in, and on those who do not listen. */
class AdmissionLimitsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    private LiveBroker start(String limits) {
        return LiveBroker.start(folder, "limits: {" + limits + "}");
    }

    private static boolean isClosed(Socket socket) throws IOException {
        socket.setSoTimeout(200);
        try {
            return socket.getInputStream().read() == -1;
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (java.net.SocketException e) {
            return true;
        }
    }

    /** Which of several is accepted first is nobody's promise. */
    private static void awaitOpen(LiveBroker broker, int sockets) {
        await().atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(broker.metric("connections_open")).isEqualTo(sockets));
    }

    private static void assertToldOnceASecond(LiveBroker broker, String code) {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(broker.audit()).contains("\"code\":\"" + code + "\""));
        assertThat(broker.metric("connections_refused")).isPositive();
    }

    @Test
    void limit_connectionsPerAddress_closesUnread_andLeavesTheOthersTheirPlace() throws IOException {
        try (LiveBroker broker = start("max_connections_per_address: 2")) {
            RawClient first = broker.client("ann", "first");
            broker.client("ann", "second");
            try (Socket third = broker.tcp("apps")) {
                assertThat(isClosed(third)).isTrue();
            }
            assertToldOnceASecond(broker, "LIMIT_CONNECTIONS_OF_ADDRESS");
            RawClient other = broker.visitorFrom("127.0.0.2", V5).send(Raw.connect(V5, "bob", "other"));
            assertThat(other.connected()).isFalse();
            first.close();
            await().atMost(PATIENCE).ignoreExceptions().until(() -> broker.client("ann", "again") != null);
        }
    }

    @Test
    void limit_connections_ofAllListeners() throws IOException {
        try (LiveBroker broker = start("max_connections: 2")) {
            broker.client("ann", "first");
            broker.client("ann", "second");
            try (Socket third = broker.tcp("web")) {
                assertThat(isClosed(third)).isTrue();
            }
            assertToldOnceASecond(broker, "LIMIT_CONNECTIONS");
        }
    }

    @Test
    void limit_connectionsOfAListener_isItsOwn() throws IOException {
        Path file = LiveBroker.write(folder, LiveBroker.POLICY);
        Files.writeString(
                file,
                Files.readString(file)
                        .replaceFirst("(?m)^    login: password$", "    login: password\n    max_connections: 1"));
        try (LiveBroker broker = LiveBroker.start(folder, file)) {
            broker.client("ann", "first");
            try (Socket second = broker.tcp("apps");
                    Socket web = broker.tls("web")) {
                assertThat(isClosed(second)).isTrue();
                assertThat(isClosed(web)).isFalse();
            }
            assertToldOnceASecond(broker, "LIMIT_CONNECTIONS_OF_LISTENER");
        }
    }

    @Test
    void limit_connectionsPerUser_refusesTheNext_andTakeoverIsNone() {
        try (LiveBroker broker = start("max_connections_per_user: 2")) {
            broker.client("ann", "first");
            broker.client("ann", "second");
            broker.visitor(V5).send(Raw.connect(V5, "ann", "third")).assertRefused(0x97);
            broker.visitor(V311).send(Raw.connect(V311, "ann", "third")).assertRefused(3);
            broker.client("ann", "second").settle();
            broker.client("bob", "third").settle();
        }
    }

    @Test
    void limit_connectRate_ofAnAddressAndOfAll() throws IOException {
        for (String key : List.of("connects_per_second_per_address", "connects_per_second")) {
            try (LiveBroker broker = start(key + ": 3")) {
                List<Socket> sockets = new ArrayList<>();
                int closed = 0;
                for (int i = 0; i < 40; i++) {
                    sockets.add(broker.tcp("apps"));
                }
                for (Socket socket : sockets) {
                    closed += isClosed(socket) ? 1 : 0;
                    socket.close();
                }
                assertThat(closed).as(key).isPositive();
                assertToldOnceASecond(broker, key.endsWith("address") ? "LIMIT_RATE_OF_ADDRESS" : "LIMIT_RATE");
                await().atMost(PATIENCE).ignoreExceptions().until(() -> broker.client("ann", "later") != null);
            }
        }
    }

    @Test
    void limit_handshakes_ofAnAddressAndOfAListener_areThoseThatHaveNotEnded() throws IOException {
        byte[] half = {0x16, 3, 1, 2, 0, 1, 0}; // a ClientHello that says how long it is, and no more
        try (LiveBroker broker = start("max_handshakes_per_address: 3, max_handshakes: 5")) {
            List<Socket> open = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                open.add(broker.tcp("apps"));
                open.get(i).getOutputStream().write(half);
            }
            awaitOpen(broker, 3);
            try (Socket fourth = broker.tcp("apps")) {
                assertThat(isClosed(fourth)).isTrue();
            }
            assertToldOnceASecond(broker, "LIMIT_HANDSHAKES_OF_ADDRESS");
            for (Socket socket : open) {
                assertThat(isClosed(socket)).isFalse();
            }
            RawClient elsewhere = broker.visitorFrom("127.0.0.2", V5).send(Raw.connect(V5, "ann", "elsewhere"));
            assertThat(elsewhere.connected()).isFalse();

            open.remove(0).close(); // one that is given up makes room, and so does one that ends well
            await().atMost(PATIENCE).ignoreExceptions().until(() -> broker.client("ann", "again") != null);
            for (int i = 0; i < 5; i++) {
                broker.client("ann", "in" + i);
            }
            for (Socket socket : open) {
                socket.close();
            }
        }
        try (LiveBroker broker = start("max_handshakes: 2")) {
            try (Socket first = broker.tcp("apps");
                    Socket second = broker.tcp("apps")) {
                awaitOpen(broker, 2);
                try (Socket third = broker.tcp("apps");
                        Socket web = broker.tls("web")) {
                    assertThat(isClosed(third)).isTrue();
                    assertThat(isClosed(web)).as("another listener has its own").isFalse();
                }
                assertThat(isClosed(first)).isFalse();
                assertThat(isClosed(second)).isFalse();
            }
            assertToldOnceASecond(broker, "LIMIT_HANDSHAKES");
            await().atMost(PATIENCE).ignoreExceptions().until(() -> broker.client("ann", "later") != null);
        }
    }

    @Test
    void limit_publishRate_refusesThenDisconnects() {
        try (LiveBroker broker = start("publishes_per_second_per_client: 5")) {
            RawClient client = broker.client("ann", "fast");
            byte[][] hundred = new byte[50][];
            for (int id = 1; id <= 50; id++) {
                hundred[id - 1] = Raw.publish(V5, 1, id, "a/fast", "x");
            }
            client.send(hundred);
            List<Integer> answers = new ArrayList<>();
            for (int id = 1; id <= 50; id++) {
                Frame answer = client.read(4);
                answers.add(answer.body().length > 2 ? answer.u8(2) : 0);
            }
            assertThat(answers).startsWith(0x10, 0x10, 0x10, 0x10, 0x10).contains(0x97);
            byte[][] flood = new byte[5000][];
            java.util.Arrays.fill(flood, Raw.publish(V5, "a/fast", "x"));
            client.send(flood);
            client.assertDisconnected(0x96);

            RawClient three = broker.client(V311, "ann", "fast3");
            three.send(java.util.Arrays.stream(new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
                    .mapToObj(id -> Raw.publish(V311, 1, id, "a/fast", "x"))
                    .toArray(byte[][]::new));
            assertThat(three.readToEnd()).as("no PUBACK for what was not kept").hasSizeBetween(5, 14);
        }
    }

    @Test
    void limit_connectTimeout_endsADribblingConnect() throws IOException {
        try (LiveBroker broker = start("connect_timeout: 1s")) {
            RawClient slow = broker.visitor(V5);
            slow.send(raw().u8(0x10).varint(4000).text("MQTT").u8(5, 0xC2).bytes());
            assertThat(slow.dribble((byte) 0, 100)).isEmpty();
            try (Socket silent = broker.tcp("apps")) {
                silent.setSoTimeout(30_000);
                assertThat(silent.getInputStream().read()).isEqualTo(-1);
            }
            assertThat(endsTricklingHello(broker.tcp("apps"))).isTrue();
            RawClient quick = broker.client("ann", "quick").settle();
            await().atMost(PATIENCE).untilAsserted(() -> {
                assertThat(broker.metric("connections_open"))
                        .as("nobody else has a place")
                        .isEqualTo(1);
                assertThat(broker.metric("before_login_bytes")).isZero();
            });
            quick.settle();
        }
    }

    /** A ClientHello, a byte now and then; whether the broker ends it before it is whole. */
    private static boolean endsTricklingHello(Socket socket) throws IOException {
        byte[] hello = new byte[512];
        System.arraycopy(new byte[] {0x16, 3, 1, 1, -5, 1, 0, 1, -9, 3, 3}, 0, hello, 0, 11);
        try (socket) {
            for (byte one : hello) {
                socket.getOutputStream().write(one);
                if (isClosed(socket)) {
                    return true;
                }
            }
        } catch (java.net.SocketException reset) {
            return true;
        }
        return false;
    }

    @Test
    void limit_memoryBeforeLogin_isOfRealBytes() {
        try (LiveBroker broker = start("memory_before_login: 256KiB, max_packet_before_login: 128KiB")) {
            byte[] sixtyKiB =
                    raw().u8(0x10).varint(100_000).bytes(new byte[60 << 10]).bytes();
            RawClient first = broker.visitor(V5).send(sixtyKiB);
            RawClient second = broker.visitor(V5).send(sixtyKiB);
            // two of 32 KiB and 60 KiB are more than the half that one address gets
            assertThat(second.readToEnd()).isEmpty();
            await().atMost(PATIENCE)
                    .untilAsserted(() ->
                            assertThat(broker.metric("before_login_bytes")).isBetween(92L << 10, 128L << 10));
            assertThat(broker.metric("connections_refused")).isEqualTo(1);

            RawClient elsewhere = broker.visitorFrom("127.0.0.2", V5).send(Raw.connect(V5, "ann", "elsewhere"));
            assertThat(elsewhere.connected()).isFalse();
            first.close();
            await().atMost(PATIENCE)
                    .untilAsserted(() ->
                            assertThat(broker.metric("before_login_bytes")).isZero());
            for (int i = 0; i < 12; i++) {
                broker.client("ann", "in" + i); // who is in is not counted any more
            }
            assertThat(broker.metric("before_login_bytes")).isZero();
        }
    }

    @Test
    void limit_bytesBeforeLogin_ofOneConnection_areNotReadFurther() {
        try (LiveBroker broker = start("connect_timeout: 2s")) {
            RawClient greedy = broker.visitor(V5);
            // the handshake may go on for ever: the broker stops reading, and its deadline ends it
            Thread flood =
                    new Thread(() -> greedy.send(raw().u8(0x10).varint(16_000).bytes(), new byte[1 << 10]));
            flood.setDaemon(true);
            flood.start();
            await().atMost(PATIENCE)
                    .untilAsserted(() ->
                            assertThat(broker.metric("connections_refused")).isPositive());
            assertThat(greedy.readToEnd()).isEmpty();
        }
    }

    @Test
    void limit_queuedBytesTotal_isOfAllSessionsTogether() {
        try (LiveBroker broker = start("max_queued_bytes_total: 4KiB")) {
            for (String id : List.of("one", "two", "three")) {
                RawClient away = broker.kept("ann", id);
                away.connected();
                away.subscribe("a/" + id, 1);
                away.close();
            }
            RawClient publisher = broker.client("bob", "publisher");
            List<Integer> answers = new ArrayList<>();
            for (String id : List.of("one", "two", "three")) {
                Frame answer = publisher
                        .send(Raw.publish(V5, 1, 1, "a/" + id, "x".repeat(1900)))
                        .read(4);
                answers.add(answer.body().length > 2 ? answer.u8(2) : 0);
            }
            assertThat(answers).containsExactly(0, 0, 0x97);
        }
    }

    @Test
    void limit_slowConsumer_losesQos0_whichIsCounted_andKeepsItsConnection() throws IOException {
        try (LiveBroker broker = start("max_packet: 1MiB")) {
            RawClient slow = broker.client("ann", "slow");
            slow.subscribe("a/slow", 0);
            RawClient well = broker.client("carl", "well");
            well.subscribe("a/slow", 0);
            RawClient publisher = broker.client("bob", "publisher");
            String large = "x".repeat(512 << 10);
            int sent = 0;
            while (broker.metric("publish_dropped") == 0 && sent < 100) {
                publisher.publish("a/slow", large).settle();
                assertThat(well.heard()).as("the other is served").hasSize(1);
                sent++;
            }
            assertThat(broker.metric("publish_dropped")).isPositive();
            assertThat(slow.heard()).as("what was not dropped").hasSizeBetween(1, sent);
            publisher.publish("a/slow", "small").settle();
            assertThat(slow.heardMessages()).containsExactly("a/slow small");
        }
    }
}
