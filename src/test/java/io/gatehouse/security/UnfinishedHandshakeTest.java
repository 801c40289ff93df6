package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.CannotStart;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Handshakes that are begun with a good hello, so that the engine has its work, and not ended as they should. */
class UnfinishedHandshakeTest {
    private static final Forge ROOT = Forge.root("Device Root");
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int STRANGERS = 500;
    private static final int PLACES = 250;

    @TempDir
    private static Path folder;

    private static @Nullable TlsHouse shared;

    @BeforeAll
    static void aBroker() throws CannotStart {
        Forge.write(folder.resolve("server.pem"), folder.resolve("server.key"), ROOT.server());
        Forge.write(folder.resolve("ca.pem"), Forge.pem(ROOT.certificate));
        String limits = "limits: {connect_timeout: 5s, connects_per_second_per_address: 10000}\n";
        shared = new TlsHouse(folder, TlsHouse.listeners(), limits, Clock.systemUTC());
    }

    @AfterAll
    static void close() {
        if (shared != null) {
            shared.close();
        }
    }

    private static TlsHouse house() {
        return Objects.requireNonNull(shared);
    }

    private static int port(String provider) {
        assumeThat(ClientCertificateTest.providers()).contains(provider);
        return house().port(provider);
    }

    @ParameterizedTest
    @ValueSource(strings = {"boringssl", "jdk"})
    void handshakes_fiveHundredHalfOpenOfOneAddress_takeItsPlacesAndNobodyElses_andEnd(String provider)
            throws IOException {
        int port = port(provider);
        double refused = house().figure("connections_refused_total");
        int before = house().audit().size();
        List<Socket> strangers = new ArrayList<>();
        try (TlsClient stays = TlsClient.connect(ROOT.leaf("stays").make(), port, "TLSv1.3")) {
            stays.in("stays");
            for (int i = 0; i < STRANGERS; i++) {
                Socket stranger = new Socket();
                strangers.add(stranger);
                stranger.bind(new InetSocketAddress("127.0.0.9", 0));
                stranger.connect(new InetSocketAddress("127.0.0.1", port), 20_000);
                try {
                    stranger.getOutputStream().write(new Hello(i % 2 == 0 ? Hello.TLS_1_2 : Hello.TLS_1_3).records());
                } catch (SocketException closed) {
                    continue; // unread
                }
                assertThat(house().figure("connections_open"))
                        .as("sockets that have a place")
                        .isLessThanOrEqualTo(PLACES + 10);
                if (i % 50 == 0) {
                    assertThat(stays.isAlive()).isTrue();
                }
            }
            assertThat(house().awaitAudit(before, "handshake", "code", "LIMIT_HANDSHAKES_OF_ADDRESS"))
                    .containsEntry("address", "127.0.0.9");
            for (String version : List.of("TLSv1.2", "TLSv1.3")) {
                try (TlsClient late = TlsClient.connect(ROOT.leaf("late").make(), port, version)) {
                    late.in("late");
                }
            }
            await().atMost(PATIENCE).until(() -> strangers.stream().allMatch(TlsHouse::isEnded));
            assertThat(stays.isAlive()).isTrue();
            await().atMost(PATIENCE).until(() -> house().figure("before_login_bytes") == 0);
            assertThat(house().figure("connections_refused_total") - refused)
                    .as("over the limit, or too late")
                    .isGreaterThanOrEqualTo(STRANGERS);
        } finally {
            for (Socket stranger : strangers) {
                stranger.close();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"boringssl", "jdk"})
    void earlyData_isNeverMqtt(String provider) throws IOException {
        int port = port(provider);
        double bytes = house().figure("received_bytes_total");
        byte[] connect = TlsClient.mqttConnect("early", 5);
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        sent.writeBytes(new Hello(Hello.TLS_1_3).early().records());
        for (int i = 0; i < 3; i++) {
            sent.writeBytes(new byte[] {23, 3, 3, 0, (byte) connect.length});
            sent.writeBytes(connect);
        }
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(sent.toByteArray());
            socket.shutdownOutput();
            ByteArrayOutputStream said = new ByteArrayOutputStream();
            try {
                socket.getInputStream().transferTo(said);
            } catch (SocketException reset) {
                // closed with our bytes unread: an end, too
            }
            assertThat(types(said.toByteArray()))
                    .as("handshake, its change of cipher, alerts")
                    .isSubsetOf(22, 20, 21);
        }
        assertThat(house().figure("received_bytes_total")).isEqualTo(bytes);
        assertThat(house().audit()).noneMatch(event -> "early".equals(event.get("client")));
    }

    /** The kinds of the records. */
    private static List<Integer> types(byte[] records) {
        List<Integer> types = new ArrayList<>();
        for (int at = 0; at + 5 <= records.length; ) {
            types.add((int) records[at]);
            at += 5 + ((records[at + 3] & 0xFF) << 8 | records[at + 4] & 0xFF);
        }
        return types;
    }
}
