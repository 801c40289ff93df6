package io.gatehouse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;
import static org.awaitility.Awaitility.await;

import io.gatehouse.Broker;
import io.gatehouse.CannotStart;
import io.gatehouse.config.Configuration;
import io.gatehouse.config.ConfigurationReader;
import io.gatehouse.enrolment.EstHouse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What listens is what the configuration names, and nothing else: by the sockets that the system says this process has. */
@EnabledOnOs(OS.LINUX)
class OpenPortsTest {
    private static final String LISTENING = "0A";

    @TempDir
    private Path temp;

    /** The TCP ports on which this process listens. */
    private static Set<Integer> listening() throws IOException {
        Set<String> own = new HashSet<>();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors.toList()) {
                try {
                    own.add(Files.readSymbolicLink(descriptor).toString());
                } catch (NoSuchFileException closed) {
                    continue; // the one with which the folder was read, for one
                }
            }
        }
        Set<Integer> ports = new TreeSet<>();
        for (String table : List.of("/proc/self/net/tcp", "/proc/self/net/tcp6")) {
            if (!Files.exists(Path.of(table))) {
                continue; // a machine without IPv6
            }
            for (String line : Files.readAllLines(Path.of(table))) {
                String[] cells = line.trim().split("\\s+");
                if (cells.length > 9 && cells[3].equals(LISTENING) && own.contains("socket:[" + cells[9] + "]")) {
                    ports.add(Integer.parseInt(cells[1].substring(cells[1].lastIndexOf(':') + 1), 16));
                }
            }
        }
        return ports;
    }

    @Test
    void broker_listensWhereItsConfigurationSays_andNowhereElse_andNoMoreWhenItIsClosed() throws Exception {
        Set<Integer> before = listening();
        try (EstHouse house = new EstHouse(temp, "  embedded: true\n")) {
            assertThat(house.broker().ports().keySet()).containsExactlyInAnyOrder("devices", "enrolment:est");
            Set<Integer> added = listening();
            added.removeAll(before);
            assertThat(added)
                    .containsExactlyInAnyOrderElementsOf(
                            Set.copyOf(house.broker().ports().values()));
        }
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(before).containsAll(listening()));
    }

    @Test
    void broker_withoutAConfiguration_doesNotStart_andSaysWhatDoes() throws Exception {
        Set<Integer> before = listening();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int code = GatehouseCommand.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                "run",
                "-c",
                temp.resolve("gatehouse.yaml").toString());
        assertThat(code).isNotZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("quickstart");
        assertThat(before).containsAll(listening());
    }

    @Test
    void broker_onAPortThatIsTaken_saysWhichListener_andWhere() throws Exception {
        Files.createDirectory(temp.resolve("policies"));
        Path policy = Files.writeString(temp.resolve("policies/main.yaml"), "version: 1\n");
        Files.setPosixFilePermissions(policy, PosixFilePermissions.fromString("rw-r-----"));
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            Files.writeString(temp.resolve("gatehouse.yaml"), """
                    version: 1
                    listeners: {x: {bind: 127.0.0.1, port: %d, insecure: {acknowledge: "nobody is there"}, login: none}}
                    storage: memory
                    """.formatted(taken.getLocalPort()));
            Configuration configuration = ConfigurationReader.read(temp.resolve("gatehouse.yaml"))
                    .configuration()
                    .orElseThrow();
            assertThatThrownBy(() -> Broker.start(configuration, Clock.systemUTC()))
                    .isInstanceOfSatisfying(
                            CannotStart.class,
                            e -> assertThat(e.lines())
                                    .singleElement(STRING)
                                    .startsWith("listener \"x\" cannot bind /127.0.0.1:" + taken.getLocalPort() + ": ")
                                    .contains("in use"));
        }
    }
}
