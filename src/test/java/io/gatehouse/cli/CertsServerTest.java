package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static io.gatehouse.cli.CertsCalls.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatehouse.config.ConfigurationReader;
import io.gatehouse.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code certs server} puts certificates where a broker reads them. */
class CertsServerTest {
    @TempDir
    private static Path temp;

    private static Path pki;

    @BeforeAll
    static void anAuthority() throws Exception {
        pki = CertsCalls.authority(temp.resolve("pki"));
    }

    private static final String CONFIGURATION = """
            version: 1
            listeners:
              devices:
                port: 8883
                tls:
                  certificate: tls/server.pem
                  key: private/server.key
                  client_ca: tls/clients.pem
                  names: [mqtt.example.com, 10.0.0.5]
                  sni:
                    other.example.com: {certificate: tls/other.pem, key: private/other.key}
                login: certificate
              here:
                bind: 127.0.0.1
                port: 8884
                tls: {certificate: tls/here.pem, key: private/here.key, client_ca: tls/clients.pem}
                login: certificate
              plain:
                port: 1883
                insecure: {acknowledge: "a cable"}
                login: none
            policy: {folder: policies}
            """;

    /** Only root gives files away. */
    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static String names(Path certificate) throws Exception {
        return run(0, "openssl", "x509", "-in", certificate, "-noout", "-ext", "subjectAltName");
    }

    @Test
    void server_forConfig_writesWhatTheConfigurationNames() throws Exception {
        Path broker = Files.createDirectory(temp.resolve("broker"));
        Path yaml = Files.writeString(broker.resolve("gatehouse.yaml"), CONFIGURATION);
        Files.createDirectory(broker.resolve("policies"));
        if (isRoot()) {
            run(0, "chown", "nobody:nogroup", broker);
        }
        assertThat(ConfigurationReader.read(yaml).configuration())
                .as("its files are missing")
                .isEmpty();

        String said = done("server", "--for-config", yaml, "-d", pki);
        assertThat(said)
                .contains("wrote " + broker.resolve("tls/server.pem"), "next: gatehouse check -c " + yaml)
                .doesNotContain("plain");
        assertThat(ConfigurationReader.read(yaml).problems()).isEmpty();
        assertThat(names(broker.resolve("tls/server.pem"))).contains("DNS:mqtt.example.com, IP Address:10.0.0.5");
        assertThat(names(broker.resolve("tls/other.pem"))).contains("DNS:other.example.com");
        assertThat(names(broker.resolve("tls/here.pem"))).contains("DNS:localhost, IP Address:127.0.0.1");
        for (String key : List.of("server", "other", "here")) {
            Path file = broker.resolve("private/" + key + ".key");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
            assertThat(Files.getOwner(file)).isEqualTo(Files.getOwner(broker));
            assertThat(Files.getOwner(file.getParent())).isEqualTo(Files.getOwner(broker));
            assertThat(run(0, "openssl", "pkey", "-in", file, "-pubout"))
                    .isEqualTo(run(
                            0, "openssl", "x509", "-in", broker.resolve("tls/" + key + ".pem"), "-noout", "-pubkey"));
        }
        assertThat(broker.resolve("tls/clients.pem")).hasSameBinaryContentAs(pki.resolve("trust/device-ca.pem"));
        run(
                0,
                "openssl",
                "verify",
                "-x509_strict",
                "-purpose",
                "sslserver",
                "-verify_hostname",
                "mqtt.example.com",
                "-CAfile",
                pki.resolve("trust/root.pem"),
                "-untrusted",
                broker.resolve("tls/server.pem"),
                broker.resolve("tls/server.pem"));

        // again: what this authority issued is replaced, and a name is added
        Map<String, Object> again =
                Json.object(done("server", "eu", "--for-config", yaml, "--dns", "eu.example.com", "-d", pki, "--json"));
        assertThat((List<?>) again.get("certificates")).hasSize(3);
        assertThat(names(broker.resolve("tls/server.pem"))).contains("DNS:eu.example.com");
        assertThat(names(broker.resolve("tls/other.pem"))).doesNotContain("eu.example.com");
        assertThat((List<?>) again.get("certificates"))
                .extracting(one -> String.valueOf(((Map<?, ?>) one).get("id")))
                .containsExactly("eu", "other.example.com", "eu-here");
        // each is the one in force of its own id, and found when it ends
        assertThat(done("list", "--where", "id~eu*", "--expiring", "400d", "-d", pki))
                .contains("eu-here", "2 certificates");
        assertThat(certs("renew", "eu", "--revoke-old", "-d", pki).exitCode()).isZero();
        assertThat(done("list", "--id", "eu-here", "--state", "active", "-d", pki))
                .contains("1 certificate");
    }

    @Test
    void server_forConfigOverTheCertificateOfAnother_isRefusedBeforeAnythingIsIssued() throws Exception {
        Path broker = Files.createDirectories(temp.resolve("taken/tls")).getParent();
        Path yaml = Files.writeString(broker.resolve("gatehouse.yaml"), CONFIGURATION);
        Path strange = temp.resolve("strange");
        done("init", "--generate-passphrase", "-d", strange);
        done("server", "x", "--dns", "x.example.com", "-d", strange);
        Files.copy(strange.resolve("out/x/cert.pem"), broker.resolve("tls/here.pem"));
        String before = done("list", "-d", pki);
        CertsCalls.Answer refused = certs("server", "--for-config", yaml, "-d", pki);
        assertThat(refused.exitCode()).isEqualTo(4);
        assertThat(refused.err())
                .startsWith("certs: error[POLICY] " + broker.resolve("tls/here.pem"))
                .contains("never overwritten");
        assertThat(done("list", "-d", pki)).isEqualTo(before);
        assertThat(broker.resolve("tls/server.pem")).doesNotExist();
        Path folder = Files.createDirectory(temp.resolve("install"));
        Files.writeString(folder.resolve("cert.pem"), "mine\n");
        assertThat(certs("server", "x", "--dns", "x", "--install", folder, "-d", pki)
                        .exitCode())
                .isEqualTo(4);
        assertThat(folder.resolve("cert.pem")).hasContent("mine\n");
    }

    /** Our own rule GH-CERT-053 would find it. */
    @Test
    void server_addressAsAHostName_isRefusedAndSaysHow() throws Exception {
        CertsCalls.Answer refused = certs("server", "s2", "--dns", "127.0.0.1", "-d", pki);
        assertThat(refused.exitCode()).isEqualTo(3);
        assertThat(refused.err()).contains("\"127.0.0.1\" is an address, not a host name", "--ip 127.0.0.1");
        run(
                0,
                "openssl",
                "req",
                "-new",
                "-newkey",
                "rsa:3072",
                "-nodes",
                "-keyout",
                temp.resolve("a.key"),
                "-subj",
                "/CN=s2",
                "-addext",
                "subjectAltName=DNS:10.0.0.5",
                "-out",
                temp.resolve("a.csr"));
        CertsCalls.Answer request = certs("sign", temp.resolve("a.csr"), "--profile", "server", "-d", pki);
        assertThat(request.exitCode()).isEqualTo(3);
        assertThat(request.err()).contains("in a request, IP:10.0.0.5");
        assertThat(done("list", "--id", "s2", "-d", pki)).startsWith("0 ");
        assertThat(pki.resolve("out/s2")).doesNotExist();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            version: 1                                                                    | 3 | no listener has tls
            listeners: {a: {port: 1, tls: {certificate: c.pem, key: k.pem}}}              | 3 | does not say what clients call it
            listeners: {a: {port: 1, bind: 10.0.0.9, tls: {certificate: c.pem}}}          | 3 | without certificate and key
            listeners: {a: {port: 1, tls: [}}                                             | 3 | not valid YAML
            listeners: {a: {port: 1, tls: {certificate: c.pem, key: k.pem, names: "a b"}}}| 3 | "a b"
            listeners: {a: {port: 1, tls: {certificate: c.pem, key: k.pem, names: "*.example.com"}}}| 4 | --allow-wildcard
            """)
    void server_forConfigThatSaysTooLittle_isRefused(String text, int exitCode, String why) throws Exception {
        Path yaml = Files.writeString(temp.resolve("short.yaml"), text + "\n");
        CertsCalls.Answer refused = certs("server", "--for-config", yaml, "-d", pki);
        assertThat(refused.exitCode()).as(refused.err()).isEqualTo(exitCode);
        assertThat(refused.err()).startsWith("certs: error[").contains(why).doesNotContain("\tat ");
        assertThat(temp.resolve("c.pem")).doesNotExist();
    }

    @Test
    void server_withoutAName_isAUsageError() {
        assertThat(certs("server", "--dns", "x", "-d", pki).exitCode()).isEqualTo(2);
        assertThat(certs("server", "--for-config", temp.resolve("none.yaml"), "--node", "-d", pki)
                        .exitCode())
                .isEqualTo(2);
        assertThat(certs("server", "--for-config", temp.resolve("none.yaml"), "-d", pki)
                        .err())
                .contains("no such file");
    }

    @Test
    void server_install_givesTheFilesToTheFoldersOwner() throws Exception {
        Path folder = Files.createDirectory(temp.resolve("etc"));
        if (isRoot()) {
            run(0, "chown", "nobody:nogroup", folder);
        }
        String said = done("server", "broker", "--dns", "mqtt.example.com", "--install", folder, "-d", pki);
        assertThat(said).contains("next: in gatehouse.yaml, tls: {certificate: " + folder.resolve("cert.pem"));
        for (String file : List.of("cert.pem", "key.pem", "ca.pem", "client-ca.pem")) {
            PosixFileAttributes found = Files.readAttributes(folder.resolve(file), PosixFileAttributes.class);
            assertThat(PosixFilePermissions.toString(found.permissions()))
                    .isEqualTo(file.equals("key.pem") ? "rw-------" : "rw-r--r--");
            assertThat(found.owner()).isEqualTo(Files.getOwner(folder));
        }
        assertThat(folder.resolve("client-ca.pem")).hasSameBinaryContentAs(pki.resolve("trust/device-ca.pem"));
        assertThat(folder.resolve("key.pem")).hasSameBinaryContentAs(pki.resolve("out/broker/key.pem"));
        assertThat(folder.toFile().list()).hasSize(4);
        assumeTrue(isRoot(), "who is not root gives files to nobody");
        assertThat(Files.getOwner(folder.resolve("key.pem")).getName()).isEqualTo("nobody");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "*.mqtt.example.com, true",
        "*.example.com, true",
        "*.com, false",
        "*, false",
        "a*.example.com, false",
        "mqtt.*.com, false",
        "*.*.example.com, false"
    })
    void server_wildcard_onlyWhereItIsAskedForAndOneLabel(String name, boolean possible) throws Exception {
        CertsCalls.Answer refused = certs("server", "wild", "--dns", name, "-d", pki);
        assertThat(refused.exitCode()).as(refused.err()).isEqualTo(possible ? 4 : 3);
        CertsCalls.Answer allowed = certs("server", "wild", "--dns", name, "--allow-wildcard", "-d", pki);
        assertThat(allowed.exitCode()).as(allowed.err()).isEqualTo(possible ? 0 : 3);
        if (possible) {
            assertThat(names(pki.resolve("out/wild/cert.pem"))).contains("DNS:" + name);
            done("renew", "wild", "-d", pki); // it may have what it had
            assertThat(names(pki.resolve("out/wild/cert.pem"))).contains("DNS:" + name);
            assertThat(certs("lint", "wild", "-d", pki).out()).contains("GH-CERT-051");
        }
    }
}
