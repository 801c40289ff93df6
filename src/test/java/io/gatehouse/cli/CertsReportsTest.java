package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Doctor;
import io.gatehouse.pki.TestRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code certs doctor} says to auditors. */
class CertsReportsTest {
    @TempDir
    private static Path temp;

    private static Path pki;

    @BeforeAll
    static void anAuthority() throws Exception {
        pki = CertsCalls.authority(temp.resolve("pki"));
        done("server", "broker", "--dns", "localhost", "--algo", "rsa3072", "-d", pki);
        done("device", "pump", "-d", pki);
        done("device", "pump", "--replace", "-d", pki);
        done("device", "first", "--factory", "-d", pki);
        Files.write(temp.resolve("own.csr"), TestRequest.of("own").der());
        done("sign", temp.resolve("own.csr"), "-d", pki);
        done("token", "new", "later", "-d", pki);
        done("revoke", "own", "-d", pki);
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> inventory() throws Exception {
        return (List<Map<String, Object>>) Json.read(done("doctor", "--crypto-inventory", "-d", pki, "--json"));
    }

    private static List<Map<String, Object>> of(String kind, String name) throws Exception {
        return inventory().stream()
                .filter(row -> row.get("kind").equals(kind) && row.get("name").equals(name))
                .toList();
    }

    @Test
    void cryptoInventory_hasEveryKeyAndCertificate() throws Exception {
        List<String> names = inventory().stream()
                .map(row -> row.get("kind") + " " + row.get("name"))
                .toList();
        assertThat(names)
                .containsExactlyInAnyOrder(
                        "certificate root authority",
                        "key root authority",
                        "certificate device authority",
                        "key device authority",
                        "certificate server authority",
                        "key server authority",
                        "list device authority",
                        "list server authority",
                        "hash journal",
                        "secret passphrase",
                        "secret later",
                        "certificate broker",
                        "key broker",
                        "certificate pump",
                        "key pump",
                        "certificate pump",
                        "key pump",
                        "certificate first",
                        "key first",
                        "certificate own",
                        "key own");
        assertThat(of("key", "root authority").get(0))
                .containsEntry("algorithm", "EC P-384")
                .containsEntry("bits", 384)
                .containsEntry("use", "keyCertSign cRLSign")
                .containsEntry("protection", "PBES2: scrypt N=131072 r=8 p=1; AES-256-CBC");
        assertThat(of("certificate", "broker").get(0))
                .containsEntry("algorithm", "RSA of 3072 bits")
                .containsEntry("bits", 3072)
                .containsEntry("use", "serverAuth")
                .containsEntry("signature", "SHA256withECDSA")
                .containsEntry("place", pki.resolve("out/broker/cert.pem").toString());
        // the first of two is not in the folder any more
        assertThat(of("key", "pump"))
                .extracting(row -> row.get("place"))
                .containsExactly(
                        "with its holder", pki.resolve("out/pump/key.pem").toString());
        assertThat(of("certificate", "pump"))
                .extracting(row -> row.get("state"))
                .containsExactly("superseded", "active");
        assertThat(of("key", "own").get(0)).containsEntry("state", "revoked").containsEntry("place", "with its holder");
        assertThat(of("key", "first").get(0))
                .containsEntry("not_after", "")
                .containsEntry("protection", "mode rw-------, not encrypted");
        assertThat(Files.readString(pki.resolve("passphrase")).strip())
                .satisfies(secret -> assertThat(inventory().toString()).doesNotContain(secret));
    }

    @Test
    void cryptoInventory_asATable_saysTheSame() throws Exception {
        List<String> lines =
                done("doctor", "--crypto-inventory", "-d", pki).lines().toList();
        assertThat(lines.get(0))
                .isEqualTo("kind,name,use,algorithm,bits,signature,state,not_after,serial,protection,place");
        assertThat(lines).hasSize(inventory().size() + 1);
        assertThat(lines)
                .anyMatch(line -> line.startsWith("key,first,clientAuth,EC P-256,256,,active,,")
                        && line.contains("\"mode rw-------, not encrypted\""));
        Path pbkdf2 = temp.resolve("pbkdf2");
        done("init", "--generate-passphrase", "--kdf", "pbkdf2", "--root-offline", temp.resolve("usb"), "-d", pbkdf2);
        assertThat(done("doctor", "--crypto-inventory", "-d", pbkdf2))
                .contains("PBES2: PBKDF2 HMAC-SHA256 600000 times; AES-256-CBC", "not here: kept elsewhere");
        assertThat(certs("doctor", "--crypto-inventory", "-d", temp.resolve("none"))
                        .exitCode())
                .isEqualTo(5);
        assertThat(certs("doctor", "--crypto-inventory", "--cra", "-d", pki).exitCode())
                .isEqualTo(2);
    }

    /** "Met" is said of nothing that no test shows, and what is named as proof is there. */
    @Test
    void cra_namesOnlyProofThatIsThere() throws Exception {
        Set<String> sources;
        try (var files = Files.walk(Path.of("src/test/java/io/gatehouse"))) {
            sources = files.map(Path::toString)
                    .filter(file -> file.endsWith(".java"))
                    .collect(Collectors.toSet());
        }
        List<CraReport.Item> items = CraReport.items();
        for (CraReport.Item item : items) {
            assertThat(item.standing()).isIn("met", "partly", "operator", "missing");
            assertThat(item.does()).as(item.item()).endsWith(".");
            assertThat(item.operator()).as(item.item()).endsWith(".");
            long tests = 0;
            for (String proof : item.proof()) {
                boolean test = sources.stream().anyMatch(file -> file.endsWith("/" + proof + ".java"));
                assertThat(test || Files.exists(Path.of(proof)))
                        .as(item.item() + ": " + proof)
                        .isTrue();
                tests += test ? 1 : 0;
            }
            assertThat(item.proof()).as(item.item()).isNotEmpty();
            assertThat(item.standing().equals("met") && tests == 0)
                    .as(item.item())
                    .isFalse();
        }
        assertThat(items)
                .extracting(CraReport.Item::item)
                .containsExactly(
                        "I (1)",
                        "I (2)(a)",
                        "I (2)(b)",
                        "I (2)(c)",
                        "I (2)(d)",
                        "I (2)(e)",
                        "I (2)(f)",
                        "I (2)(g)",
                        "I (2)(h)",
                        "I (2)(i)",
                        "I (2)(j)",
                        "I (2)(k)",
                        "I (2)(l)",
                        "I (2)(m)",
                        "II (1)",
                        "II (2)",
                        "II (3)",
                        "II (4)",
                        "II (5)",
                        "II (6)",
                        "II (7)",
                        "II (8)");
    }

    @Test
    void cra_needsNoAuthority_andIsNoDeclaration() throws Exception {
        String said = done("doctor", "--cra", "-d", temp.resolve("none"));
        assertThat(said).contains("no legal advice", "[missing]", "  you:  ");
        Map<String, Object> document = Json.object(done("doctor", "--cra", "--json"));
        assertThat((List<?>) document.get("items")).hasSameSizeAs(CraReport.items());
    }

    @Test
    void doctor_withAClockThatWentBack_saysSo() throws Exception {
        assertThat(Doctor.examine(pki, Instant.now())).noneMatch(finding -> finding.contains("the clock says"));
        assertThat(Doctor.examine(pki, Instant.now().minus(Duration.ofDays(2))))
                .anyMatch(finding -> finding.contains("the clock says"));
    }
}
