package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static io.gatehouse.cli.CertsCalls.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.json.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code certs revoke --reason certificateHold} and {@code certs release}, as people and programs use them. */
class CertsHoldTest {
    @TempDir
    private static Path temp;

    private static Path pki;

    @BeforeAll
    static void anAuthority() {
        pki = temp.resolve("pki");
        done("init", "--generate-passphrase", "-d", pki);
        Stream.of("pump", "valve", "stolen", "meter").forEach(id -> done("device", id, "-d", pki));
        done("revoke", "stolen", "--reason", "keyCompromise", "-d", pki);
    }

    private static String serial(String id) {
        return done("list", "--csv", "--id", id, "-d", pki)
                .lines()
                .skip(1)
                .findFirst()
                .orElseThrow()
                .split(",")[3];
    }

    private static String state(String id) {
        return done("list", "--csv", "--id", id, "-d", pki)
                .lines()
                .skip(1)
                .findFirst()
                .orElseThrow()
                .split(",")[2];
    }

    private static Map<?, ?> json(String text) throws Exception {
        return (Map<?, ?>) Json.read(text);
    }

    @Test
    void hold_isShownEverywhere_andReleased_isAsBefore() throws Exception {
        Path leaf = pki.resolve("out/pump/cert.pem");
        Path list = pki.resolve("crl/device.pem");
        assertThat(done("revoke", "pump", "--reason", "certificateHold", "-d", pki))
                .contains("on hold: device \"pump\", serial " + serial("pump"), "wrote ");

        assertThat(done("list", "--state", "held", "-d", pki))
                .startsWith("held ")
                .contains("pump");
        assertThat(done("list", "--where", "reason=certificateHold", "--csv", "-d", pki))
                .contains("pump,device,held,", ",certificateHold,");
        Map<?, ?> inspected = (Map<?, ?>) ((List<?>) Json.read(done("inspect", "pump", "--json", "-d", pki))).get(0);
        assertThat(inspected.get("state")).isEqualTo("held");
        assertThat(inspected.get("reason")).isEqualTo("certificateHold");
        assertThat(done("inspect", list, "-d", pki).toLowerCase(java.util.Locale.ROOT))
                .contains(serial("pump"));
        assertThat(done("doctor", "--crypto-inventory", "-d", pki)).contains(",held,");
        CertsCalls.Answer verified = certs("verify", leaf, "--crl", list, "-d", pki);
        assertThat(verified.exitCode()).isEqualTo(4);
        assertThat(verified.err()).contains("CERT_REVOKED: " + serial("pump") + " is on hold since ");
        assertThat(run(0, "openssl", "crl", "-in", list, "-noout", "-text")).contains("Certificate Hold");
        assertThat(ocsp(leaf)).contains(leaf + ": revoked", "Reason: certificateHold");
        assertThat(certs("device", "pump", "-d", pki).err())
                .startsWith("certs: error[POLICY] ")
                .contains("on hold", "certs release pump");
        assertThat(certs("renew", "pump", "-d", pki).exitCode()).isEqualTo(4);
        assertThat(done("audit", "export", "--json", "-d", pki)).contains("certificateHold");

        Map<?, ?> released = json(done("release", "--serial", serial("pump"), "--json", "-d", pki));
        assertThat(released.get("released").toString()).contains("pump", serial("pump"));
        assertThat(state("pump")).isEqualTo("active");
        done("verify", leaf, "--crl", list, "-d", pki);
        assertThat(ocsp(leaf)).contains(leaf + ": good");
        assertThat(done("audit", "export", "--json", "-d", pki)).contains("\"release\"");
        done("audit", "verify", "-d", pki);
        done("crl", "--check", "-d", pki);
    }

    private static String ocsp(Path leaf) throws Exception {
        return new OpensslResponder(pki, temp.resolve("responder")).ask(leaf);
    }

    @Test
    void release_ofWhatIsNotOnHold_isRefusedWithWhy_andChangesNothing() {
        done("revoke", "valve", "--reason", "certificateHold", "--no-publish", "-d", pki);
        CertsCalls.Answer stolen = certs("release", "valve", "stolen", "-d", pki);
        assertThat(stolen.exitCode()).isEqualTo(4);
        assertThat(stolen.err())
                .startsWith("certs: error[POLICY] \"stolen\", serial ")
                .contains("revoked for keyCompromise: that cannot be undone; issue a new one")
                .hasLineCount(1);
        assertThat(state("valve")).isEqualTo("held");
        assertThat(certs("release", "meter", "-d", pki).err()).contains("\"meter\"", "not on hold");
        assertThat(certs("release", "nobody", "-d", pki).exitCode()).isEqualTo(5);
        assertThat(certs("release", "-d", pki).exitCode()).isEqualTo(2);
        assertThat(done("revoke", "stolen", "--reason", "certificateHold", "-d", pki))
                .contains("revoked or on hold before; nothing changed");
        assertThat(state("stolen")).isEqualTo("revoked");

        assertThat(done("revoke", "valve", "--reason", "superseded", "--no-publish", "-d", pki))
                .contains("revoked for good, after a hold: device \"valve\"");
        assertThat(state("valve")).isEqualTo("revoked");
        assertThat(certs("release", "valve", "-d", pki).exitCode()).isEqualTo(4);
        done("crl", "-d", pki);
    }
}
