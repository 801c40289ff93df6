package io.gatehouse.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatehouse.audit.AuditEvent;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlTest {
    @TempDir
    Path folder;

    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final List<AuditEvent> audited = new CopyOnWriteArrayList<>();
    private Path data;
    private ControlServer server;

    @BeforeEach
    void open() throws IOException {
        data = folder.resolve("data");
        server = ControlServer.open(data, timer)
                .command("echo", arguments -> Map.of("said", arguments.getOrDefault("say", "")))
                .command("no", arguments -> {
                    throw new ControlCommand.Refused("not today");
                })
                .command("broken", arguments -> {
                    throw new IllegalStateException("inside");
                });
        server.start(audited::add);
    }

    @AfterEach
    void close() throws IOException {
        server.close();
        timer.shutdownNow();
    }

    @Test
    void ask_known_answersAndIsAudited() throws Exception {
        assertThat(ControlClient.ask(data, "echo", Map.of("say", "hé\n\"")).get("said"))
                .isEqualTo("hé\n\"");
        assertThat(audited)
                .containsExactly(new AuditEvent.Broker("control", Map.of("command", "echo", "outcome", "done")));
    }

    @Test
    void ask_refused_saysWhyAndIsAudited() {
        assertThatThrownBy(() -> ControlClient.ask(data, "no", Map.of()))
                .isInstanceOf(ControlCommand.Refused.class)
                .hasMessage("not today");
        assertThat(audited)
                .containsExactly(new AuditEvent.Broker(
                        "control", Map.of("command", "no", "outcome", "refused", "detail", "not today")));
    }

    @Test
    void ask_failing_answersWithoutTheInsideAndGoesOn() throws Exception {
        assertThatThrownBy(() -> ControlClient.ask(data, "broken", Map.of()))
                .isInstanceOf(ControlCommand.Refused.class)
                .hasMessageNotContaining("inside");
        assertThat(ControlClient.ask(data, "echo", Map.of("say", "on"))).containsEntry("said", "on");
    }

    @Test
    void ask_unknown_namesWhatIsKnown() {
        assertThatThrownBy(() -> ControlClient.ask(data, "ech\u0007o", Map.of()))
                .hasMessage("unknown command \"ech?o\"; known: broken, echo, no");
    }

    @Test
    void request_notJsonOrTooLong_isRefused() throws Exception {
        assertThat(raw("nonsense\n")).contains("\"ok\":false").contains("one line of JSON");
        assertThat(raw("{\"command\":\"echo\"" + " ".repeat(ControlServer.MAX_REQUEST_BYTES) + "}\n"))
                .contains("\"ok\":false");
    }

    @Test
    void folderAndSocket_areTheOwnersOnly() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
                .isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve(ControlServer.FILE))))
                .isEqualTo("rw-------");
    }

    @Test
    void open_whereAnotherAnswers_isRefused() throws Exception {
        assertThatThrownBy(() -> ControlServer.open(data, timer))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("another broker runs on this folder");
        assertThat(ControlClient.ask(data, "echo", Map.of("say", "still"))).containsEntry("said", "still");
    }

    @Test
    void open_whereAKilledBrokerLeftItsSocket_takesIt() throws Exception {
        Path left = Files.createDirectory(folder.resolve("left"));
        try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            killed.bind(UnixDomainSocketAddress.of(left.resolve(ControlServer.FILE)));
        }
        assertThat(left.resolve(ControlServer.FILE)).exists();
        try (ControlServer next = ControlServer.open(left, timer).command("x", arguments -> Map.of("y", 1))) {
            next.start(audited::add);
            assertThat(ControlClient.ask(left, "x", Map.of())).containsEntry("y", 1);
        }
    }

    @Test
    void ask_whereNoBrokerRuns_saysSo() throws IOException {
        server.close();
        assertThatThrownBy(() -> ControlClient.ask(data, "echo", Map.of()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no broker runs on");
    }

    private String raw(String request) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(data.resolve(ControlServer.FILE)))) {
            ByteBuffer out = ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8));
            try {
                while (out.hasRemaining()) {
                    channel.write(out);
                }
            } catch (IOException answeredAlready) {
                assertThat(request.length()).isGreaterThan(ControlServer.MAX_REQUEST_BYTES);
            }
            ByteBuffer in = ByteBuffer.allocate(1 << 16);
            while (channel.read(in) >= 0 && in.hasRemaining()) {
                // to the end
            }
            return new String(in.array(), 0, in.position(), StandardCharsets.UTF_8);
        }
    }
}
