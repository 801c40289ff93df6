package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.enrolment.EstHouse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the listener of enrolment negotiates, and what it does not: as strict as those of MQTT. */
class EstTlsTest {
    private static final int UNEXPECTED_MESSAGE = 10;
    private static final int HANDSHAKE_FAILURE = 40;
    private static final int PROTOCOL_VERSION = 70;
    private static final int NO_APPLICATION_PROTOCOL = 120;

    @TempDir
    private static Path temp;

    private static @Nullable EstHouse shared;

    @BeforeAll
    static void open() throws Exception {
        shared = new EstHouse(temp, "  embedded: true\n");
    }

    @AfterAll
    static void close() {
        if (shared != null) {
            shared.close();
        }
    }

    private static EstHouse house() {
        return Objects.requireNonNull(shared);
    }

    private static double refused() {
        return house().broker()
                .metricsText()
                .lines()
                .filter(line -> line.startsWith("gatehouse_handshakes_refused_total "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' ') + 1)))
                .sum();
    }

    /** @param alert the one that is expected; -1: a ServerHello; -2: the end, without a hello */
    private record Case(Hello hello, int alert) {}

    private static Arguments one(String name, Hello hello, int alert) {
        return Arguments.of(Named.of(name, new Case(hello, alert)));
    }

    private static Stream<Arguments> hellos() {
        return Stream.of(
                one("TLS 1.2", new Hello(Hello.TLS_1_2), -1),
                one("TLS 1.3", new Hello(Hello.TLS_1_3), -1),
                one("TLS 1.0", new Hello(Hello.TLS_1_0), PROTOCOL_VERSION),
                one("TLS 1.1", new Hello(Hello.TLS_1_1), PROTOCOL_VERSION),
                one("static RSA", new Hello(Hello.TLS_1_2).suites(0x009C, 0x009D, 0x003C), HANDSHAKE_FAILURE),
                one("CBC", new Hello(Hello.TLS_1_2).suites(0xC009, 0xC00A, 0xC023, 0xC024), HANDSHAKE_FAILURE),
                one("3DES", new Hello(Hello.TLS_1_2).suites(0x000A, 0xC008, 0xC012), HANDSHAKE_FAILURE),
                one("P-521", new Hello(Hello.TLS_1_3).groups(Hello.P_521), HANDSHAKE_FAILURE),
                one("ALPN http/1.1", new Hello(Hello.TLS_1_3).protocols("h2", "http/1.1"), -1),
                one("ALPN h2", new Hello(Hello.TLS_1_3).protocols("h2"), NO_APPLICATION_PROTOCOL),
                one("ALPN mqtt", new Hello(Hello.TLS_1_2).protocols("mqtt"), NO_APPLICATION_PROTOCOL),
                one("a hello of 17 KiB", new Hello(Hello.TLS_1_3).padding(17 << 10), -2),
                one("a hello of 60 KiB", new Hello(Hello.TLS_1_2).padding(60 << 10), -2));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("hellos")
    void hello_isAnsweredOrRefusedWithTheAlertThatSaysWhy(Case one) throws IOException {
        double before = refused();

        Hello.Answer answer = one.hello().sendTo(house().estPort());

        if (one.alert() == -1) {
            assertThat(answer.isHello()).as("%s", answer).isTrue();
            return;
        }
        assertThat(answer.isHello()).as("%s", answer).isFalse();
        if (one.alert() >= 0) {
            // the JDK calls it unexpected, where the groups have nothing in common
            assertThat(answer.alert()).isIn(one.alert(), one.alert() == HANDSHAKE_FAILURE ? UNEXPECTED_MESSAGE : -1);
        }
        await().atMost(Duration.ofSeconds(30)).until(() -> refused() > before);
    }

    @Test
    void protocol_thatIsNotOurs_isToldOf() throws IOException {
        new Hello(Hello.TLS_1_3).protocols("imap").sendTo(house().estPort());
        await().atMost(Duration.ofSeconds(30))
                .until(() -> Files.readString(temp.resolve("audit.jsonl"))
                        .lines()
                        .anyMatch(line -> line.contains("\"code\":\"ALPN\"")
                                && line.contains("\"listener\":\"enrolment:est\"")
                                && line.contains("imap")));
    }

    @Test
    void hello_ofSsl2AndOfHttp_isClosed() throws IOException {
        byte[] ssl2 = new byte[46];
        System.arraycopy(new byte[] {(byte) 0x80, 44, 1, 0, 2}, 0, ssl2, 0, 5);
        assertThat(Hello.send(house().estPort(), ssl2).isHello()).isFalse();
        byte[] http = "GET /.well-known/est/cacerts HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        assertThat(Hello.send(house().estPort(), http).isHello()).isFalse();
    }

    /** What the client of OpenSSL says, which has nothing to say to the server. */
    private static String openssl(List<String> more) throws IOException, InterruptedException {
        List<String> line =
                new ArrayList<>(List.of("openssl", "s_client", "-connect", "127.0.0.1:" + house().estPort()));
        line.addAll(more);
        Process client = new ProcessBuilder(line).redirectErrorStream(true).start();
        client.getOutputStream().close();
        String said = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        client.waitFor();
        return said;
    }

    /** RFC 9155; a client that has a certificate already shows it here too. */
    @Test
    void handshake_thatTheClientSignsWithSha1_isRefused() throws Exception {
        Forge.Holder holder = Forge.root("Maker").leaf("rsa").key("RSA-2048").make();
        Path certificate = temp.resolve("rsa.pem");
        Path key = temp.resolve("rsa.key");
        Forge.write(certificate, key, holder);
        List<String> with = new ArrayList<>(List.of("-tls1_2", "-cipher", "DEFAULT@SECLEVEL=0"));
        with.addAll(List.of("-cert", certificate.toString(), "-key", key.toString()));
        List<String> good = List.copyOf(with);
        with.addAll(List.of("-client_sigalgs", "RSA+SHA1"));

        assertThat(openssl(good)).contains("New, TLSv1.2, Cipher is ECDHE");
        double before = refused();
        assertThat(openssl(with)).contains("alert"); // from the JDK's provider, which asks for none, from the client
        await().atMost(Duration.ofSeconds(30)).until(() -> refused() > before);
        assertThat(refused()).isEqualTo(before + 1); // told of once
        if (ClientCertificateTest.providers().contains("boringssl")) {
            assertThat(Files.readString(temp.resolve("audit.jsonl")))
                    .contains("\"code\":\"CERT_WEAK_PROOF\"", "the client proves its key with SHA-1");
        }
    }

    @Test
    void handshakes_thatDoNotEnd_areEnded_andOthersEnrolMeanwhile() throws Exception {
        List<Socket> strangers = new ArrayList<>();
        byte[] begun = {0x16, 3, 1, 2, 0, 1, 0}; // a ClientHello that says how long it is, and no more
        try {
            for (int i = 0; i < 20; i++) {
                Socket stranger = new Socket();
                strangers.add(stranger);
                stranger.bind(new InetSocketAddress("127.6.0.1", 0));
                stranger.connect(new InetSocketAddress("127.0.0.1", house().estPort()), 10_000);
                stranger.getOutputStream().write(i % 2 == 0 ? begun : new Hello(Hello.TLS_1_3).records());
            }
            assertThat(new Hello(Hello.TLS_1_2).sendTo(house().estPort()).isHello())
                    .isTrue();
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> strangers.stream().allMatch(TlsHouse::isEnded));
        } finally {
            for (Socket stranger : strangers) {
                stranger.close();
            }
        }
    }
}
