package io.gatehouse.enrolment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.pki.Approvals;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Inventory.State;
import io.gatehouse.pki.Pem;
import io.gatehouse.pki.RevocationReason;
import io.gatehouse.pki.StoredPassphrase;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recipe in Python, as a device runs it. */
class PythonRecipeTest {
    @TempDir
    private static Path temp;

    private static EstHouse house;

    @BeforeAll
    static void open() throws Exception {
        boolean all = Stream.of("python3", "openssl")
                .allMatch(program -> Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                        .anyMatch(place -> Files.isExecutable(Path.of(place, program))));
        assertThat(all || !Boolean.getBoolean("gatehouse.ci"))
                .as("needs python3 and openssl, and -Dgatehouse.ci=true forbids to skip")
                .isTrue();
        Assumptions.assumeTrue(all, "needs python3 and openssl");
        house = new EstHouse(temp, "  embedded: true\n  approval: {of: anyone}\n");
    }

    @AfterAll
    static void close() {
        if (house != null) {
            house.close();
        }
    }

    private record Answer(int exitCode, String text) {}

    /** Again, where the port said that this address asks too often. */
    private static Answer renew(Path device, String... options) {
        return await().pollInSameThread()
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofSeconds(2))
                .atMost(Duration.ofSeconds(60))
                .until(() -> run(device, options), answer -> !answer.text().contains(" 429 rate: "));
    }

    private static Answer run(Path device, String... options) throws Exception {
        List<String> line = Stream.concat(
                        Stream.of(
                                "python3",
                                "-B",
                                "certs-tools/recipes/renew.py",
                                device.toString(),
                                "https://localhost:" + house.estPort()),
                        Stream.of(options))
                .toList();
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Answer(process.waitFor(), text);
    }

    private static void done(Answer answer, String text) {
        assertThat(answer.exitCode()).as(answer.text()).isZero();
        assertThat(answer.text()).startsWith(text);
    }

    private static Path device(String id, String file, String line) throws Exception {
        Path device = Files.createDirectory(temp.resolve(id));
        Files.copy(house.pki.resolve("trust/root.pem"), device.resolve("ca.pem"));
        Files.writeString(device.resolve(file), line + "\n");
        return device;
    }

    /** A device whose certificate ends soon: it begins with its authority, an hour ago, and two thirds of its life are over. */
    private static Path device(String id) throws Exception {
        Path device = temp.resolve(id);
        Clock then = Clock.offset(Clock.systemUTC(), Duration.ofMinutes(20).minusDays(90));
        try (Authority authority = Authority.open(house.pki, StoredPassphrase.beside(house.pki), then)) {
            authority.issueDevice(id, Duration.ofDays(90)).writeTo(device);
        }
        return device;
    }

    private static X509Certificate certificate(Path device) throws Exception {
        return Pem.certificates(device.resolve("cert.pem")).get(0);
    }

    @Test
    void device_enrolsWithItsToken_andRenewsWhenItIsTime() throws Exception {
        Path fresh = device("pump-0", "token", "pump-0:" + house.token("pump-0"));
        done(renew(fresh), "renew: the certificate of pump-0 is good until ");
        assertThat(house.state(certificate(fresh))).isEqualTo(State.PENDING);
        assertThat(Pem.certificates(fresh.resolve("cert.pem"))).hasSize(2);
        assertThat(fresh.resolve("token")).doesNotExist();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(fresh.resolve("key.pem"))))
                .isEqualTo("rw-------");
        done(renew(fresh), "renew: not yet");

        Path device = device("pump-1");
        X509Certificate old = certificate(device);
        byte[] oldKey = Files.readAllBytes(device.resolve("key.pem"));
        byte[] oldChain = Files.readAllBytes(device.resolve("cert.pem"));
        done(renew(device, "--reload", "date > reloaded"), "renew: the certificate of pump-1 is good until ");
        X509Certificate next = certificate(device);
        assertThat(next.getPublicKey()).isNotEqualTo(old.getPublicKey());
        assertThat(device.resolve("reloaded")).isNotEmptyFile();
        assertThat(device.resolve("old-key.pem")).hasBinaryContent(oldKey);

        // as if it had been killed between the two renames
        Files.move(device.resolve("cert.pem"), device.resolve("next-cert.pem"));
        Files.write(device.resolve("cert.pem"), oldChain);
        done(renew(device), "renew: the certificate of pump-1 is good until ");
        assertThat(certificate(device)).isEqualTo(next);
    }

    @Test
    void device_thatIsRefused_keepsWhatItHas_andDropsAKeyThatIsSpent() throws Exception {
        Path device = device("pump-2");
        Files.copy(device.resolve("key.pem"), device.resolve("next-key.pem"));
        Answer same = renew(device);
        assertThat(same.exitCode()).isEqualTo(1);
        assertThat(same.text()).contains("simplereenroll: 403 key_same", "the next run makes another key");
        assertThat(device.resolve("next-key.pem")).doesNotExist();

        X509Certificate old = certificate(device);
        try (Authority authority = house.authority()) {
            authority.revoke(authority.inventory().byId("pump-2"), RevocationReason.KEY_COMPROMISE);
        }
        Answer revoked = renew(device);
        assertThat(revoked.exitCode()).isEqualTo(1);
        assertThat(revoked.text()).contains("simplereenroll: 403 cert_revoked").doesNotContain("Traceback");
        assertThat(certificate(device)).isEqualTo(old);

        Files.copy(
                house.folder.resolve("tls/cert.pem"),
                device.resolve("ca.pem"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        Answer stranger = renew(device);
        assertThat(stranger.exitCode()).isEqualTo(1);
        assertThat(stranger.text()).contains("is not reached").doesNotContain("Traceback");
    }

    @Test
    void device_withoutAToken_saysItsKey_andGetsItsCertificateOnceApproved() throws Exception {
        Path device = device("pump-3", "id", "pump-3");
        Answer waits = renew(device);
        assertThat(waits.exitCode()).as(waits.text()).isEqualTo(3);
        String key = Approvals.view(house.pki, Instant.now()).get(0).fingerprint();
        assertThat(waits.text()).contains("an operator has not decided yet; the key is " + key);
        try (Authority authority = house.authority()) {
            new Approvals(authority).approve("pump-3", key, false, Duration.ofDays(1));
        }
        done(renew(device), "renew: the certificate of pump-3 is good until ");
        assertThat(device.resolve("id")).doesNotExist();
    }
}
