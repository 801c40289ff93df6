package io.gatehouse.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatehouse.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The chain on disk: what was written, what somebody did to it, and what a crash leaves. */
class AuditFileTest {
    private static final AuditEvent.Actor ANN =
            new AuditEvent.Actor("ann", "passwords", "phone", "127.0.0.1", "devices", AuditEvent.Proof.NONE);

    @TempDir
    Path folder;

    private Path file() {
        return folder.resolve("log/audit.jsonl");
    }

    private void write(String... whats) throws IOException {
        try (AuditFile log = AuditFile.open(file(), Clock.systemUTC())) {
            for (String what : whats) {
                log.record(new AuditEvent.Broker(what, Map.of()));
            }
        }
    }

    private List<String> lines() throws IOException {
        return Files.readAllLines(file());
    }

    private String fault() throws IOException {
        return AuditChain.verify(file()).fault().orElse("");
    }

    @Test
    void chain_goesOnOverRestarts() throws IOException {
        write("started", "stopped");
        write("started");

        assertThat(AuditChain.verify(file()).lines()).isEqualTo(3);
        assertThat(fault()).isEmpty();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
                .isEqualTo("rw-------");
    }

    @Test
    void everyChangeOfALineBeforeTheLast_isFoundWithItsPlace() throws IOException {
        write("one", "two", "three", "four");
        List<String> whole = lines();
        for (int i = 0; i < whole.size() - 1; i++) {
            List<String> changed = new ArrayList<>(whole);
            changed.set(i, changed.get(i).replaceFirst("\"what\":\"", "\"what\":\"x"));
            Files.write(file(), changed);
            assertThat(fault()).contains(":" + (i + 2) + ": does not follow");

            List<String> without = new ArrayList<>(whole);
            without.remove(i);
            Files.write(file(), without);
            assertThat(fault()).contains(":" + (i + 1) + ": does not follow");

            List<String> twice = new ArrayList<>(whole);
            twice.add(i, twice.get(i));
            Files.write(file(), twice);
            assertThat(fault()).contains("does not follow");
        }
        Files.write(file(), List.of("not JSON"));
        assertThat(fault()).contains(":1: not a line of an audit log");
    }

    @Test
    void cutOffEnd_showsInTheLastHash() throws IOException {
        write("one", "two");
        String noted = AuditChain.verify(file()).lastHash();
        Files.write(file(), lines().subList(0, 1));

        assertThat(fault()).isEmpty();
        assertThat(AuditChain.verify(file()).lastHash()).isNotEqualTo(noted);
    }

    @Test
    void tornLine_isSetAside_andTheChainGoesOn() throws IOException {
        write("one");
        Files.writeString(file(), "{\"ts\":\"2026-", StandardOpenOption.APPEND);

        write("two");

        assertThat(fault()).isEmpty();
        assertThat(lines()).hasSize(2);
        try (Stream<Path> files = Files.list(file().getParent())) {
            assertThat(files.filter(one -> one.getFileName().toString().contains(".torn-")))
                    .singleElement()
                    .satisfies(torn -> assertThat(Files.readString(torn)).isEqualTo("{\"ts\":\"2026-"));
        }
    }

    @Test
    void log_thatIsWritten_isOpenedBySomebodyElse_whenItIsClosed() throws IOException {
        try (AuditFile log = AuditFile.open(file(), Clock.systemUTC())) {
            for (int i = 0; i < 2; i++) { // a refusal leaves the lock where it is
                assertThatThrownBy(() -> AuditFile.open(file(), Clock.systemUTC()))
                        .isInstanceOf(AuditLock.Held.class)
                        .hasMessage(file() + ": another process writes this audit log");
            }
            log.record(new AuditEvent.Broker("one", Map.of()));
        }
        write("two");

        assertThat(lines()).hasSize(2);
        assertThat(fault()).isEmpty();
    }

    @Test
    void moreThanIsWritten_isBehind_untilItIs() throws IOException {
        try (AuditFile log = AuditFile.open(file(), Clock.systemUTC())) {
            assertThat(log.isBehind()).isFalse();
            int recorded = 0;
            while (!log.isBehind() && recorded < 60_000) {
                log.record(new AuditEvent.Broker("event", Map.of("number", recorded++)));
            }
            assertThat(log.isBehind()).isTrue();
            await().atMost(Duration.ofSeconds(30)).until(() -> !log.isBehind());
            assertThat(log.failures()).isZero();
        }
    }

    @Test
    void textOfClients_cannotMakeALine_norAField() throws IOException, Json.NotJson {
        String evil = "x\",\"outcome\":\"accepted\"}\n{\"ts\":\"2026-11-25T00:00:00Z\",\"event\":\"login\"";
        try (AuditFile log = AuditFile.open(file(), Clock.systemUTC())) {
            log.record(new AuditEvent.Login(
                    new AuditEvent.Actor(
                            evil, "passwords", "id outcome=accepted", "127.0.0.1", "devices", AuditEvent.Proof.NONE),
                    "refused",
                    0x86,
                    null));
        }

        assertThat(lines()).hasSize(1);
        assertThat(Json.object(lines().get(0)))
                .containsEntry("outcome", "refused")
                .containsEntry("user", evil);
        assertThat(AuditFilter.readable(lines().get(0)))
                .doesNotContain("\n")
                .contains(" client=\"id outcome=accepted\" ")
                .contains(" outcome=refused");
    }

    @Test
    void tail_handsOverWholeLines_andFollowsAFileThatWasMovedAway() throws IOException {
        write("before");
        AuditTail tail = new AuditTail(file());
        List<String> came = new ArrayList<>();
        tail.read(came::add);
        assertThat(came).isEmpty();

        Files.writeString(file(), "half", StandardOpenOption.APPEND);
        tail.read(came::add);
        assertThat(came).isEmpty();
        String rest = " a line " + "é".repeat(100_000);
        Files.writeString(file(), rest + "\nnext\n", StandardOpenOption.APPEND);
        tail.read(came::add);
        assertThat(came).containsExactly("half" + rest, "next");

        came.clear();
        Files.move(file(), folder.resolve("old"));
        tail.read(came::add);
        Files.writeString(file(), "anew\n");
        tail.read(came::add);
        assertThat(came).containsExactly("anew");
    }

    @Test
    void filter_asksForAll_andShowsWhatItCannotRead() throws IOException {
        try (AuditFile log = AuditFile.open(file(), Clock.systemUTC())) {
            log.record(new AuditEvent.Login(ANN, "accepted", 0, null));
            log.record(new AuditEvent.Login(ANN, "refused", 0x86, "wrong"));
            log.record(new AuditEvent.Revoked(
                    ANN,
                    List.of("a/#", "b/#"),
                    List.of("p.yaml:3", "p.yaml:4"),
                    2,
                    "dormant",
                    new AuditEvent.InForce(3, "abc")));
        }

        assertThat(found(Map.of(), "login")).hasSize(2);
        assertThat(found(Map.of("outcome", "refused"), "login", "revoke")).hasSize(1);
        assertThat(found(Map.of("reason", "134"))).hasSize(1);
        assertThat(found(Map.of("filters", "b/#"))).hasSize(1);
        assertThat(found(Map.of("user", "an"))).isEmpty();
        assertThat(new AuditFilter(java.util.Set.of("login"), Map.of(), null, null).wants("broken"))
                .isTrue();
    }

    private List<String> found(Map<String, String> fields, String... events) throws IOException {
        AuditFilter filter = new AuditFilter(java.util.Set.of(events), fields, null, null);
        return lines().stream().filter(filter::wants).toList();
    }

    /** Needs a disk of its own to fill: skipped, and says so, where none can be mounted. */
    @Test
    void events_thatAFullDiskDidNotTake_areCountedInTheChain() throws Exception {
        Path disk = Files.createDirectories(folder.resolve("disk"));
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", disk.toString()) == 0,
                "SKIPPED: mounting a small disk needs root");
        try (AuditFile log = AuditFile.open(disk.resolve("audit.jsonl"), Clock.systemUTC())) {
            log.record(new AuditEvent.Broker("started", Map.of()));
            await().atMost(Duration.ofSeconds(20)).until(() -> Files.size(disk.resolve("audit.jsonl")) > 0);
            Path filler = Files.write(disk.resolve("filler"), new byte[0]);
            assertThat(run("dd", "if=/dev/zero", "of=" + filler, "bs=4k")).isNotZero();
            for (int i = 0; i < 100; i++) {
                log.record(new AuditEvent.Broker("unseen", Map.of("detail", "x".repeat(100))));
            }
            await().atMost(Duration.ofSeconds(20)).until(() -> log.failures() > 0);
            long lost = log.failures();
            Files.delete(filler);
            log.record(new AuditEvent.Broker("seen", Map.of()));

            await().atMost(Duration.ofSeconds(20))
                    .until(() -> Files.readString(disk.resolve("audit.jsonl")).contains("\"seen\""));
            assertThat(Files.readString(disk.resolve("audit.jsonl"))).contains("events_lost", "\"count\":" + lost);
            assertThat(AuditChain.verify(disk.resolve("audit.jsonl")).fault()).isEmpty();
        } finally {
            assertThat(run("umount", disk.toString())).isZero();
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().readAllBytes();
        return process.waitFor();
    }
}
