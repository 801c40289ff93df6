package io.gatehouse.security;

import static io.gatehouse.security.Raw.V5;
import static io.gatehouse.security.Raw.raw;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.CannotStart;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bouncycastle.asn1.x509.CRLReason;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is left of a client whose certificate is revoked, as its listener says; and the way back. */
class RevokedClientTest {
    private static final Forge ROOT = Forge.root("Device Root");
    private static final int NOT_AUTHORIZED = 0x87;
    private static final Map<String, String> LISTENERS = Map.of(
            "plain", "",
            "quiet", ", revocation: {will: suppress}",
            "purged", ", revocation: {session: purge}",
            "both", ", revocation: {will: suppress, session: purge}");

    @TempDir
    private static Path folder;

    private static @Nullable TlsHouse shared;
    private static long number = 1;

    @BeforeAll
    static void aBroker() throws CannotStart {
        Forge.write(folder.resolve("server.pem"), folder.resolve("server.key"), ROOT.server());
        Forge.write(folder.resolve("ca.pem"), Forge.pem(ROOT.certificate));
        Forge.write(folder.resolve("device.crl"), ROOT.list(number));
        StringBuilder listeners = new StringBuilder();
        LISTENERS.forEach(
                (name, more) -> listeners.append("""
                  %s:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: server.pem, key: server.key, client_ca: ca.pem, crl: device.crl%s}
                    login: certificate
                """.formatted(name, more).indent(2)));
        shared = new TlsHouse(folder, listeners.toString());
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

    private static Forge.Holder certificate(String name) {
        return ROOT.leaf(name).make();
    }

    /** A client with a will, and a session that outlives its connection. */
    private static RawClient client(String name, Forge.Holder holder, String listener) throws IOException {
        TlsClient tls = TlsClient.connect(holder, house().port(listener), "TLSv1.3");
        Raw will = raw().u8(0).text("will/" + name).text("gone");
        Raw kept = raw().u8(0x11).u32(1000);
        return new RawClient(tls.socket(), V5).send(Raw.connect(V5, 4, 60, kept, name, will, null, null));
    }

    private static void publish(Forge.Holder... revoked) {
        publish(CRLReason.unspecified, revoked);
    }

    private static void publish(int reason, Forge.Holder... revoked) {
        X509Certificate[] all =
                Arrays.stream(revoked).map(Forge.Holder::certificate).toArray(X509Certificate[]::new);
        Forge.write(folder.resolve("device.crl"), ROOT.list(++number, reason, all));
    }

    @Test
    void revoked_whileConnected_leavesWillAndSession_asTheListenerSays() throws IOException {
        Map<String, Forge.Holder> holders = new LinkedHashMap<>();
        Map<String, RawClient> clients = new LinkedHashMap<>();
        try (RawClient watches = client("watches", certificate("watches"), "plain")) {
            watches.connected();
            assertThat(watches.subscribe("will/#", 0)).isZero();
            for (String listener : LISTENERS.keySet()) {
                holders.put(listener, certificate(listener));
                clients.put(listener, client(listener, holders.get(listener), listener));
                assertThat(clients.get(listener).connected()).isFalse();
            }

            publish(holders.values().toArray(Forge.Holder[]::new));

            clients.values().forEach(client -> client.assertDisconnected(NOT_AUTHORIZED));
            assertThat(watches.heardMessages()).containsExactlyInAnyOrder("will/plain gone", "will/purged gone");
        }
        // the owner comes back with another certificate
        for (String listener : LISTENERS.keySet()) {
            try (RawClient again = client(listener, certificate(listener), listener)) {
                assertThat(again.connected())
                        .as(listener)
                        .isEqualTo(List.of("plain", "quiet").contains(listener));
            }
        }
    }

    @Test
    void connection_thatBreaks_isNoRevocation_andLeavesBoth() throws IOException {
        Forge.Holder breaks = certificate("breaks");
        try (RawClient watches = client("watches-too", certificate("watches-too"), "plain")) {
            watches.connected();
            assertThat(watches.subscribe("will/breaks", 0)).isZero();
            RawClient goes = client("breaks", breaks, "both");
            assertThat(goes.connected()).isFalse();
            goes.close();
            assertThat(watches.read(3).topic()).isEqualTo("will/breaks");
        }
        try (RawClient again = client("breaks", breaks, "both")) {
            assertThat(again.connected()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "purged"})
    void onHold_isRefusedAndDisconnected_andLetInAgainWhenTheListNoLongerNamesIt(String listener) throws IOException {
        Forge.Holder suspect = certificate("suspect-" + listener);
        RawClient held = client("suspect-" + listener, suspect, listener);
        held.connected();

        publish(CRLReason.certificateHold, suspect);

        held.assertDisconnected(NOT_AUTHORIZED);
        assertThat(letsIn(suspect)).isFalse();

        publish();

        await().atMost(Duration.ofSeconds(30)).until(() -> letsIn(suspect));
        try (RawClient back = client("suspect-" + listener, suspect, listener)) {
            assertThat(back.connected()).as("its session waited for it").isTrue();
        }
    }

    private static boolean letsIn(Forge.Holder holder) {
        try (TlsClient client = TlsClient.connect(holder, house().port("plain"), "TLSv1.3")) {
            return client.login("other-" + System.nanoTime()) == TlsClient.CONNACK;
        } catch (IOException refused) {
            return false;
        }
    }
}
