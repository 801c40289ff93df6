package io.gatehouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tools for policies, as a user runs them. */
class PolicyCommandTest {
    private static final String FACTORY = """
            version: 1
            roles:
              connected:
                subscribe: [plant/broadcast/#]
              operator:
                include: [connected]
                subscribe: [plant/#]
                publish: [plant/+/cmd/#]
                deny: {publish: [plant/+/cmd/firmware/#]}
                when: {listener: apps, network: 10.20.0.0/16}
              maintenance:
                publish: [plant/+/cmd/firmware/#]
                when: {time: "Sat 22:00-Sun 04:00 Europe/Berlin"}
            groups: {operators: [anna]}
            assign: [{to: {group: operators}, roles: [operator]}]
            users: {carl: [maintenance]}
            tests:
              - as: {user: anna, listener: apps, address: 10.20.3.4}
                can: [publish plant/x/cmd/stop, subscribe plant/#]
                cannot: [publish plant/x/cmd/firmware/v2]
            """;

    @TempDir
    private Path folder;

    /** What a command line came to. */
    private record Run(int code, String out, String err) {}

    @BeforeEach
    void factory() throws IOException {
        write("20-factory.yaml", FACTORY);
    }

    @Test
    void check_goodPolicy_countsIt() {
        assertThat(run("policy", "check", folder)).isEqualTo(new Run(0, "1 file, 3 roles, 5 rules: ok\n", ""));
    }

    @Test
    void check_mistakes_showsAllWithTheirSource_andFails() throws IOException {
        Path file = write("20-factory.yaml", "version: 1\nroles:\n  r:\n    publsh: [a]\n    publish: [a/b+]\n");

        Run run = run("policy", "check", folder);

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).isEqualTo(file + """
                :4:5: error P104: unknown key "publsh" in role "r". Did you mean "publish"?
                    publsh: [a]
                    ^^^^^^
                """ + file + """
                :5:15: error P111: topic pattern "a/b+": "+" must stand alone in its level, found "b+".
                    publish: [a/b+]
                              ^^^^
                gatehouse: 2 mistakes; this policy would not be loaded
                """);
        assertThat(json(run("policy", "check", folder, "--json").out()))
                .containsEntry("ok", false)
                .extractingByKey("problems")
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.LIST)
                .hasSize(2)
                .first()
                .isEqualTo(Map.of(
                        "file",
                        file.toString(),
                        "line",
                        4,
                        "column",
                        5,
                        "severity",
                        "error",
                        "code",
                        "P104",
                        "message",
                        "unknown key \"publsh\" in role \"r\". Did you mean \"publish\"?"));
    }

    @Test
    void test_passing_saysWhatNoTestNeeds() {
        Run run = run("policy", "test", folder);

        assertThat(run)
                .isEqualTo(new Run(
                        0,
                        "1 tests, 3 checks: all passed.  Rules exercised: 4 of 5 (80 %)\n  not exercised: " + folder
                                + "/20-factory.yaml:12 role \"maintenance\" publish plant/+/cmd/firmware/#\n",
                        ""));
        assertThat(json(run("policy", "test", folder, "--json").out()))
                .containsEntry("passed", true)
                .containsEntry("rules", 5)
                .containsEntry("exercised", 4);
    }

    @Test
    void test_failing_namesTheRule() throws IOException {
        Path file = write(
                "20-factory.yaml",
                FACTORY.replace("cannot: [publish plant/x/cmd/firmware/v2]", "cannot: [publish plant/x/cmd/go]"));

        Run run = run("policy", "test", folder);

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err())
                .startsWith(
                        file + ":20:14: error P150: test failed: {user: anna, listener: apps, address: 10.20.3.4} CAN"
                                + " publish plant/x/cmd/go (expected cannot): allowed by role \"operator\" at " + file
                                + ":8.\n")
                .endsWith("gatehouse: 1 of 3 checks failed\n");
    }

    @Test
    void test_requireTests_namesRolesWithoutThem() {
        Run run = run("policy", "test", folder, "--require-tests");

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err())
                .contains(
                        "20-factory.yaml:11:3: error P152: role \"maintenance\" has no \"can\" test (policy.require_tests:"
                                + " role).")
                .contains("error P152: role \"maintenance\" has no \"cannot\" test")
                .doesNotContain("\"operator\" has no");
    }

    @Test
    void test_shadow_takesShadowStatementsForTrue() throws IOException {
        write("20-factory.yaml", """
                version: 1
                roles: {r: {publish: [a, {topic: b, shadow: true}]}}
                users: {u: [r]}
                tests: [{as: {user: u}, can: [publish b]}]
                """);

        assertThat(run("policy", "test", folder).code()).isEqualTo(1);
        assertThat(run("policy", "test", folder, "--shadow").code()).isZero();
    }

    @Test
    void explain_denied_showsWhatDecidesAndWhereTheRolesComeFrom() {
        Run run = run(
                "policy",
                "explain",
                folder,
                "--user",
                "anna",
                "--listener",
                "apps",
                "--address",
                "10.20.3.4",
                "publish plant/dev-press7/cmd/firmware/v2");

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out().replace(folder + "/", "").lines())
                .containsExactly(
                        "DENY   denied by \"plant/+/cmd/firmware/#\" of role \"operator\"",
                        "  deny   plant/+/cmd/firmware/#       role operator       20-factory.yaml:9   ← decides (a deny"
                                + " always wins)",
                        "  allow  plant/+/cmd/#                role operator       20-factory.yaml:8   (would allow)",
                        "  roles of anna: operator (via group operators), connected (included by operator)",
                        "  policy sha256:"
                                + json(run("policy", "check", folder, "--json").out())
                                        .get("digest")
                                + "   (not signed: no revision)");
    }

    @Test
    void explain_ofASignedPolicy_namesItsRevisionAndDigest(@TempDir Path keys) throws Exception {
        Path key = keys.resolve("policy.key");
        Path verifyKey = keys.resolve("policy.pub");
        assertThat(run("policy", "keygen", "--key", key, "--verify-key", verifyKey)
                        .code())
                .isZero();
        assertThat(run("policy", "sign", folder, "--key", key, "--revision", 42).code())
                .isZero();
        String digest = json(run("policy", "check", folder, "--json").out())
                .get("digest")
                .toString();
        List<Object> asked = List.of("policy", "explain", folder, "--user", "anna", "connect", "--json");
        List<Object> verifying = new ArrayList<>(asked);
        verifying.addAll(List.of("--verify-key", verifyKey));

        assertThat(run("policy", "explain", folder, "--user", "anna", "connect").out())
                .endsWith("  policy revision 42 sha256:" + digest
                        + "   (its signature is not checked without --verify-key)\n");
        assertThat(run("policy", "explain", folder, "--user", "anna", "connect", "--verify-key", verifyKey)
                        .out())
                .endsWith("  policy revision 42 sha256:" + digest + "\n");
        assertThat(json(run(asked.toArray()).out()))
                .containsEntry("revision", 42)
                .containsEntry("signature", "not checked")
                .containsEntry("digest", digest);
        assertThat(json(run(verifying.toArray()).out()))
                .containsEntry("revision", 42)
                .containsEntry("signature", "verified");

        write("30-more.yaml", "version: 1\n");
        assertThat(json(run(asked.toArray()).out()))
                .as("these are not the files that were signed")
                .containsEntry("revision", null)
                .containsEntry("signature", "none");
        Run refused = run(verifying.toArray());
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.err())
                .contains("error P160: signature does not match the files (not signed: 30-more.yaml).");
    }

    /** Who asks in somebody's name is read as a login would read it. */
    @Test
    void madeUpSubjects_haveTheirAttributesAsALoginHasThem() throws IOException {
        String fingerprint = "AB".repeat(32);
        write("20-factory.yaml", """
                version: 1
                roles: {r: {publish: [a]}, c: {publish: [b]}, n: {publish: [c]}}
                assign:
                  - {to: {jwt.scope: "mqtt:device"}, roles: [r]}
                  - {to: {cert.sha256: %s}, roles: [c]}
                  - {to: {cert.serial: "0A:1F"}, roles: [n]}
                tests:
                  - {as: {jwt.sub: tom, jwt.scope: "openid  mqtt:device"}, can: [publish a]}
                  - {as: {cert.cn: dev, cert.sha256: %s}, can: [publish b]}
                  - {as: {cert.cn: dev, cert.serial: A1f}, can: [publish c]}
                """.formatted(fingerprint, fingerprint));

        assertThat(run("policy", "test", folder).code()).isZero();
        assertThat(run("policy", "explain", folder, "--claim", "scope=openid mqtt:device", "publish a")
                        .code())
                .isZero();
        assertThat(run("policy", "explain", folder, "--cert", "sha256=" + fingerprint, "publish b")
                        .code())
                .isZero();
    }

    @Test
    void explain_subscribe_showsCoverHolesAndTheWidestFilter() throws IOException {
        write("20-factory.yaml", """
                version: 1
                roles: {app: {subscribe: [home/#], deny: {subscribe: [home/alarm/#]}}}
                users: {phone: [app]}
                """);

        Run granted = run("policy", "explain", folder, "--user", "phone", "subscribe home/#");
        assertThat(granted.code()).isZero();
        assertThat(granted.out())
                .startsWith("GRANT+FILTER   qos ≤ 2")
                .contains("covers the filter")
                .contains("hole: e.g. home/alarm/x is never delivered")
                .contains("roles of phone: app (by name)");
        Run wide = run("policy", "explain", folder, "--user", "phone", "subscribe #");
        assertThat(wide.code()).isEqualTo(1);
        assertThat(wide.out())
                .startsWith("DENY (wider than allowed): the widest filter that would be granted is \"home/#\"\n");
        assertThat(json(run("policy", "explain", folder, "--user", "phone", "subscribe #", "--json")
                        .out()))
                .containsEntry("verdict", "DENY")
                .containsEntry("kind", "wider than allowed")
                .containsEntry("roles", List.of("app (by name)"));
    }

    /** A filter that is granted though it is wider than allowed: it is no deny that filters it. */
    @Test
    void explain_wideSubscriptionThatIsFiltered_saysWhatIsNotDelivered() throws IOException {
        write("20-factory.yaml", """
                version: 1
                defaults: {wide_subscriptions: filter}
                roles: {r: {subscribe: [a/b, c/#], deny: {subscribe: [c/d]}}}
                users: {u: [r]}
                """);

        assertThat(run("policy", "explain", folder, "--user", "u", "subscribe a/#")
                        .out())
                .startsWith("GRANT+FILTER   qos ≤ 2   what no rule allows is never delivered\n");
        assertThat(run("policy", "explain", folder, "--user", "u", "subscribe c/#")
                        .out())
                .startsWith("GRANT+FILTER   qos ≤ 2   what a deny matches is never delivered\n");
        assertThat(run("policy", "explain", folder, "--user", "u", "subscribe #")
                        .out())
                .startsWith("GRANT+FILTER   qos ≤ 2   what a deny matches or no rule allows is never delivered\n");
    }

    @Test
    void explain_at_setsTheClock() {
        List<Object> asked =
                List.of("policy", "explain", folder, "--user", "carl", "publish plant/x/cmd/firmware/v2", "--at");

        assertThat(run(append(asked, "2026-12-05T23:00:00+01:00")).code()).isZero();
        assertThat(run(append(asked, "2026-12-05T12:00:00+01:00")).code()).isEqualTo(1);
        assertThat(run(append(asked, "noon")).code()).isEqualTo(2);
    }

    @Test
    void lint_withTheBrokersConfiguration_knowsHowOldAShadowIs(@TempDir Path house) throws IOException {
        write("20-factory.yaml", "version: 1\nroles: {r: {publish: [a, {topic: b, shadow: true}]}}\nusers: {u: [r]}\n");
        Path configuration = Files.writeString(house.resolve("gatehouse.yaml"), """
                version: 1
                data: data
                listeners:
                  one: {port: 0, bind: 127.0.0.1, insecure: {acknowledge: "a test"}, login: none}
                policy: {folder: "%s"}
                storage: memory
                """.formatted(folder));
        Files.createDirectory(house.resolve("data"));
        Files.writeString(house.resolve("data/policy-shadows"), "2026-01-01T00:00:00Z publish \"b\" of role \"r\"\n");

        assertThat(run("policy", "lint", folder, "-c", configuration).out())
                .contains(
                        "L13: publish \"b\" of role \"r\" is a shadow since 2026-01-01. Put it in force, or remove it.");
        assertThat(run("policy", "lint", folder).out()).doesNotContain("L13");
    }

    @Test
    void lint_findings_areShownWithTheirSource_andFail() throws IOException {
        Path file = write("20-factory.yaml", """
                version: 1
                roles:
                  r: {publish: [d/<client>], limits: {connections: 1}}
                users: {u: [r]}
                tests: [{as: {user: u, client: c}, can: [publish d/c], cannot: [publish d/x]}]
                """);

        Run run = run("policy", "lint", folder);
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).isEqualTo(file + """
                :3:17: warning L05: "d/<client>" uses what the client itself chose as its id. Bind it with "client_id" in role "r".
                  r: {publish: [d/<client>], limits: {connections: 1}}
                                ^^^^^^^^^^
                """);
        assertThat(run.err()).isEqualTo("gatehouse: 1 finding\n");
        assertThat(run("policy", "lint", folder, "--hardened").err())
                .isEqualTo("gatehouse: 1 finding, 1 of them mistakes\n");
        write(
                "20-factory.yaml",
                Files.readString(file)
                        .replace("r: {publish", "r: {client_id: [<user>], publish")
                        .replace("client: c}", "client: u}")
                        .replace("d/c", "d/u"));
        assertThat(run("policy", "lint", folder))
                .isEqualTo(new Run(0, "1 file, 1 role, 1 rule, 1 test passed: nothing found\n", ""));
    }

    @Test
    void diff_saysWhatRolesAndPrincipalsLoseAndGain(@TempDir Path other) throws IOException {
        Path file = write("20-factory.yaml", FACTORY);
        Files.copy(file, other.resolve("a.yaml"));
        assertThat(run("policy", "diff", folder, other))
                .isEqualTo(new Run(0, "no difference: every request is answered alike\n", ""));

        write(
                "20-factory.yaml",
                FACTORY.replace("deny: {publish: [plant/+/cmd/firmware/#]}", "note: none")
                        .replace("cannot: [publish plant/x/cmd/firmware/v2]", "cannot: [publish x]")
                        .replace("subscribe: [plant/broadcast/#]", "subscribe: [plant/broadcast/+]"));
        Run run = run("policy", "diff", other, folder);
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).isEqualTo("""
                role connected       LOST    subscribe plant/broadcast
                role connected       LOST    subscribe plant/broadcast/+/+/#
                role operator        GAINED  publish   plant/+/cmd/firmware/#
                principals: 1 user gains (anna), group operators gains
                """);
        Map<String, Object> json =
                json(run("policy", "diff", other, folder, "--json").out());
        assertThat(json).containsEntry("equal", false).containsEntry("other", List.of());
        assertThat(((Map<?, ?>) json.get("roles")).get("operator"))
                .isEqualTo(List.of(Map.of(
                        "change", "gained",
                        "verb", "publish",
                        "pattern", "plant/+/cmd/firmware/#",
                        "witness", "plant/any/cmd/firmware",
                        "detail", "",
                        "where", Map.of())));
    }

    @Test
    void diff_policyWithAMistake_isRefused(@TempDir Path other) throws IOException {
        Path file = Files.writeString(other.resolve("a.yaml"), "version: 1\nrolls: {}\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));

        Run run = run("policy", "diff", folder, other);
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("error P104").endsWith("1 mistake; this policy would not be loaded\n");
    }

    @Test
    void schema_isJson_thatHasTheKeysOfAPolicy() {
        Run run = run("policy", "schema");

        assertThat(run.code()).isZero();
        assertThat(json(run.out()))
                .containsEntry("$schema", "https://json-schema.org/draft/2020-12/schema")
                .containsEntry("additionalProperties", false)
                .extractingByKey("properties")
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.MAP)
                .containsKeys("version", "roles", "tests");
    }

    private static Object[] append(List<Object> list, Object last) {
        Object[] all = Arrays.copyOf(list.toArray(), list.size() + 1);
        all[list.size()] = last;
        return all;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> json(String text) {
        try {
            return (Map<String, Object>) Json.read(text);
        } catch (Json.NotJson e) {
            throw new AssertionError(text, e);
        }
    }

    private Path write(String name, String text) throws IOException {
        Path file = Files.writeString(folder.resolve(name), text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        return file;
    }

    private static Run run(Object... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = GatehouseCommand.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Arrays.stream(args).map(Object::toString).toArray(String[]::new));
        return new Run(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}
