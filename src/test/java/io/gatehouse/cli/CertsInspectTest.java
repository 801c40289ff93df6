package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static io.gatehouse.cli.CertsCalls.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code certs inspect} says of files that openssl and keytool made, of holders, and of a port that openssl serves. */
class CertsInspectTest {
    @TempDir
    private static Path temp;

    private static Path pki;

    @BeforeAll
    static void files() throws Exception {
        pki = CertsCalls.authority(temp.resolve("pki"));
        done("device", "pump", "-d", pki);
        done("server", "broker", "--dns", "localhost", "--ip", "127.0.0.1", "-d", pki);
        Path pump = pki.resolve("out/pump");
        run(0, "openssl", "x509", "-in", pump.resolve("cert.pem"), "-outform", "DER", "-out", temp.resolve("leaf.der"));
        run(0, "openssl", "pkey", "-in", pump.resolve("key.pem"), "-outform", "DER", "-out", temp.resolve("key.der"));
        run(0, "openssl", "ec", "-in", pump.resolve("key.pem"), "-out", temp.resolve("sec1.pem"));
        run(0, "openssl", "genrsa", "-out", temp.resolve("rsa.pem"), "2048");
        run(
                0,
                "openssl",
                "rsa",
                "-in",
                temp.resolve("rsa.pem"),
                "-traditional",
                "-outform",
                "DER",
                "-out",
                temp.resolve("rsa.der"));
        run(
                0,
                "openssl",
                "pkcs8",
                "-topk8",
                "-nocrypt",
                "-in",
                pump.resolve("key.pem"),
                "-outform",
                "DER",
                "-out",
                temp.resolve("pkcs8.der"));
        Files.writeString(temp.resolve("password"), "open sesame\n");
        Files.setPosixFilePermissions(temp.resolve("password"), PosixFilePermissions.fromString("rw-------"));
        run(
                0,
                "openssl",
                "pkcs8",
                "-topk8",
                "-in",
                pump.resolve("key.pem"),
                "-outform",
                "DER",
                "-passout",
                "file:" + temp.resolve("password"),
                "-out",
                temp.resolve("locked.der"));
        run(
                0,
                "openssl",
                "ec",
                "-in",
                pump.resolve("key.pem"),
                "-aes256",
                "-passout",
                "file:" + temp.resolve("password"),
                "-out",
                temp.resolve("locked-sec1.pem"));
        run(
                0,
                "openssl",
                "req",
                "-new",
                "-key",
                pump.resolve("key.pem"),
                "-subj",
                "/CN=pump",
                "-outform",
                "DER",
                "-out",
                temp.resolve("request.der"));
        run(
                0,
                "openssl",
                "pkcs12",
                "-export",
                "-in",
                pump.resolve("cert.pem"),
                "-inkey",
                pump.resolve("key.pem"),
                "-name",
                "pump",
                "-passout",
                "file:" + temp.resolve("password"),
                "-out",
                temp.resolve("store.p12"));
        run(
                0,
                "openssl",
                "pkcs12",
                "-export",
                "-legacy",
                "-in",
                pump.resolve("cert.pem"),
                "-inkey",
                pump.resolve("key.pem"),
                "-passout",
                "file:" + temp.resolve("password"),
                "-out",
                temp.resolve("old.p12"));
        run(
                0,
                Path.of(System.getProperty("java.home"), "bin", "keytool"),
                "-importcert",
                "-noprompt",
                "-alias",
                "root",
                "-file",
                pki.resolve("trust/root.pem"),
                "-storetype",
                "JKS",
                "-storepass:file",
                temp.resolve("password"),
                "-keystore",
                temp.resolve("trust.jks"));
        Files.writeString(
                temp.resolve("all.pem"),
                Files.readString(pump.resolve("key.pem"))
                        + Files.readString(pump.resolve("cert.pem"))
                        + Files.readString(temp.resolve("locked-sec1.pem")));
    }

    private static List<?> inspected(Object... arguments) throws Exception {
        return (List<?>) Objects.requireNonNull(Json.read(done(arguments)));
    }

    private static Object field(Object of, String name) {
        return ((Map<?, ?>) of).get(name);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "leaf.der,       'null: CN=pump,O=Gatehouse'",
        "key.der,        'private key: EC P-256'",
        "rsa.der,        'private key: RSA of 2048 bits'",
        "pkcs8.der,      'private key: EC P-256'",
        "sec1.pem,       'private key: EC P-256'",
        "rsa.pem,        'private key: RSA of 2048 bits'",
        "locked.der,     'private key: encrypted'",
        "locked-sec1.pem,'private key: encrypted'",
        "request.der,    'certification request: EC P-256'",
        "all.pem,        'private key: EC P-256; null: CN=pump,O=Gatehouse; null: CN=Gatehouse Device CA,O=Gatehouse;"
                + " private key: encrypted'",
        "store.p12,      'private key: EC P-256; null: CN=pump,O=Gatehouse'",
        "old.p12,        'private key: EC P-256; null: CN=pump,O=Gatehouse'",
        "trust.jks,      'null: CN=Gatehouse Root CA,O=Gatehouse'"
    })
    void inspect_ofWhatOthersMade_saysWhatIsInIt(String file, String expected) throws Exception {
        List<?> all = inspected("inspect", temp.resolve(file), "--json", "--password-file", temp.resolve("password"));
        List<String> said = all.stream()
                .map(one -> field(one, "kind") + ": "
                        + (field(one, "kind") == null ? field(one, "subject") : field(one, "key")))
                .toList();
        // openssl puts one certificate of the chain into a store, or two
        assertThat(said).startsWith(expected.split("; "));
        assertThat(done("inspect", temp.resolve(file), "--password-file", temp.resolve("password")))
                .contains("1 of " + all.size());
    }

    @Test
    void inspect_ofStoreWithAnotherPassword_saysSo() throws Exception {
        Path other = Files.writeString(temp.resolve("other"), "open poppy\n");
        for (String store : List.of("store.p12", "old.p12", "trust.jks")) {
            CertsCalls.Answer refused = certs("inspect", temp.resolve(store), "--password-file", other);
            assertThat(refused.exitCode()).as(refused.err()).isEqualTo(7);
            assertThat(refused.err()).contains(store, "not its password").doesNotContain("poppy");
        }
        CertsCalls.Answer unasked = certs("inspect", temp.resolve("store.p12"));
        assertThat(unasked.exitCode()).isEqualTo(2);
        assertThat(unasked.err()).contains("--password-file");
    }

    @Test
    void inspect_ofWhatIsNothing_saysSo() throws Exception {
        for (String text : List.of("hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "")) {
            Path file = Files.writeString(temp.resolve("nothing"), text);
            CertsCalls.Answer refused = certs("inspect", file);
            assertThat(refused.exitCode()).as(text + refused.err()).isEqualTo(3);
            assertThat(refused.err()).contains("nothing").doesNotContain("\tat ");
        }
        assertThat(certs("inspect", "nobody", "-d", pki).exitCode()).isEqualTo(5);
    }

    @Test
    void inspect_ofHolder_saysWhatTheJournalHas() throws Exception {
        List<?> all = inspected("inspect", "broker", "--json", "-d", pki);
        assertThat(all).hasSize(1);
        assertThat(field(all.get(0), "names")).isEqualTo(List.of("dns:localhost", "ip:127.0.0.1"));
        assertThat(field(all.get(0), "keyUsage")).isEqualTo(List.of("digitalSignature"));
        assertThat(field(all.get(0), "extendedKeyUsage")).isEqualTo(List.of("serverAuth"));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"-tls1_2, TLSv1.2", "-tls1_3, TLSv1.3"})
    void inspect_ofPort_showsItsChainAndWhetherItAsksForACertificate(String option, String version) throws Exception {
        Path broker = pki.resolve("out/broker");
        Process server = new ProcessBuilder(
                        "openssl",
                        "s_server",
                        "-accept",
                        "127.0.0.1:0",
                        option,
                        "-Verify",
                        "2",
                        "-CAfile",
                        pki.resolve("trust/root.pem").toString(),
                        "-cert",
                        broker.resolve("cert.pem").toString(),
                        "-cert_chain",
                        pki.resolve("ca/server.crt").toString(),
                        "-key",
                        broker.resolve("key.pem").toString())
                .redirectErrorStream(true)
                .start();
        try (var lines = server.inputReader()) {
            String line = "";
            while (line != null && !line.startsWith("ACCEPT")) {
                line = lines.readLine();
            }
            assertThat(line).isNotNull();
            String place = "127.0.0.1:" + line.substring(line.lastIndexOf(':') + 1);
            List<?> all = inspected("inspect", "mqtts://" + place, "--json");
            assertThat(field(all.get(0), "protocol").toString()).startsWith(version);
            assertThat(field(all.get(0), "asksForCertificate")).isEqualTo("yes");
            assertThat(field(all.get(1), "subject")).isEqualTo("CN=broker,O=Gatehouse");
            assertThat(field(all.get(2), "subject")).isEqualTo("CN=Gatehouse Server CA,O=Gatehouse");
        } finally {
            server.destroyForcibly().waitFor(20, TimeUnit.SECONDS);
        }
    }

    @Test
    void inspect_ofPortThatIsNotThere_saysSo() {
        CertsCalls.Answer refused = certs("inspect", "127.0.0.1:1", "-d", pki);
        assertThat(refused.exitCode()).isEqualTo(5);
        assertThat(refused.err()).contains("127.0.0.1:1").doesNotContain("\tat ");
    }
}
