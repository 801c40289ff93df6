package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static io.gatehouse.cli.CertsCalls.installed;
import static io.gatehouse.cli.CertsCalls.run;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code certs init --name-constraints}: what the authority of servers may certify, to us and to others (RFC 5280, 4.2.1.10). */
class CertsConstraintsTest {
    @TempDir
    private static Path temp;

    private static Path pki;

    @BeforeAll
    static void anAuthority() {
        pki = temp.resolve("pki");
        CertsCalls.Answer made = certs(
                "init", "--generate-passphrase", "--name-constraints", "dns:Example.com,ip:10.1.0.0/16", "-d", pki);
        assertThat(made.exitCode()).as(made.err()).isZero();
        assertThat(made.err()).contains("warning: clients of mbedTLS");
    }

    @Test
    void server_within_isWhatEveryVerifierTakes_andDevicesAreAsEver() throws Exception {
        done("server", "eu", "--dns", "mqtt.example.com", "--dns", "example.com", "--ip", "10.1.255.1", "-d", pki);
        done("server", "all", "--dns", "*.example.com", "--allow-wildcard", "-d", pki);
        done("renew", "eu", "-d", pki);
        done("device", "pump", "-d", pki);
        Path root = pki.resolve("trust/root.pem");
        Path issuer = pki.resolve("ca/server.crt");
        for (String id : List.of("eu", "all")) {
            Path leaf = pki.resolve("out").resolve(id).resolve("cert.pem");
            run(
                    0,
                    "openssl",
                    "verify",
                    "-x509_strict",
                    "-purpose",
                    "sslserver",
                    "-CAfile",
                    root,
                    "-untrusted",
                    issuer,
                    leaf);
            done("verify", leaf, "--as", "server", "-d", pki); // the platform's PKIX
            if (installed("certtool")) {
                Path chain = Files.writeString(
                        temp.resolve(id + ".chain"), Files.readString(leaf) + Files.readString(issuer));
                run(0, "certtool", "--verify", "--load-ca-certificate", root, "--infile", chain);
            }
        }
        done("verify", pki.resolve("out/pump/cert.pem"), "-d", pki);
        assertThat(done("lint", issuer)).contains("are kept");
        assertThat(done("inspect", issuer, "--json")).contains("nameConstraints", "dns:example.com", "ip:10.1.0.0/16");
        assertThat(run(0, "openssl", "x509", "-in", issuer, "-noout", "-ext", "nameConstraints"))
                .contains("critical", "DNS:example.com", "IP:10.1.0.0/255.255.0.0");
        assertThat(run(0, "openssl", "x509", "-in", pki.resolve("ca/device.crt"), "-noout", "-text"))
                .doesNotContain("Name Constraints");
    }

    @ParameterizedTest
    @CsvSource({
        "--dns mqtt.example.org, mqtt.example.org",
        "--dns x.badexample.com, x.badexample.com",
        "--dns example.com.evil.org, example.com.evil.org",
        "--dns mqtt.example.com --dns localhost, localhost",
        "--dns *.example.org --allow-wildcard, *.example.org",
        "--dns example.com --ip 10.2.0.1, 10.2.0.1",
        "--dns example.com --ip ::1, ::1"
    })
    void server_outside_isRefused_andNothingIsIssued(String names, String which) throws Exception {
        byte[] journal = Files.readAllBytes(pki.resolve("journal"));
        List<Object> line = new ArrayList<>(List.of("server", "out"));
        line.addAll(List.of((Object[]) names.split(" ")));
        line.addAll(List.of("-d", pki));

        CertsCalls.Answer refused = certs(line.toArray());

        assertThat(refused.exitCode()).isEqualTo(4);
        assertThat(refused.err())
                .startsWith("certs: error[POLICY] \"" + which + "\" is outside what this authority may certify")
                .contains("dns:example.com, ip:10.1.0.0/16");
        assertThat(pki.resolve("out/out/cert.pem")).doesNotExist();
        assertThat(Files.readAllBytes(pki.resolve("journal"))).isEqualTo(journal);
    }

    @Test
    void name_ofACertificateWithoutAHostName_isJudgedAsVerifiersDo() throws Exception {
        for (List<String> line : List.of(
                List.of("server", "mqtt.example.org", "--ip", "10.1.0.5"), // OpenSSL's error 47
                List.of("server", "gateway", "--ip", "10.1.0.5"), // GnuTLS: violates the signer's constraints
                List.of("server", "10.1.0.5", "--ip", "10.1.0.5", "--node"),
                List.of("ocsp-signer", "ocsp.example.org", "--for", "servers"))) {
            List<Object> words = new ArrayList<>(line);
            words.addAll(List.of("-d", pki));
            CertsCalls.Answer refused = certs(words.toArray());
            assertThat(refused.exitCode()).as(line.toString()).isEqualTo(4);
            assertThat(refused.err())
                    .startsWith("certs: error[POLICY] \"" + line.get(1) + "\", which is read as a host's")
                    .contains("is outside what this authority may certify");
        }
        done("server", "gw.example.com", "--ip", "10.1.0.5", "-d", pki);
        done("ocsp-signer", "responder", "--for", "servers", "-d", pki);
        done("ocsp-signer", "ocsp.example.org", "-d", pki); // the authority of devices has no hosts
        for (String id : List.of("gw.example.com", "responder")) {
            run(
                    0,
                    "openssl",
                    "verify",
                    "-x509_strict",
                    "-CAfile",
                    pki.resolve("trust/root.pem"),
                    "-untrusted",
                    pki.resolve("ca/server.crt"),
                    pki.resolve("out").resolve(id).resolve("cert.pem"));
        }
    }

    @Test
    void request_ofAServerOutside_isRefused() throws Exception {
        Path csr = temp.resolve("r.csr");
        CertsCalls.request(csr, temp.resolve("k.pem"), "/CN=foreign", "-addext", "subjectAltName=DNS:mqtt.example.net");
        CertsCalls.Answer refused = certs("sign", csr, "--profile", "server", "-d", pki);
        assertThat(refused.exitCode()).isEqualTo(4);
        assertThat(refused.err()).contains("\"mqtt.example.net\" is outside");
    }

    @Test
    void root_thatWasImportedWithConstraints_holdsForItsAuthorities() throws Exception {
        Path certificate = temp.resolve("corp.pem");
        Path key = temp.resolve("corp.key");
        CertsCalls.root(certificate, key, "-nodes", "-addext", "nameConstraints=critical,permitted;DNS:corp.test");
        Path own = temp.resolve("corp");
        done("init", "--generate-passphrase", "--import-root", certificate, key, "-d", own);
        done("server", "a", "--dns", "a.corp.test", "-d", own);
        done("device", "pump", "-d", own);
        assertThat(certs("device", "pump.hall-4", "-d", own).err())
                .contains("\"pump.hall-4\", which is read as a host's because of its dot, is outside");
        CertsCalls.Answer refused = certs("server", "b", "--dns", "b.example.com", "-d", own);
        assertThat(refused.exitCode()).isEqualTo(4);
        assertThat(refused.err()).contains("\"b.example.com\" is outside").contains("dns:corp.test");

        Files.delete(key);
        CertsCalls.root(certificate, key, "-nodes", "-addext", "nameConstraints=critical,excluded;URI:example.com");
        CertsCalls.Answer other =
                certs("init", "--generate-passphrase", "--import-root", certificate, key, "-d", temp.resolve("uris"));
        assertThat(other.exitCode()).isEqualTo(4);
        assertThat(other.err()).contains("has name constraints of URIs");
        assertThat(temp.resolve("uris")).doesNotExist();
    }

    @Test
    void authority_withoutANetwork_certifiesNoAddress() {
        Path own = temp.resolve("own");
        done("init", "--generate-passphrase", "--name-constraints", "dns:example.com", "-d", own);
        done("server", "a", "--dns", "a.example.com", "-d", own);
        for (String address : List.of("10.1.0.1", "::1")) {
            CertsCalls.Answer refused = certs("server", "b", "--dns", "b.example.com", "--ip", address, "-d", own);
            assertThat(refused.exitCode()).isEqualTo(4);
            assertThat(refused.err()).contains("\"" + address + "\" is outside");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "example.com, is no name constraint",
        "dns:, is no name constraint",
        "dns:10.0.0.1, is no name constraint",
        "dns:*.example.com, is no name constraint",
        "'dns:a.example,ip:10.0.0.0/33', is no name constraint",
        "'dns:a.example,ip:10.0.0.0', is no name constraint",
        "'dns:a.example,ip:host/8', is no name constraint",
        "'dns:a.example,ip:fd00::/129', is no name constraint",
        "'dns:a.example,ip:10.0.0.0/8,ip:fd00::/8', of both versions of IP",
        "ip:10.0.0.0/8, need a domain"
    })
    void init_withNonsense_isRefused_andMakesNothing(String words, String why) {
        Path none = temp.resolve("none");
        CertsCalls.Answer refused = certs("init", "--generate-passphrase", "--name-constraints", words, "-d", none);
        assertThat(refused.exitCode()).isEqualTo(3);
        assertThat(refused.err()).startsWith("certs: error[INPUT] ").contains(why);
        assertThat(none).doesNotExist();
    }
}
