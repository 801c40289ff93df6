package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.CannotStart;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is told, and which figures say so, before a certificate ends or a revocation list is due. */
class ExpiryWarningsTest {
    private static final Forge ROOT = Forge.root("Device Root");
    private static final long HOUR = 3600;
    private static final long DAY = 24 * HOUR;

    @TempDir
    private Path folder;

    private void writeServer(Instant end) {
        Forge.write(
                folder.resolve("server.pem"),
                folder.resolve("server.key"),
                ROOT.leaf("localhost")
                        .usage(KeyPurposeId.id_kp_serverAuth)
                        .names(new GeneralName(GeneralName.dNSName, "localhost"))
                        .valid(Instant.now().minusSeconds(60), end)
                        .make());
    }

    @Test
    void endings_thatAreNear_areToldOfAndCounted_andNoMoreWhenTheyAreRenewed() throws CannotStart, IOException {
        Instant now = Instant.now();
        writeServer(now.plus(Duration.ofHours(20)));
        Forge.write(folder.resolve("ca.pem"), Forge.pem(ROOT.certificate));
        Forge.write(
                folder.resolve("device.crl"),
                ROOT.list(1, CRLReason.unspecified, now.minusSeconds(60), now.plus(Duration.ofDays(2))));
        try (TlsHouse house = new TlsHouse(folder, """
                  devices:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: server.pem, key: server.key, client_ca: ca.pem, crl: device.crl}
                    login: certificate
                """.indent(2));
                TlsClient near = TlsClient.connect(
                        ROOT.leaf("near")
                                .valid(now.minusSeconds(60), now.plus(Duration.ofDays(3)))
                                .make(),
                        house.port("devices"),
                        "TLSv1.3");
                TlsClient far = TlsClient.connect(ROOT.leaf("far").make(), house.port("devices"), "TLSv1.3")) {
            near.in("near");
            far.in("far");

            assertThat(house.awaitAudit(0, "broker", "what", "tls_alarm").get("detail"))
                    .asString()
                    .contains("server.pem", "CN=localhost", "in less than 1 day");
            assertThat(house.figure("tls_alarms")).isEqualTo(1);
            assertThat(house.figure("certificate_seconds_left")).isBetween(19.0 * HOUR, 20.0 * HOUR);
            assertThat(house.figure("revocation_list_seconds_left")).isBetween(DAY + 23.0 * HOUR, 2.0 * DAY);
            assertThat(house.figure("client_certificates_expiring")).isEqualTo(1);

            int before = house.audit().size();
            writeServer(now.plus(Duration.ofDays(80)));

            house.awaitAudit(before, "broker", "what", "tls_alarm_over");
            assertThat(house.figure("tls_alarms")).isZero();
            assertThat(house.figure("certificate_seconds_left")).isGreaterThan(79.0 * DAY);
            near.close();
            await().atMost(Duration.ofSeconds(30)).until(() -> house.figure("client_certificates_expiring") == 0);
            assertThat(far.isAlive()).isTrue();
        }
    }

    @Test
    void endings_areToldOf_alsoWithSeveralNamesAndOcsp() throws CannotStart {
        writeServer(Instant.now().plus(Duration.ofHours(20)));
        Forge.write(folder.resolve("ca.pem"), Forge.pem(ROOT.certificate));
        Forge.write(folder.resolve("a.pem"), folder.resolve("a.key"), ROOT.server("a.example"));
        try (TlsHouse house = new TlsHouse(folder, """
                  devices:
                    port: 0
                    bind: 127.0.0.1
                    tls:
                      certificate: server.pem
                      key: server.key
                      client_ca: ca.pem
                      sni: {a.example: {certificate: a.pem, key: a.key}}
                      revocation: {ocsp: soft}
                    login: certificate
                """.indent(2))) {
            assertThat(house.awaitAudit(0, "broker", "what", "tls_alarm").get("detail"))
                    .asString()
                    .contains("server.pem", "CN=localhost");
        }
    }
}
