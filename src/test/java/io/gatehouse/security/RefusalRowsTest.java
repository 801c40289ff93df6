package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.CannotStart;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What must be refused and has no better place: keys that the Java platform does not know, from a client that does; a client id that
 * the certificate does not bear out; files that turn to garbage under connected clients; ways around the handshake's order.
 */
class RefusalRowsTest {
    private static final Forge ROOT = Forge.root("Device Root");
    private static final int PATIENCE_SECONDS = 60;
    private static final String CONNACK = "\u0020\u0002\u0000\u0000";
    private static final byte[] CONNECT = {0x10, 15, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 3, 'r', 'a', 'w'};

    @TempDir
    private static Path folder;

    private static @Nullable TlsHouse shared;

    @BeforeAll
    static void aBroker() throws CannotStart {
        writeServer("localhost");
        Forge.write(
                folder.resolve("root.pem"),
                folder.resolve("root.key"),
                new Forge.Holder(List.of(ROOT.certificate), ROOT.keys));
        Forge.write(folder.resolve("policies/bound.yaml"), """
                version: 1
                roles:
                  bound: {client_id: ["<user>", "<user>-*"]}
                users:
                  pump-7: [bound]
                """);
        StringBuilder listeners = new StringBuilder();
        for (String provider : ClientCertificateTest.providers()) {
            listeners.append("""
                      %s:
                        port: 0
                        bind: 127.0.0.1
                        tls: {certificate: server.pem, key: server.key, client_ca: root.pem, provider: %1$s}
                        login: certificate
                    """.formatted(provider).indent(2));
        }
        shared = new TlsHouse(folder, listeners.toString());
    }

    private static void writeServer(String host) {
        Forge.write(folder.resolve("server.pem"), folder.resolve("server.key"), ROOT.server(host));
    }

    private static void writeOtherServer() {
        Forge.write(
                certificate(),
                key(),
                ROOT.leaf("other.example")
                        .usage(KeyPurposeId.id_kp_serverAuth)
                        .names(new GeneralName(GeneralName.dNSName, "other.example"))
                        .make());
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

    // the openssl client

    private static String openssl(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }

    /** Connects, sends a CONNECT, and listens until the end or until something is said. */
    private static String client(int port, String until, String... more) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("openssl", "s_client", "-connect", "127.0.0.1:" + port));
        command.addAll(List.of("-servername", "localhost"));
        command.addAll(List.of(more));
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        Thread watchdog = new Thread(() -> {
            try {
                if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                process.destroyForcibly();
            }
        });
        watchdog.start();
        StringBuilder said = new StringBuilder();
        try {
            process.getOutputStream().write(CONNECT);
            process.getOutputStream().flush();
        } catch (IOException refused) {
            // it ended before it took it; what it says tells
        }
        InputStream from = process.getInputStream();
        for (int next = from.read(); next >= 0; next = from.read()) {
            said.append((char) next);
            if (said.indexOf(until, Math.max(0, said.length() - until.length())) >= 0) {
                break;
            }
        }
        process.destroy();
        process.waitFor();
        watchdog.interrupt();
        return said.toString();
    }

    private static Stream<Arguments> stacks() {
        return Stream.of("boringssl", "jdk")
                .flatMap(provider -> Stream.of("-tls1_2", "-tls1_3").map(version -> Arguments.of(provider, version)));
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("stacks")
    void key_onSecp256k1_isRefused(String provider, String version) throws IOException, InterruptedException {
        int port = port(provider);
        String name = "k1-" + provider + version;
        openssl("ecparam", "-name", "secp256k1", "-genkey", "-noout", "-out", name + ".key");
        certify(name, "/CN=" + name);
        int before = house().audit().size();
        double bytes = house().figure("received_bytes_total");

        String said = client(port, CONNACK, version, "-cert", name + ".pem", "-key", name + ".key");

        assertThat(said).doesNotContain(CONNACK);
        // the providers do not know the curve, and say so in their ways; a client of TLS 1.3 has no signature for it
        assertThat(house().awaitAudit(before, "handshake", "listener", provider).get("code"))
                .isIn("CERT_WEAK_KEY", "CERT_PROFILE", "CERT_NONE", "HANDSHAKE");
        assertThat(house().figure("received_bytes_total")).isEqualTo(bytes);
    }

    /** The JDK does not even read such a certificate, neither as a client nor as a server. */
    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("stacks")
    void certificate_withoutAnyName_isRefused(String provider, String version)
            throws IOException, InterruptedException {
        int port = port(provider);
        String name = "nobody-" + provider + version;
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name + ".key");
        certify(name, "/");
        double refused = house().figure("handshakes_refused_total");
        double bytes = house().figure("received_bytes_total");

        String said = client(port, CONNACK, version, "-cert", name + ".pem", "-key", name + ".key");

        assertThat(said).doesNotContain(CONNACK);
        await().atMost(Duration.ofSeconds(30)).until(() -> house().figure("handshakes_refused_total") > refused);
        // what has no certificate is told of once in ten seconds, whichever version it was
        await().atMost(Duration.ofSeconds(30))
                .until(() -> house().audit().stream()
                        .anyMatch(event -> provider.equals(event.get("listener"))
                                && List.of("CERT_ID_AMBIGUOUS", "CERT_PROFILE")
                                        .contains(String.valueOf(event.get("code")))));
        assertThat(house().figure("received_bytes_total")).isEqualTo(bytes);
    }

    /** With a request and the root, which signs it for a client. */
    private static void certify(String name, String subject) throws IOException, InterruptedException {
        openssl("req", "-new", "-key", name + ".key", "-subj", subject, "-out", name + ".csr");
        Forge.write(folder.resolve("client.ext"), "keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n");
        openssl(
                "x509",
                "-req",
                "-in",
                name + ".csr",
                "-CA",
                "root.pem",
                "-CAkey",
                "root.key",
                "-days",
                "2",
                "-set_serial",
                Long.toString(System.nanoTime()),
                "-extfile",
                "client.ext",
                "-out",
                name + ".pem");
    }

    @ParameterizedTest
    @ValueSource(strings = {"boringssl", "jdk"})
    void clientWithoutACertificate_thatOffersOneForLater_isRefused(String provider)
            throws IOException, InterruptedException {
        int port = port(provider);
        double before = house().figure("handshakes_refused_total");

        String said = client(port, CONNACK, "-tls1_3", "-enable_pha");

        assertThat(said).doesNotContain(CONNACK).containsAnyOf("certificate required", "bad certificate");
        assertThat(house().figure("handshakes_refused_total")).isGreaterThan(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"boringssl", "jdk"})
    void ticket_allowsNoEarlyData(String provider) throws IOException, InterruptedException {
        int port = port(provider);
        Forge.write(
                folder.resolve("early.pem"),
                folder.resolve("early.key"),
                ROOT.leaf("early").make());

        String ticket = "early-" + provider + ".ticket";
        assertThat(client(
                        port,
                        CONNACK,
                        "-quiet",
                        "-tls1_3",
                        "-cert",
                        "early.pem",
                        "-key",
                        "early.key",
                        "-sess_out",
                        ticket))
                .endsWith(CONNACK);
        assertThat(openssl("sess_id", "-in", ticket, "-noout", "-text"))
                .contains("Protocol  : TLSv1.3", "Max Early Data: 0");
    }

    /** RFC 9155. In TLS 1.2, that is: nobody offers it in TLS 1.3. */
    @ParameterizedTest
    @ValueSource(strings = {"boringssl", "jdk"})
    void handshake_thatTheClientSignsWithSha1_isRefused(String provider) throws IOException, InterruptedException {
        int port = port(provider);
        Forge.write(
                folder.resolve("rsa.pem"),
                folder.resolve("rsa.key"),
                ROOT.leaf("rsa").key("RSA-2048").make());
        String[] more = {"-quiet", "-tls1_2", "-cipher", "DEFAULT@SECLEVEL=0", "-cert", "rsa.pem", "-key", "rsa.key"};
        List<String> sha1 = new ArrayList<>(List.of(more));
        sha1.addAll(List.of("-client_sigalgs", "RSA+SHA1"));

        assertThat(client(port, CONNACK, more)).endsWith(CONNACK);
        int before = house().audit().size();
        double refused = house().figure("handshakes_refused_total");
        assertThat(client(port, CONNACK, sha1.toArray(String[]::new))).doesNotContain(CONNACK);
        if (provider.equals("boringssl")) {
            assertThat(house().awaitAudit(before, "handshake", "code", "CERT_WEAK_PROOF"))
                    .containsEntry("subject", "CN=rsa")
                    .containsEntry("detail", "the client proves its key with SHA-1");
        } // else the JDK asks for no such thing, so that the client has nothing to show: as any without a certificate
        await().atMost(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .until(() -> house().figure("handshakes_refused_total") > refused);
        assertThat(house().figure("handshakes_refused_total")).isEqualTo(refused + 1); // told of once
    }

    // the client id

    @ParameterizedTest
    @ValueSource(strings = {"boringssl", "jdk"})
    void clientId_thatTheCertificateDoesNotBearOut_isRefused(String provider) throws IOException {
        int port = port(provider);
        Forge.Holder pump = ROOT.leaf("pump-7").make();
        for (String own : List.of("pump-7", "pump-7-backup")) {
            try (TlsClient client = TlsClient.connect(pump, port, "TLSv1.3")) {
                client.in(own);
            }
        }
        for (String version : List.of("TLSv1.2", "TLSv1.3")) {
            int before = house().audit().size();
            try (TlsClient client = TlsClient.connect(pump, port, version)) {
                client.send(TlsClient.mqttConnect("pump-8", 5));
                byte[] answer = Objects.requireNonNull(client.packet());
                assertThat(answer[0]).isEqualTo((byte) TlsClient.CONNACK);
                assertThat(answer[2] & 0xFF).isEqualTo(0x85);
                assertThat(client.read()).isNegative();
            }
            try (TlsClient client = TlsClient.connect(pump, port, version)) {
                client.send(TlsClient.mqttConnect("pump-8", 4));
                assertThat(Objects.requireNonNull(client.packet())).containsExactly(TlsClient.CONNACK, 0, 2);
                assertThat(client.read()).isNegative();
            }
            Map<String, Object> event = house().awaitAudit(before, "login", "client", "pump-8");
            assertThat(event).containsEntry("outcome", "refused");
            assertThat(event.get("detail")).asString().contains("\"pump-8\" is not one that role \"bound\" allows");
        }
    }

    // files that change for the worse

    private record Bad(Runnable change, String says) {}

    private static Path certificate() {
        return folder.resolve("server.pem");
    }

    private static Path key() {
        return folder.resolve("server.key");
    }

    private static Stream<Arguments> changes() {
        return Stream.of(
                        Named.of(
                                "a certificate that is garbage",
                                new Bad(() -> Forge.write(certificate(), "garbage"), "server.pem")),
                        Named.of("an empty certificate", new Bad(() -> Forge.write(certificate(), ""), "server.pem")),
                        Named.of("a key that is garbage", new Bad(() -> Forge.write(key(), "garbage"), "server.key")),
                        Named.of(
                                "another's key",
                                new Bad(
                                        () -> Forge.write(
                                                key(),
                                                Forge.block(
                                                        "PRIVATE KEY",
                                                        Forge.freshKeys("P-256")
                                                                .getPrivate()
                                                                .getEncoded())),
                                        "server.")),
                        Named.of(
                                "another server's name",
                                new Bad(RefusalRowsTest::writeOtherServer, "none of the names")),
                        Named.of(
                                "a certificate that ended",
                                new Bad(
                                        () -> Forge.write(
                                                certificate(),
                                                key(),
                                                ROOT.leaf("localhost")
                                                        .usage(KeyPurposeId.id_kp_serverAuth)
                                                        .names(new GeneralName(GeneralName.dNSName, "localhost"))
                                                        .valid(
                                                                java.time.Instant.now()
                                                                        .minusSeconds(7200),
                                                                java.time.Instant.now()
                                                                        .minusSeconds(60))
                                                        .make()),
                                        "server.pem")),
                        Named.of(
                                "a client's certificate",
                                new Bad(
                                        () -> Forge.write(
                                                certificate(),
                                                key(),
                                                ROOT.leaf("localhost").make()),
                                        "server.pem")),
                        Named.of(
                                "authorities that are garbage",
                                new Bad(() -> Forge.write(folder.resolve("root.pem"), "garbage"), "root.pem")))
                .map(Arguments::of);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("changes")
    void reload_ofFilesThatAreWrong_isRefused_andNobodyNotices(Bad bad) throws IOException {
        String provider = ClientCertificateTest.providers().get(0);
        Forge.Holder device = ROOT.leaf("stays").make();
        try (TlsClient stays = TlsClient.connect(device, house().port(provider), "TLSv1.3")) {
            stays.in("stays");
            int before = house().audit().size();
            double refused = house().figure("reloads_refused_total");

            bad.change().run();
            assertThat(house().broker().reload()).containsKey("tls");

            assertThat(house().awaitAudit(before, "broker", "what", "tls_refused")
                            .get("detail"))
                    .asString()
                    .contains(bad.says());
            assertThat(house().figure("reloads_refused_total")).isGreaterThan(refused);
            assertThat(stays.isAlive()).isTrue();
            try (TlsClient late = TlsClient.connect(ROOT.leaf("late").make(), house().port(provider), "TLSv1.3")) {
                late.in("late");
            }
        } finally {
            writeServer("localhost");
            Forge.write(folder.resolve("root.pem"), Forge.pem(ROOT.certificate));
            house().broker().reload();
        }
    }
}
