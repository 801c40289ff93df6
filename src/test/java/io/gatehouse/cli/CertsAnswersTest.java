package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static io.gatehouse.cli.CertsCalls.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code gatehouse certs} says of what it is shown, and why it cannot do what it is asked. */
class CertsAnswersTest {
    @TempDir
    private static Path temp;

    private static Path pki;
    private static Path request;

    @BeforeAll
    static void anAuthority() throws Exception {
        pki = temp.resolve("pki");
        done("init", "--generate-passphrase", "-d", pki);
        List.of("pump", "valve", "stolen").forEach(id -> done("device", id, "-d", pki));
        done("server", "broker", "--dns", "mqtt.example.com", "--ip", "192.0.2.7", "-d", pki);
        done("revoke", "stolen", "--reason", "keyCompromise", "-d", pki);
        request = temp.resolve("request.csr");
        run(
                0,
                "openssl",
                "req",
                "-new",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                temp.resolve("request.key"),
                "-out",
                request,
                "-subj",
                "/O=Acme/CN=meter",
                "-addext",
                "subjectAltName=DNS:meter.example.com,URI:urn:dev:meter,IP:192.0.2.9",
                "-addext",
                "basicConstraints=critical,CA:TRUE",
                "-addext",
                "keyUsage=digitalSignature,keyCertSign",
                "-addext",
                "extendedKeyUsage=serverAuth");
    }

    private static String refused(int exitCode, Object... arguments) {
        CertsCalls.Answer answer = certs(arguments);
        assertThat(answer.exitCode()).as(answer.out() + answer.err()).isEqualTo(exitCode);
        assertThat(answer.err()).startsWith("certs: error[").doesNotContain("java.", "\tat ");
        return answer.err();
    }

    private static Path leaf(String id) {
        return pki.resolve("out").resolve(id).resolve("cert.pem");
    }

    private static Map<?, ?> shown(Object what) throws Exception {
        return (Map<?, ?>) ((List<?>) Json.read(done("inspect", what, "--json", "-d", pki))).get(0);
    }

    @Test
    void verify_ofWhatTheAuthorityRevoked_namesTheRevocationWithoutAList() {
        assertThat(refused(4, "verify", leaf("stolen"), "-d", pki))
                .contains("CERT_REVOKED: ", " was revoked ", ", keyCompromise, says the journal");
        done("verify", leaf("pump"), "-d", pki);
        // a broker that reads lists goes on refusing what the last one names
        done("revoke", "valve", "--reason", "certificateHold", "-d", pki);
        assertThat(refused(4, "verify", leaf("valve"), "-d", pki)).contains("CERT_REVOKED: ", " is on hold since ");
        done("release", "valve", "--no-publish", "-d", pki);
        assertThat(refused(4, "verify", leaf("valve"), "-d", pki))
                .contains(
                        "CERT_REVOKED: ",
                        "device.crl names ",
                        ", which the journal does not. Run: gatehouse certs crl");
        done("crl", "-d", pki);
        done("verify", leaf("valve"), "-d", pki);
    }

    @Test
    void verify_ofWhatTheJournalDoesNotKnow_isRefused() throws Exception {
        Path earlier = temp.resolve("earlier");
        run(0, "cp", "-a", pki, earlier);
        done("device", "late", "-d", pki);
        assertThat(refused(4, "verify", leaf("late"), "-d", earlier)).contains("CERT_UNKNOWN: ", "does not know ");
        done("verify", leaf("late"), "-d", pki);
    }

    @Test
    void verify_withAHost_judgesAServer() {
        assertThat(done("verify", leaf("broker"), "--host", "mqtt.example.com", "-d", pki))
                .contains("accepted as a server's certificate");
        done("verify", leaf("broker"), "--host", "192.0.2.7", "-d", pki);
        assertThat(refused(4, "verify", leaf("broker"), "--host", "other.example.com", "-d", pki))
                .contains("CERT_NAME: it is not for \"other.example.com\"")
                .doesNotContain("CERT_EKU");
        assertThat(refused(4, "verify", leaf("pump"), "--host", "pump", "-d", pki))
                .contains("CERT_EKU: the extended key usage does not hold serverAuth");
        assertThat(refused(2, "verify", leaf("broker"), "--host", "localhost", "--as", "client", "-d", pki))
                .contains("--host is the name of a server");
    }

    @Test
    void inspect_ofARequest_showsWhatItAsksFor() throws Exception {
        Map<?, ?> fields = shown(request);
        assertThat(fields.get("subject")).isEqualTo("O=Acme,CN=meter");
        assertThat(fields.get("names"))
                .isEqualTo(List.of("dns:meter.example.com", "ip:192.0.2.9", "uri:urn:dev:meter"));
        assertThat(fields.get("extensions"))
                .isEqualTo(List.of(
                        "subjectAltName",
                        "basicConstraints: an authority (critical)",
                        "keyUsage: digitalSignature, keyCertSign",
                        "extendedKeyUsage: serverAuth"));
        assertThat(fields.get("proofOfPossession")).isEqualTo("yes");
        assertThat(fields.get("finding")).isNull();
    }

    /** Who looks at a request wants to see the one that is refused. */
    @Test
    void inspect_ofARequestWithABadSignature_showsItAndSaysSo() throws Exception {
        byte[] der = Base64.getMimeDecoder()
                .decode(Files.readString(request)
                        .replaceAll("-----[A-Z ]+-----", "")
                        .trim());
        der[der.length - 1] ^= 1;
        Path bad = Files.write(temp.resolve("bad.der"), der);
        Map<?, ?> fields = shown(bad);
        assertThat(fields.get("commonName")).isEqualTo("meter");
        assertThat(fields.get("proofOfPossession")).isEqualTo("no");
        assertThat(fields.get("finding").toString()).contains("nobody has proven to hold that key");
        Path pem = Files.writeString(
                temp.resolve("bad.csr"),
                "-----BEGIN CERTIFICATE REQUEST-----\n"
                        + Base64.getMimeEncoder().encodeToString(der)
                        + "\n-----END CERTIFICATE REQUEST-----\n");
        assertThat(done("inspect", pem, "-d", pki)).contains("proofOfPossession  no");
        assertThat(refused(4, "sign", pem, "--profile", "device", "-d", pki)).contains("nobody has proven");
        assertThat(done("list", "--id", "meter", "--csv", "-d", pki)).hasLineCount(1);
    }

    @Test
    void inspect_ofAListAndOfARevokedHolder_showsNumberReasonsAndState() throws Exception {
        Map<?, ?> holder = shown("stolen");
        assertThat(holder.get("state")).isEqualTo("revoked");
        assertThat(holder.get("reason")).isEqualTo("keyCompromise");
        Map<?, ?> list = shown(pki.resolve("crl/device.pem"));
        assertThat(Integer.parseInt(list.get("number").toString())).isPositive();
        Object serial = holder.get("serial");
        assertThat((List<?>) list.get("revoked")).anyMatch(serial::equals);
        assertThat(((Map<?, ?>) list.get("reasons")).get(serial).toString())
                .startsWith(
                        "keyCompromise " + holder.get("revokedAt").toString().substring(0, 19));
    }

    @Test
    void aProfile_thatBreaksRules_isRefusedWithTheLineOfEach() throws Exception {
        Path own = temp.resolve("own");
        run(0, "cp", "-a", pki, own);
        Path profile = Files.createDirectories(own.resolve("profiles")).resolve("device.yaml");
        String text = done("profile", "device");
        Files.writeString(
                profile,
                text.replaceFirst("extended_key_usage: .*", "extended_key_usage: [serverAuth]")
                        .replaceFirst("issued_by: .*", "issued_by: server"));
        List<String> lines = Files.readAllLines(profile);
        int usage = lines.indexOf("  extended_key_usage: [serverAuth]") + 1;
        int issuer = lines.indexOf("issued_by: server") + 1;
        assertThat(refused(3, "device", "late", "-d", own).lines())
                .containsExactly(
                        "certs: error[INPUT] " + profile + ":" + issuer
                                + ":12: the profile device is issued_by: device",
                        "certs: error[INPUT] " + profile + ":" + usage
                                + ":23: the profile device has extended_key_usage: [clientAuth]");
        Files.writeString(profile, text.replaceFirst("(?m)^  key_usage: .*\n", ""));
        int section = Files.readAllLines(profile).indexOf("extensions:") + 2;
        assertThat(refused(3, "device", "late", "-d", own)).contains(profile + ":" + section + ":3: the profile");
    }

    @Test
    void aSecondToken_isMade_andTheFirstIsSpokenOf() {
        CertsCalls.Answer first = certs("token", "new", "lamp", "-d", pki);
        assertThat(first.err()).doesNotContain("other token");
        CertsCalls.Answer second = certs("token", "new", "lamp", "--qr", temp.resolve("lamp.png"), "-d", pki);
        assertThat(second.exitCode()).as(second.err()).isZero();
        assertThat(second.err())
                .contains(
                        "warning: \"lamp\" has 1 other token that can still be used; gatehouse certs token revoke lamp");
        CertsCalls.Answer third = certs("token", "new", "lamp", "--json", "-d", pki);
        assertThat(third.err()).contains("\"lamp\" has 2 other tokens");
        assertThat(third.out()).contains("\"otherTokens\" : 2");
        assertThat(done("token", "revoke", "lamp", "-d", pki)).contains("took back 3 tokens");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = ';',
            value = {
                "crl --out TEMP/x.txt; 2; x.txt: is named .pem, or .der or .crl for DER",
                "audit verify --holds foo; 2; --holds is a last hash as this command prints it, 64 digits",
                "device t8 --format shoe; 2; unknown form \"shoe\"",
                "batch TEMP/fleet.csv -o TEMP/x.tar --format shoe; 2; unknown form \"shoe\"",
                "export pump --format shoe; 2; unknown form \"shoe\"",
                "crl --out TEMP/none/x.pem; 3; x.pem: nothing can be written there; make the folder, or name another",
                "token new t9 --qr TEMP/none/x.png; 3; x.png: nothing can be written there; make the folder",
                "export pump -f pem -o TEMP/none/x.pem; 1; x.pem: cannot be written: there is no folder TEMP/none",
                "batch TEMP/fleet.csv -o TEMP/none/x.tar; 1; x.tar: cannot be written: ",
                "inspect mqtts://nohost.invalid:8883; 5; no host of that name is known",
                "verify TEMP/request.csr; 3; not a certificate but a certificate request; gatehouse certs inspect",
                "verify TEMP/fleet.csv; 3; not a certificate, neither PEM nor DER",
                "device t8 --passphrase-file TEMP/empty; 3; TEMP/empty: no passphrase in its first line",
                "device t8 --passphrase-file TEMP/wrong; 7; the passphrase does not open it. Give the authority's own with",
            })
    void whatCannotBe_isSaidWithItsReason(String line, int exitCode, String why) throws Exception {
        Files.writeString(temp.resolve("fleet.csv"), "id\nf1\n");
        for (String word : List.of("", "not the passphrase\n")) {
            Path file = temp.resolve(word.isEmpty() ? "empty" : "wrong");
            Files.writeString(file, word);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        }
        String before = done("list", "--csv", "-d", pki);
        String said = refused(exitCode, (Object[]) (line.replace("TEMP", temp.toString()) + " -d " + pki).split(" "));
        assertThat(said)
                .contains(why.replace("TEMP", temp.toString()))
                .doesNotContain(".new", "Continue with --resume", "DerValue")
                .hasLineCount(1);
        assertThat(done("list", "--csv", "-d", pki)).isEqualTo(before);
    }
}
