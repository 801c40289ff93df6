package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.CannotStart;
import io.gatehouse.security.Hello.Answer;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a listener negotiates, and what it does not, on both providers: hellos byte by byte, and the openssl client. */
class TlsSettingsTest {
    private static final Forge ROOT = Forge.root("Device Root");
    private static final int UNEXPECTED_MESSAGE = 10;
    private static final int HANDSHAKE_FAILURE = 40;
    private static final int PROTOCOL_VERSION = 70;
    private static final int NO_APPLICATION_PROTOCOL = 120;

    private static final Pattern LIFETIME = Pattern.compile("ticket lifetime hint: (\\d+)");

    @TempDir
    private static Path folder;

    private static @Nullable TlsHouse shared;

    @BeforeAll
    static void aBroker() throws CannotStart {
        Forge.write(folder.resolve("server.pem"), folder.resolve("server.key"), ROOT.server());
        Forge.write(folder.resolve("ca.pem"), Forge.pem(ROOT.certificate));
        Forge.write(
                folder.resolve("client.pem"),
                folder.resolve("client.key"),
                ROOT.leaf("client").make());
        StringBuilder listeners = new StringBuilder();
        for (String provider : ClientCertificateTest.providers()) {
            listeners.append(listener(provider, "provider: " + provider, ""));
            listeners.append(listener(provider + "-modern", "profile: modern, provider: " + provider, ""));
            listeners.append(listener(provider + "-counted", "provider: " + provider, ""));
            listeners.append(listener(provider + "-anew", "resumption: false, provider: " + provider, ""));
            listeners.append(listener(provider + "-web", "provider: " + provider, "websocket: {path: /mqtt}"));
        }
        Forge.write(
                folder.resolve("p384.pem"),
                folder.resolve("p384.key"),
                ROOT.leaf("localhost")
                        .key("P-384")
                        .usage(KeyPurposeId.id_kp_serverAuth)
                        .names(new GeneralName(GeneralName.dNSName, "localhost"))
                        .make());
        listeners.append(listener("cnsa", "profile: cnsa", "").replace("server.", "p384."));
        shared = new TlsHouse(folder, listeners.toString());
    }

    private static String listener(String name, String tls, String more) {
        return """
                  %s:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: server.pem, key: server.key, client_ca: ca.pem, %s}
                    login: certificate
                    %s
                """.formatted(name, tls, more).indent(2);
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

    private static int port(String listener) {
        assumeThat(house().broker().ports()).containsKey(listener);
        return house().port(listener);
    }

    /** @param alert the one that is expected; -1: a ServerHello; -2: the end, without a hello */
    private record Case(String listener, Hello hello, int alert) {}

    private static void add(List<Arguments> all, String name, String suffix, Hello hello, int alert) {
        for (String provider : List.of("boringssl", "jdk")) {
            all.add(Arguments.of(Named.of(provider + suffix + ": " + name, new Case(provider + suffix, hello, alert))));
        }
    }

    private static Stream<Arguments> hellos() {
        List<Arguments> all = new ArrayList<>();
        add(all, "TLS 1.2", "", new Hello(Hello.TLS_1_2), -1);
        add(all, "TLS 1.3", "", new Hello(Hello.TLS_1_3), -1);
        add(all, "TLS 1.0", "", new Hello(Hello.TLS_1_0), PROTOCOL_VERSION);
        add(all, "TLS 1.1", "", new Hello(Hello.TLS_1_1), PROTOCOL_VERSION);
        add(all, "TLS 1.2", "-modern", new Hello(Hello.TLS_1_2), PROTOCOL_VERSION);
        add(all, "TLS 1.3", "-modern", new Hello(Hello.TLS_1_3), -1);
        add(all, "static RSA", "", new Hello(Hello.TLS_1_2).suites(0x009C, 0x009D, 0x003C), HANDSHAKE_FAILURE);
        add(all, "CBC", "", new Hello(Hello.TLS_1_2).suites(0xC009, 0xC00A, 0xC023, 0xC024), HANDSHAKE_FAILURE);
        add(all, "3DES", "", new Hello(Hello.TLS_1_2).suites(0x000A, 0xC008, 0xC012), HANDSHAKE_FAILURE);
        add(all, "RC4 and none", "", new Hello(Hello.TLS_1_2).suites(0x0005, 0xC007, 0xC006), HANDSHAKE_FAILURE);
        add(all, "DHE", "", new Hello(Hello.TLS_1_2).suites(0x009E, 0x009F, 0xCCAA), HANDSHAKE_FAILURE);
        add(all, "P-521", "", new Hello(Hello.TLS_1_3).groups(Hello.P_521), HANDSHAKE_FAILURE);
        add(all, "a finite field", "", new Hello(Hello.TLS_1_3).groups(Hello.FFDHE_2048), HANDSHAKE_FAILURE);
        add(all, "P-384 alone", "", new Hello(Hello.TLS_1_3).groups(Hello.P_384), -1);
        add(all, "ALPN mqtt", "", new Hello(Hello.TLS_1_3).protocols("mqtt"), -1);
        add(all, "ALPN h2 and mqtt", "", new Hello(Hello.TLS_1_2).protocols("h2", "mqtt"), -1);
        add(all, "ALPN h2", "", new Hello(Hello.TLS_1_3).protocols("h2", "http/1.1"), NO_APPLICATION_PROTOCOL);
        add(all, "ALPN h2, 1.2", "", new Hello(Hello.TLS_1_2).protocols("h2"), NO_APPLICATION_PROTOCOL);
        add(all, "ALPN http/1.1", "-web", new Hello(Hello.TLS_1_3).protocols("h2", "http/1.1"), -1);
        add(all, "ALPN mqtt", "-web", new Hello(Hello.TLS_1_3).protocols("mqtt"), NO_APPLICATION_PROTOCOL);
        add(all, "a hello of 17 KiB", "", new Hello(Hello.TLS_1_3).padding(17 << 10), -2);
        add(all, "a hello of 60 KiB", "", new Hello(Hello.TLS_1_2).padding(60 << 10), -2);
        all.add(Arguments.of(Named.of(
                "cnsa: AES-128 alone",
                new Case("cnsa", new Hello(Hello.TLS_1_3).suites(Hello.AES_128), HANDSHAKE_FAILURE))));
        all.add(Arguments.of(
                Named.of("cnsa: AES-256", new Case("cnsa", new Hello(Hello.TLS_1_3).suites(Hello.AES_256), -1))));
        for (int group : new int[] {Hello.X25519, Hello.P_256}) {
            Hello hello = new Hello(Hello.TLS_1_3).groups(group);
            all.add(Arguments.of(
                    Named.of("cnsa: group " + group + " alone", new Case("cnsa", hello, HANDSHAKE_FAILURE))));
        }
        return all.stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("hellos")
    void hello_isAnsweredOrRefusedWithTheAlertThatSaysWhy(Case one) throws IOException {
        int port = port(one.listener());
        double before = house().figure("handshakes_refused_total");

        Answer answer = one.hello().sendTo(port);

        if (one.alert() == -1) {
            assertThat(answer.isHello()).as("%s", answer).isTrue();
            return;
        }
        assertThat(answer.isHello()).as("%s", answer).isFalse();
        if (one.alert() >= 0) {
            // the JDK calls it unexpected, where the groups have nothing in common
            assertThat(answer.alert()).isIn(one.alert(), one.alert() == HANDSHAKE_FAILURE ? UNEXPECTED_MESSAGE : -1);
        }
        await().atMost(Duration.ofSeconds(30)).until(() -> house().figure("handshakes_refused_total") > before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"boringssl", "jdk"})
    void hello_ofSsl2AndOfHttp_isClosedWithoutAWord(String provider) throws IOException {
        int port = port(provider);
        byte[] ssl2 = new byte[46];
        Arrays.fill(ssl2, (byte) 1);
        System.arraycopy(new byte[] {(byte) 0x80, 44, 1, 0, 2}, 0, ssl2, 0, 5);
        assertThat(Hello.send(port, ssl2).end()).isTrue();
        assertThat(Hello.send(port, "GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII))
                        .end())
                .isTrue();
    }

    @Test
    void groups_hybridFirstOnBoringssl_whateverTheClientPrefers() throws IOException {
        Answer answer = new Hello(Hello.TLS_1_3)
                .groups(Hello.P_256, Hello.X25519, Hello.X25519_MLKEM_768)
                .sendTo(port("boringssl"));
        assertThat(answer.group()).isEqualTo(Hello.X25519_MLKEM_768);
    }

    // what was agreed on, in numbers

    private static double counted(String listener, String version, String cipher, String group) {
        String labels = "gatehouse_tls_handshakes_total{cipher=\"%s\",group=\"%s\",listener=\"%s\",version=\"%s\"} "
                .formatted(cipher, group, listener, version);
        return house().broker()
                .metricsText()
                .lines()
                .filter(line -> line.startsWith(labels))
                .mapToDouble(line -> Double.parseDouble(line.substring(labels.length())))
                .sum();
    }

    private static void awaitCounted(String listener, String version, String cipher, String group, double count) {
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(counted(listener, version, cipher, group))
                        .as(
                                "%s %s %s %s: %s",
                                listener,
                                version,
                                cipher,
                                group,
                                house().broker().metricsText())
                        .isEqualTo(count));
    }

    @ParameterizedTest
    @ValueSource(strings = {"boringssl", "jdk"})
    void handshakes_areCounted_byVersionCipherAndGroup(String provider) throws IOException, InterruptedException {
        String listener = provider + "-counted";
        int port = port(listener);
        openssl(port, "", "-tls1_3", "-groups", "P-384", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256");
        awaitCounted(listener, "TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256", "secp384r1", 1);
        openssl(port, "", "-tls1_3", "-groups", "X25519", "-ciphersuites", "TLS_AES_128_GCM_SHA256");
        awaitCounted(listener, "TLSv1.3", "TLS_AES_128_GCM_SHA256", "x25519", 1);

        String session = folder.resolve(provider + ".session").toString();
        String suite = "ECDHE-ECDSA-AES128-GCM-SHA256";
        openssl(port, "", "-tls1_2", "-groups", "P-256", "-cipher", suite, "-sess_out", session);
        String cipher = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
        awaitCounted(listener, "TLSv1.2", cipher, "secp256r1", 1);
        String again = openssl(port, "", "-tls1_2", "-groups", "P-256", "-cipher", suite, "-sess_in", session);
        assertThat(again).contains("Reused, TLSv1.2");
        awaitCounted(listener, "TLSv1.2", cipher, "none", 1);
        awaitCounted(listener, "TLSv1.2", cipher, "secp256r1", 1);
    }

    @Test
    void handshake_ofAHybridClient_isCountedAsHybrid() throws Exception {
        int port = port("boringssl-counted");
        SslContext hybrid = SslContextBuilder.forClient()
                .sslProvider(SslProvider.OPENSSL_REFCNT)
                .option(OpenSslContextOption.GROUPS, new String[] {"X25519MLKEM768", "X25519"})
                .protocols("TLSv1.3")
                .keyManager(
                        folder.resolve("client.pem").toFile(),
                        folder.resolve("client.key").toFile())
                .trustManager(ROOT.certificate)
                .build();
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        try {
            Channel channel = new Bootstrap()
                    .group(group)
                    .channel(NioSocketChannel.class)
                    .handler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel fresh) {
                            fresh.pipeline().addLast(hybrid.newHandler(fresh.alloc(), "localhost", port));
                        }
                    })
                    .connect("127.0.0.1", port)
                    .sync()
                    .channel();
            channel.pipeline().get(SslHandler.class).handshakeFuture().sync();
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> house().broker()
                            .metricsText()
                            .lines()
                            .anyMatch(line -> line.matches(
                                    "gatehouse_tls_handshakes_total\\{.*X25519MLKEM768.*boringssl-counted.*")));
            channel.close().sync();
        } finally {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
            ReferenceCountUtil.release(hybrid);
        }
    }

    // the openssl client

    private static List<String> command(int port, String... more) {
        List<String> command = new ArrayList<>(List.of(
                "openssl",
                "s_client",
                "-connect",
                "127.0.0.1:" + port,
                "-servername",
                "localhost",
                "-cert",
                folder.resolve("client.pem").toString(),
                "-key",
                folder.resolve("client.key").toString()));
        command.addAll(List.of(more));
        return command;
    }

    private static String openssl(int port, String input, String... more) throws IOException, InterruptedException {
        Process client = new ProcessBuilder(command(port, more))
                .redirectErrorStream(true)
                .start();
        client.getOutputStream().write(input.getBytes(StandardCharsets.US_ASCII));
        client.getOutputStream().close();
        String said = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        client.waitFor();
        return said;
    }

    static Stream<Arguments> stacks() {
        return Stream.of("boringssl", "jdk")
                .flatMap(provider -> Stream.of("-tls1_2", "-tls1_3").map(version -> Arguments.of(provider, version)));
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("stacks")
    void request_forACertificate_namesNoAuthority(String provider, String version)
            throws IOException, InterruptedException {
        String said = openssl(port(provider), "", version);

        assertThat(said).contains("No client certificate CA names sent", "Requested Signature Algorithms");
        String wanted = said.lines()
                .filter(line -> line.startsWith("Requested Signature Algorithms"))
                .findFirst()
                .orElseThrow();
        // BoringSSL's list is its own: it ends with RSA and SHA-1, and there is no way to say otherwise
        if (provider.equals("jdk")) {
            assertThat(wanted).doesNotContain("SHA1", "SHA224", "DSA+SHA256:DSA");
        }
        assertThat(wanted).contains("ECDSA+SHA256");
        assertThat(said).doesNotContain("Compression: zlib");
    }

    @ParameterizedTest
    @ValueSource(strings = {"boringssl", "jdk"})
    void renegotiation_askedByTheClient_isRefused(String provider) throws IOException, InterruptedException {
        String said = openssl(port(provider), "R\n", "-tls1_2", "-msg");

        assertThat(said).contains("RENEGOTIATING");
        assertThat(said).containsAnyOf("no_renegotiation", "no renegotiation", "handshake_failure");
        assertThat(said.split("ServerHelloDone", -1)).as("one handshake").hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"boringssl", "jdk"})
    void ticket_lastsFourHoursAtMost(String provider) throws IOException, InterruptedException {
        String said = openssl(port(provider), "", "-tls1_2");
        assertThat(seconds(said)).as(said).isBetween(1, 4 * 3600);
    }

    /** When the session of a login was made. */
    private static long session(SSLContext context, String listener, String version) throws IOException {
        try (TlsClient client = TlsClient.connect(context, port(listener), version, parameters -> {})) {
            assertThat(client.login("session-" + System.nanoTime())).isEqualTo(TlsClient.CONNACK);
            return client.socket().getSession().getCreationTime();
        }
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("stacks")
    void session_isResumed_unlessTheListenerSaysOtherwise(String provider, String flag) throws IOException {
        String version = flag.equals("-tls1_2") ? "TLSv1.2" : "TLSv1.3";
        SSLContext resumes = TlsClient.context(ROOT.leaf("resumes").make());
        assertThat(session(resumes, provider, version)).isEqualTo(session(resumes, provider, version));

        SSLContext cannot = TlsClient.context(ROOT.leaf("cannot").make());
        long first = session(cannot, provider + "-anew", version);
        long second = session(cannot, provider + "-anew", version);
        assertThat(second).isNotEqualTo(first);
        assertThat(session(cannot, provider + "-anew", version)).isNotEqualTo(second);
    }

    @Test
    void cnsa_takesClientsOnP384_andNoneOnAnotherCurve() throws IOException {
        Forge.Holder strong = ROOT.leaf("strong").key("P-384").make();
        try (TlsClient client = TlsClient.connect(strong, port("cnsa"), "TLSv1.3")) {
            assertThat(client.login("strong")).isEqualTo(TlsClient.CONNACK);
        }
        awaitCounted("cnsa", "TLSv1.3", "TLS_AES_256_GCM_SHA384", "secp384r1", 1);
        int before = house().audit().size();
        assertThat(answer(ROOT.leaf("common").make(), port("cnsa"), "TLSv1.3")).isNegative();
        assertThat(house().awaitAudit(before, "handshake", "listener", "cnsa").get("code"))
                .isEqualTo("CERT_WEAK_KEY");
    }

    private static int seconds(String said) {
        Matcher lifetime = LIFETIME.matcher(said);
        return lifetime.find() ? Integer.parseInt(lifetime.group(1)) : -1;
    }

    @Test
    void debug_ofTheJdk_isToldOfAtTheStart(@TempDir Path own) throws CannotStart {
        Forge.write(own.resolve("server.pem"), own.resolve("server.key"), ROOT.server());
        Forge.write(own.resolve("ca.pem"), Forge.pem(ROOT.certificate));
        System.setProperty("javax.net.debug", "nothing"); // a word that means none of what it writes
        try (TlsHouse debugged = new TlsHouse(own, listener("devices", "provider: auto", ""))) {
            debugged.awaitAudit(0, "broker", "what", "tls_debug");
        } finally {
            System.clearProperty("javax.net.debug");
        }
        assertThat(house().audit()).noneMatch(event -> "tls_debug".equals(event.get("what")));
    }

    // certificates in numbers

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("stacks")
    void certificates_manyOrLarge_endTheHandshakeAndNobodyElse(String provider, String flag) throws IOException {
        int port = port(provider);
        String version = flag.equals("-tls1_2") ? "TLSv1.2" : "TLSv1.3";
        Forge.Holder device = ROOT.leaf("chained").make();
        try (TlsClient stays = TlsClient.connect(ROOT.leaf("stays").make(), port, version)) {
            stays.in("stays-" + provider + version);
            for (int count : List.of(20, 3_000)) { // the latter: more than a mebibyte
                java.security.cert.X509Certificate[] more = new java.security.cert.X509Certificate[count];
                Arrays.fill(more, ROOT.certificate);
                assertThat(answer(device.with(more), port, version))
                        .as("%d certificates", count)
                        .isNegative();
            }
            assertThat(stays.isAlive()).isTrue();
        }
        assertThat(answer(device, port, version)).isEqualTo(TlsClient.CONNACK);
    }

    private static int answer(Forge.Holder holder, int port, String version) {
        try (TlsClient client = TlsClient.connect(holder, port, version)) {
            return client.login("someone-" + System.nanoTime());
        } catch (java.net.SocketTimeoutException e) {
            throw new AssertionError("the connection was left open", e);
        } catch (IOException refused) {
            return -1;
        }
    }
}
