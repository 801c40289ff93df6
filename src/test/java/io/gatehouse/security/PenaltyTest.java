package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.CannotStart;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bouncycastle.asn1.x509.CRLReason;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What it costs an address to fail again and again before anybody of it is logged in. */
class PenaltyTest {
    private static final Forge ROOT = Forge.root("Device Root");
    private static final Forge.Holder GOOD = ROOT.leaf("good").make();
    private static final Forge.Holder BAD =
            Forge.root("Another Root").leaf("bad").make();
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    @BeforeEach
    void files() {
        Forge.write(folder.resolve("server.pem"), folder.resolve("server.key"), ROOT.server());
        Forge.write(folder.resolve("ca.pem"), Forge.pem(ROOT.certificate));
        Instant due = Instant.now().minusSeconds(60);
        Forge.write(folder.resolve("late.crl"), ROOT.list(1, CRLReason.unspecified, due.minusSeconds(60), due));
    }

    private TlsHouse house(String penalty) throws CannotStart {
        String listeners = listener("devices", "") + listener("unsure", ", crl: late.crl, revocation: {stale: fail}");
        return new TlsHouse(folder, listeners, "limits: {penalty: {" + penalty + "}}\n", Clock.systemUTC());
    }

    private static String listener(String name, String more) {
        return """
                  %s:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: server.pem, key: server.key, client_ca: ca.pem%s}
                    login: certificate
                """.formatted(name, more).indent(2);
    }

    private static boolean letsIn(TlsHouse house, String listener, String from, Forge.Holder holder) {
        try (TlsClient client = TlsClient.connectFrom(from, holder, house.port(listener))) {
            return client.login("one-" + System.nanoTime()) == TlsClient.CONNACK;
        } catch (IOException refused) {
            return false;
        }
    }

    private static void fail(TlsHouse house, String from, int times) {
        for (int i = 0; i < times; i++) {
            double before = house.figure("handshakes_refused_total");
            assertThat(letsIn(house, "devices", from, BAD)).isFalse();
            await().atMost(PATIENCE).until(() -> house.figure("handshakes_refused_total") > before);
        }
    }

    private static void assertShutOut(TlsHouse house, String from) {
        await("the audit event")
                .atMost(PATIENCE)
                .until(() -> house.audit().stream()
                        .anyMatch(event -> "PENALTY".equals(event.get("code")) && from.equals(event.get("address"))));
        assertThat(letsIn(house, "devices", from, GOOD)).isFalse();
        assertThat(house.figure("addresses_shut_out")).isPositive();
    }

    @Test
    void certificates_badInARow_shutTheirAddressOut_andNobodyElse_untilTrustChanges() throws CannotStart, IOException {
        try (TlsHouse house = house("after: 3, first: 1h, longest: 1h")) {
            fail(house, "127.0.0.1", 6);
            assertThat(letsIn(house, "devices", "127.0.0.1", GOOD))
                    .as("this machine is exempt, unless the configuration says otherwise")
                    .isTrue();
            assertThat(house.figure("penalties_total")).isZero();
        }
        try (TlsHouse house = house("after: 3, first: 1h, longest: 1h, exempt: [127.0.0.1]")) {
            fail(house, "127.0.0.2", 2);
            assertThat(letsIn(house, "devices", "127.0.0.2", GOOD)).isTrue();
            fail(house, "127.0.0.2", 2);
            assertThat(house.figure("penalties_total"))
                    .as("a login begins anew")
                    .isZero();

            fail(house, "127.0.0.2", 1);

            assertShutOut(house, "127.0.0.2");
            assertThat(house.awaitAudit(0, "handshake", "code", "LIMIT_PENALTY"))
                    .containsEntry("address", "127.0.0.2")
                    .containsEntry("listener", "devices");
            assertThat(house.figure("penalties_total")).isEqualTo(1);
            assertThat(letsIn(house, "devices", "127.0.0.3", GOOD)).isTrue();

            // what was refused may be good now
            Forge.write(folder.resolve("ca.pem"), Forge.pem(ROOT.certificate, Forge.root("More").certificate));
            assertThat(house.broker().reload()).isEmpty();
            assertThat(letsIn(house, "devices", "127.0.0.2", GOOD)).isTrue();
            assertThat(house.figure("addresses_shut_out")).isZero();
        }
    }

    @Test
    void garbage_insteadOfTlsOrOfMqtt_counts_andWhatTheBrokerCannotTellDoesNot() throws CannotStart, IOException {
        try (TlsHouse house = house("after: 3, first: 1h, longest: 1h, exempt: []")) {
            for (int i = 0; i < 4; i++) {
                assertThat(letsIn(house, "unsure", "127.0.0.4", GOOD)).isFalse();
            }
            assertThat(letsIn(house, "devices", "127.0.0.4", GOOD)).isTrue();
            for (int i = 0; i < 3; i++) {
                try (Socket socket = new Socket()) {
                    socket.bind(new InetSocketAddress("127.0.0.5", 0));
                    socket.connect(new InetSocketAddress("127.0.0.1", house.port("devices")));
                    socket.setSoTimeout(30_000);
                    socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    assertThat(ended(socket)).isTrue();
                }
            }
            assertShutOut(house, "127.0.0.5");
            for (int i = 0; i < 3; i++) {
                try (TlsClient client = TlsClient.connectFrom("127.0.0.6", GOOD, house.port("devices"))) {
                    client.send(new byte[] {(byte) 0xFF, 0x00, 0x00});
                    assertThat(client.read()).isNegative();
                }
            }
            assertShutOut(house, "127.0.0.6");
            assertThat(house.figure("penalties_total")).isEqualTo(2);
        }
    }

    private static boolean ended(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (java.net.SocketException reset) {
            return true;
        }
    }

    @Test
    void stranger_thatNeverStops_behindTheSameRouterAsClients_keepsNobodyOut() throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        try (TlsHouse house = house("after: 3, first: 100ms, longest: 1h, exempt: []");
                TlsClient neighbour = TlsClient.connectFrom("127.0.0.7", GOOD, house.port("devices"))) {
            neighbour.in("neighbour");
            Thread stranger = new Thread(() -> {
                while (!stop.get()) {
                    letsIn(house, "devices", "127.0.0.7", BAD);
                }
            });
            stranger.setDaemon(true);
            stranger.start();
            await().atMost(PATIENCE).until(() -> house.figure("penalties_total") >= 2);

            int[] in = new int[1];
            await().atMost(PATIENCE).until(() -> {
                in[0] += letsIn(house, "devices", "127.0.0.7", GOOD) ? 1 : 0;
                return in[0] == 5;
            });

            assertThat(neighbour.isAlive()).isTrue();
            stop.set(true);
            stranger.join(PATIENCE.toMillis());
        } finally {
            stop.set(true);
        }
    }
}
