package io.gatehouse.policy.lint;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.config.Problem;
import io.gatehouse.policy.language.PolicyLoader;
import io.gatehouse.policy.language.PolicyLoader.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every advice: a policy that has it, with its place and words, and one next to it that has not. */
class LintTest {
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-25T12:00:00Z"), ZoneOffset.UTC);

    @TempDir
    private Path folder;

    static Stream<Arguments> advice() {
        return Stream.of(
                row(
                        "L01",
                        "roles: {a: {publish: [x]}, lost: {publish: [y]}}\nusers: {u: [a]}",
                        "2:28 role \"lost\" is given to nobody: none of its rules ever matches.",
                        "roles: {a: {publish: [x], include: [b]}, b: {publish: [y]}}\nusers: {u: [a]}"),
                row(
                        "L02",
                        one("publish: [a/#, a/b]"),
                        "2:28 \"a/b\" is covered by \"a/#\" at 10-main.yaml:2: it adds nothing. Remove it.",
                        one("publish: [a/#, {topic: b/#, max_qos: 0}, b/c]")),
                row(
                        "L02",
                        one("publish: [a/b, a/b]"),
                        "2:28 \"a/b\" is covered by \"a/b\" at 10-main.yaml:2: it adds nothing. Remove it.",
                        one("publish: [a/b], subscribe: [a/b]")),
                row(
                        "L02",
                        one("publish: [+/#, $SYS/x, a//b]"),
                        "2:36 \"a//b\" is covered by \"+/#\" at 10-main.yaml:2: it adds nothing. Remove it.",
                        one("publish: [+/#, $SYS/x]")),
                row(
                        "L03",
                        one("publish: [a/b/c], deny: {publish: [a/+/#]}"),
                        "2:23 allow publish \"a/b/c\" is denied whole by \"a/+/#\" at 10-main.yaml:2: it allows nothing. Remove"
                                + " one of them.",
                        one("publish: [a/b/c], deny: {publish: [a/+/+/#/d]}".replace("/#/d", "/d"))),
                row(
                        "L03",
                        one("subscribe: [a/#], deny: {subscribe: [a, a/+/#]}"),
                        "2:25 allow subscribe \"a/#\" is denied whole by \"a\" at 10-main.yaml:2: it allows nothing. Remove one"
                                + " of them.",
                        one("subscribe: [a/#], deny: {subscribe: [a/+/#]}")),
                row(
                        "L03",
                        one("publish: [a]") + "\neveryone: {deny: {publish: [\"#\"]}}",
                        "2:23 allow publish \"a\" is denied whole by \"#\" at 10-main.yaml:4: it allows nothing. Remove one of"
                                + " them.",
                        one("publish: [a]") + "\neveryone: {deny: {subscribe: [\"#\"]}}"),
                row(
                        "L04",
                        one("subscribe: [\"#\"]"),
                        "2:25 role \"r\" may subscribe everything (\"#\"). Name the trees it needs.",
                        one("subscribe: [a/#]")),
                row(
                        "L04",
                        tenants("t/#"),
                        "5:18 \"t/#\" of role \"all\" reaches over <c>, <t>, <v>: what other roles keep apart. Name the levels it"
                                + " needs.",
                        tenants("u/#")),
                row(
                        "L05",
                        one("publish: [d/<client>/x]"),
                        "2:23 \"d/<client>/x\" uses what the client itself chose as its id. Bind it with \"client_id\" in role"
                                + " \"r\".",
                        one("publish: [d/<client>/x], client_id: [<user>-*]")),
                row(
                        "L05",
                        "vars: {mine: {from: client}}\n" + one("subscribe: [d/<mine>]"),
                        "3:25 \"d/<mine>\" uses what the client itself chose as its id. Bind it with \"client_id\" in role"
                                + " \"r\".",
                        one("subscribe: [d/<user>]")),
                row(
                        "L06",
                        "vars: {v: {from: user}}\n" + one("publish: [a]"),
                        "2:8 variable <v> is not used.",
                        "vars: {v: {from: user}}\n" + one("publish: [a/<v>]")),
                row(
                        "L06",
                        "groups: {g: [u]}\n" + one("publish: [a]"),
                        " group \"g\" is not used: no row of \"assign\" names it.",
                        "groups: {g: [u]}\nassign: [{to: {group: g}, roles: [r]}]\n" + one("publish: [a]")),
                row(
                        "L07",
                        two("deny: {publish: [a/f/#]}, publish: [a/#]", "publish: [a/f/x]", "users: {u: [r, s]}"),
                        "3:16 allow publish \"a/f/x\" is useless to \"u\", who is \"r\", too: its deny \"a/f/#\" at 10-main.yaml:2"
                                + " wins.",
                        two("deny: {publish: [a/f/#]}, publish: [a/#]", "publish: [a/f/x]", "users: {u: [r], w: [s]}")),
                row(
                        "L08",
                        one("publish: [a/#], deny: {publish: [a/+/admin]}"),
                        "2:46 deny publish \"a/+/admin\" ends where the allow \"a/#\" at 10-main.yaml:2 goes deeper: what is below"
                                + " stays allowed. Did you mean \"a/+/admin/#\"?",
                        one("publish: [a/+/+], deny: {publish: [a/+/admin]}")),
                row(
                        "L09",
                        one("subscribe: [$SYS/#], deny: {subscribe: [+/x/#]}"),
                        "2:53 deny subscribe \"+/x/#\" does not reach topics that start with $, and a role allows some. Deny those"
                                + " by name.",
                        one("subscribe: [a/#], deny: {subscribe: [+/x/#]}")),
                row(
                        "L10",
                        two(
                                "deny: {publish: [a/f]}, when: {listener: apps}, publish: [b]",
                                "publish: [a/+]",
                                "users: {u: [r, s]}"),
                        "2:30 deny publish \"a/f\" holds only while \"r\" is active: outside its condition, \"u\" has \"a/+\" of \"s\""
                                + " at 10-main.yaml:3. Put the deny into \"s\" or into \"everyone\".",
                        two(
                                "deny: {publish: [a/f]}, when: {listener: apps}, publish: [b]",
                                "publish: [c/+]",
                                "users: {u: [r, s]}")),
                row(
                        "L11",
                        one("publish: [\"a/\"]"),
                        "2:23 \"a/\" ends in an empty level and matches only topics that do. Did you mean \"a/#\"?",
                        one("publish: [a/b]")),
                row(
                        "L12",
                        one("publish: [a/+/b], subscribe: [a/+/b]"),
                        "2:23 role \"r\" publishes to the tree that it subscribes to (\"a/+/b\"): its clients hear themselves."
                                + " Divide the tree by direction.",
                        one("publish: [a/+/up], subscribe: [a/+/down]")),
                row(
                        "L13",
                        one("publish: [a], shadow: true"),
                        "2:9 role \"r\" is a shadow, and its file has not changed for 30 days. Put it in force, or remove it.",
                        one("publish: [a]")),
                row(
                        "L13",
                        one("publish: [a, {topic: b, shadow: true}]"),
                        "2:34 publish \"b\" of role \"r\" is a shadow, and its file has not changed for 30 days. Put it in force, or remove it.",
                        "# new\n" + one("publish: [a, {topic: b, shadow: true}]")),
                row(
                        "L14",
                        one("publish: [a/+]"),
                        "2:23 \"a/+\" lets leave retained messages on topics without number. Say retain: false, or name the topics"
                                + " that keep one.",
                        one("publish: [{topic: a/+, retain: false}, b]")),
                row(
                        "L15",
                        one("publish: [a]"),
                        " the policy has no tests: nothing holds it to what it is meant to say.",
                        one("publish: [a]") + "\ntests: [{as: {user: u}, can: [publish a], cannot: [publish b]}]"),
                row(
                        "L15",
                        one("publish: [a]") + "\ntests: [{as: {user: u}, can: [publish a]}]",
                        "2:9 role \"r\" has no \"cannot\" test.",
                        one("publish: [a]") + "\ntests: [{as: {user: u}, can: [publish a], cannot: [publish b]}]"),
                row(
                        "L16",
                        one("publish: [a]") + "\nassign: [{to: {auth: anonymous}, roles: [r]}]",
                        "4:10 whoever does not log in may publish: role \"r\" allows \"a\".",
                        one("publish: [a]") + "\nassign: [{to: {auth: password}, roles: [r]}]"),
                row(
                        "L17",
                        one("publish: [a]"),
                        "2:9 role \"r\" is given to users with passwords (\"u\" is one) and has no limits.connections: a stolen"
                                + " one may be used any number of times.",
                        one("publish: [a], limits: {connections: 1}")),
                row(
                        "L18",
                        two("publish: [a, b]", "publish: [b, c]", "users: {u: [r], w: [s]}"),
                        "3:16 publish b stands in role \"r\" at 10-main.yaml:2, too. Let both roles include a third.",
                        two("publish: [a, b]", "publish: [{topic: b, max_qos: 0}, c]", "users: {u: [r], w: [s]}")),
                row(
                        "L19",
                        one("publish: [\"s\u0456te/x\"]"),
                        "2:23 level \"s\u0456te\" of \"s\u0456te/x\" mixes scripts or holds characters that look like others: is it"
                                + " what clients send?",
                        one("publish: [größe/température/温度カ]")),
                row(
                        "L20",
                        one("publish: [a], when: {time: \"2026-01-01..2026-02-01 UTC\"}"),
                        "2:34 time window [2026-01-01..2026-02-01 UTC] never opens again. Remove what depends on it.",
                        one("publish: [a], when: {time: \"2026-01-01..2027-02-01 UTC\"}")));
    }

    private static String one(String role) {
        return "roles: {r: {" + role + "}}\nusers: {u: [r]}";
    }

    private static String two(String first, String second, String users) {
        return "roles: {r: {" + first + "},\n s: {" + second + "}}\n" + users;
    }

    private static String tenants(String all) {
        return "vars: {t: {from: jwt.t}, c: {from: jwt.c}, v: {from: jwt.v}}\nroles:\n r: {publish: [t/<t>/<c>/#, t/<v>]}\n"
                + " all: {publish: [" + all + "]}\nusers: {u: [r], w: [all]}";
    }

    private static Arguments row(String code, String fires, String finding, String silent) {
        return Arguments.of(code, fires, finding, silent);
    }

    @ParameterizedTest(name = "{0} {index}")
    @MethodSource("advice")
    void lint_advice_isGivenWhereItFits_andNowhereElse(String code, String fires, String finding, String silent)
            throws IOException {
        assertThat(found(fires, code, false)).as(fires).containsExactly(finding);
        assertThat(found(silent, code, false)).as(silent).isEmpty();
    }

    @Test
    void table_hasEveryCode() {
        assertThat(advice().map(row -> row.get()[0]).distinct()).hasSize(20);
    }

    @Test
    void lint_hardened_makesThreeOfThemMistakes() throws IOException {
        String policy = two(
                "deny: {publish: [a/f]}, when: {listener: apps}, publish: [\"b/\"]",
                "publish: [a/+, d/<client>]",
                "users: {u: [r, s]}");

        assertThat(all(policy, true).stream().filter(Problem::isError).map(Problem::code))
                .containsExactlyInAnyOrder("L05", "L10", "L15");
        assertThat(all(policy, false))
                .noneMatch(Problem::isError)
                .anyMatch(problem -> problem.code().equals("L11"));
    }

    /** What a broker remembers of a shadow counts more than the date of the file it stands in. */
    @Test
    void l13_countsFromWhenTheShadowWasFirstThere() throws IOException {
        String policy = one("publish: [a, {topic: b, shadow: true}]");
        String words = "publish \"b\" of role \"r\"";
        Instant now = CLOCK.instant();

        assertThat(found("# new\n" + policy, "L13", Map.of(words, Instant.parse("2026-01-02T03:04:05Z"))))
                .containsExactly("3:34 " + words + " is a shadow since 2026-01-02. Put it in force, or remove it.");
        assertThat(found(policy, "L13", Map.of(words, now.minusSeconds(86_400 * 29))))
                .isEmpty();
        assertThat(found(policy, "L13", Map.of("role \"other\"", now))).hasSize(1);
    }

    @Test
    void l21_nameThatSeveralAuthoritiesMayGive_isAMistake() throws IOException {
        String row = "roles: {r: {publish: [a]}}\nassign: [{to: {cert.cn: press%s}, roles: [r]}]";
        Map<String, Integer> two = Map.of("devices", 2, "apps", 1);

        assertThat(of(row.formatted(""), two)).singleElement().satisfies(problem -> {
            assertThat(problem.isError()).isTrue();
            assertThat(problem.message())
                    .isEqualTo(
                            "\"cert.cn\" alone says who somebody is, and listener \"devices\" takes certificates of 2"
                                    + " authorities: each of them may give that name. Say \"cert.issuer\", too.");
        });
        assertThat(of(row.formatted(", listener: devices"), two)).hasSize(1);
        assertThat(of(row.formatted(", listener: apps"), two)).isEmpty();
        assertThat(of(row.formatted(", cert.issuer: \"CN=Plant\""), two)).isEmpty();
        assertThat(of(row.formatted(""), Map.of("devices", 1))).isEmpty();
        assertThat(of(row.formatted(""), Map.of())).isEmpty();
    }

    private List<Problem> of(String text, Map<String, Integer> authorities) throws IOException {
        return all(text, false, Map.of(), authorities).stream()
                .filter(problem -> problem.code().equals("L21"))
                .toList();
    }

    private List<String> found(String text, String code, Map<String, Instant> shadows) throws IOException {
        return said(all(text, false, shadows), code);
    }

    private List<String> found(String text, String code, boolean hardened) throws IOException {
        return said(all(text, hardened), code);
    }

    private List<String> said(List<Problem> problems, String code) {
        return problems.stream()
                .filter(problem -> problem.code().equals(code))
                .map(problem -> problem.toString()
                        .replace(folder + "/", "")
                        .replaceFirst("^10-main.yaml:?", "")
                        .replaceFirst(":? (warning|error) L[0-9]+:", ""))
                .map(found -> found.startsWith(":") ? found.substring(1) : found)
                .toList();
    }

    private List<Problem> all(String text, boolean hardened) throws IOException {
        return all(text, hardened, Map.of());
    }

    private List<Problem> all(String text, boolean hardened, Map<String, Instant> shadows) throws IOException {
        return all(text, hardened, shadows, Map.of());
    }

    private List<Problem> all(
            String text, boolean hardened, Map<String, Instant> shadows, Map<String, Integer> authorities)
            throws IOException {
        Path file = Files.writeString(folder.resolve("10-main.yaml"), "version: 1\n" + text + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        PolicyLoader.Loaded loaded = PolicyLoader.load(folder, Options.WITH_TESTS, CLOCK);
        assertThat(loaded.problems()).as(text).isEmpty();
        Instant changed =
                text.startsWith("# new") ? CLOCK.instant() : CLOCK.instant().minusSeconds(86_400L * 31);
        return Lint.of(
                loaded.policy(),
                new Lint.Context(CLOCK, loaded.run(), Map.of(file.toString(), changed), shadows, authorities),
                hardened);
    }
}
