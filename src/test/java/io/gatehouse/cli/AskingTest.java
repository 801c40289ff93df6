package io.gatehouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.Broker;
import io.gatehouse.config.ConfigurationReader;
import io.gatehouse.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that ask a running broker, as their user types them. */
class AskingTest {
    @TempDir
    Path folder;

    private record Run(int code, String out, String err) {}

    @Test
    void statusClientsReload_askTheRunningBroker() throws Exception {
        Path house = folder.resolve("house");
        assertThat(run("quickstart", "--setup-only", "--dir", house).code()).isZero();
        Path file = house.resolve("gatehouse.yaml");
        Files.writeString(file, Files.readString(file).replaceAll("port: \\d+", "port: 0"));

        Run none = run("status", "-c", file);
        assertThat(none.code()).isEqualTo(1);
        assertThat(none.err()).contains("no broker runs on").contains("gatehouse run -c");

        try (Broker broker =
                Broker.start(ConfigurationReader.read(file).configuration().orElseThrow(), Clock.systemUTC())) {
            Map<String, Object> status =
                    Json.object(run("status", "--json", "-c", file).out());
            assertThat(status).containsEntry("clients_connected", 0).containsKey("uptime_seconds");
            assertThat(status.get("ports")).isEqualTo(broker.ports());
            assertThat(run("status", "-c", file).out())
                    .contains("policy")
                    .contains("devices " + broker.ports().get("devices"));
            assertThat(run("status", "--metrics", "-c", file).out()).contains("clients_connected 0");

            Run clients = run("clients", "-c", file);
            assertThat(clients.out()).contains("client").contains("0 connected");
            Run absent = run("clients", "--disconnect", "ghost", "-c", file);
            assertThat(absent.code()).isEqualTo(1);
            assertThat(absent.err()).isEqualTo("gatehouse: no client \"ghost\" is connected\n");

            assertThat(run("reload", "-c", file)).extracting(Run::code).isEqualTo(0);
            Run diff =
                    run("policy", "diff", house.resolve("policies"), house.resolve("policies"), "--live", "-c", file);
            assertThat(diff.out())
                    .endsWith(
                            "live impact: 0 subscriptions become dormant, 0 disconnects, 0 retained messages hidden\n");
            List<Object> asked = List.of("policy", "explain", house.resolve("policies"), "connect", "-c", file);
            assertThat(run(asked.toArray()).out())
                    .containsPattern("  policy revision 1 sha256:[0-9a-f]{64}   \\(in force\\)\n");
            Path other = Files.createDirectory(folder.resolve("other"));
            Path more = Files.writeString(other.resolve("a.yaml"), "version: 1\n");
            Files.setPosixFilePermissions(more, PosixFilePermissions.fromString("rw-r-----"));
            Run elsewhere = run("policy", "explain", other, "connect", "-c", file, "--json");
            assertThat(Json.object(elsewhere.out()))
                    .containsEntry("in_force", false)
                    .containsEntry("revision", null)
                    .hasEntrySatisfying(
                            "broker", text -> assertThat(text.toString()).startsWith("revision 1 sha256:"));
            Path policy = house.resolve("policies/10-main.yaml");
            String good = Files.readString(policy);
            Files.writeString(policy, good + "\nnonsense: 1\n");
            Run refused = run("reload", "-c", file);
            assertThat(refused.code()).isEqualTo(1);
            assertThat(refused.err()).contains("policy not loaded").contains("nonsense");
            assertThat(run("status", "-c", file).out())
                    .containsPattern("policy in force +revision 1 sha256:[0-9a-f]{64}\n")
                    .containsPattern("policy stale +true\n");
            Files.writeString(policy, good);
            assertThat(run("reload", "-c", file).code()).isZero();
            assertThat(run("status", "-c", file).out()).containsPattern("policy stale +false\n");
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
