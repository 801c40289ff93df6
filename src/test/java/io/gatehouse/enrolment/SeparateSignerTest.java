package io.gatehouse.enrolment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.pki.Application;
import io.gatehouse.pki.Approvals;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Inventory.State;
import io.gatehouse.pki.ProfileBook;
import io.gatehouse.pki.TestRequest;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.util.ASN1Dump;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code gatehouse certs serve}, in a process of its own, and a broker that has no key. */
class SeparateSignerTest {
    @TempDir
    private Path temp;

    private Process signer() throws Exception {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        Objects.requireNonNullElse(
                                System.getProperty("surefire.test.class.path"), System.getProperty("java.class.path")),
                        "io.gatehouse.cli.Main",
                        "certs",
                        "serve",
                        "--dir",
                        temp.resolve("pki").toString(),
                        "--signer",
                        "unix:" + temp.resolve("s.sock"),
                        "--approval",
                        "anyone")
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        temp.resolve("signer.log").toFile()))
                .start();
    }

    private void awaitReady(long times) {
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(Files.readAllLines(temp.resolve("signer.log")).stream()
                                .filter(line -> line.startsWith("the signer is ready: unix:"))
                                .count())
                        .isEqualTo(times));
    }

    /** What only the signer knows: what to ask for, and who waits. */
    private static void assertTemplateAndApproval(EstHouse house) throws Exception {
        EstClient.Answer template = new EstClient(house.tls(null), house.estPort()).get("csrattrs");
        assertThat(template.status()).isEqualTo(200);
        assertThat(ASN1Dump.dumpAsString(
                        ASN1Sequence.getInstance(Base64.getMimeDecoder().decode(template.body()))))
                .contains("1.3.132.0.34") // P-384, as the authority's own profile says
                .doesNotContain("1.2.840.10045.3.1.7");

        TestRequest request = TestRequest.of("pump-2");
        EstClient client = new EstClient(house.tls(null), house.estPort());
        EstClient.Answer waits = client.post("simpleenroll", request.der());
        assertThat(waits.status()).as(waits.body()).isEqualTo(202);
        assertThat(waits.head()).containsIgnoringCase("retry-after: 60");
        house.awaitAudit("waiting", "pump-2");
        assertThat(house.broker().metricsText()).contains("gatehouse_enrolments_waiting 1");
        Application one = Approvals.view(house.pki, Instant.now()).get(0);
        try (Authority authority = house.authority()) {
            new Approvals(authority).approve("pump-2", one.fingerprint(), false, Duration.ofDays(1));
        }
        assertThat(house.state(client.post("simpleenroll", request.der()).certificate()))
                .isEqualTo(State.PENDING);
    }

    @Test
    void signer_isAskedOverItsSocket_andWhatItWasKilledInIsAskedAgain() throws Exception {
        try (EstHouse house = new EstHouse(temp, "  signer: unix:s.sock\n")) {
            EstClient client = new EstClient(house.tls(null), house.estPort());
            TestRequest request = TestRequest.of("pump-1");
            String token = house.token("pump-1");

            EstClient.Answer nobody = client.enrol("pump-1", token, request.der());
            assertThat(nobody.status()).isEqualTo(503);
            house.awaitAudit("unavailable", "pump-1");

            Path profile = Files.createDirectory(temp.resolve("pki/profiles")).resolve("device.yaml");
            Files.writeString(profile, ProfileBook.builtInText("device").replace("key: p256", "key: p384"));
            Process first = signer();
            X509Certificate certificate;
            try {
                awaitReady(1);
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(temp.resolve("s.sock"))))
                        .isEqualTo("rw-------");
                certificate = client.enrol("pump-1", token, request.der()).certificate();
                assertThat(house.state(certificate)).isEqualTo(State.PENDING);
                EstClient.Answer other =
                        client.enrol("pump-1", token, TestRequest.of("pump-1").der());
                assertThat(other.status()).isEqualTo(401);

                assertTemplateAndApproval(house);

                Process second = signer();
                assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
                assertThat(second.exitValue()).isEqualTo(6);
                assertThat(temp.resolve("signer.log")).content().contains("another signer answers there");
            } finally {
                first.destroyForcibly().waitFor();
            }

            Process again = signer();
            try {
                awaitReady(2);
                assertThat(client.enrol("pump-1", token, request.der()).certificate())
                        .isEqualTo(certificate);
                try (var socket = house.tls(request.pair(), certificate)
                        .getSocketFactory()
                        .createSocket("localhost", house.mqttPort())) {
                    socket.getOutputStream()
                            .write(new byte[] {0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 1, 'p'});
                    assertThat(socket.getInputStream().readNBytes(4)).isEqualTo(new byte[] {0x20, 2, 0, 0});
                }
                await().atMost(Duration.ofSeconds(30))
                        .untilAsserted(
                                () -> assertThat(house.state(certificate)).isEqualTo(State.ACTIVE));
            } finally {
                again.destroy();
                assertThat(again.waitFor(30, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(temp.resolve("s.sock")).doesNotExist();
            assertThat(client.enrol("pump-1", token, request.der()).status()).isEqualTo(503);
        }
    }
}
