package io.gatehouse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gatehouse.Broker;
import io.gatehouse.CannotStart;
import io.gatehouse.PolicyRevision;
import io.gatehouse.config.ConfigurationReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Signed policies: made by the commands, taken by the broker. */
class SignedPolicyTest {
    private static final String MAIN = "version: 1\nroles: {r: {publish: [a]}}\nusers: {u: [r]}\n";

    @TempDir
    private Path folder;

    private Path policies;
    private Path key;
    private Path file;

    private record Run(int code, String out, String err) {}

    @BeforeEach
    void house() throws Exception {
        policies = Files.createDirectory(folder.resolve("policies"));
        key = folder.resolve("policy.key");
        file = folder.resolve("gatehouse.yaml");
        policy("10-main.yaml", MAIN);
        assertThat(run("policy", "keygen", "--key", key, "--verify-key", folder.resolve("policy.pub"))
                        .code())
                .isZero();
        Files.writeString(file, """
                version: 1
                listeners: {x: {port: 0, insecure: {acknowledge: "nobody is there"}, login: none}}
                policy: {verify_key: policy.pub}
                audit: {file: data/audit.jsonl}
                """);
    }

    private void policy(String name, String text) throws Exception {
        Path at = Files.writeString(policies.resolve(name), text);
        Files.setPosixFilePermissions(at, PosixFilePermissions.fromString("rw-r-----"));
    }

    private Broker start() throws Exception {
        return Broker.start(ConfigurationReader.read(file).configuration().orElseThrow(), Clock.systemUTC());
    }

    private void sign(String... more) {
        Object[] all = new Object[5 + more.length];
        System.arraycopy(new Object[] {"policy", "sign", policies, "--key", key}, 0, all, 0, 5);
        System.arraycopy(more, 0, all, 5, more.length);
        assertThat(run(all).err()).isEmpty();
    }

    @Test
    void unsigned_neverLoads() throws Exception {
        assertThatThrownBy(this::start)
                .isInstanceOfSatisfying(
                        CannotStart.class,
                        e -> assertThat(e.lines())
                                .singleElement()
                                .asString()
                                .contains("manifest.sig: error P160: the policy is not signed"));
        assertThat(run("check", "-c", file).err()).contains("1 mistakes: a start would be refused");
        assertThat(run("policy", "check", policies, "--verify-key", folder.resolve("policy.pub"))
                        .code())
                .isEqualTo(1);
    }

    @Test
    void signed_loadsWithItsRevision_andNothingElseDoes() throws Exception {
        sign("--revision", "41");
        sign();
        assertThat(run("policy", "check", policies, "--verify-key", folder.resolve("policy.pub"))
                        .out())
                .isEqualTo("1 file, 1 role, 1 rule: ok, signed as revision 42\n");
        String old = Files.readString(policies.resolve("manifest.sig"));

        try (Broker broker = start()) {
            assertThat(broker.policySummary()).endsWith("signed as revision 42");

            policy("10-main.yaml", MAIN + "# a comment is a change\n");
            policy("20-more.yaml", "version: 1\n");
            assertThat(run("reload", "-c", file).err())
                    .contains("error P160: signature does not match the files (changed: 10-main.yaml,"
                            + " not signed: 20-more.yaml).");
            assertThat(broker.policySummary()).endsWith("signed as revision 42");

            sign();
            assertThat(run("reload", "-c", file).out()).endsWith("signed as revision 43\n");
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(Files.readString(folder.resolve("data/audit.jsonl")))
                            .contains("\"policy.load\"")
                            .containsPattern("\"revision\":\\s*43"));

            policy("10-main.yaml", MAIN);
            Files.delete(policies.resolve("20-more.yaml"));
            Files.writeString(policies.resolve("manifest.sig"), old);
            assertThat(run("reload", "-c", file).err())
                    .contains("error P161: revision 42 is older than the running revision 43. Use --allow-rollback.");
        }
        assertThatThrownBy(this::start)
                .isInstanceOfSatisfying(
                        CannotStart.class,
                        e -> assertThat(e.lines()).singleElement().asString().contains("P161: revision 42 is older"));
        assertThat(run("check", "-c", file).code()).isEqualTo(1);
    }

    @Test
    void rollback_isTakenWhereItIsAllowed() throws Exception {
        sign("--revision", "7");
        String old = Files.readString(policies.resolve("manifest.sig"));
        sign();
        try (Broker broker = start()) {
            Files.writeString(policies.resolve("manifest.sig"), old);
            assertThat(run("reload", "-c", file).code()).isEqualTo(1);
            assertThat(run("reload", "-c", file, "--allow-rollback").out()).endsWith("signed as revision 7\n");
            assertThat(broker.policySummary()).endsWith("signed as revision 7");
            assertThat(run("reload", "-c", file).code()).isZero();
        }
        sign("--revision", "6");
        assertThatThrownBy(this::start).isInstanceOf(CannotStart.class);
        new PolicyRevision(folder.resolve("data")).forget();
        start().close();
    }

    @Test
    void sameRevision_otherFiles_isRefused() throws Exception {
        sign("--revision", "7");
        start().close();
        policy("20-more.yaml", "version: 1\n");
        sign("--revision", "7");

        assertThatThrownBy(this::start)
                .isInstanceOfSatisfying(
                        CannotStart.class,
                        e -> assertThat(e.lines())
                                .singleElement()
                                .asString()
                                .contains("P161: revision 7 was in force with other files"));
    }

    @Test
    void damagedMark_isRefused() throws Exception {
        sign();
        start().close();
        Files.writeString(folder.resolve("data/policy-revision"), "1 of something\n");

        assertThatThrownBy(this::start)
                .isInstanceOfSatisfying(
                        CannotStart.class,
                        e -> assertThat(e.lines())
                                .singleElement()
                                .asString()
                                .contains("P161: which revision was in force cannot be read"));
    }

    @Test
    void sign_openKeyOrBadPolicy_signsNothing() throws Exception {
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
        Run open = run("policy", "sign", policies, "--key", key);
        assertThat(open.code()).isEqualTo(2);
        assertThat(open.err()).contains("others can read or write it").contains("chmod 600");

        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        policy("10-main.yaml", MAIN + "tests: [{as: {user: u}, cannot: [publish a]}]\n");
        Run failing = run("policy", "sign", policies, "--key", key);
        assertThat(failing.code()).isEqualTo(1);
        assertThat(failing.err()).contains("error P150").endsWith("nor is it signed\n");
        assertThat(policies.resolve("manifest.sig")).doesNotExist();
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
