package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static io.gatehouse.cli.CertsCalls.onATerminal;
import static io.gatehouse.cli.CertsCalls.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.enrolment.EstHouse;
import io.gatehouse.json.Json;
import io.gatehouse.pki.TestRequest;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.bouncycastle.est.ESTService;
import org.bouncycastle.est.EnrollmentResponse;
import org.bouncycastle.est.jcajce.JcaHttpAuthBuilder;
import org.bouncycastle.est.jcajce.JsseESTServiceBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Devices without a token, and the operator who decides: the commands, and curl and BouncyCastle's client over HTTPS. */
class CertsRequestTest {
    @TempDir
    private static Path temp;

    private static EstHouse house;
    private static Path pki;
    private static int addresses = 10;

    @BeforeAll
    static void open() throws Exception {
        house = new EstHouse(temp, """
                  embedded: true
                  approval: {of: anyone, max_waiting: 6, max_waiting_per_address: 2}
                """);
        pki = temp.resolve("pki");
    }

    @AfterAll
    static void close() {
        house.close();
    }

    private record Reply(int status, String head, String body) {}

    /** A device with openssl and curl, from an address of its own. */
    private record Device(String id, Path folder, String address) {
        static Device of(String id) throws Exception {
            Assumptions.assumeTrue(CertsCalls.installed("curl") && CertsCalls.installed("openssl"), "needs curl");
            Path folder = Files.createDirectory(temp.resolve(id + "-" + addresses));
            Device device = new Device(id, folder, "127.0.8." + addresses++);
            CertsCalls.request(folder.resolve("csr.pem"), folder.resolve("key.pem"), "/CN=" + id);
            return device;
        }

        Reply ask() throws Exception {
            Path body = folder.resolve("answer");
            Files.deleteIfExists(body);
            String head = run(
                    0,
                    "curl",
                    "--silent",
                    "--show-error",
                    "--interface",
                    address,
                    "--cacert",
                    pki.resolve("trust/root.pem"),
                    "--header",
                    "Content-Type: application/pkcs10",
                    "--data-binary",
                    "@" + folder.resolve("csr.pem"),
                    "--dump-header",
                    "-",
                    "--output",
                    body,
                    "https://127.0.0.1:" + house.estPort() + "/.well-known/est/simpleenroll");
            return new Reply(
                    Integer.parseInt(head.split(" ")[1]), head, Files.exists(body) ? Files.readString(body) : "");
        }

        /** As the help of the command says. */
        String fingerprint() throws Exception {
            Path der = folder.resolve("key.der");
            run(0, "openssl", "pkey", "-in", folder.resolve("key.pem"), "-pubout", "-outform", "DER", "-out", der);
            String text = run(0, "openssl", "dgst", "-sha256", der).trim();
            return text.substring(text.lastIndexOf(' ') + 1);
        }
    }

    private static List<?> listed(String id) throws Exception {
        String json = done("request", "list", "--json", "-d", pki);
        return ((List<?>) Json.object("{\"all\": " + json + "}").get("all"))
                .stream().filter(one -> id.equals(((Map<?, ?>) one).get("id"))).toList();
    }

    @Test
    void deviceWithoutAToken_waits_andCurlGetsItsCertificate_onceAnOperatorApproved() throws Exception {
        Device device = Device.of("pump-1");

        Reply waits = device.ask();

        assertThat(waits.status()).as(waits.head()).isEqualTo(202);
        assertThat(waits.head()).containsPattern("(?i)retry-after: 60\\s");
        assertThat(house.awaitAudit("waiting", "pump-1"))
                .containsEntry("address", device.address())
                .containsEntry("via", "est")
                .containsEntry("action", "enrol")
                .containsEntry("detail", "asks with the key " + device.fingerprint());
        assertThat(house.enrolments("waiting")).isPositive();

        assertThat(listed("pump-1"))
                .singleElement()
                .satisfies(one -> assertThat(Json.object(Json.line(one)))
                        .containsEntry("state", "waiting")
                        .containsEntry("from", device.address())
                        .containsEntry("fingerprint", device.fingerprint()));
        CertsCalls.Answer list = certs("request", "list", "--exit-code", "-d", pki);
        assertThat(list.exitCode()).isEqualTo(9);
        assertThat(list.out()).contains("waiting   pump-1", device.fingerprint(), "from " + device.address());

        CertsCalls.Answer blind = certs("request", "approve", "pump-1", "-d", pki);
        assertThat(blind.exitCode()).isEqualTo(2);
        assertThat(blind.err()).contains("--fingerprint " + device.fingerprint());
        CertsCalls.Answer other = certs("request", "approve", "pump-1", "--fingerprint", "00".repeat(32), "-d", pki);
        assertThat(other.exitCode()).isEqualTo(4);
        assertThat(other.err()).contains("error[POLICY]", "not the one that was given");
        assertThat(device.ask().status()).isEqualTo(202);

        assertThat(done("request", "approve", "pump-1", "--fingerprint", device.fingerprint(), "-d", pki))
                .contains("approved: \"pump-1\" gets its certificate when it asks again", "next: ");
        Reply granted = device.ask();
        assertThat(granted.status()).as(granted.body()).isEqualTo(200);
        house.awaitAudit("granted", "pump-1");
        assertThat(done("list", "--state", "pending", "-d", pki)).contains("pump-1");
        assertThat(listed("pump-1")).isEmpty();
        assertThat(done("audit", "export", "-d", pki)).contains("request-approved", device.fingerprint());
    }

    @Test
    void deviceThatIsRefused_isToldWhy_andAnotherKeyOfItsNameMayAsk() throws Exception {
        Device stranger = Device.of("pump-2");
        assertThat(stranger.ask().status()).isEqualTo(202);
        Device device = Device.of("pump-2");
        Reply taken = device.ask();
        assertThat(taken.status()).isEqualTo(409);
        assertThat(taken.body()).startsWith("key_taken: ");
        house.awaitAudit("key_taken", "pump-2");

        assertThat(done("request", "refuse", "pump-2", "--fingerprint", stranger.fingerprint(), "-d", pki))
                .startsWith("refused: the key that asked for \"pump-2\"");
        Reply refused = stranger.ask();
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.body()).isEqualTo("approval_refused: an operator refused this key\n");
        house.awaitAudit("approval_refused", "pump-2");
        assertThat(device.ask().status()).isEqualTo(202);
        assertThat(Json.object(done(
                        "request", "refuse", "pump-2", "--fingerprint", device.fingerprint(), "--json", "-d", pki)))
                .containsEntry("state", "refused");
        assertThat(certs("request", "refuse", "pump-2", "--fingerprint", device.fingerprint(), "-d", pki)
                        .exitCode())
                .isEqualTo(5);
        assertThat(certs("request", "approve", "nobody", "-d", pki).exitCode()).isEqualTo(5);
        assertThat(certs("request", "approve", "pump-2", "--ttl", "0", "-d", pki)
                        .exitCode())
                .isEqualTo(2);
    }

    @Test
    void requests_beyondWhatMayWaitOfOneAddress_areToldToComeAgain() throws Exception {
        Device first = Device.of("pump-3");
        Device second = new Device("pump-4", Device.of("pump-4").folder(), first.address());
        Device third = new Device("pump-5", Device.of("pump-5").folder(), first.address());
        assertThat(first.ask().status()).isEqualTo(202);
        assertThat(second.ask().status()).isEqualTo(202);
        Reply full = third.ask();
        assertThat(full.status()).isEqualTo(429);
        assertThat(full.head()).containsIgnoringCase("retry-after: 60");
        assertThat(full.body()).startsWith("approval_full: ");
        house.awaitAudit("approval_full", "pump-5");
        assertThat(listed("pump-5")).isEmpty();
        for (Device device : List.of(first, second)) {
            done("request", "refuse", device.id(), "--fingerprint", device.fingerprint(), "-d", pki);
        }
    }

    @Test
    void approve_onATerminal_showsTheKey_andDecidesByTheAnswer() throws Exception {
        Assumptions.assumeTrue(CertsCalls.installed("script"), "needs script, which makes a terminal");
        Device device = Device.of("pump-8");
        assertThat(device.ask().status()).isEqualTo(202);

        assertThat(onATerminal("n", "request", "approve", "pump-8", "-d", pki))
                .contains(device.fingerprint(), "Is that the device's key? [y/N]", "nothing was decided");
        assertThat(device.ask().status()).isEqualTo(202);
        assertThat(onATerminal("y", "request", "approve", "pump-8", "-d", pki)).contains("approved: \"pump-8\"");
        assertThat(device.ask().status()).isEqualTo(200);
    }

    @Test
    void check_ofAnEnrolmentThatIsOpenToAnyone_saysSo() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream both = new PrintStream(out, true, StandardCharsets.UTF_8);
        GatehouseCommand.run(
                both, both, "check", "-c", temp.resolve("gatehouse.yaml").toString());
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("GH-ENROL-001 warning: the key of the authority in " + pki)
                .contains("GH-ENROL-002 warning: whoever reaches the enrolment port may wait");
    }

    @Test
    void signersOptions_thatMakeNoSense_areRefused() {
        for (List<String> options : List.of(
                List.of("--approval", "everybody"),
                List.of("--approval", "manufactured"),
                List.of("--max-waiting", "0"),
                List.of("--waits-for-days", "1000"))) {
            Object[] line = java.util.stream.Stream.concat(
                            java.util.stream.Stream.of(
                                    "serve", "-d", pki.toString(), "--signer", "unix:" + temp.resolve("x.sock")),
                            options.stream())
                    .toArray();
            CertsCalls.Answer answer = certs(line);
            assertThat(answer.exitCode()).as(answer.err()).isEqualTo(2);
            assertThat(answer.err()).contains(options.get(0));
        }
    }

    @Test
    void bouncyCastlesClient_understandsThatItWaits_andOneWithATokenIsAskedForIt() throws Exception {
        ESTService service = new JsseESTServiceBuilder("localhost:" + house.estPort(), house.trust())
                .withTimeout(30_000)
                .build();
        PKCS10CertificationRequest csr =
                new PKCS10CertificationRequest(TestRequest.of("pump-6").der());
        long before = Instant.now().toEpochMilli();

        EnrollmentResponse waits = service.simpleEnroll(false, csr, null);

        assertThat(waits.isCompleted()).isFalse();
        assertThat(waits.canRetry()).isFalse();
        assertThat(waits.getNotBefore()).isBetween(before + 59_000, before + 160_000);
        String key = String.valueOf(((Map<?, ?>) listed("pump-6").get(0)).get("fingerprint"));
        assertThat(Json.object(done("request", "approve", "pump-6", "--fingerprint", key, "--json", "-d", pki)))
                .containsEntry("state", "approved")
                .containsEntry("fingerprint", key);
        EnrollmentResponse granted = service.simpleEnroll(false, csr, null);
        assertThat(granted.isCompleted()).isTrue();
        assertThat(ESTService.storeToArray(granted.getStore())[0].getSubject()).hasToString("O=Greenhouses,CN=pump-6");

        EnrollmentResponse byToken = service.simpleEnroll(
                false,
                new PKCS10CertificationRequest(TestRequest.of("pump-7").der()),
                new JcaHttpAuthBuilder(
                                "enrolment", "pump-7", house.token("pump-7").toCharArray())
                        .setNonceGenerator(new java.security.SecureRandom())
                        .setProvider(new BouncyCastleProvider())
                        .build());
        assertThat(byToken.isCompleted()).isTrue();
        assertThat(listed("pump-7")).isEmpty();
    }
}
