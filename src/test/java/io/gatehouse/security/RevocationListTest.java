package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.CannotStart;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.bouncycastle.asn1.x509.CRLReason;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Revocation lists in files: who is on one is not let in, not resumed, and does not stay; a bad one changes nothing. */
class RevocationListTest {
    private static final Forge ROOT = Forge.root("Device Root");
    private static final Forge OTHER = Forge.root("Another Root");
    private static final Forge FAKE = Forge.root("Device Root");
    private static final int NOT_AUTHORIZED = 0x87;
    private static final List<Forge.Holder> REVOKED = new ArrayList<>();

    @TempDir
    private static Path folder;

    private static @Nullable TlsHouse shared;
    private static long number = 10;

    @BeforeAll
    static void aBroker() throws CannotStart {
        write(folder);
        Forge.write(folder.resolve("lists/device.crl"), ROOT.list(number));
        Forge.write(folder.resolve("lists/README.txt"), "not a list");
        StringBuilder listeners = new StringBuilder();
        for (String provider : ClientCertificateTest.providers()) {
            listeners.append(listener(provider, "ca.pem", "crl: lists, provider: " + provider));
        }
        listeners.append(listener("two", "two.pem", ""));
        shared = new TlsHouse(folder, listeners.toString());
    }

    private static void write(Path where) {
        Forge.write(where.resolve("server.pem"), where.resolve("server.key"), ROOT.server());
        Forge.write(where.resolve("ca.pem"), Forge.pem(ROOT.certificate));
        Forge.write(where.resolve("two.pem"), Forge.pem(ROOT.certificate, OTHER.certificate));
    }

    private static String listener(String name, String ca, String more) {
        return """
                  %s:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: server.pem, key: server.key, client_ca: %s%s}
                    login: certificate
                """.formatted(name, ca, more.isEmpty() ? "" : ", " + more).indent(2);
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

    private static Stream<Arguments> stacks() {
        return Stream.of("boringssl", "jdk")
                .flatMap(provider -> Stream.of("TLSv1.2", "TLSv1.3").map(version -> Arguments.of(provider, version)));
    }

    /** Puts one more on the list, as PEM or DER in turn. */
    private static void revoke(Forge.Holder holder) {
        REVOKED.add(holder);
        number++;
        publish();
    }

    private static void publish() {
        byte[] list = ROOT.list(
                number,
                REVOKED.stream().map(Forge.Holder::certificate).toArray(java.security.cert.X509Certificate[]::new));
        Forge.write(
                folder.resolve("lists/device.crl"),
                number % 2 == 0
                        ? list
                        : ("A list of those who were\n" + Forge.block("X509 CRL", list))
                                .getBytes(StandardCharsets.UTF_8));
    }

    private static void awaitRefused(Forge.Holder holder, int port, String version) {
        await().atMost(Duration.ofSeconds(30)).until(() -> answer(TlsClient.context(holder), port, version) < 0);
    }

    private static int answer(SSLContext context, int port, String version) {
        try (TlsClient client = TlsClient.connect(context, port, version, parameters -> {})) {
            return client.login("anybody-" + System.nanoTime());
        } catch (IOException refused) {
            return -1;
        }
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("stacks")
    void resume_afterRevocation_isRefused(String provider, String version) throws IOException {
        assumeThat(ClientCertificateTest.providers()).contains(provider);
        Forge.Holder holder = ROOT.leaf("thief").make();
        SSLContext context = TlsClient.context(holder);
        int port = house().port(provider);
        long first;
        try (TlsClient client = TlsClient.connect(context, port, version, parameters -> {})) {
            assertThat(client.login("first")).isEqualTo(TlsClient.CONNACK); // what is read brings the ticket along
            first = client.socket().getSession().getCreationTime();
        }
        try (TlsClient client = TlsClient.connect(context, port, version, parameters -> {})) {
            assertThat(client.login("second")).isEqualTo(TlsClient.CONNACK);
            assertThat(client.socket().getSession().getCreationTime())
                    .as("the session was resumed")
                    .isEqualTo(first);
        }
        int before = house().audit().size();

        revoke(holder);

        // every attempt resumes, because nobody but the revoked one's session has changed
        await().atMost(Duration.ofSeconds(30)).until(() -> answer(context, port, version) < 0);
        assertThat(house().awaitAudit(before, "handshake", "code", "CERT_REVOKED"))
                .containsEntry("serial", holder.certificate().getSerialNumber().toString(16));
        awaitRefused(holder, port, version);
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("stacks")
    void list_replaced_endsTheConnectionOfWhoIsOnItAndNobodyElses(String provider, String version) throws IOException {
        assumeThat(ClientCertificateTest.providers()).contains(provider);
        int port = house().port(provider);
        Forge.Holder thief = ROOT.leaf("taken").make();
        try (TlsClient stays = TlsClient.connect(ROOT.leaf("stays").make(), port, version);
                TlsClient goes = TlsClient.connect(thief, port, version)) {
            stays.in("stays-" + provider + version);
            goes.in("goes-" + provider + version);
            int before = house().audit().size();

            revoke(thief);

            assertThat(goes.awaitDisconnect()).isEqualTo(NOT_AUTHORIZED);
            assertThat(goes.read()).isNegative();
            assertThat(house().awaitAudit(before, "ended", "cause", "revoked"))
                    .containsEntry("client", "goes-" + provider + version);
            assertThat(stays.isAlive()).isTrue();
        }
    }

    private record BadList(Supplier<byte[]> bytes, String says) {}

    private static Stream<Arguments> badLists() {
        Instant now = Instant.now();
        Instant hourAgo = now.minusSeconds(3600);
        Instant tomorrow = now.plusSeconds(86_400);
        return Stream.of(
                        Named.of("another authority", new BadList(() -> OTHER.list(number + 1), "not signed by")),
                        Named.of("same name, other key", new BadList(() -> FAKE.list(number + 1), "not signed by")),
                        Named.of(
                                "an older number",
                                new BadList(() -> ROOT.list(number - 1), "older than the one in force")),
                        Named.of(
                                "from the future",
                                new BadList(
                                        () -> ROOT.list(
                                                number + 1, CRLReason.unspecified, now.plusSeconds(3600), tomorrow),
                                        "from the future")),
                        Named.of(
                                "unknown critical extension",
                                new BadList(
                                        () -> ROOT.sign(ROOT.list(hourAgo, tomorrow), number + 1, true),
                                        "critical extension")),
                        Named.of(
                                "truncated",
                                new BadList(
                                        () -> {
                                            byte[] whole = ROOT.list(number + 1);
                                            return Arrays.copyOf(whole, whole.length - 9);
                                        },
                                        "not a revocation list")),
                        Named.of(
                                "a changed byte",
                                new BadList(
                                        () -> {
                                            byte[] whole = ROOT.list(number + 1);
                                            whole[whole.length - 3] ^= 1;
                                            return whole;
                                        },
                                        "not ")),
                        Named.of("nothing", new BadList(() -> new byte[0], "no revocation list in it")),
                        Named.of(
                                "garbage",
                                new BadList(
                                        () -> "garbage".getBytes(StandardCharsets.UTF_8), "no revocation list in it")),
                        Named.of(
                                "PEM of garbage",
                                new BadList(
                                        () -> Forge.block("X509 CRL", new byte[] {1, 2, 3})
                                                .getBytes(StandardCharsets.UTF_8),
                                        "not a revocation list")))
                .map(Arguments::of);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badLists")
    void list_bad_isRefusedAndTheLastOneStaysInForce(BadList bad) throws IOException {
        Forge.Holder revoked = ROOT.leaf("was revoked").make();
        int port = house().port("jdk");
        revoke(revoked);
        assertThat(house().broker().reload()).isEmpty();
        try (TlsClient stays = TlsClient.connect(ROOT.leaf("stays").make(), port, "TLSv1.3")) {
            stays.in("stays");
            int before = house().audit().size();

            Forge.write(folder.resolve("lists/device.crl"), bad.bytes().get());
            assertThat(house().broker().reload()).containsKey("tls");

            assertThat(house().awaitAudit(before, "broker", "what", "tls_refused")
                            .get("detail"))
                    .asString()
                    .contains("device.crl", bad.says());
            assertThat(answer(TlsClient.context(revoked), port, "TLSv1.3")).isNegative();
            assertThat(answer(TlsClient.context(ROOT.leaf("good").make()), port, "TLSv1.3"))
                    .isEqualTo(TlsClient.CONNACK);
            assertThat(stays.isAlive()).isTrue();
        } finally {
            number++;
            publish();
            house().broker().reload();
        }
    }

    @Test
    void authority_takenOutOfTrust_endsTheConnectionsOfItsClients() throws IOException {
        int port = house().port("two");
        try (TlsClient stays = TlsClient.connect(ROOT.leaf("root's").make(), port, "TLSv1.3");
                TlsClient goes = TlsClient.connect(OTHER.leaf("other's").make(), port, "TLSv1.3")) {
            stays.in("root's");
            goes.in("other's");
            int before = house().audit().size();

            Forge.write(folder.resolve("two.pem"), Forge.pem(ROOT.certificate));

            assertThat(goes.awaitDisconnect()).isEqualTo(NOT_AUTHORIZED);
            assertThat(house().awaitAudit(before, "ended", "cause", "untrusted"))
                    .containsEntry("client", "other's");
            assertThat(stays.isAlive()).isTrue();
        }
    }

    @Test
    void certificate_endingWhileConnected_endsTheConnectionAndItsWillIsPublished() throws IOException {
        int port = house().port("jdk");
        Instant end = Instant.now().plusSeconds(4);
        Forge.Holder brief =
                ROOT.leaf("brief").valid(Instant.now().minusSeconds(60), end).make();
        int before = house().audit().size();
        try (TlsClient watches = TlsClient.connect(ROOT.leaf("watches").make(), port, "TLSv1.3");
                TlsClient goes = TlsClient.connect(brief, port, "TLSv1.3")) {
            watches.in("watches").subscribe("will/#");
            goes.in("brief", "will/brief");

            assertThat(goes.awaitDisconnect()).isEqualTo(NOT_AUTHORIZED);
            assertThat(Instant.now()).isAfter(end.minusSeconds(1));
            assertThat(house().awaitAudit(before, "ended", "cause", "expired")).containsEntry("client", "brief");
            byte[] will = Objects.requireNonNull(watches.packet());
            assertThat(will[0]).isEqualTo((byte) 0x30);
            assertThat(new String(will, StandardCharsets.UTF_8))
                    .contains("will/brief")
                    .endsWith("gone");
        }
    }

    private static Stream<Arguments> staleness() {
        return Stream.of(
                Arguments.of("a day late", Duration.ofDays(1), "", true),
                Arguments.of("a day late, strict", Duration.ofDays(1), "revocation: {stale: fail}", false),
                Arguments.of("eight days late", Duration.ofDays(8), "", false),
                Arguments.of(
                        "eight days late, more grace", Duration.ofDays(8), "revocation: {stale_grace: 30d}", true));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("staleness")
    void list_pastItsNextUpdate_isEnforcedForAWhileThenClosesTheDoor(
            String name, Duration late, String settings, boolean letsIn, @TempDir Path own)
            throws IOException, CannotStart {
        write(own);
        Forge.Holder revoked = ROOT.leaf("revoked").make();
        Instant due = Instant.now().minus(late);
        Forge.write(
                own.resolve("device.crl"),
                ROOT.list(1, CRLReason.unspecified, due.minusSeconds(60), due, revoked.certificate()));
        try (TlsHouse house = new TlsHouse(
                own, listener("devices", "ca.pem", "crl: device.crl" + (settings.isEmpty() ? "" : ", " + settings)))) {
            house.awaitAudit(0, "broker", "what", "tls_alarm");
            assertThat(house.figure("tls_alarms")).isPositive();
            assertThat(answer(TlsClient.context(revoked), house.port("devices"), "TLSv1.3"))
                    .isNegative();
            assertThat(answer(TlsClient.context(ROOT.leaf("good").make()), house.port("devices"), "TLSv1.3"))
                    .isEqualTo(letsIn ? TlsClient.CONNACK : -1);
            if (!letsIn) {
                house.awaitAudit(0, "handshake", "code", "CERT_CRL_STALE");
            }
        }
    }
}
