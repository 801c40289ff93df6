package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.CannotStart;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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

    private TlsHouse houseWithReader(Clock clock) throws CannotStart {
        writeServer(Instant.now().plus(Duration.ofDays(80)));
        Forge.write(folder.resolve("ca.pem"), Forge.pem(ROOT.certificate));
        Forge.write(folder.resolve("policies/monitor.yaml"), """
                version: 1
                roles:
                  monitor: {subscribe: ["$SYS/#"]}
                users: {reader: [monitor]}
                """);
        return new TlsHouse(folder, """
                  devices:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: server.pem, key: server.key, client_ca: ca.pem}
                    login: certificate
                """.indent(2), "sys: {interval: 1h}\n", clock);
    }

    private static RawClient client(TlsHouse house, String name, Duration age, Duration left) throws IOException {
        Instant now = Instant.now();
        TlsClient tls = TlsClient.connect(
                ROOT.leaf(name).valid(now.minus(age), now.plus(left)).make(), house.port("devices"), "TLSv1.3");
        return login(new RawClient(tls.socket(), Raw.V5), name);
    }

    private static RawClient login(RawClient client, String name) {
        client.send(Raw.connect(Raw.V5, 2, 60, Raw.raw(), name, Raw.raw(), null, null));
        client.connected();
        return client;
    }

    private static List<Map<String, Object>> warnings(TlsHouse house) {
        return house.audit().stream()
                .filter(event -> "certificate_expiring".equals(event.get("what")))
                .toList();
    }

    /** The messages about certificates until there is one with that payload. */
    private static List<String> until(RawClient reader, String last) {
        List<String> heard = new ArrayList<>();
        await().atMost(Duration.ofSeconds(30)).until(() -> {
            heard.addAll(reader.heardMessages());
            return heard.contains(last);
        });
        return heard;
    }

    @Test
    void clients_whoseCertificateEndsSoon_areToldOfOnceAWeekAndOnceADayAhead() throws CannotStart, IOException {
        Later clock = new Later();
        Duration old = Duration.ofDays(80);
        try (TlsHouse house = houseWithReader(clock);
                RawClient reader = client(house, "reader", old, Duration.ofDays(80));
                RawClient far = client(house, "far", old, Duration.ofDays(20));
                RawClient brief = client(house, "brief", Duration.ofHours(1), Duration.ofDays(2))) {
            assertThat(reader.subscribe("$SYS/broker/cert/#", 0)).isZero();
            assertThat(far.subscribe("$SYS/broker/cert/#", 0)).isEqualTo(0x87);
            assertThat(far.subscribe("$SYS/broker/cert/expiring", 0)).isEqualTo(0x87);

            RawClient week = client(house, "week", old, Duration.ofDays(5));
            RawClient day = client(house, "day", old, Duration.ofHours(20));

            List<String> heard = until(reader, "$SYS/broker/cert/expiring/1d 1");
            assertThat(heard).contains("$SYS/broker/cert/expiring/7d 3");
            assertThat(heard)
                    .filteredOn(one -> one.contains("\"client\":\"day\""))
                    .singleElement()
                    .asString()
                    .startsWith("$SYS/broker/cert/expiring {")
                    .contains("\"user\":\"day\"", "\"listener\":\"devices\"", "\"days\":1");
            assertThat(warnings(house))
                    .extracting(event -> event.get("client") + " " + event.get("days"))
                    .as("that of two days is young yet")
                    .containsExactlyInAnyOrder("week 7", "day 1");
            assertThat(house.figure("certificate_warnings_total")).isEqualTo(2);
            assertThat(house.figure("client_certificates_expiring")).isEqualTo(3);
            assertThat(house.figure("client_certificates_expiring_1d")).isEqualTo(1);

            day.close();
            until(reader, "$SYS/broker/cert/expiring/1d 0");
            clock.by = Duration.ofDays(4).plusHours(12);
            until(reader, "$SYS/broker/cert/expiring/1d 2");
            assertThat(warnings(house))
                    .extracting(event -> event.get("client") + " " + event.get("days"))
                    .contains("week 7", "week 1", "brief 1");
            week.settle();
        }
    }

    @Test
    void clients_manyOfOneDay_areNamedInPartAndCountedWhole() throws CannotStart, IOException {
        Later clock = new Later();
        int fleet = 24;
        List<RawClient> clients = new ArrayList<>();
        try (TlsHouse house = houseWithReader(clock);
                RawClient reader = client(house, "reader", Duration.ofDays(80), Duration.ofDays(80))) {
            reader.subscribe("$SYS/broker/cert/#", 0);
            for (int i = 0; i < fleet; i++) {
                clients.add(client(house, "pump-" + i, Duration.ofDays(80), Duration.ofDays(8)));
            }

            clock.by = Duration.ofDays(2);

            List<String> heard = until(reader, "$SYS/broker/cert/expiring/7d " + fleet);
            assertThat(heard)
                    .filteredOn(one -> one.contains("\"client\":\"pump-"))
                    .hasSize(20);
            assertThat(heard).contains("$SYS/broker/cert/expiring {\"others\":4}");
            assertThat(warnings(house)).hasSize(21);
            assertThat(house.figure("certificate_warnings_total")).isEqualTo(fleet);
        } finally {
            clients.forEach(RawClient::close);
        }
    }
}
