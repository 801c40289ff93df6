package io.gatehouse.security;

import static io.gatehouse.security.Raw.V311;
import static io.gatehouse.security.Raw.V5;
import static io.gatehouse.security.Raw.raw;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gatehouse.Broker;
import io.gatehouse.CannotStart;
import io.gatehouse.config.Configuration;
import io.gatehouse.config.ConfigurationReader;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.ProtocolVersion;
import io.gatehouse.protocol.Secret;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Vulnerabilities of other brokers that came with their files: policies, passwords, configurations, what they leave. */
class LessonsFilesTest {
    private static final String[] NO_MORE = {};

    @TempDir
    Path folder;

    private static Configuration configuration(Path file) {
        return ConfigurationReader.read(file).configuration().orElseThrow();
    }

    // CVE-2018-12550 (mosquitto): an ACL file that is empty, or holds comments only, allowed everything
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "# nothing but a comment\n",
                "version: 1\n",
                "version: 1\nroles: {}\nusers: {}\n",
                "version: 1\nusers: {ann: []}\n"
            })
    void cve_2018_12550_emptyPolicy_deniesAll(String policy) throws Exception {
        Path file = LiveBroker.write(folder, policy, NO_MORE);
        try (LiveBroker broker = LiveBroker.start(folder, file)) {
            broker.visitor(V5).send(Raw.connect(V5, "ann", "c")).assertRefused(0x87);
            broker.visitor(V311).send(Raw.connect(V311, "ann", "c")).assertRefused(5);
        } catch (AssertionError e) {
            // a file that is no policy at all stops the start, which denies no less
            assertThat(e).hasCauseInstanceOf(CannotStart.class).hasMessageContaining("10-main.yaml");
            assertThat(policy).doesNotContain("version");
        }
    }

    // CVE-2018-12551 (mosquitto): a malformed line was a user without a password
    @Test
    void cve_2018_12551_malformedPasswordLine_refusesTheWholeFile() throws Exception {
        Path file = LiveBroker.write(folder, LiveBroker.POLICY, NO_MORE);
        Path users = folder.resolve("users.pw");
        String good = Files.readString(users);
        List<String> lines =
                List.of("mallory", "mallory:", "mallory:plain", "mallory:$7$101$", "mallory:$6$x", ":$7$101$AA==$AA==");
        for (String line : lines) {
            Files.writeString(users, good + line + "\n");
            assertThatThrownBy(() -> Broker.start(configuration(file), Clock.systemUTC()))
                    .isInstanceOf(CannotStart.class)
                    .hasMessageContaining("users.pw:7");
        }
        Files.writeString(users, good);
        try (LiveBroker broker = LiveBroker.start(folder, file)) {
            for (String line : lines) {
                Files.writeString(users, line + "\n");
                broker.broker().reload();
            }
            broker.client("ann", "still");
            RawClient mallory = broker.visitor(V5);
            mallory.send(Raw.connect(V5, 0xC2, 60, raw(), "m", raw(), "mallory", ""));
            mallory.assertRefused(0x86);
            await().untilAsserted(() -> assertThat(broker.audit()).contains("\"what\":\"logins_refused\""));
        }
    }

    // CVE-2018-12546 (mosquitto): a retained message outlived its publisher's right to publish it
    @Test
    void cve_2018_12546_retainedOfARevokedPublisher_isNotReplayed() throws Exception {
        try (LiveBroker broker = LiveBroker.start(folder)) {
            RawClient bob = broker.client("bob", "p");
            bob.send(Raw.publish(V5, 0x33, "a/kept", 1, raw(), "x")).read(4);
            RawClient ann = broker.client("ann", "s");
            ann.subscribe("a/kept", 0);
            assertThat(ann.heard()).hasSize(1);

            Files.writeString(
                    folder.resolve("policies/10-main.yaml"), LiveBroker.POLICY.replace("  bob: [member]\n", ""));
            broker.broker().reload();

            bob.assertDisconnected(0x87);
            ann.subscribe("a/kept", 0);
            assertThat(ann.heard()).isEmpty();
        }
    }

    // CVE-2021-34434 (mosquitto dynsec): a subscription outlived the right to it
    @Test
    void cve_2021_34434_subscriptionWithoutItsRight_isSilentFromTheNextMessageOn() throws Exception {
        try (LiveBroker broker = LiveBroker.start(folder)) {
            RawClient ann = broker.client("ann", "s");
            RawClient keeper = broker.kept("carl", "k");
            keeper.connected();
            keeper.subscribe("a/x", 1);
            keeper.close();
            ann.subscribe("a/#", 0);
            RawClient bob = broker.client("bob", "p");
            bob.send(Raw.publish(V5, 1, 1, "a/x", "before")).read(4);
            assertThat(ann.heardMessages()).hasSize(1);

            Files.writeString(
                    folder.resolve("policies/10-main.yaml"),
                    LiveBroker.POLICY
                            .replace("subscribe: [a/secret/#]\nusers", "subscribe: [a/secret/#, a/x]\nusers")
                            .replace(
                                    "      subscribe: [a/secret/#]\n  reader",
                                    "      subscribe: [a/secret/#, a/x]\n  reader"));
            broker.broker().reload();
            bob.publish("a/x", "after").publish("a/y", "other").settle();

            assertThat(ann.heardMessages()).containsExactly("a/y other");
            RawClient back = broker.kept("carl", "k");
            assertThat(back.connected()).isTrue();
            assertThat(back.heard()).as("what waited is judged again").isEmpty();
        }
    }

    // CVE-2018-20145 (mosquitto): settings of one listener did not hold on another; one that nobody wrote was there
    @Test
    void cve_2018_20145_impliedListener_isNone() throws Exception {
        Path file = LiveBroker.write(folder, LiveBroker.POLICY, NO_MORE);
        try (LiveBroker broker = LiveBroker.start(folder, file)) {
            assertThat(broker.broker().ports()).containsOnlyKeys("apps", "web");
        }
        String text = Files.readString(file);
        Files.writeString(file, "version: 1\npolicy: {folder: policies}\n");
        assertThat(ConfigurationReader.read(file).configuration()).isEmpty();

        // mosquitto before 2.0.12: TLS options without a listener opened one without TLS, for everybody
        Files.writeString(file, text + "tls: {certificate: server.pem, key: server.key}\n");
        ConfigurationReader.Result result = ConfigurationReader.read(file);
        assertThat(result.configuration()).isEmpty();
        assertThat(result.problems()).anyMatch(problem -> problem.toString().contains("\"tls\""));
    }

    // CVE-2017-7652 (mosquitto): a reload that could not open its files went on with defaults, which let everybody in
    @Test
    void cve_2017_7652_reloadThatCannotRead_keepsTheLastGoodState() throws Exception {
        try (LiveBroker broker = LiveBroker.start(folder)) {
            RawClient ann = broker.client("ann", "c");
            for (String name : List.of("users.pw", "policies/10-main.yaml", "server.pem", "server.key")) {
                Files.move(folder.resolve(name), folder.resolve(name + ".away"));
            }
            broker.broker().reload();

            ann.settle();
            broker.client("bob", "d").subscribe("a/x", 0);
            broker.visitor(V5).send(Raw.connect(V5, "stranger", "e")).assertRefused(0x86);
            broker.visitor(V5).send(Raw.connect(V5, "nobody", "e")).assertRefused(0x87);
            assertThat(broker.metric("reloads_refused")).isGreaterThanOrEqualTo(3);
        }
    }

    // CVE-2017-9868 (mosquitto): the persistence file was readable for all; here no file is, whatever the umask
    @Test
    void cve_2017_9868_filesUnderUmask0_areForTheirOwnerOnly() throws Exception {
        Process process = new ProcessBuilder(
                        "sh",
                        "-c",
                        "umask 000; exec \"$0\" -XX:TieredStopAtLevel=1 -cp \"$1\" io.gatehouse.cli.Main quickstart --setup-only --dir \"$2\"",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        java.util.Objects.requireNonNullElse(
                                System.getProperty("surefire.test.class.path"), System.getProperty("java.class.path")),
                        folder.resolve("house").toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
        try (Stream<Path> files = Files.walk(folder.resolve("house"))) {
            assertThat(files.toList()).hasSizeGreaterThan(10).allSatisfy(file -> {
                Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
                assertThat(mode)
                        .as(file + " " + PosixFilePermissions.toString(mode))
                        .doesNotContain(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);
                if (Files.isRegularFile(file) && isSecret(file)) {
                    assertThat(PosixFilePermissions.toString(mode))
                            .as(file.toString())
                            .isEqualTo("rw-------");
                }
            });
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("house"))))
                .isEqualTo("rwx------");
    }

    private static boolean isSecret(Path file) throws IOException {
        String text = Files.readString(file, StandardCharsets.ISO_8859_1);
        return text.contains("PRIVATE KEY")
                || file.endsWith("users.pw")
                || file.toString().contains("passphrase");
    }

    // CVE-2017-9868: the same for what a running broker writes
    @Test
    void cve_2017_9868_whatTheBrokerWrites_isForItsOwnerOnly() throws Exception {
        try (LiveBroker broker = LiveBroker.start(folder)) {
            broker.client("ann", "c");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("audit.jsonl"))))
                    .isEqualTo("rw-------");
            Path data = folder.resolve("data");
            if (Files.exists(data)) {
                try (Stream<Path> files = Files.walk(data)) {
                    assertThat(files.toList())
                            .allSatisfy(file -> assertThat(
                                            PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                                    .as(file.toString())
                                    .endsWith("------"));
                }
            }
        }
    }

    // CVE-2017-7650 (mosquitto): wildcards in a client identifier or a user name reached other clients' topics
    @Test
    void cve_2017_7650_wildcardInAClientId_reachesNothing() {
        String policy = """
                version: 1
                roles:
                  device: {publish: ["c/<client>/#"], subscribe: ["c/<client>/#"]}
                  all: {subscribe: ["c/#"], publish: ["c/#"]}
                users: {ann: [device], bob: [all]}
                """;
        try (LiveBroker broker = LiveBroker.start(folder, policy, NO_MORE)) {
            RawClient bob = broker.client("bob", "watcher");
            bob.subscribe("c/#", 0);
            for (String clientId : List.of("+", "#", "a/b", "+/x", "../x", "*", "", "<client>")) {
                RawClient ann = broker.visitor(V5).send(Raw.connect(V5, "ann", clientId));
                RawClient.Frame connack = ann.read(2);
                if (connack.u8(1) != 0) {
                    assertThat(connack.u8(1)).as(clientId).isIn(0x85, 0x87);
                    continue;
                }
                for (String filter : List.of("c/victim/x", "c/+/x", "c/#")) {
                    assertThat(ann.subscribe(filter, 0))
                            .as("%s %s", clientId, filter)
                            .isEqualTo(0x87);
                }
                for (String topic : List.of("c/victim/x", "c/a/b/x")) {
                    assertThat(ann.send(Raw.publish(V5, 1, 1, topic, "x"))
                                    .read(4)
                                    .u8(2))
                            .isEqualTo(0x87);
                }
                bob.publish("c/victim/x", "x");
                assertThat(bob.heardMessages()).containsExactly("c/victim/x x");
                assertThat(ann.heard()).isEmpty();
            }
        }
    }

    @Test
    void cve_2017_7650_wildcardInAUserName_reachesNothing() throws Exception {
        String policy = """
                version: 1
                roles:
                  member: {publish: ["u/<user>/#", "p/<user>"], subscribe: ["u/<user>/#", "p/<user>"]}
                assign: [{to: {auth: password}, roles: [member]}]
                """;
        List<String> names = List.of("+", "x#", "ann/#", "+/x", "/", "..", "<user>", "*");
        Path file = LiveBroker.write(folder, policy, NO_MORE);
        Path users = folder.resolve("users.pw");
        String hash = Files.readAllLines(users).get(0).substring("ann".length());
        names.forEach(name -> append(users, name + hash + "\n"));
        try (LiveBroker broker = LiveBroker.start(folder, file)) {
            RawClient ann = broker.client("ann", "victim");
            assertThat(ann.subscribe("u/ann/#", 0)).isZero();
            int in = 0;
            for (String name : names) {
                RawClient client = broker.visitor(V5).send(Raw.connect(V5, name, "c" + name.hashCode()));
                RawClient.Frame connack = client.read(2);
                if (connack.u8(1) != 0) {
                    assertThat(connack.u8(1)).as(name).isEqualTo(0x87);
                    continue;
                }
                in++;
                for (String filter : List.of("u/ann/x", "u/+/x", "u/#", "p/+", "p/ann", "p/#")) {
                    assertThat(client.subscribe(filter, 0))
                            .as("%s %s", name, filter)
                            .isEqualTo(0x87);
                }
                for (String topic : List.of("u/ann/x", "p/ann", "u/ann/ann/x")) {
                    assertThat(client.send(Raw.publish(V5, 1, 1, topic, "x"))
                                    .read(4)
                                    .u8(2))
                            .as("%s %s", name, topic)
                            .isEqualTo(0x87);
                }
            }
            // some are names of a level like any other, and reach that level
            assertThat(in).isBetween(1, names.size() - 1);
            assertThat(ann.heard()).isEmpty();
        }
    }

    private static void append(Path file, String text) {
        try {
            Files.writeString(file, text, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // CVE-2026-42209 (FlashMQ): a limit at its least value divided by zero
    @Test
    void cve_2026_42209_everyLimitAtItsLeast_startsAndServes() {
        String[] more = {"""
                sessions: {max_expiry: 0s, max_queued: 1, max_queued_bytes: 1KiB, max_inflight: 1}
                sys: {interval: 1s}
                limits:
                  max_packet: 1KiB
                  max_packet_before_login: 512
                  max_topic_levels: 1
                  max_topic_bytes: 1
                  max_user_properties: 0
                  max_filters_per_subscribe: 1
                  max_subscriptions: 1
                  max_topic_aliases: 0
                  receive_maximum: 1
                  max_retained: 0
                  max_retained_bytes: 0
                  max_queued_bytes_total: 1KiB
                  max_connections: 1
                  max_connections_per_address: 1
                  max_connections_per_user: 1
                  connects_per_second_per_address: 1
                  max_handshakes: 1
                  max_handshakes_per_address: 1
                  publishes_per_second_per_client: 1
                  max_keep_alive: 5s
                  memory_before_login: 64KiB
                """};
        try (LiveBroker broker = LiveBroker.start(folder, more)) {
            RawClient client = broker.client("ann", "least");
            assertThat(client.subscribe("A", 1)).isEqualTo(1);
            client.send(Raw.publish(V5, 1, 1, "A", "x"));
            assertThat(List.of(client.read().type(), client.read().type())).containsExactlyInAnyOrder(3, 4);
        }
    }

    // EMQX #17491, #17653, NATS cd751fbc, Netty #15547: a secret is in no log, no audit line and no text of a packet
    @Test
    void emqx_17491_secrets_areNowhereInTheOpen() {
        Packet.Connect connect = new Packet.Connect(
                ProtocolVersion.MQTT_5,
                false,
                true,
                60,
                "c",
                null,
                "ann",
                Secret.wrap("hunter2hunter2".getBytes(StandardCharsets.US_ASCII)),
                Packet.ConnectProperties.DEFAULT);
        assertThat(connect.toString()).contains("ann").doesNotContain("hunter2");

        try (LiveBroker broker = LiveBroker.start(folder)) {
            RawClient wrong = broker.visitor(V5);
            wrong.send(Raw.connect(V5, 0xC2, 60, raw(), "c", raw(), "ann", "hunter2hunter2"));
            wrong.assertRefused(0x86);
            RawClient ann = broker.client("ann", "d");
            ann.send(Raw.publish(V5, 1, 1, "a/forbidden", "payload-of-mine")).read(4);
            await().untilAsserted(() -> assertThat(broker.audit()).contains("a/forbidden"));
            assertThat(broker.audit()).doesNotContain("hunter2", "green leaves", "payload-of-mine");
        }
    }
}
