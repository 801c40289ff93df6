package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that are cut short or damaged: one line with the place and the mend, and no words of a library. */
class CertsDamageTest {
    @TempDir
    private static Path once;

    private static Path pki;
    private static Path out;

    @TempDir
    private Path temp;

    @BeforeAll
    static void anAuthority() throws Exception {
        pki = CertsCalls.authority(Files.createDirectory(once.resolve("pki")));
        done("device", "pump-1", "-d", pki, "--format", "p12,jks");
        out = pki.resolve("out/pump-1");
    }

    private static String refused(int exitCode, Object... arguments) {
        CertsCalls.Answer answer = certs(arguments);
        assertThat(answer.exitCode()).as(answer.out() + answer.err()).isEqualTo(exitCode);
        assertThat(answer.err())
                .as("what libraries say")
                .hasLineCount(1)
                .doesNotContainIgnoringCase("exception")
                .doesNotContain("not found", "malformed", "base64", "java.", "null", "length =");
        return answer.err();
    }

    /** In each of the ways that files come to harm. */
    private static List<String> damaged(String pem) {
        return List.of(
                pem.substring(0, pem.length() / 2),
                pem.replaceFirst("\nM", "\n?"),
                pem.replaceFirst("\nM...", "\nAAAA"),
                pem.replaceFirst("(?s)\nM.*?\n", "\n"));
    }

    @Test
    void keyOfAHolder_damaged_isNamedByWhatExportsAndInspects() throws Exception {
        String key = Files.readString(out.resolve("key.pem"));
        for (String damaged : damaged(key)) {
            Path from = Files.createDirectory(temp.resolve("from-" + damaged.hashCode()));
            Files.copy(out.resolve("cert.pem"), from.resolve("cert.pem"));
            Files.copy(out.resolve("ca.pem"), from.resolve("ca.pem"));
            Path file = Files.writeString(from.resolve("key.pem"), damaged);
            assertThat(refused(3, "export", "pump-1", "--from", from, "--format", "pem", "-d", pki))
                    .startsWith("certs: error[INPUT] " + file + ": the private key in it is cut short, damaged or")
                    .contains("Copy it anew");
            assertThat(refused(3, "inspect", file))
                    .startsWith("certs: error[INPUT] " + file + ":")
                    .contains("Copy it anew");
        }
    }

    @Test
    void blockOfPem_damaged_isNamedWithItsLine() throws Exception {
        String chain = Files.readString(out.resolve("cert.pem"));
        int second = chain.indexOf("-----BEGIN", 1);
        long line = 1 + chain.substring(0, second).lines().count();
        Path file = Files.writeString(temp.resolve("chain.pem"), chain.substring(0, second + 200));
        assertThat(refused(3, "inspect", file))
                .isEqualTo("certs: error[INPUT] " + file + ":" + line
                        + ": a block of PEM is cut short or damaged. Copy it anew from where it was made\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"p12", "jks"})
    void store_damaged_isNamed(String form) throws Exception {
        byte[] whole = Files.readAllBytes(out.resolve("pump-1." + form));
        Path password = out.resolve("pump-1." + form + ".password");
        Path file = temp.resolve("store");
        for (int length : List.of(whole.length / 4, whole.length / 2, whole.length - 1)) {
            Files.write(file, Arrays.copyOf(whole, length));
            CertsCalls.Answer cut = certs("inspect", file, "--password-file", password);
            assertThat(cut.exitCode()).isIn(3, 7);
            assertThat(cut.err()).hasLineCount(1).startsWith("certs: error[").contains(file.toString());
        }
        for (int at = 8; at < whole.length; at += whole.length / 9) {
            byte[] changed = whole.clone();
            changed[at] ^= (byte) 0xFF;
            Files.write(file, changed);
            CertsCalls.Answer answer = certs("inspect", file, "--password-file", password);
            assertThat(answer.exitCode()).as("byte " + at + ": " + answer.err()).isIn(3, 7);
            assertThat(answer.err())
                    .hasLineCount(1)
                    .containsPattern("damaged|known here")
                    .doesNotContainIgnoringCase("exception");
        }
    }

    @Test
    void keyOfAnAuthority_damaged_isNamedByWhatIssues() throws Exception {
        Path own = CertsCalls.authority(Files.createDirectory(temp.resolve("pki")));
        Path file = own.resolve("ca/device.key");
        for (String damaged : damaged(Files.readString(file))) {
            Files.writeString(file, damaged);
            assertThat(refused(10, "device", "pump-2", "-d", own))
                    .startsWith("certs: error[CORRUPT] " + file + ": ")
                    .contains("damaged", "Restore it from a backup");
        }
        Files.write(file, new byte[] {(byte) 0xFF, (byte) 0xFE, 0});
        assertThat(refused(10, "device", "pump-2", "-d", own))
                .isEqualTo("certs: error[CORRUPT] " + file
                        + ": not an encrypted private key (PKCS#8). Restore it from a backup\n");
    }

    @Test
    void backup_cutShortOrChanged_isNamed_andNothingIsRestored() throws Exception {
        Path backup = temp.resolve("backup");
        done("backup", backup, "-d", pki);
        byte[] whole = Files.readAllBytes(backup);
        Path file = temp.resolve("damaged");
        Path into = temp.resolve("restored");
        Path passphrase = pki.resolve("passphrase");
        for (int length : List.of(10, 40, 50, 62)) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThat(refused(3, "restore", file, "-d", into, "--passphrase-file", passphrase))
                    .isEqualTo("certs: error[INPUT] " + file
                            + ": not a backup of an authority, or cut short. Give what gatehouse certs backup wrote\n");
        }
        for (int length : List.of(63, whole.length / 2, whole.length - 1)) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThat(refused(7, "restore", file, "-d", into, "--passphrase-file", passphrase))
                    .startsWith("certs: error[PASSPHRASE] " + file
                            + ": the passphrase does not open it, or it was changed");
        }
        assertThat(into).doesNotExist();
        assertThat(new String(whole, 0, 16, StandardCharsets.US_ASCII)).isEqualTo("GATEHOUSE-BACKUP");
    }
}
