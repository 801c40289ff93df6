package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.done;
import static io.gatehouse.cli.CertsCalls.installed;
import static io.gatehouse.cli.CertsCalls.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What BoringSSL makes and what Java makes are the same: each goes on with the other's authority. */
final class CertsLibrariesTest {
    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");
    private static final String IN_JAVA = "-Dgatehouse.certs.native=false";

    @TempDir
    private Path temp;

    private Path pki;
    private Path passphrase;

    @BeforeEach
    void writePassphrase() throws IOException {
        pki = temp.resolve("pki");
        passphrase = Files.createFile(
                temp.resolve("passphrase"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(passphrase, "gr\u00fcne G\u00e4nse \u2713\n"); // derived from its bytes in UTF-8 by both
    }

    /** The command of a process of its own: the library is chosen once in each. */
    private List<Object> certs(String flag, Object... arguments) {
        List<Object> command = new ArrayList<>(
                List.of(JAVA, flag, "-cp", System.getProperty("java.class.path"), "io.gatehouse.cli.Main", "certs"));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-d", pki));
        return command;
    }

    private String inJava(int expected, Object... arguments) throws Exception {
        return run(expected, certs(IN_JAVA, arguments).toArray());
    }

    @ParameterizedTest
    @CsvSource({"p256,scrypt", "rsa3072,scrypt", "p384,pbkdf2"})
    void anAuthority_isOpenedByTheOtherLibrary(String algorithm, String derivation) throws Exception {
        assumeTrue(installed("openssl"));
        done("init", "-d", pki, "--passphrase-file", passphrase, "--algo", algorithm, "--kdf", derivation);
        Files.writeString(temp.resolve("fleet.csv"), "id\npump-1\npump-2\n");

        Path ours = temp.resolve("ours");
        Path java = temp.resolve("java");
        done("batch", temp.resolve("fleet.csv"), "-d", pki, "--passphrase-file", passphrase, "-o", ours);
        Files.writeString(temp.resolve("fleet.csv"), "id\npump-3\npump-4\n");
        inJava(0, "batch", temp.resolve("fleet.csv"), "--passphrase-file", passphrase, "-o", java);

        for (Path device : List.of(ours.resolve("pump-1"), ours.resolve("pump-2"), java.resolve("pump-3"))) {
            verify(device);
        }
        assertThat(done("list", "-d", pki)).contains("pump-1", "pump-4");
    }

    @Test
    void anAuthorityMadeInJava_isOpenedByBoringSsl() throws Exception {
        assumeTrue(installed("openssl"));
        inJava(0, "init", "--passphrase-file", passphrase);
        done("device", "pump-1", "-d", pki, "--passphrase-file", passphrase, "-o", temp.resolve("pump-1"));
        verify(temp.resolve("pump-1"));

        Files.writeString(passphrase, "another\n");
        assertThat(CertsCalls.certs("device", "pump-2", "-d", pki, "--passphrase-file", passphrase))
                .satisfies(answer -> {
                    assertThat(answer.exitCode()).isEqualTo(7);
                    assertThat(answer.err()).contains("error[PASSPHRASE]").hasLineCount(1);
                });
        assertThat(inJava(7, "device", "pump-2", "--passphrase-file", passphrase))
                .contains("error[PASSPHRASE]");
    }

    @Test
    void doctor_namesTheLibraryAndWhyItIsNotTheOther() throws Exception {
        done("init", "-d", pki, "--passphrase-file", passphrase);
        assertThat(done("doctor", "-d", pki)).contains("keys and signatures are made by BoringSSL (Conscrypt 2.");
        assertThat(inJava(0, "doctor")).contains("made by Java (BouncyCastle), as gatehouse.certs.native says");

        String unknown = "-Dos.arch=abacus"; // it brings no library for that processor
        assertThat(run(0, certs(unknown, "doctor").toArray()))
                .contains("made by Java (BouncyCastle), for BoringSSL cannot be loaded here: ");
        run(
                0,
                certs(unknown, "device", "pump-1", "--passphrase-file", passphrase)
                        .toArray());
        assertThat(done("list", "-d", pki)).contains("pump-1");
    }

    /** What was made is a certificate of this authority, and the key beside it its key; read by others only as it should be. */
    private void verify(Path device) throws Exception {
        run(
                0,
                "openssl",
                "verify",
                "-x509_strict",
                "-CAfile",
                device.resolve("ca.pem"),
                "-untrusted",
                device.resolve("cert.pem"),
                device.resolve("cert.pem"));
        String key = run(0, "openssl", "pkey", "-in", device.resolve("key.pem"), "-pubout");
        String certified = run(0, "openssl", "x509", "-in", device.resolve("cert.pem"), "-pubkey", "-noout");
        assertThat(key).isEqualTo(certified);
        assertThat(Files.getPosixFilePermissions(device.resolve("key.pem")))
                .isEqualTo(Set.copyOf(PosixFilePermissions.fromString("rw-------")));
    }
}
