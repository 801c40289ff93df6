package io.gatehouse.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An authority on a disk of its own that is filled to the last byte. Needs to mount one: skipped, and says so, where it may not. */
class AuthorityFullDiskTest {
    private static final char[] PASSPHRASE = "correct horse battery".toCharArray();

    @TempDir
    Path folder;

    private boolean mounted;

    @BeforeEach
    void mount() throws Exception {
        mounted = run("mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", folder.toString()) == 0;
        assumeTrue(mounted, "SKIPPED: mounting a small disk needs root");
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted) {
            assertThat(run("umount", "-l", folder.toString())).isZero();
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().readAllBytes();
        return process.waitFor();
    }

    @Test
    void issue_onAFullDisk_issuesNothing_andGoesOnWhenThereIsRoom() throws Exception {
        Path pki = folder.resolve("pki");
        Path ballast = folder.resolve("ballast");
        int before;
        try (Authority authority = Authority.create(pki, "Test", PASSPHRASE.clone(), Clock.systemUTC())) {
            authority.issueDevice("before", Duration.ofDays(1));
            before = authority.issuedCount();
            fill(ballast);
            assertThatThrownBy(() -> {
                        // what is left of a page takes a few
                        for (int i = 0; i < 50; i++) {
                            authority.issueDevice("full-" + i, Duration.ofDays(1));
                        }
                    })
                    .isInstanceOf(PkiProblem.class);
        }
        int whole = Authority.view(pki).items().size();
        assertThat(whole).isBetween(before, before + 49);

        Files.delete(ballast);
        try (Authority authority = Authority.open(pki, PASSPHRASE.clone(), Clock.systemUTC())) {
            assertThat(authority.issuedCount()).isEqualTo(whole);
            Issued after = authority.issueDevice("after", Duration.ofDays(1));
            assertThat(Authority.view(pki).items())
                    .hasSize(whole + 1)
                    .last()
                    .satisfies(item -> assertThat(item.serial())
                            .isEqualTo(after.certificate().getSerialNumber()));
        }
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
