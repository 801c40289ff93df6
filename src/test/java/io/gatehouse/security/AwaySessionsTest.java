package io.gatehouse.security;

import static io.gatehouse.security.Raw.V5;
import static io.gatehouse.security.Raw.raw;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.CannotStart;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Holds;
import io.gatehouse.pki.Issued;
import io.gatehouse.pki.RevocationReason;
import java.io.IOException;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bouncycastle.asn1.x509.CRLReason;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of the session of a client that is away when its certificate is revoked, over the store and a restart. */
class AwaySessionsTest {
    private static final Forge ROOT = Forge.root("Device Root");
    private static final char[] PASSPHRASE = "correct horse battery".toCharArray();
    private static final Map<String, String> LISTENERS = Map.of(
            "keeps", "crl: device.crl",
            "ends", "crl: device.crl, revocation: {session: purge}",
            "quiet", "crl: device.crl, revocation: {will: suppress, session: purge}",
            "journal", "revocation: {authority: pki, session: purge}");

    @TempDir
    private Path folder;

    private @Nullable TlsHouse current;
    private long number;

    @BeforeEach
    void files() {
        Forge.write(folder.resolve("server.pem"), folder.resolve("server.key"), ROOT.server());
        Forge.write(folder.resolve("ca.pem"), Forge.pem(ROOT.certificate));
        revoke();
    }

    private void start(String... names) throws CannotStart {
        StringBuilder listeners = new StringBuilder();
        for (String name : names) {
            listeners.append("""
                  %s:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: server.pem, key: server.key, client_ca: ca.pem, %s}
                    login: certificate
                """.formatted(name, LISTENERS.get(name)).indent(2));
        }
        current = new TlsHouse(folder, listeners.toString(), "storage: {folder: data/store}\n", Clock.systemUTC());
    }

    @AfterEach
    void close() {
        if (current != null) {
            current.close();
        }
    }

    private TlsHouse house() {
        return Objects.requireNonNull(current);
    }

    private void revoke(Forge.Holder... revoked) {
        X509Certificate[] all =
                Arrays.stream(revoked).map(Forge.Holder::certificate).toArray(X509Certificate[]::new);
        Forge.write(folder.resolve("device.crl"), ROOT.list(++number, CRLReason.keyCompromise, all));
    }

    /** A client whose will is due long after it went, and whose session lives longer. */
    private RawClient client(String name, Forge.Holder holder, String listener) throws IOException {
        TlsClient tls = TlsClient.connect(holder, house().port(listener), "TLSv1.3");
        Raw will = raw().u8(5).u8(0x18).u32(500).text("will/" + name).text("gone");
        Raw kept = raw().u8(0x11).u32(1000);
        return new RawClient(tls.socket(), V5).send(Raw.connect(V5, 4, 60, kept, name, will, null, null));
    }

    /** Comes, and goes without a word; says whether it had a session. */
    private boolean visit(String name, Forge.Holder holder, String listener) throws IOException {
        try (RawClient client = client(name, holder, listener)) {
            return client.connected();
        }
    }

    private void awaitEnded(String name) {
        assertThat(house().awaitAudit(0, "ended", "client", name))
                .containsEntry("cause", "revoked")
                .containsEntry("user", name)
                .hasEntrySatisfying(
                        "detail", detail -> assertThat(detail).asString().startsWith("away: CERT_REVOKED: revoked 20"));
    }

    private static Forge.Holder certificate(String name) {
        return ROOT.leaf(name).make();
    }

    @Test
    void revoked_whileAway_leavesWillAndSession_asTheListenerSays() throws Exception {
        start("keeps", "ends", "quiet");
        Forge.Holder keeps = certificate("keeps");
        Forge.Holder ends = certificate("ends");
        Forge.Holder quiet = certificate("quiet");
        Forge.Holder renewed = certificate("renewed");
        try (RawClient watches = client("watches", certificate("watches"), "keeps")) {
            assertThat(watches.connected()).isFalse();
            assertThat(watches.subscribe("will/#", 0)).isZero();
            assertThat(visit("keeps", keeps, "keeps")).isFalse();
            assertThat(visit("ends", ends, "ends")).isFalse();
            assertThat(visit("quiet", quiet, "quiet")).isFalse();
            assertThat(visit("honest", certificate("honest"), "ends")).isFalse();
            assertThat(visit("renewed", renewed, "ends")).isFalse();
            assertThat(visit("renewed", certificate("renewed"), "ends")).isTrue();

            revoke(keeps, ends, quiet, renewed);

            awaitEnded("ends");
            awaitEnded("quiet");
            assertThat(watches.heardMessages()).containsExactly("will/ends gone");
        }
        // the owners come back with other certificates
        assertThat(visit("ends", certificate("ends"), "ends")).isFalse();
        assertThat(visit("quiet", certificate("quiet"), "quiet")).isFalse();
        assertThat(visit("keeps", certificate("keeps"), "keeps")).isTrue();
        assertThat(visit("honest", certificate("honest"), "ends")).isTrue();
        assertThat(visit("renewed", certificate("renewed"), "ends"))
                .as("the certificate of its last login is good")
                .isTrue();
    }

    @Test
    void revoked_whileTheBrokerIsDown_leavesNoSession() throws Exception {
        start("ends");
        Forge.Holder ends = certificate("ends");
        assertThat(visit("ends", ends, "ends")).isFalse();
        assertThat(visit("honest", certificate("honest"), "ends")).isFalse();
        await().atMost(Duration.ofSeconds(30)).until(() -> house().figure("clients_connected") == 0);
        close();
        revoke(ends);

        start("ends");

        awaitEnded("ends");
        assertThat(visit("ends", certificate("ends"), "ends")).isFalse();
        assertThat(visit("honest", certificate("honest"), "ends")).isTrue();
    }

    @Test
    void revoked_whileAway_byTheJournal_leavesNoSession() throws Exception {
        try (Authority authority =
                Authority.create(folder.resolve("pki"), "Test", PASSPHRASE.clone(), Clock.systemUTC())) {
            Forge.write(folder.resolve("ca.pem"), Forge.pem(authority.deviceIssuer()));
            start("journal");
            Issued thief = authority.issueDevice("thief", Duration.ofDays(1));
            Issued honest = authority.issueDevice("honest", Duration.ofDays(1));
            Issued held = authority.issueDevice("held", Duration.ofDays(1));
            assertThat(visit("held", holder(held), "journal")).isFalse();
            assertThat(visit("thief", holder(thief), "journal")).isFalse();
            assertThat(visit("honest", holder(honest), "journal")).isFalse();

            authority.revoke(authority.inventory().byId("held"), RevocationReason.CERTIFICATE_HOLD);
            authority.revoke(authority.inventory().byId("thief"), RevocationReason.CESSATION_OF_OPERATION);

            awaitEnded("thief");
            Holds.lift(authority, authority.inventory().byId("held"));
            house().awaitAudit(0, "broker", "what", "released");
            assertThat(visit("held", holder(held), "journal"))
                    .as("it was only on hold")
                    .isTrue();
            assertThat(visit("thief", holder(authority.issueDevice("thief", Duration.ofDays(1))), "journal"))
                    .isFalse();
            assertThat(visit("honest", holder(honest), "journal")).isTrue();
        }
    }

    private static Forge.Holder holder(Issued issued) {
        return new Forge.Holder(
                List.of(issued.certificate()),
                new KeyPair(issued.certificate().getPublicKey(), issued.key().orElseThrow()));
    }
}
