package io.gatehouse.enrolment;

import static org.assertj.core.api.Assertions.assertThat;

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
        house = new EstHouse(temp, "  embedded: true\n");
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

    private static Answer renew(Path device, String url, String days) throws Exception {
        ProcessBuilder builder = new ProcessBuilder("sh", "certs-tools/recipes/renew.sh", device.toString(), url)
                .redirectErrorStream(true);
        builder.environment().put("RENEW_BEFORE_DAYS", days);
        builder.environment().put("RELOAD", "date >> reloaded");
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
