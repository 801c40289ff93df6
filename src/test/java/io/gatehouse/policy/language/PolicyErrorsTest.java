package io.gatehouse.policy.language;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every mistake in a policy: its code, its words, its place. */
class PolicyErrorsTest {
    private static final String ROLE = "version: 1\nroles:\n  r:\n    publish: [%s]\n";
    private static final String TEXT =
            "A policy is text in UTF-8, of at most 1 MiB a file; divided into several it means the same.";
    private static final String DEVICE = """
            vars: {device: {from: cert.cn, prefix: "dev-"}}
            roles: {r: {publish: [<device>/#]}}
            assign: [{to: {auth: certificate}, roles: [r]}]
            """;
    private static final String GOOD = """
            version: 1
            vars:
              device: {from: cert.cn, prefix: "dev-", chars: a-z0-9-, max: 32}
            roles:
              sensor:
                publish: [home/<user>/#, {topic: home/<user>/state, retain: true, max_qos: 1}]
                limits: {publish_rate: 10/s, max_payload: 4KiB}
              app:
                subscribe: [home/#]
                deny: {subscribe: [home/alarm/#]}
                when: {network: 10.0.0.0/8}
            users:
              greenhouse: [sensor]
            assign:
              - to: {group: family}
                roles: [app]
            groups:
              family: [anna]
            tests:
              - as: {user: greenhouse}
                can: [publish home/greenhouse/x]
                cannot: [publish home/kitchen/x]
            """;

    @TempDir
    private Path folder;

    static Stream<Arguments> mistakes() {
        return Stream.of(
                row(
                        "P102",
                        "version: 1\nroles: {a: [}\n",
                        "2:",
                        "not valid YAML: while parsing a flow node: expected the node content, but found '}'. Look at the line"
                                + " above, too: a missing colon or quote shows up one line later."),
                syntax(
                        "publish:\n      - %c/x",
                        "while scanning for the next token: found character '%' that cannot start any token",
                        "Variables are written <name>, not {name}, %n or @name."),
                syntax(
                        "publish:\n      - {cn}/x",
                        "while parsing a block collection: expected <block end>, but found '<scalar>'",
                        "Variables are written <name>, not {name}, %n or @name."),
                syntax(
                        "publish: [a/${cn}/b, c]",
                        "while parsing a flow sequence: expected ',' or ']', but got {",
                        "Variables are written <name>, not {name}, %n or @name."),
                syntax(
                        "\tpublish: [a]",
                        "while scanning for the next token: found character '\\t(TAB)' that cannot start any token",
                        "YAML indents with spaces, never with tabs."),
                syntax(
                        "publish: [home/ #, b]\n    note: x",
                        "while parsing a flow sequence: expected ',' or ']', but got <scalar>",
                        "# after a space starts a comment: in a list [a, b], put a text with # after a space in quotes."),
                row(
                        "P102",
                        "version: 1\nroles: {r: {note: a\uFEFFb}}\n",
                        "2:20",
                        "not valid YAML: a byte order mark inside a file. " + TEXT),
                row(
                        "P102",
                        "version: 1\nroles: {r: {note: \"a\\0b\"}}\n",
                        "2:19",
                        "not valid YAML: the character U+0000. " + TEXT),
                row(
                        "P102",
                        "version: 1\nroles: {[a]: {note: b}}\n",
                        "2:9",
                        "not valid YAML: a key that is not text. " + TEXT),
                row(
                        "P102",
                        "version: 1\n---\nroles: {}\n",
                        "2:1",
                        "not valid YAML: expected a single document in the stream: but found another document. Look at the"
                                + " line above, too: a missing colon or quote shows up one line later."),
                row(
                        "P102",
                        "version: 1\nroles: " + "[".repeat(25) + "\n",
                        "1:1",
                        "not valid YAML: Nesting Depth exceeded max 20. Look at the line above, too: a missing colon or quote"
                                + " shows up one line later."),
                row(
                        "P102",
                        "version: 1\n#" + "x".repeat(1 << 20),
                        "1:1",
                        "not valid YAML: a file larger than 1 MiB. " + TEXT),
                row("P103", "roles: {}\n", "1:1", "missing \"version: 1\" as the first key."),
                row("P103", "# nothing\n", "1:1", "missing \"version: 1\" as the first key."),
                row("P103", "roles: {}\nversion: 1\n", "1:1", "missing \"version: 1\" as the first key."),
                row("P103", "version: one\n", "1:1", "missing \"version: 1\" as the first key."),
                row("P103", "version: 2\n", "1:1", "version 2 is newer than this broker reads (1)."),
                row(
                        "P104",
                        "version: 1\nroles:\n  r:\n    publsh: [a]\n",
                        "4:5",
                        "unknown key \"publsh\" in role \"r\". Did you mean \"publish\"?"),
                row(
                        "P105",
                        "version: 1\nroles:\n  r: {note: a}\n  r: {note: b}\n",
                        "4:3",
                        "key \"r\" appears twice in \"roles\" (first at line 3). YAML would silently keep the last one."),
                row(
                        "P104",
                        "version: 1\nroles:\n  r:\n    xyz: [a]\n",
                        "4:5",
                        "unknown key \"xyz\" in role \"r\". Known keys: client_id, deny, include, limits, note, publish, shadow,"
                                + " subscribe, when."),
                row(
                        "P104",
                        "version: 1\nroles: {Sensor: {publish: [a]}}\n",
                        "2:9",
                        "role name \"Sensor\" must be like [a-z][a-z0-9-]*, at most 64 characters."),
                row(
                        "P104",
                        "version: 1\ngroups: {a_b: [u]}\n",
                        "2:10",
                        "group name \"a_b\" must be like [a-z][a-z0-9-]*, at most 64 characters."),
                row(
                        "P104",
                        "version: 1\nvars: {v: {from: cert.cm}}\n",
                        "2:18",
                        "unknown source \"cert.cm\". Did you mean \"cert.cn\"? Known: user, client, listener, cert.cn,"
                                + " cert.san.dns, cert.san.uri, cert.san.email, cert.serial, jwt.CLAIM."),
                row("P104", "version: 1\nvars: {v: {max: 3}}\n", "2:8", "variable \"v\" needs a \"from\"."),
                row(
                        "P104",
                        "version: 1\nroles: {r: {publish: [{topic: a, shared: [g]}]}}\n",
                        "2:34",
                        "\"shared\" belongs to subscribe items."),
                row(
                        "P105",
                        "version: 1\nroles: {r: {limits: {queued: 1, queued: 2}}}\n",
                        "2:33",
                        "key \"queued\" appears twice in \"limits\" of role \"r\" (first at line 2). YAML would silently keep"
                                + " the last one."),
                row(
                        "P105",
                        "version: 1\nroles: {}\nroles: {}\n",
                        "3:1",
                        "key \"roles\" appears twice in the file (first at line 2). YAML would silently keep the last one."),
                row(
                        "P106",
                        "version: 1\nroles: {r: {shadow: yes}}\n",
                        "2:21",
                        "\"shadow\" must be true or false, found \"yes\"."),
                row(
                        "P106",
                        "version: 1\nvars: {v: {from: user, chars: z-a}}\n",
                        "2:31",
                        "\"chars\" is a set of characters such as a-z0-9._-, found \"z-a\"."),
                row(
                        "P106",
                        "version: 1\nvars: {v: {from: user, max: 257}}\n",
                        "2:29",
                        "\"max\" must be a whole number from 1 to 256, found \"257\"."),
                row(
                        "P106",
                        "version: 1\nvars: {v: {from: user, case: upper}}\n",
                        "2:30",
                        "\"case\" is keep or lower, found \"upper\"."),
                row(
                        "P106",
                        "version: 1\ndefaults: {max_qos: 3}\n",
                        "2:21",
                        "\"max_qos\" must be a whole number from 0 to 2, found \"3\"."),
                row(
                        "P106",
                        "version: 1\nroles: {r: {client_id: []}}\n",
                        "2:13",
                        "\"client_id\" needs a pattern; without the key, any client id will do."),
                row(
                        "P106",
                        "version: 1\nmode: shadwo\n",
                        "2:7",
                        "\"mode\" is live or shadow, found \"shadwo\". Did you mean \"shadow\"?"),
                when("P106", "network: []", "\"network\" needs at least one value; none never holds."),
                when("P106", "auth: cert", "\"auth\" is certificate, password, jwt or anonymous, found \"cert\"."),
                row(
                        "P106",
                        "version: 1\nroles: {a: {publish: [x]}}\nassign: [{to: {}, roles: [a]}]\n",
                        "3:11",
                        "\"to\" needs a condition: a role for everybody is never an accident."),
                row("P106", "version: 1\ntests: [{can: [connect]}]\n", "2:9", "a test needs \"as\": who asks."),
                row(
                        "P106",
                        "version: 1\ntests: [{as: {user: u}, can: [publis a]}]\n",
                        "2:31",
                        "check \"publis a\" must start with connect, publish, subscribe, receive or will."),
                row(
                        "P106",
                        "version: 1\ntests: [{as: {user: u}, can: [publish a qos 3]}]\n",
                        "2:31",
                        "check \"publish a qos 3\": \"qos\" not understood. After the topic: qos N, retain, size N."),
                row(
                        "P107",
                        "version: 1\nroles:\n  r:\n    publish:\n      - home/ # all of it\n",
                        "5:9",
                        "empty level at the end of \"home/\". # after a space starts a comment. Did you mean \"home/#\"?"),
                row(
                        "P106",
                        "version: 1\nroles:\n  r:\n    publish: home/x\n",
                        "4:14",
                        "\"publish\" must be a list, found text. Write: publish: [home/x]"),
                row(
                        "P107",
                        "version: 1\nroles:\n  r:\n    publish:\n      - #\n",
                        "5:",
                        "empty list item. An unquoted # starts a comment. Did you mean \"#\"?"),
                row(
                        "P107",
                        "version: 1\nroles: {r: {publish: [null]}}\n",
                        "2:23",
                        "\"null\" without quotes is YAML's word for nothing. Write it in quotes."),
                row(
                        "P108",
                        "version: 1\nroles:\n  a: &x {note: n}\n",
                        "3:6",
                        "anchors, aliases and tags are not supported in policies."),
                row(
                        "P108",
                        "version: 1\nroles: {a: {note: !!str n}}\n",
                        "2:19",
                        "anchors, aliases and tags are not supported in policies."),
                row(
                        "P108",
                        "version: 1\nroles: {a: {<<: {note: n}}}\n",
                        "2:13",
                        "anchors, aliases and tags are not supported in policies."),
                row(
                        "P108",
                        "version: 1\nroles: {a: *x}\n",
                        "2:12",
                        "anchors, aliases and tags are not supported in policies."),
                pattern("P110", "a/#/b", "topic pattern \"a/#/b\": \"#\" must be the last level."),
                pattern("P111", "a/b+", "topic pattern \"a/b+\": \"+\" must stand alone in its level, found \"b+\"."),
                pattern(
                        "P112",
                        "a/<usr>",
                        "topic pattern \"a/<usr>\": unknown variable <usr>. Did you mean <user>? Known: <user>, <client>, <cn>."),
                pattern("P110", "a/b#", "topic pattern \"a/b#\": \"#\" must be the last level."),
                pattern(
                        "P113",
                        "a/<cn>-x",
                        "topic pattern \"a/<cn>-x\": a variable must be a whole level; \"<cn>-x\" is not. Declare a variable"
                                + " with suffix: \"-x\" instead."),
                row(
                        "P113",
                        "version: 1\nvars: {v: {from: user, pattern: \"<v><w>\"}}\n",
                        "2:33",
                        "pattern \"<v><w>\" of variable \"v\": text and <names>, with text between two names."),
                row(
                        "P112",
                        "version: 1\nvars: {v: {from: user, pattern: \"a/<w>\"}}\n",
                        "2:33",
                        "pattern \"a/<w>\" of variable \"v\" does not hold <v>."),
                row(
                        "P112",
                        "version: 1\nroles: {r: {client_id: [<x>-*], publish: [a]}}\n",
                        "2:25",
                        "topic pattern \"<x>\": unknown variable <x>. Known: <user>, <client>, <cn>."),
                pattern(
                        "P113",
                        "a/dev-<cn>",
                        "topic pattern \"a/dev-<cn>\": a variable must be a whole level; \"dev-<cn>\" is not. Declare a"
                                + " variable with prefix: \"dev-\" instead."),
                pattern("P114", "a/%c", "topic pattern \"a/%c\" uses \"%c\" from another broker. Write <client>."),
                pattern("P114", "a/%u", "topic pattern \"a/%u\" uses \"%u\" from another broker. Write <user>."),
                pattern(
                        "P114",
                        "a/${x}",
                        "topic pattern \"a/${x}\" uses \"${…}\" from another broker. Write <client>."),
                row(
                        "P114",
                        "version: 1\nroles:\n  r:\n    publish:\n      - {cn}\n",
                        "5:9",
                        "topic pattern \"{cn}\" uses \"{…}\" from another broker. Write <cn>."),
                pattern("P115", "$share/g/a", "\"$share/g/a\" is not a topic. Write {topic: a, shared: [g]}."),
                pattern("P115", "$share", "\"$share\" is not a topic. Write {topic: T, shared: [G]}."),
                pattern("P116", "", "topic pattern is empty."),
                pattern("P116", "é".repeat(32_768), "topic pattern is longer than 65535 bytes."),
                pattern("P116", "a\\x07b", "topic pattern contains a control character U+0007."),
                pattern("P116", "a\\x7fb", "topic pattern contains a control character U+007F."),
                pattern("P116", "a" + "/a".repeat(256), "topic pattern has more than 256 levels."),
                row(
                        "P116",
                        "version: 1\nroles: {r: {publish: [{max_qos: 1}]}}\n",
                        "2:23",
                        "an item needs a \"topic\"."),
                row(
                        "P116",
                        "version: 1\nroles: {r: {client_id: [a*b]}}\n",
                        "2:25",
                        "client id pattern \"a*b\": text, <variables>, and one * at its end."),
                row(
                        "P116",
                        "version: 1\nroles: {r: {subscribe: [{topic: a, shared: [a/b]}]}}\n",
                        "2:45",
                        "share group \"a/b\": a name without + # /, and one * at its end at most."),
                row(
                        "P118",
                        "version: 1\nroles:\n  r:\n    deny:\n      publish: [{topic: a, max_qos: 1}]\n",
                        "5:17",
                        "deny takes plain topics, not options (\"max_qos\")."),
                row(
                        "P120",
                        "version: 1\nroles: {sensor: {publish: [a]}}\nusers: {u: [sensr]}\n",
                        "3:13",
                        "role \"sensr\" is not defined. Did you mean \"sensor\"?"),
                row(
                        "P120",
                        "version: 1\nroles: {a: {include: [nowhere]}}\n",
                        "2:9",
                        "role \"nowhere\" is not defined."),
                row(
                        "P121",
                        "version: 1\nvars: {user: {from: user}}\n",
                        "2:8",
                        "variable \"user\" is built in and cannot be declared."),
                row(
                        "P122",
                        "version: 1\nroles: {a: {include: [b]}, b: {include: [a]}}\n",
                        "2:9",
                        "roles include each other in a circle: a → b → a."),
                row(
                        "P123",
                        "version: 1\nroles: {a: {publish: [x]}}\nassign: [{to: {group: g}, roles: [a]}]\n",
                        "3:16",
                        "group \"g\" is not defined."),
                row("P123", "version: 1\ngroups: {g: [u, u]}\n", "2:17", "user \"u\" is listed twice in group \"g\"."),
                row(
                        "P125",
                        "version: 1\neveryone: {publish: [a]}\n",
                        "2:12",
                        "\"everyone\" may only hold deny and limits. To allow something to everyone, make a role and assign"
                                + " it."),
                row(
                        "P125",
                        "version: 1\neveryone: {when: {listener: apps}}\n",
                        "2:12",
                        "\"everyone\" may only hold deny and limits. To allow something to everyone, make a role and assign"
                                + " it."),
                row(
                        "P126",
                        "version: 1\nmode: shadow\ngroups: {g: [u]}\n",
                        "3:1",
                        "\"groups\" in a file of \"mode: shadow\" would change what is in force. Move it to another file."),
                when(
                        "P130",
                        "network: example.com",
                        "\"example.com\" is not a network. Write 10.20.0.0/16 or 2001:db8::/32."),
                when(
                        "P130",
                        "network: 10.0.0.0/33",
                        "\"10.0.0.0/33\" is not a network. Write 10.20.0.0/16 or 2001:db8::/32."),
                row(
                        "P130",
                        "version: 1\ntests: [{as: {user: u, address: here}, can: [connect]}]\n",
                        "2:33",
                        "\"here\" is not an address."),
                row(
                        "P131",
                        "version: 1\ntests: [{as: {user: u, at: noon}, can: [connect]}]\n",
                        "2:28",
                        "\"noon\" is not a moment. Write 2026-12-05T23:00+01:00."),
                when(
                        "P131",
                        "time: \"Mon 8-18 Europe/Berlin\"",
                        "time window \"Mon 8-18 Europe/Berlin\" not understood. Example: \"Mon-Fri 08:00-18:00"
                                + " Europe/Berlin\"."),
                row(
                        "P132",
                        "version: 1\nroles: {r: {limits: {publish_rate: 0/m}}}\n",
                        "2:36",
                        "rate \"0/m\" lets nothing through. Leave the right to publish out instead."),
                row(
                        "P132",
                        "version: 1\nroles: {r: {limits: {publish_bytes: 0/s}}}\n",
                        "2:37",
                        "rate \"0/s\" lets nothing through. Leave the right to publish out instead."),
                row(
                        "P132",
                        "version: 1\nroles: {r: {limits: {publish_bytes: 64KiB}}}\n",
                        "2:37",
                        "rate \"64KiB\" needs a size and a unit: 64KiB/s."),
                row(
                        "P133",
                        "version: 1\ntests: [{as: {user: u, listener: web}, can: [connect]}]\n",
                        "2:34",
                        "listener \"web\" does not exist. Listeners: devices, apps."),
                when(
                        "P135",
                        "cert.issuer: Plant Device CA",
                        "\"Plant Device CA\" is not a distinguished name. Write \"CN=Plant Device CA,O=Acme\", as openssl x509"
                                + " -issuer -nameopt RFC2253 prints it."),
                when(
                        "P130",
                        "network: 10.20.0.1/16",
                        "\"10.20.0.1/16\" is not a network: host bits are set. Did you mean 10.20.0.0/16?"),
                when(
                        "P131",
                        "time: \"Mon-Fri 08:00-18:00 Europe/Berln\"",
                        "time window \"Mon-Fri 08:00-18:00 Europe/Berln\": unknown zone \"Europe/Berln\". Example: \"Mon-Fri"
                                + " 08:00-18:00 Europe/Berlin\"."),
                row(
                        "P132",
                        "version: 1\nroles: {r: {limits: {max_payload: 4kb}}}\n",
                        "2:35",
                        "size \"4kb\" not understood. Write 4096, 4KiB or 4MiB."),
                row(
                        "P132",
                        "version: 1\nroles: {r: {limits: {publish_rate: \"10\"}}}\n",
                        "2:36",
                        "rate \"10\" needs a unit: 10/s or 10/m."),
                when("P133", "listener: aps", "listener \"aps\" does not exist. Listeners: devices, apps."),
                when("P134", "cert.sha256: abc", "certificate fingerprint must be 64 hex digits (SHA-256)."),
                row(
                        "P150",
                        GOOD.replace("can: [publish home/greenhouse/x]", "can: [publish home/kitchen/x]"),
                        "21:11",
                        "test failed: {user: greenhouse} CANNOT publish home/kitchen/x (expected can): no rule allows"
                                + " publishing to it."),
                row(
                        "P151",
                        GOOD.replace("- as: {user: greenhouse}", "- as: {user: nobody}"),
                        "20:5",
                        "test cannot log in: \"nobody\" has no role."),
                row(
                        "P150",
                        GOOD.replace("cannot: [publish home/kitchen/x]", "cannot: [publish home/greenhouse/x]"),
                        "22:14",
                        "test failed: {user: greenhouse} CAN publish home/greenhouse/x (expected cannot): allowed by role"
                                + " \"sensor\" at FILE:6."),
                row(
                        "P150",
                        GOOD + "  - as: {user: anna, address: 10.1.2.3}\n    can: [receive home/alarm/x]\n",
                        "24:11",
                        "test failed: {user: anna, address: 10.1.2.3} CANNOT receive home/alarm/x (expected can): denied by"
                                + " role \"app\" at FILE:10."),
                row(
                        "P151",
                        "version: 1\n" + DEVICE + "tests: [{as: {cert.cn: press7}, can: [connect]}]\n",
                        "5:9",
                        "test cannot log in: variable <device> has no value: cert.cn \"press7\" does not start with"
                                + " \"dev-\"."));
    }

    private static Arguments row(String code, String text, String place, String message) {
        return Arguments.of(code, text, place, message);
    }

    private static Arguments syntax(String line, String scanner, String hint) {
        return row(
                "P102", "version: 1\nroles:\n  r:\n    " + line + "\n", "", "not valid YAML: " + scanner + ". " + hint);
    }

    private static Arguments pattern(String code, String pattern, String message) {
        return row(code, String.format(ROLE, "\"" + pattern + "\""), "4:15", message);
    }

    private static Arguments when(String code, String condition, String message) {
        return row(code, "version: 1\nroles:\n  r:\n    when: {" + condition + "}\n", "4:", message);
    }

    @ParameterizedTest(name = "{0} {2} {index}")
    @MethodSource("mistakes")
    void load_mistake_isReportedInItsWordsAtItsPlace(String code, String text, String place, String message)
            throws IOException {
        PolicyLoader.Loaded loaded = load(text);

        assertThat(loaded.set()).isEmpty();
        assertThat(loaded.problems()).anySatisfy(problem -> {
            assertThat(problem.code()).isEqualTo(code);
            assertThat(problem.message())
                    .isEqualTo(message.replace(
                            "FILE", folder.resolve("10-main.yaml").toString()));
            assertThat(problem.toString()).startsWith(folder.resolve("10-main.yaml") + ":" + place);
        });
    }

    @Test
    void load_combinatorialRole_isRefused() throws IOException {
        StringBuilder patterns = new StringBuilder();
        for (int i = 0; i < 1024; i++) {
            List<String> levels = new ArrayList<>();
            for (int bit = 0; bit < 10; bit++) {
                levels.add((i >> bit & 1) == 0 ? "a" : "+");
            }
            patterns.append("      - ").append(String.join("/", levels)).append('\n');
        }

        PolicyLoader.Loaded loaded = load("version: 1\nroles:\n  r:\n    publish:\n" + patterns);

        assertThat(loaded.problems())
                .singleElement()
                .asString()
                .contains("P140")
                .contains("(limit 256)");
    }

    @Test
    void load_manyMistakes_areAllReportedSortedWithTheirSource() throws IOException {
        write("20-b.yaml", "version: 1\nroles:\n  r:\n    publsh: [a]\n    publish: [a/#/b, \"a+\"]\n");
        write("10-a.yaml", "version: 1\nusers:\n  u: [nobody]\n");

        PolicyLoader.Loaded loaded = PolicyLoader.load(folder, Optional.empty(), true, Clock.systemUTC());

        assertThat(loaded.problems().stream().map(problem -> problem.toString().replace(folder + "/", "")))
                .containsExactly(
                        "10-a.yaml:3:7: error P120: role \"nobody\" is not defined.",
                        "20-b.yaml:4:5: error P104: unknown key \"publsh\" in role \"r\". Did you mean \"publish\"?",
                        "20-b.yaml:5:15: error P110: topic pattern \"a/#/b\": \"#\" must be the last level.",
                        "20-b.yaml:5:22: error P111: topic pattern \"a+\": \"+\" must stand alone in its level, found \"a+\".");
        assertThat(loaded.problems().stream().map(problem -> PolicyLoader.excerpt(problem, loaded.texts())))
                .containsExactly(
                        "  u: [nobody]\n      ^^^^^^",
                        "    publsh: [a]\n    ^^^^^^",
                        "    publish: [a/#/b, \"a+\"]\n              ^^^^^",
                        "    publish: [a/#/b, \"a+\"]\n                     ^^^^");
    }

    @Test
    void load_hundredMistakes_reportsTheFirstFifty() throws IOException {
        PolicyLoader.Loaded loaded = load("version: 1\nusers:\n"
                + java.util.stream.IntStream.range(0, 100)
                        .mapToObj(i -> "  u" + i + ": [no" + i + "]\n")
                        .collect(java.util.stream.Collectors.joining()));

        assertThat(loaded.problems()).hasSize(50);
        assertThat(loaded.problems().get(49).place().line()).isEqualTo(52);
    }

    @Test
    void load_fileThatIsNoYaml_saysNothingOfTheNamesItMayDefine() throws IOException {
        write("10-a.yaml", "version: 1\nroles: {sensor: {publish: [}}\n");
        write("20-b.yaml", "version: 1\nusers: {u: [sensor]}\n");

        assertThat(PolicyLoader.load(folder, Optional.empty(), true, Clock.systemUTC())
                        .problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem.code()).isEqualTo("P102"));
    }

    @Test
    void load_whatYamlWouldResolve_staysText() throws IOException {
        PolicyLoader.Loaded loaded = load("""
                version: 1
                roles: {r: {publish: [no, 0123, 18:30, 2026-01-01, 1e3, ~x]}}
                users: {no: [r], 0123: [r], 18:30: [r], "on": [r], 'null': [r]}
                """);

        assertThat(loaded.problems()).isEmpty();
        assertThat(loaded.policy().users()).containsOnlyKeys("no", "0123", "18:30", "on", "null");
        assertThat(loaded.policy().roles().get("r").publish())
                .extracting(item -> item.topic().text())
                .containsExactly("no", "0123", "18:30", "2026-01-01", "1e3", "~x");
    }

    @Test
    void byteOrderMark_insideAFile_isPlacedInItsLine_whateverEndsLines() throws Exception {
        assertThat(load("version: 1\rroles:\u2028  \uFEFFr: {}\n").problems())
                .singleElement()
                .satisfies(
                        problem -> assertThat(problem.toString()).contains(":3:3: error P102: not valid YAML: a byte"));
    }

    private PolicyLoader.Loaded load(String text) throws IOException {
        write("10-main.yaml", text);
        return PolicyLoader.load(folder, Optional.of(List.of("devices", "apps")), true, Clock.systemUTC());
    }

    private Path write(String name, String text) throws IOException {
        Path file = Files.writeString(folder.resolve(name), text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        return file;
    }
}
