package io.gatehouse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatehouse.Broker;
import io.gatehouse.CannotStart;
import io.gatehouse.config.ConfigurationReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code policy: {require_tests: role}}: what is not tested is not put in force. */
class RequiredTestsTest {
    private static final String UNTESTED = "version: 1\nroles: {r: {publish: [a]}}\nusers: {u: [r]}\n";
    private static final String HALF = UNTESTED + "tests: [{as: {user: u}, can: [publish a]}]\n";
    private static final String TESTED =
            UNTESTED + "tests: [{as: {user: u}, can: [publish a], cannot: [publish b, subscribe a]}]\n";

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void house() throws Exception {
        Files.createDirectory(folder.resolve("policies"));
        file = folder.resolve("gatehouse.yaml");
        configuration("role");
    }

    private void configuration(String requireTests) throws Exception {
        Files.writeString(file, """
                version: 1
                listeners: {x: {port: 0, insecure: {acknowledge: "nobody is there"}, login: none}}
                policy: {require_tests: %s}
                storage: memory
                """.formatted(requireTests));
    }

    private void policy(String text) throws Exception {
        Path at = Files.writeString(folder.resolve("policies/10-main.yaml"), text);
        Files.setPosixFilePermissions(at, PosixFilePermissions.fromString("rw-r-----"));
    }

    private Broker start() throws Exception {
        return Broker.start(ConfigurationReader.read(file).configuration().orElseThrow(), Clock.systemUTC());
    }

    @Test
    void role_withoutItsTests_keepsTheBrokerFromStarting_andCheckSaysSo() throws Exception {
        policy(UNTESTED);
        assertThatThrownBy(this::start)
                .isInstanceOfSatisfying(
                        CannotStart.class,
                        e -> assertThat(String.join("\n", e.lines()))
                                .contains("10-main.yaml:2:9: error P152: role \"r\" has no \"can\" test")
                                .contains("P152: role \"r\" has no \"cannot\" test (policy.require_tests: role)."));
        assertThat(check()).contains("P152");

        configuration("none");
        start().close();
        assertThat(check()).doesNotContain("P152");
    }

    @Test
    void role_withHalfOfItsTests_isNotReloaded_andWithBothItIs() throws Exception {
        policy(TESTED);
        try (Broker broker = start()) {
            policy(HALF);
            assertThat(broker.reload().get("policy"))
                    .contains("role \"r\" has no \"cannot\" test")
                    .doesNotContain("\"can\"");
            policy("# tested\n" + TESTED);
            assertThat(broker.reload()).isEmpty();
        }
    }

    @Test
    void other_words_areAMistake() throws Exception {
        configuration("all");
        assertThat(ConfigurationReader.read(file).problems())
                .singleElement()
                .asString()
                .contains("\"require_tests\" must be one of none, role, found \"all\"");
    }

    private String check() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream both = new PrintStream(out, true, StandardCharsets.UTF_8);
        GatehouseCommand.run(both, both, "check", "-c", file.toString());
        return out.toString(StandardCharsets.UTF_8);
    }
}
