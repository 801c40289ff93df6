package io.gatehouse.policy.language;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.config.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every mistake in a policy: its code, its words, its place. */
class PolicyErrorsTest {
    private static final String ROLE = "version: 1\nroles:\n  r:\n    publish: [%s]\n";
    private static final String GOOD = """
            version: 1
            vars:
              device: {from: cert.cn, prefix: "dev-", chars: a-z0-9-, max: 32}
            roles:
              sensor:
                publish: [home/<user>/#, {topic: home/<user>/state, retain: true, max_qos: 1}]
                limits: {publish_rate: 10/s, max_payload: 4KiB}
              app:
                subscribe: [home/#]
                deny: {subscribe: [home/alarm/#]}
                when: {network: 10.0.0.0/8}
            users:
              greenhouse: [sensor]
            assign:
              - to: {group: family}
                roles: [app]
            groups:
              family: [anna]
            tests:
              - as: {user: greenhouse}
                can: [publish home/greenhouse/x]
                cannot: [publish home/kitchen/x]
            """;

    @TempDir
    private Path folder;

    static Stream<Arguments> mistakes() {
        return Stream.of(
                row("P102", "version: 1\nroles: {a: [}\n", "2:", "not valid YAML: "),
                row("P103", "roles: {}\n", "1:1", "missing \"version: 1\" as the first key."),
                row("P103", "version: 2\n", "1:1", "version 2 is newer than this broker reads (1)."),
                row(
                        "P104",
                        "version: 1\nroles:\n  r:\n    publsh: [a]\n",
                        "4:5",
                        "unknown key \"publsh\" in role \"r\". Did you mean \"publish\"?"),
                row(
                        "P105",
                        "version: 1\nroles:\n  r: {note: a}\n  r: {note: b}\n",
                        "4:3",
                        "key \"r\" appears twice (first at line 3). YAML would silently keep the last one."),
                row(
                        "P106",
                        "version: 1\nroles:\n  r:\n    publish: home/x\n",
                        "4:14",
                        "\"publish\" must be a list, found text. Write: publish: [home/x]"),
                row(
                        "P107",
                        "version: 1\nroles:\n  r:\n    publish:\n      - #\n",
                        "5:",
                        "empty list item. An unquoted # starts a comment. Did you mean \"#\"?"),
                row(
                        "P108",
                        "version: 1\nroles:\n  a: &x {note: n}\n",
                        "3:6",
                        "anchors, aliases and tags are not supported in policies (an anchor or alias)."),
                pattern("P110", "a/#/b", "topic pattern \"a/#/b\": \"#\" must be the last level."),
                pattern("P111", "a/b+", "topic pattern \"a/b+\": \"+\" must stand alone in its level, found \"b+\"."),
                pattern(
                        "P112",
                        "a/<usr>",
                        "topic pattern \"a/<usr>\": unknown variable <usr>. Did you mean <user>? Known: <client>, <cn>, <user>"),
                pattern(
                        "P113",
                        "a/dev-<cn>",
                        "topic pattern \"a/dev-<cn>\": a variable must be a whole level; \"dev-<cn>\" is not. Declare a"
                                + " variable with prefix: \"dev-\" instead."),
                pattern("P114", "a/%c", "topic pattern \"a/%c\": uses \"%c\" from another broker. Write <client>."),
                pattern("P115", "$share/g/a", "\"$share/…\" is not a topic. Write {topic: T, shared: [G]}."),
                pattern("P116", "", "topic pattern is empty"),
                row(
                        "P118",
                        "version: 1\nroles:\n  r:\n    deny:\n      publish: [{topic: a, max_qos: 1}]\n",
                        "5:17",
                        "deny takes plain topics, not options (\"max_qos\")."),
                row(
                        "P120",
                        "version: 1\nroles: {sensor: {publish: [a]}}\nusers: {u: [sensr]}\n",
                        "3:13",
                        "role \"sensr\" is not defined. Did you mean \"sensor\"?"),
                row(
                        "P122",
                        "version: 1\nroles: {a: {include: [b]}, b: {include: [a]}}\n",
                        "2:9",
                        "roles include each other in a circle: a → b → a."),
                row(
                        "P123",
                        "version: 1\nroles: {a: {publish: [x]}}\nassign: [{to: {group: g}, roles: [a]}]\n",
                        "3:16",
                        "group \"g\" is not defined."),
                row("P123", "version: 1\ngroups: {g: [u, u]}\n", "2:17", "user \"u\" is listed twice in group \"g\"."),
                row(
                        "P125",
                        "version: 1\neveryone: {publish: [a]}\n",
                        "2:12",
                        "\"everyone\" may only hold deny and limits. To allow something to everyone, make a role and assign"
                                + " it."),
                when(
                        "P130",
                        "network: 10.20.0.1/16",
                        "\"10.20.0.1/16\" is not a network: host bits are set. Did you mean 10.20.0.0/16?"),
                when(
                        "P131",
                        "time: \"Mon-Fri 08:00-18:00 Europe/Berln\"",
                        "time window \"Mon-Fri 08:00-18:00 Europe/Berln\": unknown zone \"Europe/Berln\". Example: \"Mon-Fri"
                                + " 08:00-18:00 Europe/Berlin\"."),
                row(
                        "P132",
                        "version: 1\nroles: {r: {limits: {max_payload: 4kb}}}\n",
                        "2:35",
                        "size \"4kb\" not understood. Write 4096, 4KiB or 4MiB."),
                row(
                        "P132",
                        "version: 1\nroles: {r: {limits: {publish_rate: \"10\"}}}\n",
                        "2:36",
                        "rate \"10\" needs a unit: 10/s or 10/m."),
                when("P133", "listener: aps", "listener \"aps\" does not exist. Listeners: devices, apps."),
                when("P134", "cert.sha256: abc", "certificate fingerprint must be 64 hex digits (SHA-256)."),
                row(
                        "P150",
                        GOOD.replace("can: [publish home/greenhouse/x]", "can: [publish home/kitchen/x]"),
                        "21:11",
                        "test failed: {user: greenhouse} CANNOT publish home/kitchen/x (expected can): no rule allows"
                                + " publishing to it."),
                row(
                        "P151",
                        GOOD.replace("- as: {user: greenhouse}", "- as: {user: nobody}"),
                        "20:5",
                        "test cannot log in: \"nobody\" has no role."));
    }

    private static Arguments row(String code, String text, String place, String message) {
        return Arguments.of(code, text, place, message);
    }

    private static Arguments pattern(String code, String pattern, String message) {
        return row(code, String.format(ROLE, "\"" + pattern + "\""), "4:15", message);
    }

    private static Arguments when(String code, String condition, String message) {
        return row(code, "version: 1\nroles:\n  r:\n    when: {" + condition + "}\n", "4:", message);
    }

    @ParameterizedTest(name = "{0} {3}")
    @MethodSource("mistakes")
    void load_mistake_isReportedInItsWordsAtItsPlace(String code, String text, String place, String message)
            throws IOException {
        PolicyLoader.Loaded loaded = load(text);

        assertThat(loaded.set()).isEmpty();
        assertThat(loaded.problems()).anySatisfy(problem -> {
            assertThat(problem.code()).isEqualTo(code);
            assertThat(problem.message()).startsWith(message);
            assertThat(problem.toString()).startsWith(folder.resolve("10-main.yaml") + ":" + place);
        });
    }

    @Test
    void load_emptyFolder_staysClosedAndSaysHow() {
        PolicyLoader.Loaded loaded = PolicyLoader.load(folder, Optional.empty(), true, Clock.systemUTC());

        assertThat(loaded.set()).isEmpty();
        assertThat(loaded.problems())
                .singleElement()
                .asString()
                .contains("P101")
                .contains("The broker stays closed");
    }

    @Test
    void load_fileThatOthersWrite_isRefusedWithTheMend() throws IOException {
        Path file = write("10-main.yaml", GOOD);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));

        PolicyLoader.Loaded loaded = PolicyLoader.load(folder, Optional.empty(), true, Clock.systemUTC());

        assertThat(loaded.set()).isEmpty();
        assertThat(loaded.problems())
                .singleElement()
                .asString()
                .contains("P162")
                .contains("Run: chmod 640 " + file);
    }

    @Test
    void load_sameRoleInTwoFiles_namesBoth() throws IOException {
        write("10-a.yaml", "version: 1\nroles: {r: {publish: [a]}}\n");
        write("20-b.yaml", "version: 1\nroles: {r: {publish: [b]}}\n");

        assertThat(PolicyLoader.load(folder, Optional.empty(), true, Clock.systemUTC())
                        .problems())
                .singleElement()
                .asString()
                .contains("20-b.yaml:2:9: error P121: role \"r\" is defined twice (also at ")
                .contains("10-a.yaml:2)");
    }

    @Test
    void load_combinatorialRole_isRefused() throws IOException {
        StringBuilder patterns = new StringBuilder();
        for (int i = 0; i < 1024; i++) {
            List<String> levels = new ArrayList<>();
            for (int bit = 0; bit < 10; bit++) {
                levels.add((i >> bit & 1) == 0 ? "a" : "+");
            }
            patterns.append("      - ").append(String.join("/", levels)).append('\n');
        }

        PolicyLoader.Loaded loaded = load("version: 1\nroles:\n  r:\n    publish:\n" + patterns);

        assertThat(loaded.problems())
                .singleElement()
                .asString()
                .contains("P140")
                .contains("(limit 256)");
    }

    @Test
    void load_filesInAnyOrder_haveOneDigest() throws IOException {
        write("10-a.yaml", GOOD);
        write("20-b.yaml", "version: 1\nroles: {other: {publish: [b]}}\n");
        String first = PolicyLoader.load(folder, Optional.empty(), true, Clock.systemUTC())
                .digest();
        String second = PolicyLoader.load(folder, Optional.empty(), true, Clock.systemUTC())
                .digest();

        assertThat(second).isEqualTo(first).hasSize(64);
    }

    @Test
    void load_mutatedFiles_yieldProblemsInsideTheFileAndNothingElse() throws IOException {
        long seed = 20261124;
        Random random = new Random(seed);
        String alphabet = "{}[]:,#&*!|>'\"%@`-?<>/+ \n\tabz019";
        List<String> lines = new ArrayList<>(GOOD.lines().toList());
        for (int round = 0; round < 2_000; round++) {
            if (round % 50 == 0) {
                Collections.shuffle(lines.subList(1, lines.size()), random);
            }
            StringBuilder text = new StringBuilder(round % 2 == 0 ? GOOD : String.join("\n", lines));
            for (int edit = random.nextInt(4); edit >= 0; edit--) {
                text.setCharAt(random.nextInt(text.length()), alphabet.charAt(random.nextInt(alphabet.length())));
            }
            long count = text.toString().lines().count() + 1;
            assertThat(load(text.toString()).problems())
                    .as("seed %d, round %d", seed, round)
                    .allSatisfy((Problem problem) ->
                            assertThat((long) problem.place().line()).isBetween(1L, count));
        }
    }

    private PolicyLoader.Loaded load(String text) throws IOException {
        write("10-main.yaml", text);
        return PolicyLoader.load(folder, Optional.of(List.of("devices", "apps")), true, Clock.systemUTC());
    }

    private Path write(String name, String text) throws IOException {
        Path file = Files.writeString(folder.resolve(name), text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        return file;
    }
}
