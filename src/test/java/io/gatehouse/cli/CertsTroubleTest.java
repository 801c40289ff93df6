package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static io.gatehouse.cli.CertsCalls.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.StoredPassphrase;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code gatehouse certs} says, and leaves, when another process has the authority and when the disk is full. */
class CertsTroubleTest {
    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

    @TempDir
    private Path temp;

    private static int issued(Path pki) throws Exception {
        return Authority.view(pki).items().size();
    }

    @Test
    void command_whileAnotherProcessHasTheAuthority_exits6_andIssuesNothing() throws Exception {
        Path pki = temp.resolve("pki");
        done("init", "--generate-passphrase", "-d", pki);
        int before = issued(pki);
        try (Authority held = Authority.open(pki, StoredPassphrase.beside(pki), Clock.systemUTC())) {
            String said = run(
                    6,
                    JAVA,
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "-cp",
                    System.getProperty("java.class.path"),
                    "io.gatehouse.cli.Main",
                    "certs",
                    "device",
                    "pump-7",
                    "-d",
                    pki);
            assertThat(said).contains("error[LOCKED]", "another process").doesNotContain("\tat ");
            assertThat(held.issuedCount()).isEqualTo(before);
        }
        assertThat(issued(pki)).isEqualTo(before);
        done("audit", "verify", "-d", pki);
        done("device", "pump-7", "-d", pki);
        assertThat(issued(pki)).isEqualTo(before + 1);
    }

    @Test
    void command_onAFullDisk_exits1_issuesNothing_andIsDoneWhenThereIsRoom() throws Exception {
        Path disk = smallDisk();
        try {
            Path pki = disk.resolve("pki");
            done("init", "--generate-passphrase", "-d", pki);
            int before = issued(pki);
            Path ballast = disk.resolve("ballast");
            fill(ballast);
            // what is left of a page of the journal takes a few
            CertsCalls.Answer answer = certs("device", "pump-0", "-d", pki);
            for (int i = 1; i < 20 && answer.exitCode() == 0; i++) {
                answer = certs("device", "pump-" + i, "-d", pki);
            }
            assertThat(answer.exitCode()).as(answer.out() + answer.err()).isEqualTo(1);
            assertThat(answer.err().lines()).hasSizeLessThanOrEqualTo(2);
            assertThat(answer.err()).containsIgnoringCase("space").doesNotContain("\tat ");
            int whole = issued(pki);
            assertThat(whole).isBetween(before, before + 19);

            Files.delete(ballast);
            done("audit", "verify", "-d", pki);
            done("device", "pump-20", "-d", pki);
            assertThat(issued(pki)).isEqualTo(whole + 1);
            List<BigInteger> serials = Authority.view(pki).items().stream()
                    .map(item -> item.serial())
                    .toList();
            assertThat(serials).doesNotHaveDuplicates();
        } finally {
            run(0, "umount", "-l", disk);
        }
    }

    /** The authority has room, and the place of the files has none. */
    @Test
    void command_whoseFilesGoToAFullDisk_leavesNoCertificateWithoutAKey() throws Exception {
        Path disk = smallDisk();
        try {
            Path pki = temp.resolve("pki");
            done("init", "--generate-passphrase", "-d", pki);
            Path ballast = disk.resolve("ballast");
            fill(ballast);
            for (List<Object> line : List.<List<Object>>of(
                    List.of("device", "pump", "-o", disk.resolve("a/pump"), "-d", pki),
                    List.of("server", "eu", "--dns", "eu.example.com", "--install", disk.resolve("tls"), "-d", pki))) {
                CertsCalls.Answer refused = certs(line.toArray());
                assertThat(refused.exitCode()).as(refused.err()).isEqualTo(1);
                assertThat(refused.err())
                        .startsWith("certs: error[IO] " + disk)
                        .containsIgnoringCase("space")
                        .contains("Nothing was issued. Make room there");
            }
            assertThat(issued(pki)).isZero();
            assertThat(disk.toFile().list()).containsExactly("ballast");
            Files.delete(ballast);
            done("device", "pump", "-o", disk.resolve("a/pump"), "-d", pki);

            // room for the first group of a fleet, and not for the second
            StringBuilder rows = new StringBuilder("id\n");
            for (int i = 0; i < 300; i++) {
                rows.append("unit-").append(i).append('\n');
            }
            Path table = Files.writeString(temp.resolve("fleet.csv"), rows);
            Path out = disk.resolve("fleet.tar");
            CertsCalls.Answer full = certs("batch", table, "-o", out, "-d", pki);
            assertThat(full.exitCode()).as(full.out() + full.err()).isEqualTo(1);
            assertThat(full.err()).containsIgnoringCase("space").contains("Make room, and continue with --resume");
            int before = issued(pki);
            assertThat(before).isGreaterThan(1);
            run(0, "mount", "-o", "remount,size=8m", disk);
            String said = done("batch", table, "-o", out, "--resume", "-d", pki);
            assertThat(said).contains("that the earlier run did not come to write");
            long inForce = Authority.view(pki).items().stream()
                    .filter(item -> item.id().startsWith("unit-") && item.revokedAt() == null)
                    .count();
            assertThat(inForce).isEqualTo(300);
            assertThat(run(0, "sh", "-c", "tar -tf " + out + " | grep -c key.pem")
                            .strip())
                    .isEqualTo("300");
            assertThat(disk.toFile().list()).containsExactlyInAnyOrder("a", "fleet.tar", "fleet.tar.manifest.csv");
        } finally {
            run(0, "umount", "-l", disk);
        }
    }

    /** A mebibyte, which the test unmounts. */
    private Path smallDisk() throws Exception {
        Path disk = Files.createDirectory(temp.resolve("disk"));
        boolean mounted = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", disk.toString())
                        .start()
                        .waitFor()
                == 0;
        assumeTrue(mounted, "SKIPPED: mounting a small disk needs root");
        return disk;
    }

    private static void fill(Path ballast) throws IOException {
        byte[] block = new byte[4096];
        try (OutputStream out = Files.newOutputStream(ballast)) {
            while (true) {
                out.write(block);
            }
        } catch (IOException full) {
            assertThat(full).hasMessageContaining("space");
        }
    }
}
