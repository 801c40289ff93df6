package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.done;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The rules of {@code certs batch}, and what it goes on from. */
class CertsFleetTest {
    @TempDir
    private Path temp;

    private Path pki;

    /** Made once, and copied for each test: its keys cost the most of the time. */
    @TempDir
    private static Path made;

    @BeforeAll
    static void makeAnAuthority() {
        done("init", "--generate-passphrase", "-d", made.resolve("pki"));
    }

    @BeforeEach
    void anAuthority() throws Exception {
        pki = temp.resolve("pki");
        CertsCalls.run(0, "cp", "-a", made.resolve("pki"), pki);
    }

    private Path table(String text) throws Exception {
        return Files.writeString(temp.resolve("fleet.csv"), text);
    }

    /** What a power cut leaves of files that the disk had not yet, and what a hand may have mixed up. */
    @Test
    void batch_resumed_makesAgainWhatHasNoWholeKey() throws Exception {
        Path out = temp.resolve("fleet");
        Path table = table("id\nempty\nzeros\ncut\nmissing\nother\nwhole\n");
        done("batch", table, "-o", out, "-d", pki);
        byte[] key = Files.readAllBytes(out.resolve("zeros/key.pem"));
        Files.write(out.resolve("empty/key.pem"), new byte[0]);
        Files.write(out.resolve("zeros/key.pem"), new byte[key.length]);
        Files.write(out.resolve("cut/key.pem"), java.util.Arrays.copyOf(key, key.length / 2));
        Files.delete(out.resolve("missing/key.pem"));
        Files.copy(
                out.resolve("whole/key.pem"),
                out.resolve("other/key.pem"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThat(done("batch", table, "-o", out, "--resume", "-d", pki))
                .contains("issued 5, kept 1 of an earlier run");
        assertThat(done("batch", table, "-o", out, "--resume", "-d", pki))
                .contains("issued 0, kept 6 of an earlier run");
        List<String> left = new ArrayList<>();
        try (var all = Files.list(out)) {
            all.forEach(one -> left.add(one.getFileName().toString()));
        }
        assertThat(left)
                .containsExactlyInAnyOrder("empty", "zeros", "cut", "missing", "other", "whole", "manifest.csv");
    }
}
