package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static io.gatehouse.cli.CertsCalls.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Revocation lists as they are checked and verified against, tokens of a fleet, and authorities under another root. */
class CertsRulesTest {
    @TempDir
    private Path temp;

    private Path pki;

    @BeforeEach
    void anAuthority() throws Exception {
        pki = CertsCalls.authority(temp.resolve("pki"));
    }

    @Test
    void verify_withTheAuthoritysList_namesTheRevocation() throws Exception {
        done("device", "pump", "-d", pki);
        done("device", "valve", "-d", pki);
        done("server", "broker", "--dns", "localhost", "-d", pki);
        CertsCalls.Answer none = certs("crl", "--check", "-d", pki);
        assertThat(none.exitCode()).isEqualTo(9);
        assertThat(none.out()).contains("device.crl: there is none", "server.crl: there is none");
        Path listed = Files.writeString(temp.resolve("stolen.txt"), "# last night\npump\n\nserial:00\n");
        CertsCalls.Answer unknown = certs("revoke", "--file", listed, "-d", pki);
        assertThat(unknown.exitCode()).isEqualTo(5);
        assertThat(done("list", "--state", "revoked", "-d", pki)).startsWith("0 ");
        Files.writeString(listed, "# last night\npump # of line 3\n");
        assertThat(done("revoke", "--file", listed, "--reason", "keyCompromise", "-d", pki))
                .contains("revoked device \"pump\"");
        assertThat(done("crl", "--check", "-d", pki)).contains("the lists say what the journal says");

        Path list = pki.resolve("crl/device.pem");
        CertsCalls.Answer revoked = certs("verify", pki.resolve("out/pump/cert.pem"), "--crl", list, "-d", pki);
        assertThat(revoked.exitCode()).isEqualTo(4);
        assertThat(revoked.err()).startsWith("certs: error[POLICY] ").contains("CERT_REVOKED", "KEY_COMPROMISE");
        done("verify", pki.resolve("out/valve/cert.pem"), "--crl", list, "--strict", "-d", pki);
        CertsCalls.Answer other =
                certs("verify", pki.resolve("out/valve/cert.pem"), "--crl", pki.resolve("crl/server.crl"), "-d", pki);
        assertThat(other.err()).contains("CERT_CRL: ");
        Path strange = temp.resolve("strange");
        done("init", "--generate-passphrase", "-d", strange);
        done("crl", "-d", strange);
        CertsCalls.Answer forged = certs(
                "verify", pki.resolve("out/valve/cert.pem"), "--crl", strange.resolve("crl/device.crl"), "-d", pki);
        assertThat(forged.err()).contains("signed by none of the authorities");

        // a list from before the next revocation
        Path old = Files.copy(pki.resolve("crl/device.crl"), temp.resolve("old.crl"));
        done("revoke", "valve", "-d", pki);
        Files.copy(old, pki.resolve("crl/device.crl"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        CertsCalls.Answer lacking = certs("crl", "--check", "-d", pki);
        assertThat(lacking.exitCode()).isEqualTo(9);
        assertThat(lacking.out()).contains("1 that the journal revoked are not in it");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"renew pump valve", "renew --all-expiring 3650", "rekey pump valve"})
    void renew_ofSeveralIntoOneFolder_isRefusedBeforeAnythingIsIssued(String command) {
        done("device", "pump", "-d", pki);
        done("device", "valve", "-d", pki);
        String before = done("list", "-d", pki);
        Path out = temp.resolve("next");
        CertsCalls.Answer refused =
                certs(Stream.concat(Stream.of(command.split(" ")), Stream.of("--revoke-old", "-o", out, "-d", pki))
                        .toArray());
        assertThat(refused.exitCode()).as(refused.err()).isEqualTo(2);
        assertThat(refused.err())
                .contains("--out is the folder of one holder; without it each of these goes to out/ID");
        assertThat(done("list", "-d", pki)).isEqualTo(before);
        assertThat(out).doesNotExist();
        done("renew", "pump", "-o", out, "-d", pki); // of one it is
        assertThat(out.resolve("key.pem")).exists();
    }

    @Test
    void renew_ofADeviceAndAServerOfOneName_isRefusedBeforeAnythingIsIssued() {
        done("device", "pump", "-d", pki);
        done("server", "pump", "--dns", "localhost", "-o", temp.resolve("server"), "-d", pki);
        String before = done("list", "-d", pki);
        CertsCalls.Answer refused = certs("renew", "--all-expiring", "3650", "-d", pki);
        assertThat(refused.exitCode()).as(refused.err()).isEqualTo(2);
        assertThat(refused.err()).contains("\"pump\" is a", "the files of both would go to out/pump");
        assertThat(done("list", "-d", pki)).isEqualTo(before);
    }

    @Test
    void sign_ofAnRsaKeyOf2048Bits_needsToBeAllowed_andIsForDevicesOnly() throws Exception {
        Path csr = temp.resolve("old.csr");
        run(
                0,
                "openssl",
                "req",
                "-new",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-keyout",
                temp.resolve("old.key"),
                "-subj",
                "/CN=old",
                "-out",
                csr);
        CertsCalls.Answer refused = certs("sign", csr, "-d", pki);
        assertThat(refused.exitCode()).isEqualTo(4);
        assertThat(refused.err()).contains("the key is RSA", "gatehouse certs sign --allow-rsa2048");
        CertsCalls.Answer server = certs("sign", csr, "--profile", "administrator", "--allow-rsa2048", "-d", pki);
        assertThat(server.exitCode()).isEqualTo(4);
        assertThat(server.err()).contains("keys of RSA with 2048 bits are for devices");
        CertsCalls.Answer made = certs("sign", csr, "--allow-rsa2048", "-d", pki);
        assertThat(made.exitCode()).as(made.err()).isZero();
        assertThat(made.err()).contains("warning: its key is RSA with 2048 bits");
        done("verify", pki.resolve("out/old/cert.pem"), "-d", pki);
        run(
                0,
                "openssl",
                "req",
                "-new",
                "-newkey",
                "rsa:1024",
                "-nodes",
                "-keyout",
                temp.resolve("weak.key"),
                "-subj",
                "/CN=weak",
                "-out",
                csr);
        assertThat(certs("sign", csr, "--allow-rsa2048", "-d", pki).exitCode()).isEqualTo(4);
    }

    @Test
    void sign_asJson_namesWhatWasNotTaken() throws Exception {
        Path csr = temp.resolve("r.csr");
        CertsCalls.request(
                csr,
                temp.resolve("k.pem"),
                "/O=Other/CN=pump",
                "-addext",
                "basicConstraints=critical,CA:TRUE",
                "-addext",
                "subjectAltName=DNS:localhost");
        Map<String, Object> made = Json.object(done("sign", csr, "--json", "-d", pki));
        assertThat(made.get("notTaken"))
                .isEqualTo(List.of("subject O", "extension basicConstraints", "name DNS:localhost"));
        assertThat(made).doesNotContainKey("key");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"batch TABLE --token-only", "token new --count TABLE"})
    void tokensOfATable_areMadeForEachDevice(String command) throws Exception {
        Path table = Files.writeString(temp.resolve("fleet.csv"), "id\npump\nvalve\n");
        Path out = temp.resolve("tokens.csv");
        List<Object> line = new ArrayList<>(
                List.of((Object[]) command.replace("TABLE", table.toString()).split(" ")));
        line.addAll(List.of("--ttl", "30", "-o", out, "-d", pki));
        if (command.startsWith("batch")) {
            List<Object> dry = new ArrayList<>(line);
            dry.add("--dry-run");
            assertThat(done(dry.toArray())).contains("none was made");
        }
        Files.writeString(table, "id\npump\npump\na/b\n");
        CertsCalls.Answer faulty = certs(line.toArray());
        assertThat(faulty.exitCode()).isEqualTo(3);
        assertThat(faulty.err().lines().map(one -> one.substring(0, one.indexOf(']') + 1)))
                .containsExactly("certs: error[CSV_DUP_ID]", "certs: error[CSV_VALUE]", "certs: error[INPUT]");
        assertThat(done("token", "list", "-d", pki)).startsWith("0 tokens");
        assertThat(out).doesNotExist();

        Files.writeString(table, "id,profile\nanna,administrator\n");
        assertThat(certs(line.toArray()).err())
                .startsWith("certs: error[TOKEN_PROFILE] " + table + ":2: \"anna\" would enrol as a device");
        assertThat(out).doesNotExist();
        Files.writeString(table, "id,serial_number\npump,SN-1\n");
        assertThat(certs("batch", table, "--token-only", "--dry-run", "-o", out, "-d", pki)
                        .err())
                .contains("warning: the serial_number of 1 is not taken over");

        Files.writeString(table, "id\npump\nvalve\n");
        String said = done(line.toArray());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(out)))
                .isEqualTo("rw-------");
        List<String> lines = Files.readAllLines(out);
        assertThat(lines).hasSize(3).startsWith("id,token,end");
        assertThat(lines.get(1)).matches("pump,[0-9a-z]{26},20.*Z");
        String token = lines.get(1).split(",")[1];
        assertThat(said).doesNotContain(token);
        assertThat(Files.readString(pki.resolve("journal"))).doesNotContain(token);
        assertThat(done("token", "list", "-d", pki)).contains("pump", "valve", "2 tokens");
        assertThat(certs(line.toArray()).exitCode()).isEqualTo(3);
        assertThat(done("list", "-d", pki)).startsWith("0 ");
    }

    @Test
    void init_withAnOfflineRoot_needsItForNothingElse() throws Exception {
        Path medium = temp.resolve("medium");
        Path authority = temp.resolve("offline");
        done("init", "--generate-passphrase", "--root-offline", medium, "-d", authority);
        assertThat(authority.resolve("ca/root.key")).doesNotExist();
        assertThat(done("inspect", medium.resolve("root.key"))).contains("private key", "encrypted");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(medium.resolve("root.key"))))
                .isEqualTo("rw-------");
        run(0, "mv", medium, temp.resolve("locked-away"));
        done("device", "pump", "-d", authority);
        done("revoke", "pump", "-d", authority);
        done("doctor", "-d", authority);
    }

    @Test
    void init_underARootThatIsThere_makesAuthoritiesOfIt() throws Exception {
        Path key = temp.resolve("root.key");
        Path root = temp.resolve("root.pem");
        Files.writeString(temp.resolve("pass"), "of the old root\n");
        Files.setPosixFilePermissions(temp.resolve("pass"), PosixFilePermissions.fromString("rw-------"));
        CertsCalls.root(
                root,
                key,
                "-passout",
                "file:" + temp.resolve("pass"),
                "-addext",
                "keyUsage=critical,keyCertSign,cRLSign");
        Path authority = temp.resolve("under");
        CertsCalls.Answer half = certs("init", "--generate-passphrase", "--import-root", root, "-d", authority);
        assertThat(half.exitCode()).isEqualTo(2);
        done(
                "init",
                "--generate-passphrase",
                "--import-root",
                root,
                "--import-root-key",
                key,
                "--import-root-passphrase-file",
                temp.resolve("pass"),
                "-d",
                authority);
        done("device", "pump", "-d", authority);
        assertThat(authority.resolve("ca/root.key")).doesNotExist();
        run(
                0,
                "openssl",
                "verify",
                "-x509_strict",
                "-purpose",
                "sslclient",
                "-CAfile",
                root,
                "-untrusted",
                authority.resolve("out/pump/cert.pem"),
                authority.resolve("out/pump/cert.pem"));
    }
}
