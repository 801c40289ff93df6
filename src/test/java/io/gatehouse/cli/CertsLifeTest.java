package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static io.gatehouse.cli.CertsCalls.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Enrolment;
import io.gatehouse.pki.EnrolmentRules;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.StoredPassphrase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What lasts: old certificates beside new ones, lists for other programs, how an authority's keys are kept, its names. */
class CertsLifeTest {
    @TempDir
    private static Path temp;

    private static Path pki;

    @BeforeAll
    static void anAuthority() {
        pki = temp.resolve("pki");
        done("init", "--generate-passphrase", "--kdf", "pbkdf2", "--country", "DE", "--org", "Acme", "-d", pki);
    }

    @Test
    void whatIsIssued_nearTheEndOfItsAuthority_isSaidToEndWithIt_onceForAll() throws Exception {
        Path near = temp.resolve("near");
        done("init", "--generate-passphrase", "--root-validity", "30d", "-d", near);
        String end = "only: the issuing authority ends then\n";
        CertsCalls.Answer device = certs("device", "pump", "--json", "-d", near);
        assertThat(device.err()).startsWith("certs: warning: valid until 2").endsWith(end);
        assertThat(Json.object(device.out())).containsEntry("endsWithIssuer", true);
        assertThat(certs("device", "valve", "-d", near).err()).endsWith(end);
        CertsCalls.Answer brief = certs("device", "guest", "--validity", "2d", "--json", "-d", near);
        assertThat(brief.err()).isEmpty();
        assertThat(Json.object(brief.out())).doesNotContainKey("endsWithIssuer");
        assertThat(certs("renew", "--all-expiring", "60d", "-d", near).err())
                .containsOnlyOnce(end)
                .hasLineCount(1);

        Path yaml = Files.writeString(temp.resolve("near.yaml"), """
                version: 1
                listeners:
                  devices:
                    port: 8883
                    tls: {certificate: a.pem, key: a.key, client_ca: c.pem, names: [a.example.com]}
                    login: certificate
                  others:
                    port: 8884
                    tls: {certificate: b.pem, key: b.key, client_ca: c.pem, names: [b.example.com]}
                    login: certificate
                policy: {folder: policies}
                """);
        CertsCalls.Answer servers = certs("server", "--for-config", yaml, "--json", "-d", near);
        assertThat(servers.exitCode()).as(servers.err()).isZero();
        assertThat(servers.err()).containsOnlyOnce(end).hasLineCount(1);
        assertThat(servers.out().split("\"endsWithIssuer\" : true", -1)).hasSize(3);

        Path table = Files.writeString(temp.resolve("near.csv"), "id,validity\npump,\na,\nb,2d\nc,\n");
        List<Object> line = List.of("batch", table, "--on-error", "skip", "--json", "-d", near, "-o");
        List<Object> dry = new ArrayList<>(line);
        dry.addAll(List.of(temp.resolve("near.tar"), "--dry-run"));
        List<Object> real = new ArrayList<>(line);
        real.add(temp.resolve("near.tar"));
        for (List<Object> words : List.of(dry, real)) { // pump is left out, and b ends before
            CertsCalls.Answer fleet = certs(words.toArray());
            assertThat(fleet.err())
                    .containsOnlyOnce("warning: 2 of these are valid until ")
                    .contains(end);
            assertThat(Json.object(fleet.out())).containsEntry("endingWithIssuer", 2);
        }
    }

    @Test
    void renew_withAnOverlap_isRevokedByTheFirstListAfterIt() throws Exception {
        done("device", "pump", "-d", pki);
        String serial = done("list", "--id", "pump", "--csv", "-d", pki)
                .lines()
                .toList()
                .get(1)
                .split(",")[3];
        String said = done("renew", "pump", "--overlap", "7d", "-d", pki);
        assertThat(said).contains("the old ones are accepted until", "next: put the new files");
        assertThat(done("crl", "-d", pki)).doesNotContain("revoked");
        assertThat(done("list", "--state", "revoked", "--id", "pump", "-d", pki))
                .startsWith("0 ");
        done("crl", "--check", "-d", pki);

        // eight days later
        Clock later = Clock.fixed(Instant.now().plus(Duration.ofDays(8)), ZoneOffset.UTC);
        try (Authority authority = Authority.open(pki, StoredPassphrase.beside(pki), later)) {
            assertThat(authority.revokeOverlapped())
                    .singleElement()
                    .satisfies(item -> assertThat(item.serial().toString(16)).isEqualTo(serial));
            assertThat(authority.revokeOverlapped()).isEmpty();
        }
        assertThat(done("list", "--state", "revoked", "--id", "pump", "--csv", "-d", pki))
                .contains(serial, ",superseded,");
        assertThat(done("list", "--state", "active", "--id", "pump", "-d", pki)).contains("1 certificate");
    }

    /** A server's is on a list whose key the signer has not; the next {@code certs crl} revokes it. */
    @Test
    void sweep_afterAnOverlap_revokesTheDevicesAndPublishes() throws Exception {
        done("device", "lamp", "-d", pki);
        done("server", "lamp-server", "--dns", "localhost", "-d", pki);
        done("renew", "lamp", "lamp-server", "--overlap", "1d", "-d", pki);
        Instant after = Instant.now().plus(Duration.ofDays(2));
        try (Enrolment enrolment = Enrolment.open(
                pki,
                StoredPassphrase.beside(pki),
                EnrolmentRules.DEFAULT,
                Optional.empty(),
                Clock.fixed(after, ZoneOffset.UTC))) {
            assertThat(enrolment.sweep())
                    .filteredOn(item -> item.id().startsWith("lamp"))
                    .singleElement()
                    .satisfies(item -> assertThat(item.id()).isEqualTo("lamp"))
                    .satisfies(item -> assertThat(
                                    run(0, "openssl", "crl", "-in", pki.resolve("crl/device.pem"), "-noout", "-text"))
                            .containsIgnoringCase(item.serial().toString(16)));
            assertThat(enrolment.sweep()).isEmpty();
        }
        try (Authority authority =
                Authority.open(pki, StoredPassphrase.beside(pki), Clock.fixed(after, ZoneOffset.UTC))) {
            assertThat(authority.revokeOverlapped())
                    .extracting(Inventory.Item::id)
                    .containsExactly("lamp-server");
        }
    }

    @Test
    void crl_afterAnOverlap_revokesAndPublishes() throws Exception {
        done("device", "valve", "-d", pki);
        Clock before = Clock.fixed(Instant.now().minus(Duration.ofDays(3)), ZoneOffset.UTC);
        try (Authority authority = Authority.open(pki, StoredPassphrase.beside(pki), before)) {
            authority.retire(
                    authority.inventory().byId("valve"), before.instant().plus(Duration.ofDays(1)));
        }
        CertsCalls.Answer due = certs("crl", "--check", "-d", pki);
        assertThat(due.exitCode()).isEqualTo(9);
        assertThat(due.out()).contains("1 are still accepted beside their successors");
        Path pem = temp.resolve("for/broker.pem");
        Files.createDirectory(pem.getParent());
        Path der = temp.resolve("for/broker.crl");
        assertThat(done("crl", "--out", pem + "," + der, "-d", pki))
                .contains("revoked device \"valve\"", "wrote " + pem, "wrote " + der);
        for (List<Object> list : List.<List<Object>>of(List.of("PEM", pem), List.of("DER", der))) {
            assertThat(run(
                            0,
                            "openssl",
                            "crl",
                            "-inform",
                            list.get(0),
                            "-in",
                            list.get(1),
                            "-noout",
                            "-text",
                            "-CAfile",
                            pki.resolve("ca/device.crt")))
                    .contains("verify OK", "Superseded");
        }
        done("crl", "--out", temp.resolve("servers.pem"), "--for", "servers", "-d", pki);
        assertThat(run(0, "openssl", "crl", "-in", temp.resolve("servers.pem"), "-noout", "-issuer"))
                .contains("Server CA");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "renew pump --overlap 7d --revoke-old, 2",
        "renew pump --overlap soon, 2",
        "renew pump --overlap 0, 2",
        "crl --check --out x.pem, 2",
        "crl --for phones, 2",
        "crl --validity 366d, 2",
        "token new pump --ttl 2y, 2",
        "list --expiring 3x, 2"
    })
    void options_thatCannotBe_areUsageErrors(String line, int exitCode) {
        java.util.ArrayList<Object> words = new java.util.ArrayList<>(List.of(line.split(" ")));
        words.addAll(List.of("-d", pki));
        CertsCalls.Answer refused = certs(words.toArray());
        assertThat(refused.exitCode()).as(refused.err()).isEqualTo(exitCode);
        assertThat(refused.err()).startsWith("certs: error[USAGE] ").doesNotContain("\tat ");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"root", "device", "server"})
    void init_withPbkdf2AndCountry_makesKeysThatOpensslOpens(String authority) throws Exception {
        Path key = pki.resolve("ca/" + authority + ".key");
        assertThat(run(0, "openssl", "asn1parse", "-in", key))
                .contains("PBKDF2", "hmacWithSHA256", "aes-256-cbc", ":0927C0"); // 600,000
        String pub = run(0, "openssl", "pkey", "-in", key, "-passin", "file:" + pki.resolve("passphrase"), "-pubout");
        assertThat(pub)
                .isEqualTo(
                        run(0, "openssl", "x509", "-in", pki.resolve("ca/" + authority + ".crt"), "-noout", "-pubkey"));
        assertThat(run(
                        0,
                        "openssl",
                        "x509",
                        "-in",
                        pki.resolve("ca/" + authority + ".crt"),
                        "-noout",
                        "-subject",
                        "-nameopt",
                        "RFC2253"))
                .contains("O=Acme,C=DE");
        Files.writeString(temp.resolve("wrong"), "not the passphrase\n");
        run(1, "openssl", "pkey", "-in", key, "-passin", "file:" + temp.resolve("wrong"), "-noout");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "--kdf md5, 2",
        "--country Germany, 3",
        "--country de, 3",
        "--san-uri foo, 3",
        "--root-validity 100y, 3",
        "--algo rsa2048, 4"
    })
    void init_withWhatIsNot_isRefusedAndLeavesNothing(String option, int exitCode) {
        Path folder = temp.resolve("none/pki");
        String[] words = option.split(" ");
        CertsCalls.Answer refused = certs("init", "--generate-passphrase", words[0], words[1], "-d", folder);
        assertThat(refused.exitCode()).as(refused.err()).isEqualTo(exitCode);
        assertThat(temp.resolve("none")).doesNotExist();
    }
}
