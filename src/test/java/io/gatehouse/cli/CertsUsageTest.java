package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static io.gatehouse.cli.CertsCalls.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.pki.TestRequest;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How {@code certs} behaves whatever it is told: what it asks for, how it fails, what it says at the end. */
class CertsUsageTest {
    @TempDir
    private static Path temp;

    private static Path pki;

    @BeforeAll
    static void anAuthority() {
        pki = temp.resolve("pki");
        done("init", "--generate-passphrase", "--trust-domain", "acme.example", "-d", pki);
    }

    /** As a process of its own, without a terminal and with an environment. */
    private record Ended(int exitCode, String out, String err) {}

    private static Ended process(Map<String, String> environment, Object... arguments) throws Exception {
        Path out = Files.createTempFile(temp, "out", "");
        Path err = Files.createTempFile(temp, "err", "");
        ProcessBuilder builder = CertsCalls.process(arguments)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    @Test
    void passphrase_withoutATerminal_isNeverAskedFor() throws Exception {
        Path folder = temp.resolve("asked");
        Ended asked = process(Map.of(), "init", "-d", folder);
        assertThat(asked.exitCode()).isEqualTo(2);
        assertThat(asked.err()).startsWith("certs: error[USAGE] no terminal to ask for the passphrase on");
        assertThat(folder.resolve("ca")).doesNotExist();

        Map<String, String> environment = Map.of("MY_CA", "correct horse battery");
        assertThat(process(environment, "init", "--passphrase-env", "MY_CA", "-d", folder)
                        .exitCode())
                .isZero();
        Ended device = process(environment, "device", "pump", "--passphrase-env", "MY_CA", "-d", folder);
        assertThat(device.err()).isEmpty();
        assertThat(device.exitCode()).isZero();
        assertThat(device.out()).doesNotContain("correct horse");
        Ended wrong = process(
                Map.of("MY_CA", "wrong horse battery"), "device", "x", "--passphrase-env", "MY_CA", "-d", folder);
        assertThat(wrong.exitCode()).isEqualTo(7);
        assertThat(wrong.err()).startsWith("certs: error[PASSPHRASE] ").doesNotContain("horse");
    }

    @Test
    void folder_ofSomebodyElse_isNotUsed() throws Exception {
        Ended other = process(Map.of("JAVA_TOOL_OPTIONS", "-Duser.name=somebody"), "device", "x", "-d", pki);
        assertThat(other.exitCode()).isEqualTo(4);
        assertThat(other.err()).contains("certs: error[POLICY] " + pki + ": belongs to \"", "run this as that user");
        assertThat(done("list", "--id", "x", "-d", pki)).startsWith("0 ");
    }

    @Test
    void passphrase_ofTwoSources_isRefused() {
        assertThat(certs("device", "x", "--passphrase-env", "A", "--passphrase-fd", "3", "-d", pki)
                        .exitCode())
                .isEqualTo(2);
        assertThat(certs("device", "x", "--passphrase-env", "GATEHOUSE_NOT_THERE", "-d", pki)
                        .err())
                .startsWith("certs: error[USAGE] --passphrase-env: there is no variable");
    }

    @Test
    void init_withATrustDomain_putsItInTheUris() throws Exception {
        done("device", "pump", "-d", pki);
        assertThat(run(
                        0,
                        "openssl",
                        "x509",
                        "-in",
                        pki.resolve("out/pump/cert.pem"),
                        "-noout",
                        "-ext",
                        "subjectAltName"))
                .contains("URI:spiffe://acme.example/device/pump");
        for (List<String> wrong : List.of(
                List.of("--trust-domain", "Acme Example"), List.of("--trust-domain", "a", "--san-uri", "urn:{id}"))) {
            List<Object> line = new ArrayList<>(List.of("init", "--generate-passphrase", "-d", temp.resolve("wrong")));
            line.addAll(wrong);
            assertThat(certs(line.toArray()).exitCode()).as(wrong.toString()).isEqualTo(2);
        }
        assertThat(temp.resolve("wrong")).doesNotExist();
    }

    @Test
    void init_amongOtherFiles_asks_andYesAnswers() throws Exception {
        Path folder = Files.createDirectory(temp.resolve("home"));
        for (String name : List.of("a.txt", "b.txt", "c.txt", "d.txt", "e.txt", "f.txt", ".hidden")) {
            Files.createFile(folder.resolve(name));
        }
        Files.createDirectory(folder.resolve("profiles"));
        CertsCalls.Answer refused = certs("init", "--generate-passphrase", "-d", folder);
        assertThat(refused.exitCode()).isEqualTo(3);
        assertThat(refused.err())
                .isEqualTo(
                        "certs: error[INPUT] " + folder + " holds other files: a.txt, b.txt, c.txt, d.txt, e.txt and 1"
                                + " more. Name a folder of its own with --dir, or say --yes\n");
        if (CertsCalls.installed("script")) {
            assertThat(CertsCalls.onATerminal("n", "init", "--generate-passphrase", "-d", folder))
                    .contains("Make the authority there all the same? [y/N]", "nothing was made");
        }
        assertThat(folder.resolve("passphrase")).doesNotExist();
        Ended asked = process(Map.of(), "init", "--yes", "-d", folder); // no passphrase is made up
        assertThat(asked.exitCode()).isEqualTo(2);
        assertThat(asked.err()).contains("no terminal to ask for the passphrase on");
        assertThat(folder.resolve("ca")).doesNotExist();
        assertThat(done("init", "--generate-passphrase", "--yes", "-d", folder))
                .contains("next: gatehouse certs server");
        CertsCalls.Answer again = certs("init", "--generate-passphrase", "--yes", "-d", folder);
        assertThat(again.exitCode()).isEqualTo(3);
        assertThat(again.err()).contains("holds an authority already; it is never overwritten");
    }

    @Test
    void init_whereKeysWouldBeLost_isRefused() throws Exception {
        Path medium = temp.resolve("medium");
        Path first = temp.resolve("first");
        done("init", "--generate-passphrase", "--root-offline", medium, "-d", first);
        byte[] key = Files.readAllBytes(medium.resolve("root.key"));
        CertsCalls.Answer second =
                certs("init", "--generate-passphrase", "--yes", "--root-offline", medium, "-d", temp.resolve("second"));
        assertThat(second.exitCode()).isEqualTo(3);
        assertThat(second.err())
                .contains(medium + "/root.key: is there already, and a root's key is never overwritten");
        assertThat(Files.readAllBytes(medium.resolve("root.key"))).isEqualTo(key);
        assertThat(temp.resolve("second")).doesNotExist();

        done("device", "pump", "-d", first);
        byte[] devices = Files.readAllBytes(first.resolve("ca/device.key"));
        Files.delete(first.resolve("ca/server.crt"));
        CertsCalls.Answer over = certs("init", "--generate-passphrase", "--yes", "-d", first);
        assertThat(over.exitCode()).isEqualTo(10);
        assertThat(over.err())
                .startsWith("certs: error[CORRUPT] " + first)
                .contains("server.crt is missing; its keys are not overwritten");
        assertThat(Files.readAllBytes(first.resolve("ca/device.key"))).isEqualTo(devices);
    }

    @Test
    void init_withARootAndItsKeyInOneOption_standsBelowIt() throws Exception {
        CertsCalls.root(temp.resolve("root.pem"), temp.resolve("root.key"), "-nodes");
        Path below = temp.resolve("below");
        done(
                "init",
                "--generate-passphrase",
                "--import-root",
                temp.resolve("root.pem"),
                temp.resolve("root.key"),
                "-d",
                below);
        assertThat(below.resolve("trust/root.pem").toFile()).exists();
        assertThat(run(0, "openssl", "x509", "-in", below.resolve("ca/device.crt"), "-noout", "-issuer"))
                .contains("Old Root");
        // the key of another, and a folder that others write into: nothing is left behind
        Path open = Files.createDirectory(temp.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwx---"));
        CertsCalls.Answer other = certs(
                "init",
                "--generate-passphrase",
                "--import-root",
                below.resolve("ca/device.crt"),
                temp.resolve("root.key"),
                "-d",
                temp.resolve("no"));
        assertThat(other.exitCode()).as(other.err()).isEqualTo(4);
        assertThat(temp.resolve("no")).doesNotExist();
        assertThat(certs("init", "--generate-passphrase", "-d", open).exitCode())
                .isEqualTo(4);
        assertThat(open).isEmptyDirectory();
        assertThat(certs(
                                "init",
                                "--generate-passphrase",
                                "--import-root",
                                temp.resolve("root.pem"),
                                "-d",
                                temp.resolve("no"))
                        .exitCode())
                .isEqualTo(2);
    }

    @Test
    void sign_showDiff_saysWhatWasTakenAndWhatNot() throws Exception {
        Path csr =
                Files.write(temp.resolve("signer.csr"), TestRequest.of("signer").der());
        CertsCalls.Answer signed = certs("sign", csr, "--profile", "ocsp", "--show-diff", "-d", pki);
        assertThat(signed.exitCode()).as(signed.err()).isZero();
        assertThat(signed.out())
                .contains(
                        "taken from the request: key EC P-256",
                        "taken from the request: subject CN=signer",
                        "ocsp-device");
        CertsCalls.Answer unknown = certs("sign", csr, "--profile", "shoe", "-d", pki);
        assertThat(unknown.exitCode()).isEqualTo(2);
        assertThat(unknown.err()).contains("'shoe' is not one of device, idevid");
        assertThat(done("list", "--profile", "ocsp-device", "-d", pki)).contains("signer");
    }

    /** Its hash is right, and no version of this program writes it. */
    @Test
    void journalLineOfNoKnownKind_isNamed() throws Exception {
        Path broken = temp.resolve("broken");
        done("init", "--generate-passphrase", "-d", broken);
        Path journal = broken.resolve("journal");
        List<String> lines = Files.readAllLines(journal);
        String last = lines.get(lines.size() - 1);
        String body = (lines.size() + 1) + "\t2026-01-01T00:00:00Z\tme\tdance\t-\tx\t-\t-\t-\t-\t"
                + last.substring(last.lastIndexOf('\t') + 1);
        String hash = HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest(body.getBytes(StandardCharsets.UTF_8)));
        Files.writeString(journal, body + "\t" + hash + "\n", StandardOpenOption.APPEND);
        CertsCalls.Answer answer = certs("list", "-d", broken);
        assertThat(answer.exitCode()).isEqualTo(10);
        assertThat(answer.err())
                .startsWith("certs: error[CORRUPT] " + journal + ":" + (lines.size() + 1) + ": ")
                .contains("dance")
                .doesNotContain("\tat ");
    }

    @Test
    void version_ofAnyCommand_isSaid() {
        String version = done("--version");
        assertThat(version).contains("gatehouse");
        assertThat(done("device", "--version")).isEqualTo(version);
        assertThat(done("token", "new", "--version")).isEqualTo(version);
    }

    @Test
    void inspect_aDeviceWithANumber_namesItInLetters() {
        done("device", "numbered", "--serial-number", "SN-7", "-d", pki);
        assertThat(done("inspect", "numbered", "-d", pki)).contains("serialNumber=SN-7");
    }

    @Test
    void batch_onCtrlC_finishesWhatItHoldsAndEndsWithEight() throws Exception {
        StringBuilder rows = new StringBuilder("id\n");
        for (int i = 0; i < 30_000; i++) {
            rows.append("n-").append(i).append('\n');
        }
        Path table = Files.writeString(temp.resolve("many.csv"), rows);
        Path tar = temp.resolve("many.tar");
        long before = Files.size(pki.resolve("journal"));
        Path err = temp.resolve("many.err");
        Path out = temp.resolve("many.out");
        Process batch = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.gatehouse.cli.Main",
                        "certs",
                        "batch",
                        table.toString(),
                        "-o",
                        tar.toString(),
                        "-d",
                        pki.toString())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> Files.size(pki.resolve("journal")) > before || !batch.isAlive());
        run(0, "kill", "-INT", batch.pid());
        assertThat(batch.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(batch.exitValue()).as(Files.readString(err)).isEqualTo(8);
        assertThat(Files.readString(err)).contains("certs: error[PARTIAL] stopped early. Go on with the same command");
        List<String> manifest = Files.readAllLines(temp.resolve("many.tar.manifest.csv"));
        assertThat(Files.readString(out)).startsWith("issued " + (manifest.size() - 1) + ", kept 0 ");
        assertThat(done("list", "--id", "n-*", "-d", pki)).contains((manifest.size() - 1) + " certificates");
        assertThat(manifest.size()).isBetween(2, 30_000);
    }

    @Test
    void progress_withoutATerminal_isALineEveryFiveSeconds() {
        StringWriter text = new StringWriter();
        AtomicLong nanoseconds = new AtomicLong();
        CertsProgress progress = CertsProgress.lines(50_000, new PrintWriter(text, true), nanoseconds::get);
        progress.accept(1_000); // of an earlier run
        for (int second = 1; second <= 12; second++) {
            nanoseconds.set(TimeUnit.SECONDS.toNanos(second));
            progress.accept(1_000 + second * 2_000);
        }
        nanoseconds.set(TimeUnit.SECONDS.toNanos(30));
        progress.accept(50_000);
        assertThat(text.toString().lines())
                .containsExactly(
                        "certs: 11000 of 50000, 2000 a second, 19 s left",
                        "certs: 21000 of 50000, 2000 a second, 14 s left");
    }
}
