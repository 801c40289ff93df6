package io.gatehouse.enrolment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.pki.TestRequest;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever fails again and again at the door of enrolment waits at the doors of MQTT, and the other way round. */
class EstPenaltyTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String WRONG = "00000000000000000000000000";

    @TempDir
    private static Path temp;

    private static EstHouse house;
    private static SSLContext good;
    private static SSLContext stranger;

    @BeforeAll
    static void open() throws Exception {
        house = new EstHouse(temp, """
                  embedded: true
                limits: {penalty: {after: 3, first: 1h, longest: 1h, exempt: []}}
                """);
        TestRequest device = TestRequest.of("pump-1");
        good = house.tls(
                device.pair(),
                est(house.tls(null), "127.5.0.1")
                        .enrol("pump-1", house.token("pump-1"), device.der())
                        .certificate());
        stranger = house.tls(device.pair(), selfSigned(device));
    }

    @AfterAll
    static void close() {
        house.close();
    }

    private static X509Certificate selfSigned(TestRequest device) throws Exception {
        X500Principal name = new X500Principal("CN=pump-1");
        Date now = Date.from(Instant.now().minusSeconds(60));
        Date end = Date.from(Instant.now().plusSeconds(3600));
        return new JcaX509CertificateConverter()
                .getCertificate(new JcaX509v3CertificateBuilder(
                                name,
                                BigInteger.TEN,
                                now,
                                end,
                                name,
                                device.pair().getPublic())
                        .build(new JcaContentSignerBuilder("SHA256withECDSA")
                                .build(device.pair().getPrivate())));
    }

    private static EstClient est(SSLContext tls, String from) throws IOException {
        return new EstClient(tls, house.estPort()).from(InetAddress.getByName(from));
    }

    private static boolean enrolmentListens(String from) throws Exception {
        try {
            return est(house.tls(null), from).get("csrattrs").status() == 200;
        } catch (IOException shut) {
            return false;
        }
    }

    /** Whether a CONNECT of MQTT is answered. */
    private static boolean mqttLetsIn(SSLContext tls, String from) throws Exception {
        try (SSLSocket socket = new EstClient(tls, house.mqttPort())
                .from(InetAddress.getByName(from))
                .connect()) {
            byte[] connect = {0x10, 16, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 4, 'p', 'u', 'm', 'p'};
            socket.getOutputStream().write(connect);
            socket.getOutputStream().flush();
            return socket.getInputStream().read() == 0x20;
        } catch (IOException refused) {
            return false;
        }
    }

    private static void wrongTokens(String from, int times) throws Exception {
        for (int i = 0; i < times; i++) {
            byte[] csr = TestRequest.of("pump-1").der();
            assertThat(est(house.tls(null), from).enrol("pump-1", WRONG, csr).status())
                    .isEqualTo(401);
        }
    }

    private static double figure(String name) {
        return house.broker()
                .metricsText()
                .lines()
                .filter(line -> line.startsWith("gatehouse_" + name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' ') + 1)))
                .sum();
    }

    private static void awaitRefusal(String code, String listener, String address) {
        await(code + " of " + address + " at " + listener)
                .atMost(PATIENCE)
                .until(() -> isTold(code, listener, address));
    }

    private static boolean isTold(String code, String listener, String address) throws IOException {
        List<String> parts = List.of(
                "\"event\":\"handshake\"",
                "\"code\":\"" + code + "\"",
                "\"listener\":\"" + listener + "\"",
                "\"address\":\"" + address + "\"");
        return Files.readString(temp.resolve("audit.jsonl"))
                .lines()
                .anyMatch(line -> parts.stream().allMatch(line::contains));
    }

    private static void assertShutOut(String address, String where) {
        awaitRefusal("PENALTY", where, address);
        // of connections over a limit one a second is told of, whoever it was
        await("turned away at both doors, and told of").atMost(PATIENCE).until(() -> {
            assertThat(enrolmentListens(address)).isFalse();
            assertThat(mqttLetsIn(good, address)).isFalse();
            return isTold("LIMIT_PENALTY", "enrolment:est", address) && isTold("LIMIT_PENALTY", "devices", address);
        });
    }

    @Test
    void tokens_wrongInARow_shutTheirAddressOut_ofMqttToo_andNobodyElse() throws Exception {
        wrongTokens("127.5.1.1", 2);
        assertThat(mqttLetsIn(good, "127.5.1.1")).as("a login begins anew").isTrue();
        wrongTokens("127.5.1.1", 2);
        TestRequest other = TestRequest.of("pump-2");
        assertThat(est(house.tls(null), "127.5.1.1")
                        .enrol("pump-2", house.token("pump-2"), other.der())
                        .status())
                .as("so does a certificate that was granted")
                .isEqualTo(200);
        wrongTokens("127.5.1.1", 2);
        assertThat(enrolmentListens("127.5.1.1")).isTrue();

        wrongTokens("127.5.1.1", 1);

        assertShutOut("127.5.1.1", "enrolment:est");
        assertThat(figure("addresses_shut_out")).isPositive();
        assertThat(enrolmentListens("127.5.1.2")).isTrue();
        assertThat(mqttLetsIn(good, "127.5.1.2")).isTrue();
    }

    @Test
    void handshakesThatFail_certificatesThatAreRefused_andNoHttp_countAlike() throws Exception {
        String address = "127.5.2.1";
        double before = figure("handshakes_refused_total");
        try (Socket socket = new Socket()) {
            socket.bind(new InetSocketAddress(address, 0));
            socket.connect(new InetSocketAddress("127.0.0.1", house.estPort()), 10_000);
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            socket.getInputStream().readAllBytes();
        }
        await().atMost(PATIENCE).until(() -> figure("handshakes_refused_total") > before);
        awaitRefusal("HANDSHAKE", "enrolment:est", address);
        EstClient.Answer refused = est(stranger, address)
                .post("simplereenroll", TestRequest.of("pump-1").der());
        assertThat(refused.body()).startsWith("cert_unknown");
        assertThat(enrolmentListens(address)).as("two of three").isTrue();
        try (SSLSocket socket = est(house.tls(null), address).connect()) {
            socket.getOutputStream().write("GET\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
            assertThat(EstClient.read(socket).status()).isEqualTo(400);
        }
        assertShutOut(address, "enrolment:est");
    }

    @Test
    void failuresAtMqtt_shutTheirAddressOutOfEnrolment_untilTheCertificatesAreLoadedAnew() throws Exception {
        String address = "127.5.3.1";
        for (int i = 0; i < 3; i++) {
            double before = figure("handshakes_refused_total");
            assertThat(mqttLetsIn(stranger, address)).isFalse();
            await().atMost(PATIENCE).until(() -> figure("handshakes_refused_total") > before);
        }
        assertShutOut(address, "devices");
        assertThat(house.broker().reload()).isEmpty();
        assertThat(enrolmentListens(address)).isTrue();
        assertThat(mqttLetsIn(good, address)).isTrue();
    }

    @Test
    void questions_andRequestsThatAreNotGood_areNoFailures() throws Exception {
        String address = "127.5.4.1";
        byte[] csr = TestRequest.of("pump-1").der();
        for (int i = 0; i < 4; i++) {
            assertThat(est(house.tls(null), address).post("simpleenroll", csr).status())
                    .as("a client that waits to be asked for its token")
                    .isEqualTo(401);
        }
        String token = house.token("pump-3");
        for (int i = 0; i < 4; i++) {
            assertThat(est(house.tls(null), address)
                            .enrol("pump-3", token, TestRequest.of("pump-4").der())
                            .body())
                    .startsWith("name_mismatch");
        }
        assertThat(mqttLetsIn(good, address)).isTrue();
    }
}
