package io.gatehouse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that look at audit logs, as an auditor types them. */
class AuditCommandTest {
    @TempDir
    Path folder;

    private Path log;

    private record Run(int code, String out, String err) {}

    @BeforeEach
    void lines() throws IOException {
        log = folder.resolve("audit.jsonl");
        String old = Instant.now().minus(Duration.ofDays(3)).toString();
        String now = Instant.now().toString();
        Files.writeString(
                log,
                line(old, "login", "ann", "accepted")
                        + line(now, "login", "bob", "refused")
                        + line(now, "revoke", "ann", "dormant"));
    }

    private static String line(String moment, String event, String user, String outcome) {
        return "{\"ts\":\"" + moment + "\",\"event\":\"" + event + "\",\"user\":\"" + user + "\",\"outcome\":\""
                + outcome + "\",\"prev\":\"00\"}\n";
    }

    @Test
    void filter_showsWhatIsAsked_readableOrAsItIs() {
        Run refused = run("audit", "filter", log, "--event", "login", "--where", "outcome=refused");
        assertThat(refused.code()).isZero();
        assertThat(refused.out())
                .hasLineCount(1)
                .contains("  login ")
                .contains(" user=bob outcome=refused")
                .doesNotContain("prev");
        assertThat(run("audit", "filter", log, "--user", "ann", "--json").out())
                .hasLineCount(2)
                .contains("\"prev\":\"00\"");
        assertThat(run("audit", "filter", log, "--user", "ann", "--since", "1d").out())
                .hasLineCount(1)
                .contains("revoke");
        assertThat(run("audit", "filter", log, "--until", "24h").out())
                .hasLineCount(1)
                .contains("user=ann");
    }

    @Test
    void filter_thatFindsNothing_orIsWrong_saysSo() {
        Run none = run("audit", "filter", log, "--event", "handshake");
        assertThat(none.code()).isEqualTo(1);
        assertThat(none.err()).contains("no line is about that");
        assertThat(run("audit", "filter", log, "--since", "yesterday").err())
                .contains("--since")
                .contains("24h");
        assertThat(run("audit", "filter", folder.resolve("none")).code()).isEqualTo(2);
    }

    @Test
    void follow_showsWhatIsWrittenFromNowOn() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Thread follower = new Thread(() -> GatehouseCommand.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                "audit",
                "follow",
                log.toString(),
                "--user",
                "ann"));
        follower.start();
        try {
            // until it has begun to look, what is written is "before"
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                append(line(Instant.now().toString(), "login", "bob", "accepted"));
                append(line(Instant.now().toString(), "login", "ann", "accepted"));
                return out.toString(StandardCharsets.UTF_8).contains("user=ann");
            });
            assertThat(out.toString(StandardCharsets.UTF_8)).doesNotContain("bob");
        } finally {
            follower.interrupt();
            follower.join(10_000);
        }
        assertThat(follower.isAlive()).isFalse();
    }

    private void append(String line) {
        try {
            Files.writeString(log, line, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Run run(Object... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = GatehouseCommand.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Arrays.stream(arguments).map(String::valueOf).toArray(String[]::new));
        return new Run(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}
