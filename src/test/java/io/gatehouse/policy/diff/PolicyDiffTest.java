package io.gatehouse.policy.diff;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.policy.language.PolicyLoader;
import io.gatehouse.policy.language.PolicyLoader.Options;
import io.gatehouse.policy.model.Policy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a diff says, in its words: of roles, of variables that may be what is named beside them, and of principals. */
class PolicyDiffTest {
    @TempDir
    private Path folder;

    static Stream<Arguments> roles() {
        return Stream.of(
                row("publish: [a]", "publish: [a, b/#]", "GAINED  publish   b/#"),
                row("publish: [a/#]", "publish: [a, a/+/#]"),
                row("publish: [a/#]", "publish: [a/+/#]", "LOST    publish   a"),
                row(
                        "publish: [p/+/cmd/#]",
                        "publish: [p/+/cmd/#], deny: {publish: [p/+/cmd/fw/#]}",
                        "LOST    publish   p/+/cmd/fw/#"),
                row("publish: [a/b, a/+]", "publish: [a/+]"),
                row("subscribe: [a/+]", "subscribe: [a/#]", "GAINED  subscribe a", "GAINED  subscribe a/+/+/#"),
                row("subscribe: [\"#\"]", "subscribe: [+/#]"),
                row("subscribe: [\"#\"]", "subscribe: [\"#\", $SYS/#]", "GAINED  subscribe $SYS/#"),
                row("publish: [a]", "subscribe: [a]", "LOST    publish   a", "GAINED  subscribe a"),
                row(
                        "publish: [a]",
                        "publish: [{topic: a, max_qos: 1}]",
                        "LOST    publish   a   (qos 2, qos 2 retained)"),
                row(
                        "publish: [a]",
                        "publish: [{topic: a, retain: false}]",
                        "LOST    publish   a   (qos 0 retained, qos 1 retained, qos 2 retained)"),
                row(
                        "publish: [{topic: a, max_payload: 10, max_qos: 0, retain: false}]",
                        "publish: [{topic: a, max_payload: 20, max_qos: 0, retain: false}]",
                        "GAINED  publish   a   (qos 0 over 10 bytes)"),
                row(
                        "subscribe: [{topic: a/#, shared: [w]}]",
                        "subscribe: [{topic: a/#, shared: [w, v]}]",
                        "GAINED  subscribe a/#   (share group v)"),
                row("subscribe: [{topic: a, shared: [w*, w1]}]", "subscribe: [{topic: a, shared: [w*]}]"),
                row("publish: [a, {topic: b, shadow: true}]", "publish: [a, {topic: c, shadow: true}]"),
                // a filter over what is denied either way
                row(
                        "subscribe: [a, a/+/#], deny: {subscribe: [a]}",
                        "subscribe: [a/+/#], deny: {subscribe: [a]}",
                        "LOST    subscribe filter a/#   (it spans what is denied)"),
                row("subscribe: [a, b], deny: {subscribe: [b]}", "subscribe: [a], deny: {subscribe: [b]}"),
                // a variable may be the level named beside it
                row(
                        "publish: [d/<cn>/x]",
                        "publish: [d/<cn>/x], deny: {publish: [d/press/x]}",
                        "LOST    publish   d/press/x   where <cn> is press"),
                row("publish: [d/<cn>/x/<cn>]", "publish: [d/<cn>/x/<cn>], deny: {publish: [d/press/+/punch]}"),
                row("publish: [d/<cn>/x, d/+/x]", "publish: [d/+/x]"),
                row(
                        "publish: [d/<cn>]",
                        "publish: [d/<user>]",
                        "LOST    publish   d/<cn>",
                        "GAINED  publish   d/<user>"),
                row(
                        "publish: [d/<cn>], deny: {publish: [d/<user>]}",
                        "publish: [d/<cn>]",
                        "GAINED  publish   d/<cn>   where <user> is <cn>"));
    }

    private static Arguments row(String before, String after, String... changes) {
        return Arguments.of(before, after, List.of(changes));
    }

    @ParameterizedTest(name = "{0} → {1}")
    @MethodSource("roles")
    void diff_ofRoles_saysWhatIsLostAndGained(String before, String after, List<String> changes) throws IOException {
        PolicyDiff diff = PolicyDiff.of(one(before), one(after));

        assertThat(diff.roles().getOrDefault("r", List.of()))
                .extracting(Change::toString)
                .containsExactlyElementsOf(changes);
        assertThat(diff.principals().keySet())
                .isEqualTo(changes.isEmpty() ? java.util.Set.of() : java.util.Set.of("u"));
        assertThat(PolicyDiff.of(one(after), one(after)).isEmpty()).isTrue();
    }

    @Test
    void diff_movedIntoAnIncludedRole_isNoLossToWhoeverHasIt() throws IOException {
        PolicyDiff diff = PolicyDiff.of(
                load("roles: {r: {publish: [a, b]}}\nusers: {u: [r]}"),
                load("roles: {r: {publish: [a], include: [s]}, s: {publish: [b]}}\nusers: {u: [r]}"));

        assertThat(diff.roles().keySet()).containsExactly("s");
        assertThat(diff.principals()).isEmpty();
        assertThat(diff.other()).containsExactly("role s is new");
    }

    @Test
    void diff_ofWhoHasARole_isSaidOfUsersGroupsAndRows() throws IOException {
        String roles = "roles: {r: {publish: [a]}, s: {publish: [b]}}\n";
        PolicyDiff diff = PolicyDiff.of(
                load(roles + "users: {u: [r], v: [s]}\ngroups: {g: [x, y]}\n"
                        + "assign: [{to: {group: g}, roles: [r]}, {to: {cert.issuer: \"CN=A\"}, roles: [s]}]"),
                load(roles + "users: {u: [r], v: [r]}\ngroups: {g: [x, z]}\n"
                        + "assign: [{to: {group: g}, roles: [r]}, {to: {cert.issuer: \"CN=A\"}, roles: [r, s]}]"));

        assertThat(diff.roles()).isEmpty();
        assertThat(diff.principals().keySet()).containsExactly("all holders of cert.issuer \"CN=A\"", "v", "y", "z");
        assertThat(diff.principals().get("v").loses()).isTrue();
        assertThat(diff.principals().get("v").gains()).isTrue();
        assertThat(diff.principals().get("y").gains()).isFalse();
        assertThat(diff.principals().get("z").loses()).isFalse();
        assertThat(diff.principals().get("all holders of cert.issuer \"CN=A\"").loses())
                .isFalse();
    }

    @Test
    void diff_ofWhatIsNoRule_isSaidInWords() throws IOException {
        PolicyDiff diff = PolicyDiff.of(
                load("vars: {v: {from: user}}\nroles: {r: {publish: [a/<v>]}}\nusers: {u: [r]}"),
                load("defaults: {holes: reject}\nvars: {v: {from: cert.cn}}\nroles:\n  r:\n    publish: [a/<v>]\n"
                        + "    when: {listener: apps}\n    limits: {connections: 1}\n    client_id: [<v>]\nusers: {u: [r]}\n"
                        + "everyone: {limits: {publish_rate: 60/m}}"));

        assertThat(diff.roles()).isEmpty();
        assertThat(diff.other())
                .containsExactly(
                        "role r when: [] → [listener [apps]]",
                        "role r client_id: [] → [<v>]",
                        "role r limits: none → connections=1",
                        "defaults: wide_subscriptions reject, holes filter, response_topics check → wide_subscriptions"
                                + " reject, holes reject, response_topics check",
                        "variable <v>: from user chars a-z0-9._- max 64 → from cert.cn chars a-z0-9._- max 64",
                        "limits of everyone: none → publish_rate=1");
    }

    @Test
    void diff_everyoneDenied_isALossOfEveryRoleThatHadIt() throws IOException {
        String roles = "roles: {r: {publish: [a/#]}, s: {publish: [b]}}\nusers: {u: [r], v: [s]}\n";
        PolicyDiff diff = PolicyDiff.of(load(roles), load(roles + "everyone: {deny: {publish: [a/x]}}"));

        assertThat(diff.roles()).containsOnlyKeys("r");
        assertThat(diff.principals()).containsOnlyKeys("u");
    }

    private Policy one(String role) throws IOException {
        return load("roles: {r: {" + role + "}}\nusers: {u: [r]}");
    }

    private Policy load(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("10-main.yaml"), "version: 1\n" + text + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        PolicyLoader.Loaded loaded = PolicyLoader.load(folder, Options.WITHOUT_TESTS, Clock.systemUTC());
        assertThat(loaded.problems()).isEmpty();
        return loaded.policy();
    }
}
