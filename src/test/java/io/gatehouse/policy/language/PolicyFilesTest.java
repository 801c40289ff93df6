package io.gatehouse.policy.language;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatehouse.policy.PolicySet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which files are a policy, who may have written them, and what several of them come to. */
class PolicyFilesTest {
    private static final String GOOD = "version: 1\nroles: {r: {publish: [a]}}\nusers: {u: [r]}\n";

    @TempDir
    private Path folder;

    @Test
    void load_emptyFolder_staysClosedAndSaysHow() {
        assertThat(problems())
                .containsExactly(folder + "/: error P101: no policy files found. The broker stays closed: create "
                        + folder.resolve("10-main.yaml") + " or run \"gatehouse quickstart\".");
    }

    @ParameterizedTest
    @ValueSource(strings = {".10-a.yaml", "10-a.yaml~", "10-a.yaml.bak", "10-a.yml", "10-a.yaml.swp", "10-a.yaml.tmp"})
    void load_filesOfOtherNames_areNotRead(String name) throws IOException {
        write("10-main.yaml", GOOD);
        write(name, "not a policy");
        Files.createDirectory(folder.resolve("sub.yaml"));

        assertThat(load().problems()).isEmpty();
        assertThat(load().texts()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"rw-rw-rw-, 0666", "rw-rw-r--, 0664", "rwxr-xrw-, 0756"})
    void load_fileThatOthersWrite_isRefusedWithTheMend(String permissions, String mode) throws IOException {
        Path file = write("10-main.yaml", GOOD);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));

        assertThat(load().set()).isEmpty();
        assertThat(problems())
                .containsExactly(
                        file + ": error P162: file is writable by others (mode " + mode + "). Run: chmod 640 " + file);
    }

    @Test
    void load_linksInsideTheFolder_areFollowed_asThoseOfKubernetes() throws IOException {
        Files.createDirectory(folder.resolve("..2026"));
        write("..2026/10-main.yaml", GOOD);
        Files.createSymbolicLink(folder.resolve("..data"), Path.of("..2026"));
        Files.createSymbolicLink(folder.resolve("10-main.yaml"), Path.of("..data/10-main.yaml"));

        assertThat(load().problems()).isEmpty();
        assertThat(load().set()).isPresent();
    }

    @Test
    void load_linkOutOfTheFolder_isRefused(@TempDir Path elsewhere) throws IOException {
        Path target = Files.writeString(elsewhere.resolve("x.yaml"), "root:secret of somebody else\n");
        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-r-----"));
        Files.createSymbolicLink(folder.resolve("10-main.yaml"), target);

        assertThat(problems()).singleElement().asString().contains("P162: the link leads out of the folder, to ");
        assertThat(load().texts())
                .as("nothing of it is read, or shown in a message")
                .isEmpty();
    }

    @Test
    @Timeout(60)
    void load_whatIsNoFile_isRefused_andNotWaitedFor() throws Exception {
        for (String name : List.of("10-pipe.yaml", "manifest.sig")) {
            Path pipe = folder.resolve(name);
            assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0);
            assertThat(problems()).contains(pipe + ": error P102: it cannot be read: it is not a file.");
            Files.delete(pipe);
        }
    }

    @Test
    void load_linkToNothing_isRefused() throws IOException {
        write("10-main.yaml", GOOD);
        Files.createSymbolicLink(folder.resolve("20-denies.yaml"), Path.of("gone"));

        assertThat(load().set()).isEmpty();
        assertThat(problems())
                .containsExactly(
                        folder.resolve("20-denies.yaml") + ": error P102: it cannot be read: the link leads nowhere.");
    }

    @Test
    void load_notUtf8_isRefused() throws IOException {
        Path file = write("10-main.yaml", GOOD);
        Files.write(file, new byte[] {'v', (byte) 0xC3, '('});

        assertThat(problems()).containsExactly(file + ": error P102: not valid YAML: it is not UTF-8 text.");
    }

    @Test
    void load_sameNameInTwoFiles_namesBoth() throws IOException {
        write(
                "10-a.yaml",
                "version: 1\ndefaults: {retain: false}\nvars: {v: {from: user}}\nroles: {r: {publish: [a]}}\n");
        write(
                "20-b.yaml",
                "version: 1\ndefaults: {retain: false}\nvars: {v: {from: user}}\nroles: {r: {publish: [b]}}\n");
        Path a = folder.resolve("10-a.yaml");
        Path b = folder.resolve("20-b.yaml");

        assertThat(problems())
                .containsExactly(
                        b + ":2:1: error P121: \"defaults\" is defined twice (also at " + a + ":2).",
                        b + ":3:8: error P121: variable \"v\" is defined twice (also at " + a + ":3).",
                        b + ":4:9: error P121: role \"r\" is defined twice (also at " + a + ":4).");
    }

    /** Somebody is still writing: what is read then may be half of two policies. */
    @Test
    void load_filesThatChangeWhileTheyAreRead_isRefused() throws Exception {
        Path file = write("10-main.yaml", GOOD);
        AtomicBoolean stop = new AtomicBoolean();
        Thread writer = new Thread(() -> {
            for (long i = 1; !stop.get(); i++) {
                try {
                    Files.setLastModifiedTime(file, FileTime.fromMillis(i * 1000));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        });
        writer.start();
        try {
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(problems())
                            .containsExactly(folder + "/: error P109: the files change while they are read. Load them"
                                    + " again when they are whole."));
        } finally {
            stop.set(true);
            writer.join();
        }
        assertThat(problems()).isEmpty();
    }

    @Test
    void i20_sectionsOfSeveralFiles_addUp_whateverTheirOrder() throws IOException {
        List<String> parts = List.of(
                "version: 1\nroles: {r: {publish: [a]}, s: {subscribe: [<v>/#]}}\nusers: {u: [r]}\n",
                "version: 1\nvars: {v: {from: user}}\nusers: {u: [s], w: [r]}\ngroups: {g: [u]}\n",
                "version: 1\neveryone: {deny: {subscribe: [u/x]}}\ngroups: {g: [w, u]}\nassign: [{to: {group: g}, roles: [s]}]\n",
                "version: 1\neveryone: {deny: {publish: [b]}}\ntests: [{as: {user: u}, can: [publish a, receive u/y],"
                        + " cannot: [receive u/x]}]\n");
        String first = null;
        for (List<Integer> order : List.of(List.of(0, 1, 2, 3), List.of(3, 2, 1, 0), List.of(2, 0, 3, 1))) {
            for (int i = 0; i < parts.size(); i++) {
                write(order.get(i) + ".yaml", parts.get(i));
            }
            PolicyLoader.Loaded loaded = load();

            assertThat(loaded.problems()).isEmpty();
            assertThat(loaded.run().orElseThrow().checks()).isEqualTo(3);
            assertThat(load().digest()).isEqualTo(loaded.digest()).hasSize(64);
            PolicySet set = loaded.set().orElseThrow();
            String counts =
                    set.ruleCount() + " " + loaded.policy().groups().get("g").size();
            first = first == null ? counts : first;
            assertThat(counts).isEqualTo(first);
        }
    }

    @Test
    void load_shadowFile_changesNothingInForce() throws IOException {
        write("10-main.yaml", GOOD + "tests: [{as: {user: u}, can: [publish a], cannot: [publish b]}]\n");
        write("20-trial.yaml", """
                version: 1
                mode: shadow
                roles: {trial: {publish: [b], deny: {publish: [a]}}}
                users: {u: [trial]}
                everyone: {deny: {publish: ["#"]}, limits: {publish_rate: 1/m}}
                """);

        assertThat(load().problems()).isEmpty();
        assertThat(load().set()).isPresent();
    }

    @Test
    void load_shadowFile_givesNobodyARoleInForce() throws IOException {
        write("10-main.yaml", GOOD);
        Path trial = write("20-trial.yaml", "version: 1\nmode: shadow\nusers: {eve: [r]}\n");

        assertThat(problems())
                .containsExactly(
                        trial + ":3:15: error P126: role \"r\" is in force, and a file of \"mode: shadow\" cannot"
                                + " give it to anybody.");
    }

    private List<String> problems() {
        return load().problems().stream().map(Object::toString).toList();
    }

    private PolicyLoader.Loaded load() {
        return PolicyLoader.load(folder, Optional.empty(), true, Clock.systemUTC());
    }

    private Path write(String name, String text) throws IOException {
        Path file = Files.writeString(folder.resolve(name), text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        return file;
    }
}
