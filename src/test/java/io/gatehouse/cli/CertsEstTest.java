package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static io.gatehouse.cli.CertsCalls.installed;
import static io.gatehouse.cli.CertsCalls.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.audit.AuditChain;
import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditFile;
import io.gatehouse.json.Json;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.pki.EnrolmentRules;
import io.gatehouse.transport.AdmissionPorter;
import java.io.BufferedReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** {@code certs serve --est}: devices with openssl and curl, and no broker. */
class CertsEstTest {
    @TempDir
    private static Path temp;

    private static Path pki;
    private static Path tls;

    @BeforeAll
    static void anAuthority() throws Exception {
        tls = temp.resolve("tls");
        pki = CertsCalls.authority(temp.resolve("pki"));
        done("server", "est", "--dns", "localhost", "--ip", "127.0.0.1", "-d", pki, "--out", tls);
    }

    private record Reply(int status, String head, Path body) {}

    /** What curl gets, with these options more. */
    private static Reply curl(int port, String operation, Object... options) throws Exception {
        Path body = temp.resolve("answer");
        Files.deleteIfExists(body);
        List<Object> line = new ArrayList<>(List.of("curl", "--silent", "--show-error", "--cacert"));
        line.addAll(List.of(pki.resolve("trust/root.pem"), "--dump-header", "-", "--output", body));
        line.addAll(List.of(options));
        line.add("https://127.0.0.1:" + port + "/.well-known/est/" + operation);
        String head = run(0, line.toArray());
        return new Reply(Integer.parseInt(head.split(" ")[1]), head, body);
    }

    private static Path request(String name) throws Exception {
        return CertsCalls.request(temp.resolve(name + ".csr"), temp.resolve(name + ".key"), "/CN=pump");
    }

    private static Reply post(int port, String operation, Path csr, Object... options) throws Exception {
        List<Object> line = new ArrayList<>(List.of("--header", "Content-Type: application/pkcs10"));
        line.addAll(List.of("--data-binary", "@" + csr));
        line.addAll(List.of(options));
        return curl(port, operation, line.toArray());
    }

    private static Process serve() throws Exception {
        return CertsCalls.process("serve", "--est", "127.0.0.1:0", "--tls", tls, "--json", "-d", pki)
                .redirectError(temp.resolve("serve.err").toFile())
                .start();
    }

    @Test
    void device_enrolsWithItsToken_andNothingElseDoes() throws Exception {
        Assumptions.assumeTrue(installed("curl") && installed("openssl"), "needs curl and openssl");
        String token = String.valueOf(
                Json.object(done("token", "new", "pump", "--json", "-d", pki)).get("token"));
        Process process = serve();
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            String first = lines.readLine();
            assertThat(first).as(Files.readString(temp.resolve("serve.err"))).isNotNull();
            Map<String, Object> ready = Json.object(first);
            assertThat(ready).containsEntry("event", "ready");
            int port = ((Number) ready.get("est")).intValue();

            assertThat(curl(port, "cacerts").status()).isEqualTo(200);
            Path csr = request("first");
            assertThat(post(port, "simpleenroll", csr).status()).isEqualTo(401);
            assertThat(post(port, "simpleenroll", csr, "--user", "pump:0123456789abcdefghjkmnpqrs")
                            .status())
                    .isEqualTo(401);
            Reply granted = post(port, "simpleenroll", csr, "--user", "pump:" + token);
            assertThat(granted.status()).isEqualTo(200);
            Path der = temp.resolve("pump.p7");
            Files.write(der, java.util.Base64.getMimeDecoder().decode(Files.readString(granted.body())));
            Path certificate = temp.resolve("pump.pem");
            run(0, "openssl", "pkcs7", "-inform", "DER", "-in", der, "-print_certs", "-out", certificate);
            assertThat(done("inspect", certificate)).contains("CN=pump");
            assertThat(done("token", "list", "-d", pki)).startsWith("0 tokens");
            assertThat(post(port, "simpleenroll", request("second"), "--user", "pump:" + token)
                            .status())
                    .isEqualTo(401);
            Reply renewal = post(
                    port,
                    "simplereenroll",
                    request("third"),
                    "--cert",
                    certificate,
                    "--key",
                    temp.resolve("first.key"));
            assertThat(renewal.status()).isEqualTo(403);
            assertThat(renewal.body()).content().startsWith("too_early: ");

            assertAnotherCertificateIsTaken(process, port);
        } finally {
            process.destroy();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
        String said = Files.readString(temp.resolve("serve.err"));
        assertThat(said)
                .contains("is in this process, which talks to networks", "est enrol of \"pump\": certificate ")
                .doesNotContain(token);
        Path audit = pki.resolve("audit.jsonl");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(audit)))
                .isEqualTo("rw-------");
        assertThat(AuditChain.verify(audit).fault()).isEmpty();
        assertThat(Files.readString(audit))
                .contains("enrolment_embedded", "\"unauthenticated\"", "\"token_refused\"", "\"granted\"", "too_early")
                .doesNotContain(token);
        assertThat(done("list", "--state", "pending", "-d", pki)).contains("pump");
        assertThat(done("doctor", "-d", pki)).isNotEmpty();
    }

    private static void assertAnotherCertificateIsTaken(Process process, int port) throws Exception {
        List<String> before = Files.readAllLines(tls.resolve("cert.pem"));
        done("server", "est", "--dns", "localhost", "--ip", "127.0.0.1", "-d", pki, "--out", tls);
        assertThat(Files.readAllLines(tls.resolve("cert.pem"))).isNotEqualTo(before);
        String serial = run(0, "openssl", "x509", "-in", tls.resolve("cert.pem"), "-noout", "-serial")
                .trim()
                .substring(7)
                .toLowerCase(java.util.Locale.ROOT)
                .replaceFirst("^0+", ""); // as a number is written here
        run(0, "kill", "-HUP", process.pid());
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(500))
                .untilAsserted(() -> assertThat(done("inspect", "127.0.0.1:" + port, "-d", pki))
                        .contains(serial));
    }

    /** Penalties over sockets are {@code EstPenaltyTest}'s; from this machine, which they spare, there is none to see. */
    @Test
    void address_thatFailsAsOftenAsAtABroker_isTurnedAway_andThisMachineIsNot() throws Exception {
        List<AuditEvent> told = new ArrayList<>();
        AdmissionPorter porter = CertsEst.porter(new Metrics(), told::add);
        InetSocketAddress stranger = new InetSocketAddress(InetAddress.getByName("192.0.2.7"), 40_000);
        InetSocketAddress other = new InetSocketAddress(InetAddress.getByName("192.0.2.8"), 40_000);
        InetSocketAddress here = new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 40_000);
        for (int i = 0; i < 4; i++) {
            porter.failed(stranger);
            porter.failed(here);
        }
        assertThat(porter.turnsAway(stranger)).as("four of five").isFalse();
        porter.failed(stranger);
        porter.failed(here);

        assertThat(porter.turnsAway(stranger)).isTrue();
        assertThat(porter.turnsAway(other)).isFalse();
        assertThat(porter.turnsAway(here)).isFalse();
        assertThat(told.toString()).contains("PENALTY", "192.0.2.7").doesNotContain("127.0.0.1");
    }

    /** Lines of two would follow those of neither. */
    @Test
    void second_withTheSameAuditFile_exits6_andTheFirstGoesOn() throws Exception {
        Path log = temp.resolve("both.jsonl");
        Process first = CertsCalls.process("serve", "--est", "127.0.0.1:0", "--tls", tls, "--audit", log, "-d", pki)
                .redirectError(temp.resolve("first.err").toFile())
                .start();
        try (BufferedReader lines = first.inputReader(StandardCharsets.UTF_8)) {
            assertThat(lines.readLine()).startsWith("devices enrol at port ");

            CertsCalls.Answer second = certs("serve", "--est", "127.0.0.1:0", "--tls", tls, "--audit", log, "-d", pki);

            assertThat(second.exitCode()).as(second.err()).isEqualTo(6);
            assertThat(second.err())
                    .startsWith("certs: error[LOCKED] --audit: " + log + ": another process writes this audit log")
                    .contains("--audit FILE")
                    .hasLineCount(1);
        } finally {
            first.destroy();
            assertThat(first.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(AuditChain.verify(log).fault()).isEmpty();
        AuditFile.open(log, Clock.systemUTC()).close(); // nobody has it any more
    }

    /** Where no broker says who logged in, a certificate in use is not taken for one that nobody uses. */
    @Test
    void certificates_withoutABroker_areNotRevokedAsUnused() {
        assertThat(rules("--est", "*:8943", "--tls", "tls").unusedFor()).isGreaterThan(Duration.ofDays(90));
        assertThat(rules("--est", "*:8943", "--tls", "tls", "--validity-days", "3650")
                        .unusedFor())
                .isGreaterThan(Duration.ofDays(3650));
        assertThat(rules("--est", "*:8943", "--tls", "tls", "--signer", "unix:s")
                        .unusedFor())
                .isEqualTo(Duration.ofDays(7));
        assertThat(rules("--signer", "unix:s", "--revoke-unused-days", "30").unusedFor())
                .isEqualTo(Duration.ofDays(30));
    }

    private static EnrolmentRules rules(String... options) {
        CertsServe serve = new CertsServe();
        new CommandLine(serve).parseArgs(options);
        return serve.rules();
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "2 | ''                                                | --signer unix:PATH, --est HOST:PORT or both",
                "2 | --est 8943 --tls TLS                              | --est is HOST:PORT",
                "2 | --est *:70000 --tls TLS                           | --est is HOST:PORT",
                "2 | --est *:0                                         | --est needs --tls DIR",
                "2 | --tls TLS --signer unix:TEMP/s                    | --tls and --audit are for --est",
                "2 | --est *:0 --tls TLS --revoke-unused-days 3        | without --signer no broker says who logged in",
                "3 | --est 127.0.0.1:0 --tls TEMP/none                 | --tls: TEMP/none/cert.pem",
                "1 | --est 127.0.0.1:0 --tls TLS --audit TLS           | --audit: TLS: cannot be written",
                "1 | --est 127.0.0.1:TAKEN --tls TLS --audit TEMP/a.jsonl | --est: enrolment cannot bind",
                "1 | --est no-such-host.invalid:0 --tls TLS --audit TEMP/a.jsonl | --est: ",
            })
    void options_thatCannotBe_areRefusedInALine(int exitCode, String options, String text) throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
            List<Object> line = new ArrayList<>(List.of("serve", "-d", pki));
            for (String word : options.split(" ")) {
                if (!word.isEmpty()) {
                    line.add(filled(word).replace("TAKEN", String.valueOf(taken.getLocalPort())));
                }
            }
            CertsCalls.Answer refused = certs(line.toArray());
            assertThat(refused.exitCode()).as(refused.err()).isEqualTo(exitCode);
            assertThat(refused.err()).startsWith("certs: error[").contains(filled(text));
            assertThat(refused.err().lines()).hasSize(1);
        }
    }

    private static String filled(String text) {
        return text.replace("TLS", tls.toString()).replace("TEMP", temp.toString());
    }
}
