package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.CannotStart;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x509.CRLReason;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * For how long certificates of clients are accepted: the longest time that a listener takes, and how long whoever is
 * connected may stay after the end. On both providers and both versions of TLS.
 */
class CertificateTimesTest {
    private static final Forge ROOT = Forge.root("Device Root");
    private static final Duration MAX = Duration.ofDays(30);
    private static final Duration GRACE = Duration.ofSeconds(2);
    private static final int NOT_AUTHORIZED = 0x87;
    private static final Instant WITHOUT_END = Instant.parse("9999-12-31T23:59:59Z");
    private static final Later CLOCK = new Later();

    @TempDir
    private static Path folder;

    private static @Nullable TlsHouse shared;
    private static int number;

    @BeforeAll
    static void aBroker() throws CannotStart {
        Forge.write(folder.resolve("server.pem"), folder.resolve("server.key"), ROOT.server());
        Forge.write(folder.resolve("ca.pem"), Forge.pem(ROOT.certificate));
        publish();
        StringBuilder listeners = new StringBuilder();
        for (String provider : ClientCertificateTest.providers()) {
            listeners.append(listener(provider, ""));
            listeners.append(listener(provider + "-max", ", max_validity: 30d"));
            listeners.append(listener(provider + "-brief", ", expiry_grace: 2s"));
            listeners.append(listener(provider + "-grace", ", expiry_grace: 1d"));
            listeners.append(listener(provider + "-skew", ", clock_skew: 1h"));
        }
        shared = new TlsHouse(folder, listeners.toString(), "", CLOCK);
    }

    private static String listener(String name, String more) {
        return """
                  %s:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: server.pem, key: server.key, client_ca: ca.pem, crl: device.crl, provider: %s%s}
                    login: certificate
                """.formatted(name, name.replaceAll("-.*", ""), more).indent(2);
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

    private static void publish(Forge.Holder... revoked) {
        java.security.cert.X509Certificate[] all =
                Stream.of(revoked).map(Forge.Holder::certificate).toArray(java.security.cert.X509Certificate[]::new);
        Forge.write(folder.resolve("device.crl"), ROOT.list(++number, CRLReason.unspecified, all));
    }

    private record Stack(String provider, String version) {
        String name() {
            return provider + "-" + version.substring(4);
        }

        TlsClient connect(Forge.Holder holder, String kind) throws IOException {
            return TlsClient.connect(holder, house().port(provider + kind), version);
        }

        boolean letsIn(Forge.Holder holder, String kind) {
            try (TlsClient client = connect(holder, kind)) {
                return client.login("other-" + System.nanoTime()) == TlsClient.CONNACK;
            } catch (IOException refused) {
                return false;
            }
        }
    }

    private static List<Stack> stacks() {
        return ClientCertificateTest.providers().stream()
                .flatMap(provider -> Stream.of("TLSv1.2", "TLSv1.3").map(version -> new Stack(provider, version)))
                .toList();
    }

    private static Forge.Holder until(String name, Instant end) {
        return ROOT.leaf(name).valid(CLOCK.instant().minusSeconds(3600), end).make();
    }

    // the whole time

    static Stream<Arguments> ends() {
        Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        Instant from = now.minus(Duration.ofDays(29)); // little is left of it, and its whole time counts
        return stacks().stream()
                .flatMap(stack -> Stream.of(
                        Arguments.of(stack, from, from.plus(MAX), true),
                        Arguments.of(stack, from, from.plus(MAX).plusSeconds(1), false),
                        Arguments.of(stack, from, WITHOUT_END, false)));
    }

    @ParameterizedTest(name = "{0}: {1} to {2}")
    @MethodSource("ends")
    void certificate_validForLongerThanTheListenerTakes_isRefused(
            Stack stack, Instant from, Instant end, boolean accepted) {
        Forge.Holder holder = ROOT.leaf("long").valid(from, end).make();
        int before = house().audit().size();
        double bytes = house().figure("received_bytes_total");

        assertThat(stack.letsIn(holder, "-max")).isEqualTo(accepted);

        if (!accepted) {
            Map<String, Object> event = house().awaitAudit(before, "handshake", "listener", stack.provider() + "-max");
            assertThat(event)
                    .containsEntry("code", "CERT_VALIDITY")
                    .containsEntry(
                            "serial", holder.certificate().getSerialNumber().toString(16));
            assertThat(event.get("detail")).asString().contains("to " + end, "longer than max_validity 30d");
            assertThat(house().figure("received_bytes_total")).isEqualTo(bytes);
            assertThat(stack.letsIn(holder, "")).as("where nobody asks").isTrue();
        }
    }

    // after the end

    @Test
    void connected_whenItsCertificateEnds_leavesAfterTheGrace_andNotBefore() throws IOException {
        Instant end = CLOCK.instant().plusSeconds(8).truncatedTo(ChronoUnit.SECONDS);
        List<TlsClient> clients = new ArrayList<>();
        try {
            for (Stack stack : stacks()) {
                clients.add(stack.connect(until("brief", end), "-brief").in("brief-" + stack.name()));
            }
            int before = house().audit().size();
            for (TlsClient client : clients) {
                assertThat(client.awaitDisconnect()).isEqualTo(NOT_AUTHORIZED);
                assertThat(CLOCK.instant()).isAfterOrEqualTo(end.plus(GRACE));
            }
            assertThat(house().awaitAudit(before, "ended", "cause", "expired").get("detail"))
                    .asString()
                    .contains("ended " + end);
        } finally {
            clients.forEach(TlsClient::close);
        }
    }

    @Test
    void clientWithinTheSkew_isLetIn_andStaysForTheRestOfIt() throws IOException {
        Forge.Holder over = until("over", CLOCK.instant().minusSeconds(30));
        for (Stack stack : stacks()) {
            try (TlsClient client = stack.connect(over, "-skew")) {
                client.in("over-" + stack.name());
                assertThat(client.isAlive()).isTrue();
            }
            assertThat(stack.letsIn(over, "-grace"))
                    .as("a grace lets nobody in")
                    .isFalse();
        }
    }

    @Test
    void graceAfterAnEnd_isForWhoIsConnected_andForNobodyWhoIsRevoked() throws IOException {
        Instant end = CLOCK.instant().plus(Duration.ofHours(1));
        List<Forge.Holder> holders = new ArrayList<>();
        List<TlsClient> stay = new ArrayList<>();
        List<TlsClient> go = new ArrayList<>();
        Forge.Holder another = until("another", end);
        try {
            for (Stack stack : stacks()) {
                Forge.Holder holder = until("late", end);
                holders.add(holder);
                stay.add(stack.connect(holder, "-grace").in("stays-" + stack.name()));
                go.add(stack.connect(holder, "").in("goes-" + stack.name()));
            }
            CLOCK.by = Duration.ofHours(2);
            int before = house().audit().size();

            for (int i = 0; i < stacks().size(); i++) {
                assertThat(stacks().get(i).letsIn(holders.get(i), "-grace")).isFalse();
            }
            house().awaitAudit(before, "handshake", "code", "CERT_EXPIRED");

            // what changes has everybody judged: without a grace they leave, with one they stay
            Forge.write(folder.resolve("ca.pem"), Forge.pem(ROOT.certificate, Forge.root("Another").certificate));
            house().broker().reload();
            for (TlsClient client : go) {
                assertThat(client.awaitDisconnect()).isEqualTo(NOT_AUTHORIZED);
            }
            for (TlsClient client : stay) {
                assertThat(client.isAlive()).isTrue();
            }

            publish(another);
            publish(holders.toArray(Forge.Holder[]::new));
            for (TlsClient client : stay) {
                assertThat(client.awaitDisconnect()).isEqualTo(NOT_AUTHORIZED);
            }
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> house().audit().stream()
                                    .filter(event -> "revoked".equals(event.get("cause")))
                                    .count()
                            == holders.size());
        } finally {
            CLOCK.by = Duration.ZERO;
            stay.forEach(TlsClient::close);
            go.forEach(TlsClient::close);
        }
    }
}
