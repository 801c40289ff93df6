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

/** {@code policy: {require_tests: role}} and {@code {profile: hardened}}: what is not tested, or may be meant otherwise, stays out. */
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

    private void hardened(String bind, String policies) throws Exception {
        Files.writeString(file, """
                version: 1
                listeners: {x: {port: 0, bind: "%s", insecure: {acknowledge: "nobody is there"}, login: none}}
                policy: {profile: hardened%s}
                storage: memory
                """.formatted(bind, policies));
    }

    @Test
    void hardened_keepsOutWhatLintCallsAMistake_atTheStartAndLater() throws Exception {
        hardened("127.0.0.1", "");
        policy(UNTESTED);
        assertThatThrownBy(this::start)
                .isInstanceOfSatisfying(
                        CannotStart.class,
                        e -> assertThat(String.join("\n", e.lines()))
                                .contains("P152: role \"r\" has no \"can\" test (policy.require_tests: role)."));
        hardened("127.0.0.1", ", require_tests: none");
        assertThat(check()).contains("error L15: the policy has no tests");

        policy(TESTED);
        try (Broker broker = start()) {
            assertThat(check()).doesNotContain("L15");
            policy(TESTED.replace("publish: [a]", "publish: [a, c/<client>]"));
            assertThat(broker.reload().get("policy"))
                    .contains(
                            "10-main.yaml:2:26: error L05: \"c/<client>\" uses what the client itself chose as its id.");
            String escaped = TESTED.replace(
                            "roles: {r: {publish: [a]}}",
                            "roles: {r: {publish: [a]}, s: {deny: {publish: [a]}, publish: [d], when: {network: 10.0.0.0/8}}}")
                    .replace("users: {u: [r]}", "users: {u: [r, s]}")
                    .replace("as: {user: u}", "as: {user: u, address: 127.0.0.1}");
            policy(escaped.replace(
                    "]}]\n", "]}, {as: {user: u, address: 10.1.1.1}, can: [publish d], cannot: [publish a]}]\n"));
            assertThat(broker.reload().get("policy"))
                    .contains("error L10: deny publish \"a\" holds only while \"s\" is active");
            policy(TESTED.replace("[a]", "[a, b2]"));
            assertThat(broker.reload()).isEmpty();
        }
    }

    @Test
    void hardened_letsNobodyInFromOtherMachinesWithoutALogin() throws Exception {
        policy(TESTED);
        hardened("0.0.0.0", "");
        assertThat(ConfigurationReader.read(file).problems())
                .anySatisfy(problem -> assertThat(problem.toString())
                        .contains(
                                "listener \"x\" lets everybody in (login: none) from other machines, and policy.profile is"
                                        + " hardened"));
        hardened("127.0.0.1", "");
        assertThat(ConfigurationReader.read(file).problems()).isEmpty();
    }
}
