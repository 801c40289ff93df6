package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.StoredPassphrase;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code certs doctor} finds in an authority's folder, and what it mends. */
class CertsDoctorTest {
    private static final int FINDINGS = 9;

    @TempDir
    private Path temp;

    private Path pki;

    @BeforeEach
    void anAuthority() throws Exception {
        pki = CertsCalls.authority(Files.createDirectory(temp.resolve("pki")));
    }

    /** What is to be mended; nothing else is said on the output then. */
    private List<String> findings(Object... more) {
        Object[] line =
                Stream.concat(Stream.of("doctor", "-d", pki), Stream.of(more)).toArray();
        CertsCalls.Answer answer = certs(line);
        assertThat(answer.exitCode()).as(answer.out() + answer.err()).isEqualTo(FINDINGS);
        return answer.out().lines().toList();
    }

    // revocation lists

    @Test
    void lists_ofAnAuthorityThatNeverPublished_areNotMissed() {
        done("device", "pump-1", "-d", pki);
        assertThat(done("doctor", "-d", pki)).contains("all is well");
    }

    @Test
    void revocation_thatIsNotPublished_isSaidAsTheCheckOfTheListsSaysIt() throws Exception {
        done("device", "pump-1", "-d", pki);
        done("device", "pump-2", "-d", pki);
        done("revoke", "pump-1", "--no-publish", "-d", pki);
        assertThat(findings())
                .containsExactly(pki.resolve("crl/device.crl") + ": there is none. Run: gatehouse certs crl");

        done("crl", "-d", pki);
        assertThat(done("doctor", "-d", pki)).contains("all is well");
        Path older = Files.copy(pki.resolve("crl/device.crl"), temp.resolve("older"));
        done("revoke", "pump-2", "--reason", "certificateHold", "--no-publish", "-d", pki);
        List<String> found = findings();
        assertThat(found)
                .containsExactly(pki.resolve("crl/device.crl")
                        + ": 1 that the journal revoked are not in it. Run: gatehouse certs crl");
        assertThat(certs("crl", "--check", "-d", pki).out().lines()).containsExactlyElementsOf(found);

        done("crl", "-d", pki);
        done("release", "pump-2", "--no-publish", "-d", pki);
        assertThat(findings()).hasSize(1).first().asString().contains("1 in it were released since");
        Files.copy(older, pki.resolve("crl/device.crl"), StandardCopyOption.REPLACE_EXISTING);
        Files.delete(pki.resolve("crl/server.crl"));
        assertThat(findings())
                .containsExactly(pki.resolve("crl/server.crl") + ": there is none. Run: gatehouse certs crl");
    }

    // profiles

    @Test
    void profile_thatIsBroken_isFoundWithItsPlace_andOneThatNobodyReadsToo() throws Exception {
        Path profiles = Files.createDirectory(pki.resolve("profiles"));
        String good = done("profile", "device");
        Files.writeString(profiles.resolve("device.yaml"), good);
        Files.writeString(profiles.resolve(".device.yaml.swp"), "an editor's");
        assertThat(done("doctor", "-d", pki)).contains("all is well");

        String[] before = good.split("default: 397d", 2)[0].split("\n", -1);
        String at = before.length + ":" + (before[before.length - 1].length() + "default: ".length() + 1);
        Files.writeString(profiles.resolve("device.yaml"), good.replace("default: 397d", "default: soon"));
        Files.writeString(profiles.resolve("server.yaml"), good);
        Files.writeString(profiles.resolve("devise.yaml"), good);
        Files.writeString(profiles.resolve("node.yml"), good);

        List<String> found = findings();
        assertThat(found).hasSize(4);
        assertThat(found.get(0))
                .startsWith(profiles.resolve("device.yaml") + ":" + at + ": \"soon\" is not a time such as 397d")
                .contains("gatehouse certs profile device");
        assertThat(found.get(1)).startsWith(profiles.resolve("devise.yaml") + ": no profile is called so");
        assertThat(found.get(2)).startsWith(profiles.resolve("node.yml") + ": no profile is called so");
        assertThat(found.get(3))
                .startsWith(profiles.resolve("server.yaml") + ":1:1: it says profile: device, and is named otherwise");
        // what is said where something is issued
        CertsCalls.Answer refused = certs("device", "pump-1", "-d", pki);
        assertThat(refused.exitCode()).isEqualTo(3);
        assertThat(refused.err()).contains(profiles.resolve("device.yaml") + ":" + at + ": \"soon\" is not a time");
    }

    // keys

    @ParameterizedTest
    @ValueSource(strings = {"device", "server"})
    void key_thatIsGoneOrNotEncryptedOrDamaged_isFoundWithoutThePassphrase(String name) throws Exception {
        done("device", "pump-1", "-d", pki);
        Files.delete(pki.resolve("passphrase"));
        Files.delete(pki.resolve("ca/root.key")); // as that of one that is kept elsewhere
        assertThat(done("doctor", "-d", pki)).contains("all is well", "with the passphrase only");
        Path key = pki.resolve("ca/" + name + ".key");
        String whole = Files.readString(key);

        Files.delete(key);
        assertThat(findings())
                .hasSize(1)
                .first()
                .asString()
                .startsWith(key + ": no such file")
                .contains("certs restore");
        write(key, Files.readString(pki.resolve("out/pump-1/key.pem")));
        assertThat(findings())
                .containsExactly(key + ": not an encrypted private key (PKCS#8). Restore it from a backup");
        for (String damaged : List.of(
                whole.substring(0, 150), whole.replaceFirst("\nM", "\n?"), whole.replaceFirst("\nM...", "\nAAAA"))) {
            write(key, damaged);
            assertThat(findings())
                    .containsExactly(key + ": the private key in it is cut short or damaged. Restore it from a backup");
            CertsCalls.Answer crypto = certs("doctor", "--crypto-inventory", "-d", pki);
            assertThat(crypto.exitCode()).isEqualTo(10);
            assertThat(crypto.err()).hasLineCount(1).contains("the private key in it is cut short or damaged");
        }
    }

    private static void write(Path key, String text) throws Exception {
        Files.deleteIfExists(key);
        Files.createFile(key, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(key, text);
    }

    @Test
    void key_ofAnotherCertificate_isFoundWithThePassphrase_forWhichNobodyIsAsked() throws Exception {
        Path ca = pki.resolve("ca");
        Files.copy(ca.resolve("server.key"), ca.resolve("device.key"), StandardCopyOption.REPLACE_EXISTING);
        String anothers = ca.resolve("device.key") + ": not the key of " + ca.resolve("device.crt")
                + ". Restore both from a backup: gatehouse certs restore";
        assertThat(findings()).containsExactly(anothers);
        Path elsewhere = Files.move(pki.resolve("passphrase"), temp.resolve("passphrase"));
        assertThat(done("doctor", "-d", pki)).contains("with the passphrase only");
        assertThat(findings("--passphrase-file", elsewhere)).containsExactly(anothers);
        Files.copy(ca.resolve("server.key"), ca.resolve("root.key"), StandardCopyOption.REPLACE_EXISTING);
        assertThat(findings("--passphrase-file", elsewhere)).hasSize(2).contains(anothers);

        Files.writeString(elsewhere, "another passphrase\n");
        assertThat(findings("--passphrase-file", elsewhere))
                .hasSize(3)
                .allSatisfy(one -> assertThat(one).contains(".key: the passphrase does not open it"));
        assertThat(certs("doctor", "-d", pki, "--passphrase-file", temp.resolve("none"))
                        .exitCode())
                .isEqualTo(5);
    }

    @Test
    void passphrase_thatCannotBeUsed_isOneFinding() throws Exception {
        Path file = pki.resolve("passphrase");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(findings()).containsExactly(file + ": others can read it. Run: chmod 600 " + file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        Files.writeString(file, "");
        assertThat(findings()).containsExactly(file + ": no passphrase in its first line");
    }

    // the index

    @Test
    void rebuild_makesTheIndexAnew_underTheLock() throws Exception {
        done("device", "pump-1", "-d", pki);
        done("device", "pump-2", "-d", pki);
        Path index = pki.resolve("index");
        Files.writeString(index, "torn");
        String list = done("list", "-d", pki);

        assertThat(done("doctor", "--rebuild", "-d", pki))
                .startsWith("wrote " + index + " (2 certificates of 3 lines of the journal)");

        assertThat(Files.readString(index, StandardCharsets.ISO_8859_1)).startsWith("GHINDEX");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(index)))
                .isEqualTo("rw-------");
        assertThat(done("list", "-d", pki)).isEqualTo(list);
        assertThat(done("doctor", "-d", pki)).contains("all is well");
        assertThat(Json.object(done("doctor", "--rebuild", "--json", "-d", pki)))
                .containsEntry("files", List.of(index.toString()));
        try (Authority held = Authority.open(pki, StoredPassphrase.beside(pki), Clock.systemUTC())) {
            assertThat(held.issuedCount()).isEqualTo(2);
            assertThat(certs("doctor", "--rebuild", "-d", pki).exitCode())
                    .as("in use")
                    .isEqualTo(6);
        }
    }

    @Test
    void rebuild_ofWhatIsDamagedOrOthersCanWrite_isRefusedAndWritesNothing() throws Exception {
        done("device", "pump-1", "-d", pki);
        Path journal = pki.resolve("journal");
        String whole = Files.readString(journal);
        Files.writeString(journal, whole.replace("\tpump-1\t", "\tpump-7\t"));
        CertsCalls.Answer damaged = certs("doctor", "--rebuild", "-d", pki);
        assertThat(damaged.exitCode()).isEqualTo(10);
        assertThat(damaged.err()).hasLineCount(1).contains(journal + ":2: the journal was changed here");
        Files.writeString(journal, whole);
        Files.setPosixFilePermissions(pki, PosixFilePermissions.fromString("rwxrwx---"));
        CertsCalls.Answer open = certs("doctor", "--rebuild", "-d", pki);
        assertThat(open.exitCode()).isEqualTo(4);
        assertThat(open.err()).contains("chmod 700 " + pki);
        assertThat(pki.resolve("index")).doesNotExist();
        assertThat(certs("doctor", "--rebuild", "--cra", "-d", pki).exitCode()).isEqualTo(2);
        assertThat(certs("doctor", "--rebuild", "-d", temp.resolve("none")).exitCode())
                .isEqualTo(5);
    }
}
