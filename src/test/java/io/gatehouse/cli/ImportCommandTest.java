package io.gatehouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.config.Configuration;
import io.gatehouse.config.Configuration.ClientCertificate;
import io.gatehouse.config.Configuration.Listener;
import io.gatehouse.config.ConfigurationReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An installation of Mosquitto, taken over by the command that its owner types. */
class ImportCommandTest {
    /** The word "password", hashed by mosquitto_passwd 2.1; a published vector. */
    private static final String HASH =
            "$7$1000$uKtJR1y2kI+tdzwxyMdaN1R3XfHauE742GUjuVZZGSifRdHMz2HBUWNb4bcaFJt8vFV47nH6dXIW"
                    + "1B8M7gVY1A==$n/lxUluMJMoxxnBdUW7vn7Dx93iO0tsAOlzcmvPuDLfqohObyzDg2P2yiIBtYYrPNR30bm7yCfBcLXjhxQc3dA==";

    @TempDir
    Path folder;

    private Path conf;
    private Path out;

    private record Run(int code, String out, String err) {}

    @BeforeEach
    void files() throws Exception {
        conf = folder.resolve("mosquitto.conf");
        out = folder.resolve("out");
        for (String name : List.of("server.pem", "server.key", "ca.pem")) {
            Files.writeString(folder.resolve(name), "");
        }
        Path users = Files.writeString(folder.resolve("passwd"), "ann:" + HASH + "\n");
        Files.setPosixFilePermissions(users, PosixFilePermissions.fromString("rw-------"));
        Files.writeString(folder.resolve("acl"), "user ann\ntopic readwrite home/#\n");
    }

    private Run run(String text) throws Exception {
        Files.writeString(conf, text.replace("@", folder.toString()));
        return command("import", conf, "--out", out, "--seed", 1);
    }

    private static Run command(Object... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = GatehouseCommand.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Arrays.stream(arguments).map(String::valueOf).toArray(String[]::new));
        return new Run(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private Configuration configuration() {
        ConfigurationReader.Result result = ConfigurationReader.read(out.resolve("gatehouse.yaml"));
        assertThat(result.problems()).isEmpty();
        return result.configuration().orElseThrow();
    }

    private Listener listener(String name) {
        return configuration().listeners().stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void installation_withEverythingWeHave_isCarriedWhole() throws Exception {
        Files.createDirectory(folder.resolve("conf.d"));
        Files.writeString(folder.resolve("conf.d/b.conf"), "max_packet_size 70000\nmax_keepalive 120\n");
        Files.writeString(folder.resolve("conf.d/ignored.txt"), "nonsense\n");
        Run run = run("""
                password_file @/passwd
                acl_file @/acl
                include_dir @/conf.d
                persistence false
                max_queued_messages 55
                max_inflight_messages 7
                persistent_client_expiration 2w
                sys_interval 30
                global_max_clients 500

                listener 8883
                certfile @/server.pem
                keyfile @/server.key
                cafile @/ca.pem
                require_certificate true
                use_identity_as_username true
                max_connections 12

                listener 8884 127.0.0.1
                certfile @/server.pem
                keyfile @/server.key
                accept_protocol_versions 4, 5
                """);
        assertThat(run.code()).as(run.out() + run.err()).isZero();
        assertThat(run.out()).contains("1 users taken over").contains("10000 random requests (seed 1)");
        Listener devices = listener("mqtt-8883");
        assertThat(devices.login().methods()).containsExactly("certificate");
        assertThat(devices.tls().orElseThrow().clientCertificate()).isEqualTo(ClientCertificate.REQUIRED);
        assertThat(devices.maxConnections()).isEqualTo(12);
        Listener apps = listener("mqtt-8884");
        assertThat(apps.bind()).isEqualTo("127.0.0.1");
        assertThat(apps.versions()).containsExactly("3.1.1", "5.0");
        assertThat(apps.login().methods()).containsExactly("password");
        Configuration made = configuration();
        assertThat(made.certificateLogin().user()).containsExactly("cert.cn");
        assertThat(made.limits().maxPacketBytes()).isEqualTo(70_000);
        assertThat(made.limits().maxConnections()).isEqualTo(500);
        assertThat(made.limits().maxKeepAlive()).isEqualTo(Duration.ofMinutes(2));
        assertThat(made.sessions().maxQueued()).isEqualTo(55);
        assertThat(made.sessions().maxInflight()).isEqualTo(7);
        assertThat(made.sessions().maxExpiry()).isEqualTo(Duration.ofDays(14));
        assertThat(made.sysInterval()).isEqualTo(Duration.ofSeconds(30));
        assertThat(command("policy", "test", out.resolve("policies")).code()).isZero();
        Path word = Files.writeString(folder.resolve("word"), "password");
        assertThat(command("passwd", "verify", out.resolve("users.pw"), "ann", "--password-file", word)
                        .code())
                .isZero();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(out)))
                .isEqualTo("rwx------");
        assertThat(Files.readString(out.resolve("REPORT.txt"))).contains("I02").contains("M14");
    }

    @Test
    void plaintextOnANetworkAndAnonymous_areNotOpened() throws Exception {
        Run run = run("listener 1883\nallow_anonymous true\nlistener 1884 localhost\nallow_anonymous true\n");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out())
                .contains("M13")
                .contains("it has no TLS")
                .contains("it lets everybody in")
                .contains("M08")
                .contains("I10");
        assertThat(Files.readString(out.resolve("gatehouse.yaml")))
                .contains("  # mqtt-1883:")
                .contains("  # mqtt-1884:");
        assertThat(command("policy", "test", out.resolve("policies")).code()).isZero();
    }

    @Test
    void passwordsOnLoopbackPlaintext_areCarriedWithTheirAcknowledgement() throws Exception {
        Run run = run("listener 1883 127.0.0.1\npassword_file @/passwd\nacl_file @/acl\n");
        assertThat(run.code()).isZero();
        assertThat(listener("mqtt-1883").insecureAcknowledgement()).isPresent();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mount_point a/",
                "psk_file f",
                "plugin /usr/lib/own.so",
                "plugin_opt_x 1",
                "auth_plugin /x.so",
                "use_username_as_clientid true",
                "capath /etc/ssl",
                "enable_proxy_protocol 2",
                "no_such_option x",
                "connection b"
            })
    void line_thatIsNotCarried_isSomethingToDo(String line) throws Exception {
        Run run = run("listener 1883 127.0.0.1\npassword_file @/passwd\nacl_file @/acl\n" + line + "\n");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).containsPattern("mosquitto.conf:4: M0[3459] TO DO: " + line.split(" ")[0]);
    }

    @Test
    void preSharedKeysAndBridges_areListedLineByLine_andOpenNothing() throws Exception {
        Run run = run("""
                listener 1883 127.0.0.1
                password_file @/passwd
                acl_file @/acl
                listener 8884 127.0.0.1
                psk_hint hint
                use_identity_as_username true
                connection cloud
                address cloud.example.com:8883
                topic # out 1 local/ remote/
                bridge_psk 00112233445566
                remote_password s3cret-of-the-bridge
                psk_file @/keys
                """);
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out())
                .contains("mosquitto.conf:5: M03 TO DO: psk_hint hint: pre-shared keys are not taken")
                .contains("mosquitto.conf:7: M05 TO DO: connection cloud: bridges are not there")
                .contains("mosquitto.conf:8: M05 TO DO: address cloud.example.com:8883: part of a bridge")
                .contains("mosquitto.conf:9: M05 TO DO: topic # out 1 local/ remote/: part of a bridge")
                .contains("mosquitto.conf:10: M05 TO DO: bridge_psk: part of a bridge")
                .contains("mosquitto.conf:11: M05 TO DO: remote_password: part of a bridge")
                .contains("mosquitto.conf:12: M03 TO DO: psk_file ")
                .contains("listener mqtt-8884 is not open yet: its TLS was by pre-shared keys")
                .doesNotContain("00112233445566")
                .doesNotContain("s3cret-of-the-bridge");
        assertThat(configuration().listeners()).extracting(Listener::name).containsExactly("mqtt-1883");
    }

    /** Each list holds at its listeners; where there is none, everything is allowed; and a door for everybody stays shut. */
    @Test
    void accessListsPerListener_holdEachAtItsOwn() throws Exception {
        Files.writeString(folder.resolve("acl2"), "user ann\ntopic read plant/#\npattern write dev/%u/up\n");
        Run run = run("""
                per_listener_settings true
                listener 1883 127.0.0.1
                password_file @/passwd
                acl_file @/acl
                listener 1884 127.0.0.1
                password_file @/passwd
                acl_file @/acl2
                listener 1885 127.0.0.1
                password_file @/passwd
                listener 1886 127.0.0.1
                allow_anonymous true
                acl_file @/acl2
                listener 1887
                password_file @/passwd
                acl_file @/acl2
                """);
        assertThat(run.code()).as(run.out() + run.err()).isEqualTo(1);
        assertThat(run.out())
                .contains("20000 random requests (seed 1)")
                .contains("mosquitto.conf:10: M03 TO DO: acl_file of a listener that lets everybody in")
                .contains("listener mqtt-1886 is not open yet: it lets everybody in");
        assertThat(run.out())
                .contains(
                        "mosquitto.conf:13: M13 TO DO: listener mqtt-1887 is not in the policy as long as it is not open.");
        assertThat(configuration().listeners()).hasSize(3);
        Path policies = out.resolve("policies");
        assertThat(command("policy", "test", policies).code()).isZero();
        assertThat(command("check", "-c", out.resolve("gatehouse.yaml")).code())
                .as("it names no listener that is not there")
                .isZero();
        for (String[] row : new String[][] {
            {"mqtt-1883", "publish home/x", "0"},
            {"mqtt-1883", "receive plant/x", "1"},
            {"mqtt-1883", "publish dev/ann/up", "1"},
            {"mqtt-1884", "publish home/x", "1"},
            {"mqtt-1884", "receive plant/x", "0"},
            {"mqtt-1884", "publish dev/ann/up", "0"},
            {"mqtt-1884", "publish dev/ben/up", "1"},
            {"mqtt-1885", "publish anything", "0"},
            {"mqtt-1886", "receive plant/x", "1"}
        }) {
            assertThat(command("policy", "explain", policies, "--user", "ann", "--listener", row[0], row[1])
                            .code())
                    .as(String.join(" ", row))
                    .isEqualTo(Integer.parseInt(row[2]));
        }
    }

    /** Where certificates name the clients, nobody looks for a password file. */
    @Test
    void settingsPerListener_ofWhichOneHasCertificates_areCarried() throws Exception {
        Run run = run("""
                per_listener_settings true
                listener 1883 127.0.0.1
                password_file @/passwd
                acl_file @/acl
                listener 8884
                certfile @/server.pem
                keyfile @/server.key
                cafile @/ca.pem
                require_certificate true
                use_identity_as_username true
                acl_file @/acl
                """);
        assertThat(run.code()).as(run.out() + run.err()).isZero();
        assertThat(listener("mqtt-1883").login().methods()).containsExactly("password");
        assertThat(listener("mqtt-8884").login().methods()).containsExactly("certificate");
    }

    /** Every option of mosquitto.conf(5) of 2.0 that stands outside of bridges: carried, or told of; none is unknown. */
    @Test
    void options_areAllKnown() throws Exception {
        Run run = run("""
                listener 1883 127.0.0.1
                password_file @/passwd
                acl_file @/acl
                allow_duplicate_messages false
                allow_zero_length_clientid true
                auto_id_prefix x
                autosave_interval 3
                autosave_on_changes true
                bind_interface lo
                capath /x
                check_retain_source true
                ciphers HIGH
                ciphers_tls1.3 X
                clientid_prefixes a
                connection_messages true
                dhparamfile /x
                http_dir /x
                log_dest stdout
                log_facility 5
                log_timestamp true
                log_timestamp_format %s
                log_type all
                max_connections 10
                max_inflight_bytes 0
                max_inflight_messages 0
                max_keepalive 0
                max_packet_size 0
                max_qos 1
                max_queued_bytes 100000
                max_queued_messages 0
                max_topic_alias 3
                memory_limit 0
                message_size_limit 5000
                mount_point x
                per_listener_settings false
                persistence true
                persistence_file m.db
                persistence_location /x
                persistent_client_expiration 1m
                pid_file /x
                psk_file /x
                psk_hint x
                queue_qos0_messages true
                require_certificate false
                retain_available false
                set_tcp_nodelay true
                socket_domain ipv4
                sys_interval 0
                tls_engine x
                tls_engine_kpass_sha1 x
                tls_keyform engine
                tls_version tlsv1.2
                upgrade_outgoing_qos true
                use_identity_as_username false
                use_subject_as_username false
                use_username_as_clientid false
                user mosquitto
                websockets_headers_size 10
                websockets_log_level 0
                """);
        assertThat(run.code()).as(run.err()).isEqualTo(1);
        assertThat(run.out()).doesNotContain("M09");
        assertThat(Files.readString(out.resolve("policies/10-imported.yaml")))
                .contains("retain: false")
                .contains("max_qos: 1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "max_qos 3",
                "listener abc",
                "allow_anonymous perhaps",
                "persistent_client_expiration 5",
                "accept_protocol_versions 7",
                "max_queued_bytes x",
                "per_listener_settings true\nlistener 1 ::1\npassword_file a\nlistener 2 ::1\npassword_file b",
                "listener 1\ncertfile c\nkeyfile k\nrequire_certificate true",
                "include_dir /no/such/folder",
                "acl_file /no/such/file"
            })
    void mistake_writesNothing(String text) throws Exception {
        Run run = run(text + "\n");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).startsWith("gatehouse: nothing was written\n").contains("/");
        assertThat(out).doesNotExist();
    }

    @Test
    void readablePasswords_writeNothing() throws Exception {
        Files.setPosixFilePermissions(folder.resolve("passwd"), PosixFilePermissions.fromString("rw-r--r--"));
        Run run = run("listener 1883 127.0.0.1\npassword_file @/passwd\nacl_file @/acl\n");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("chmod 600");
        assertThat(out).doesNotExist();
    }

    @Test
    void folderWithFiles_isNotTouched() throws Exception {
        Files.createDirectory(out);
        Files.writeString(out.resolve("mine"), "x");
        assertThat(run("listener 1883\n").code()).isEqualTo(2);
        assertThat(out.resolve("gatehouse.yaml")).doesNotExist();
    }

    @Test
    void policyImport_printsThePolicyAndTellsWhatDiffersApart() throws Exception {
        Run run = command("policy", "import", folder.resolve("acl"), "--seed", 1);
        assertThat(run.code()).isZero();
        assertThat(run.out()).contains("\"ann\": [user-ann]").doesNotContain("I02");
        assertThat(run.err()).contains("I02").contains("10000 random requests (seed 1)");
        Files.writeString(folder.resolve("acl"), "tpoic x\n");
        Run refused = command("policy", "import", folder.resolve("acl"));
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.out()).isEmpty();
        assertThat(refused.err()).contains("acl:1: \"tpoic x\" is not one of");
    }
}
