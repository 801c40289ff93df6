package io.gatehouse.enrolment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.pki.Approvals;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Inventory.State;
import io.gatehouse.pki.Pem;
import io.gatehouse.pki.StoredPassphrase;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recipe with which a device renews itself from cron: a shell, openssl, curl, mosquitto's client. */
class RenewalRecipeTest {
    @TempDir
    private static Path temp;

    private static EstHouse house;

    @BeforeAll
    static void open() throws Exception {
        house = new EstHouse(temp, "  embedded: true\n  approval: {of: anyone}\n");
    }

    @AfterAll
    static void close() {
        house.close();
    }

    private static void requirePrograms(String... programs) {
        boolean all = Arrays.stream(programs)
                .allMatch(program -> Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                        .anyMatch(place -> Files.isExecutable(Path.of(place, program))));
        Assumptions.assumeTrue(all, "needs " + String.join(", ", programs));
    }

    private record Answer(int exitCode, String text) {}

    /** Again, where the port said that this address asks too often: all devices of this test have one. */
    private static Answer renew(Path device, String url, String days) {
        return await().pollInSameThread()
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofSeconds(2))
                .atMost(Duration.ofSeconds(60))
                .until(() -> run(device, url, days), answer -> !answer.text().matches("(?s).*(429 |:\")rate\\b.*"));
    }

    private static Answer run(Path device, String url, String days) throws Exception {
        ProcessBuilder builder = new ProcessBuilder("sh", "certs-tools/recipes/renew.sh", device.toString(), url)
                .redirectErrorStream(true);
        builder.environment().put("RENEW_BEFORE_DAYS", days);
        builder.environment().put("RELOAD", "date >> reloaded");
        return run(builder);
    }

    private static Answer run(ProcessBuilder builder) throws Exception {
        Process process = builder.start();
        process.getOutputStream().close();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Answer(process.waitFor(), text);
    }

    private static String est() {
        return "https://localhost:" + house.estPort();
    }

    /** A device whose certificate was issued some time ago. */
    private static Path device(String id) throws Exception {
        Path device = temp.resolve(id);
        Clock then = Clock.offset(Clock.systemUTC(), Duration.ofDays(-50));
        try (Authority authority = Authority.open(house.pki, StoredPassphrase.beside(house.pki), then)) {
            authority.issueDevice(id, Duration.ofDays(90)).writeTo(device);
        }
        return device;
    }

    private static X509Certificate certificate(Path device) throws Exception {
        return Pem.certificates(device.resolve("cert.pem")).get(0);
    }

    @Test
    void device_enrolsWithItsToken_andRenewsOverEst_whenItIsTime() throws Exception {
        requirePrograms("curl", "openssl");
        Path fresh = Files.createDirectory(temp.resolve("fresh"));
        Files.copy(house.pki.resolve("trust/root.pem"), fresh.resolve("ca.pem"));
        Files.writeString(fresh.resolve("token"), "pump-0:" + house.token("pump-0") + "\n");

        Answer enrolled = renew(fresh, est(), "30");

        assertThat(enrolled.exitCode()).as(enrolled.text()).isZero();
        assertThat(house.state(certificate(fresh))).isEqualTo(State.PENDING);
        assertThat(Pem.certificates(fresh.resolve("cert.pem"))).hasSize(2);
        assertThat(fresh.resolve("token")).doesNotExist();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(fresh.resolve("key.pem"))))
                .isEqualTo("rw-------");

        Path device = device("pump-1");
        X509Certificate old = certificate(device);
        assertThat(renew(device, est(), "20").text()).isEqualTo("renew: not yet\n");
        assertThat(certificate(device)).isEqualTo(old);
        byte[] oldKey = Files.readAllBytes(device.resolve("key.pem"));
        byte[] oldChain = Files.readAllBytes(device.resolve("cert.pem"));

        Answer renewed = renew(device, est(), "60");

        assertThat(renewed.exitCode()).as(renewed.text()).isZero();
        X509Certificate next = certificate(device);
        assertThat(next.getPublicKey()).isNotEqualTo(old.getPublicKey());
        assertThat(house.state(next)).isEqualTo(State.PENDING);
        assertThat(device.resolve("reloaded")).exists();
        assertThat(device.resolve("old-key.pem")).hasBinaryContent(oldKey);

        // as if the answer had been lost: the same request gets the same certificate
        Files.move(device.resolve("key.pem"), device.resolve("next-key.pem"));
        Files.write(device.resolve("key.pem"), oldKey);
        Files.write(device.resolve("cert.pem"), oldChain);
        Answer again = renew(device, est(), "60");
        assertThat(again.exitCode()).as(again.text()).isZero();
        assertThat(certificate(device)).isEqualTo(next);

        // as if it had been killed between the two renames
        Files.move(device.resolve("cert.pem"), device.resolve("next-cert.pem"));
        Files.write(device.resolve("cert.pem"), oldChain);
        Answer finished = renew(device, est(), "60");
        assertThat(finished.exitCode()).as(finished.text()).isZero();
        assertThat(certificate(device)).isEqualTo(next);
    }

    @Test
    void device_thatIsRefused_keepsWhatItHas() throws Exception {
        requirePrograms("curl", "openssl");
        Path device = device("pump-2");
        X509Certificate old = certificate(device);
        try (Authority authority = house.authority()) {
            authority.revoke(
                    authority.inventory().bySerial(old.getSerialNumber()).stream()
                            .toList(),
                    io.gatehouse.pki.RevocationReason.KEY_COMPROMISE);
        }

        Answer refused = renew(device, est(), "60");

        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.text()).contains("simplereenroll: 403 cert_revoked");
        assertThat(certificate(device)).isEqualTo(old);
        assertThat(device.resolve(".renewing")).doesNotExist();

        Files.copy(house.folder.resolve("tls/cert.pem"), device.resolve("ca.pem"), StandardCopyOption.REPLACE_EXISTING);
        assertThat(renew(device, "https://localhost:" + house.mqttPort(), "60").exitCode())
                .isEqualTo(1);
        assertThat(certificate(device)).isEqualTo(old);
    }

    @Test
    void device_withoutAToken_saysItsKey_andGetsItsCertificateOnceApproved() throws Exception {
        requirePrograms("curl", "openssl");
        Path device = Files.createDirectory(temp.resolve("tokenless"));
        Files.copy(house.pki.resolve("trust/root.pem"), device.resolve("ca.pem"));
        Files.writeString(device.resolve("id"), "pump-8\n");

        Answer waits = renew(device, est(), "30");

        assertThat(waits.exitCode()).isEqualTo(1);
        String key = Approvals.view(house.pki, Instant.now()).get(0).fingerprint();
        assertThat(waits.text()).isEqualTo("renew: an operator has not decided yet; the key is " + key + "\n");
        try (Authority authority = house.authority()) {
            new Approvals(authority).approve("pump-8", key, false, Duration.ofDays(1));
        }
        Answer enrolled = renew(device, est(), "30");
        assertThat(enrolled.exitCode()).as(enrolled.text()).isZero();
        assertThat(certificate(device).getSubjectX500Principal().getName()).contains("CN=pump-8");
        assertThat(device.resolve("id")).doesNotExist();
    }

    @Test
    void device_whoseIdHasColons_enrolsWithItsToken() throws Exception {
        requirePrograms("curl", "openssl");
        String id = "00:1b:44:11:3a:b7";
        Path device = Files.createDirectory(temp.resolve("mac"));
        Files.copy(house.pki.resolve("trust/root.pem"), device.resolve("ca.pem"));
        Files.writeString(device.resolve("token"), id + ":" + house.token(id) + "\n");

        Answer enrolled = renew(device, est(), "30");

        assertThat(enrolled.exitCode()).as(enrolled.text()).isZero();
        assertThat(certificate(device).getSubjectX500Principal().getName()).contains("CN=" + id);
    }

    @Test
    void keyThatIsNeverCertified_isDropped_andTheNextRunMakesAnother() throws Exception {
        requirePrograms("curl", "openssl");
        Path device = device("pump-4");
        X509Certificate old = certificate(device);
        Files.copy(device.resolve("key.pem"), device.resolve("next-key.pem"));

        Answer same = renew(device, est(), "60");

        assertThat(same.exitCode()).isEqualTo(1);
        assertThat(same.text()).contains("simplereenroll: 403 key_same", "the next run makes another key");
        assertThat(device.resolve("next-key.pem")).doesNotExist();
        assertThat(certificate(device)).isEqualTo(old);
        Answer renewed = renew(device, est(), "60");
        assertThat(renewed.exitCode()).as(renewed.text()).isZero();
        assertThat(certificate(device).getPublicKey()).isNotEqualTo(old.getPublicKey());
    }

    @Test
    void keyThatWasRevoked_isDropped_andTheTokenStays() throws Exception {
        requirePrograms("curl", "openssl");
        Path made = device("pump-5");
        try (Authority authority = house.authority()) {
            authority.revoke(authority.inventory().byId("pump-5"), io.gatehouse.pki.RevocationReason.KEY_COMPROMISE);
        }
        Path device = Files.createDirectory(temp.resolve("again"));
        Files.copy(made.resolve("ca.pem"), device.resolve("ca.pem"));
        Files.copy(made.resolve("key.pem"), device.resolve("next-key.pem"));
        Files.writeString(device.resolve("token"), "pump-5:" + house.token("pump-5") + "\n");

        Answer revoked = renew(device, est(), "30");

        assertThat(revoked.exitCode()).isEqualTo(1);
        assertThat(revoked.text()).contains("simpleenroll: 403 key_revoked");
        assertThat(device.resolve("next-key.pem")).doesNotExist();
        Answer enrolled = renew(device, est(), "30");
        assertThat(enrolled.exitCode()).as(enrolled.text()).isZero();
    }

    @Test
    void keyThatIsNeverCertified_isDroppedOverMqttToo_butNotWhenItIsTooEarly() throws Exception {
        requirePrograms("mosquitto_rr", "openssl");
        Path device = device("pump-6");
        String mqtt = "mqtts://localhost:" + house.mqttPort();
        Files.copy(device.resolve("key.pem"), device.resolve("next-key.pem"));

        Answer same = renew(device, mqtt, "60");

        assertThat(same.exitCode()).isEqualTo(1);
        assertThat(same.text()).contains("refused: {\"code\":\"key_same\"", "the next run makes another key");
        assertThat(device.resolve("next-key.pem")).doesNotExist();
        assertThat(renew(device, mqtt, "60").exitCode()).isZero();
        assertThat(renew(device, mqtt, "90").text()).contains("too_early");
        assertThat(device.resolve("next-key.pem")).exists();
    }

    @Test
    void readmesCommands_enrolADevice_withItsTokenInNoArgument() throws Exception {
        requirePrograms("curl", "openssl", "sed");
        String readme = Files.readString(Path.of("certs-tools/README.md"));
        int begin = readme.indexOf("curl -O --cacert");
        String commands = readme.substring(begin, readme.indexOf("```", begin));
        assertThat(readme).doesNotContain("$(zbarimg");
        Path device = Files.createDirectory(temp.resolve("readme"));
        Files.copy(house.pki.resolve("trust/root.pem"), device.resolve("root.pem"));
        Files.writeString(
                device.resolve("ticket"),
                est().replace("https://", "https://pump-7:" + house.token("pump-7") + "@") + "/.well-known/est\n");
        String script = commands.replace("https://mqtt.example.com:8943", est())
                .replace("zbarimg -q --raw ticket.png", "cat ticket")
                .replace("curl ", "curl --fail --retry 20 --retry-delay 2 ");

        Answer answer = run(new ProcessBuilder("sh", "-ec", script)
                .directory(device.toFile())
                .redirectErrorStream(true));

        assertThat(answer.exitCode()).as(answer.text()).isZero();
        assertThat(device.resolve("cacerts")).isNotEmptyFile();
        assertThat(device.resolve("simpleenroll")).isNotEmptyFile();
        assertThat(Authority.view(house.pki).byId("pump-7")).hasSize(1);
    }

    @Test
    void device_renewsOverMqtt_withMosquittosClient() throws Exception {
        requirePrograms("mosquitto_rr", "openssl");
        Path device = device("pump-3");
        X509Certificate old = certificate(device);
        String mqtt = "mqtts://localhost:" + house.mqttPort();

        Answer renewed = renew(device, mqtt, "60");

        assertThat(renewed.exitCode()).as(renewed.text()).isZero();
        X509Certificate next = certificate(device);
        assertThat(next.getPublicKey()).isNotEqualTo(old.getPublicKey());
        assertThat(house.awaitAudit("granted", "pump-3")).containsEntry("via", "mqtt");

        // the new one logs in, and is told that it came too early
        Answer early = renew(device, mqtt, "90");
        assertThat(early.exitCode()).isEqualTo(1);
        assertThat(early.text()).contains("refused: {\"code\":\"too_early\"");
        assertThat(certificate(device)).isEqualTo(next);
    }
}
