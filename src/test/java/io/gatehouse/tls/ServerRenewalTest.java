package io.gatehouse.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatehouse.Broker;
import io.gatehouse.config.Configuration;
import io.gatehouse.config.Configuration.Tls;
import io.gatehouse.config.ConfigurationReader;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Pem;
import io.gatehouse.pki.Profile;
import io.gatehouse.pki.ProfileBook;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The broker's own certificate, renewed from its own authority. */
class ServerRenewalTest {
    private static final String PASSPHRASE = "correct horse battery";

    @TempDir
    Path temp;

    private Configuration configuration;

    @BeforeEach
    void house() throws Exception {
        authority("pki");
        try (Authority authority = Authority.open(temp.resolve("pki"), PASSPHRASE.toCharArray(), Clock.systemUTC())) {
            issue(authority, Duration.ofDays(10));
        }
        Path word = Files.writeString(temp.resolve("word"), PASSPHRASE + "\n");
        Files.setPosixFilePermissions(word, PosixFilePermissions.fromString("rw-------"));
        Files.createDirectory(temp.resolve("policies"));
        Files.writeString(temp.resolve("policies/a.yaml"), "version: 1\nroles: {r: {publish: [a]}}\nusers: {u: [r]}\n");
        configuration = read("30d");
    }

    private void authority(String name) throws Exception {
        Authority.create(temp.resolve(name), "Acme", PASSPHRASE.toCharArray(), Clock.systemUTC())
                .close();
    }

    private void issue(Authority authority, Duration validity) throws Exception {
        authority
                .issue(Profile.SERVER, "broker", List.of("localhost", "mqtt.example"), List.of("127.0.0.1"), validity)
                .writeTo(temp.resolve("tls"));
    }

    private Configuration read(String before) throws Exception {
        Path file = Files.writeString(temp.resolve("gatehouse.yaml"), """
                version: 1
                data: data
                listeners:
                  devices:
                    bind: 127.0.0.1
                    port: 0
                    tls:
                      certificate: tls/cert.pem
                      key: tls/key.pem
                      client_ca: pki/trust/device-ca.pem
                      names: [localhost]
                      renew: {authority: pki, passphrase_file: word, before: %s}
                    login: certificate
                policy: {folder: policies}
                storage: memory
                """.formatted(before));
        ConfigurationReader.Result read = ConfigurationReader.read(file);
        assertThat(read.problems()).isEmpty();
        return read.configuration().orElseThrow();
    }

    private ServerRenewal renewal(Configuration of) {
        return renewal(of, Clock.systemUTC());
    }

    private ServerRenewal renewal(Configuration of, Clock clock) {
        Tls tls = of.listeners().get(0).tls().orElseThrow();
        return new ServerRenewal(tls, tls.renew().orElseThrow(), clock);
    }

    private X509Certificate certificate() throws Exception {
        return Pem.certificates(temp.resolve("tls/cert.pem")).get(0);
    }

    @Test
    void certificateThatEndsSoon_isRenewed_withItsNamesAndANewKey() throws Exception {
        X509Certificate before = certificate();
        assertThat(renewal(configuration).renewIfDue()).isTrue();
        X509Certificate after = certificate();
        assertThat(after.getNotAfter()).isAfter(before.getNotAfter());
        assertThat(after.getPublicKey()).isNotEqualTo(before.getPublicKey());
        assertThat(List.copyOf(after.getSubjectAlternativeNames()))
                .isEqualTo(List.copyOf(before.getSubjectAlternativeNames()));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(temp.resolve("tls/key.pem"))))
                .isEqualTo("rw-------");
        assertThat(renewal(configuration).renewIfDue()).as("again").isFalse();
        assertThat(Authority.view(temp.resolve("pki")).items()).hasSize(2);
        try (Broker broker = Broker.start(configuration, Clock.systemUTC())) {
            assertThat(broker.ports().get("devices")).isPositive();
        }
    }

    @Test
    void certificateThatLastsLonger_isLeft() throws Exception {
        X509Certificate before = certificate();
        assertThat(renewal(read("5d")).renewIfDue()).isFalse();
        assertThat(certificate()).isEqualTo(before);
    }

    @Test
    void crashBetweenTheTwoFiles_isFinishedAtTheNextStart() throws Exception {
        Path certificate = temp.resolve("tls/cert.pem");
        byte[] old = Files.readAllBytes(certificate);
        renewal(configuration).renewIfDue();
        byte[] fresh = Files.readAllBytes(certificate);

        // the key was moved, the certificate was not
        Files.write(temp.resolve("tls/cert.pem.renewed"), fresh);
        Files.write(certificate, old);
        renewal(configuration).finish();
        assertThat(certificate).hasBinaryContent(fresh);
        assertThat(temp.resolve("tls/cert.pem.renewed")).doesNotExist();

        // neither was moved
        Files.write(temp.resolve("tls/cert.pem.renewed"), old);
        Files.write(temp.resolve("tls/key.pem.renewed"), old);
        renewal(configuration).finish();
        assertThat(certificate).hasBinaryContent(fresh);
        assertThat(temp.resolve("tls/key.pem.renewed")).doesNotExist();
    }

    /** The authority's own profile of servers. */
    private void profile(String validity) throws Exception {
        Path folder = Files.createDirectories(temp.resolve("pki/profiles"));
        String builtIn = ProfileBook.builtInText("server");
        String own = builtIn.replaceFirst("validity: .*", "validity: " + validity);
        assertThat(own).isNotEqualTo(builtIn);
        Files.writeString(folder.resolve("server.yaml"), own);
    }

    @Test
    void certificate_isRenewedForAsLongAsTheAuthoritysOwnProfileSays() throws Exception {
        profile("{default: 60d, most: 90d, backdate: 1h}");
        assertThat(renewal(configuration).renewIfDue()).isTrue();
        X509Certificate after = certificate();
        assertThat(Duration.between(
                        after.getNotBefore().toInstant(), after.getNotAfter().toInstant()))
                .isEqualTo(Duration.ofDays(60).plusHours(1));
        assertThat(renewal(configuration).renewIfDue()).isFalse();
    }

    @Test
    void certificateOfAProfileThatIsShorterThanBefore_isRenewedInItsLastThird() throws Exception {
        profile("{default: 20d, most: 90d, backdate: 1h}");
        assertThat(renewal(configuration).renewIfDue()).as("ten days are left").isFalse();
        Clock later = Clock.offset(Clock.systemUTC(), Duration.ofDays(4));
        assertThat(renewal(configuration, later).renewIfDue())
                .as("six days are left")
                .isTrue();
        assertThat(renewal(configuration, later).renewIfDue())
                .as("twenty are left")
                .isFalse();
        assertThat(Authority.view(temp.resolve("pki")).items()).hasSize(2);
    }

    /** Every file that a crash can leave, by when it comes. */
    @Test
    void crashAtAnyPoint_leavesACertificateWithItsKey() throws Exception {
        byte[] oldCertificate = Files.readAllBytes(temp.resolve("tls/cert.pem"));
        byte[] oldKey = Files.readAllBytes(temp.resolve("tls/key.pem"));
        renewal(configuration).renewIfDue();
        byte[] newCertificate = Files.readAllBytes(temp.resolve("tls/cert.pem"));
        byte[] newKey = Files.readAllBytes(temp.resolve("tls/key.pem"));

        assertAfterCrash("nothing was written", oldCertificate, oldKey, null, null, oldCertificate);
        assertAfterCrash("the key was written", oldCertificate, oldKey, null, newKey, oldCertificate);
        assertAfterCrash("both were written", oldCertificate, oldKey, newCertificate, newKey, oldCertificate);
        assertAfterCrash("the key was moved", oldCertificate, newKey, newCertificate, null, newCertificate);
        assertAfterCrash("both were moved", newCertificate, newKey, null, null, newCertificate);
    }

    private void assertAfterCrash(
            String when,
            byte[] certificate,
            byte[] key,
            byte @Nullable [] freshCertificate,
            byte @Nullable [] freshKey,
            byte[] expected)
            throws Exception {
        Path tls = temp.resolve("tls");
        Files.write(tls.resolve("cert.pem"), certificate);
        Files.write(tls.resolve("key.pem"), key);
        if (freshCertificate != null) {
            Files.write(tls.resolve("cert.pem.renewed"), freshCertificate);
        }
        if (freshKey != null) {
            Files.write(tls.resolve("key.pem.renewed"), freshKey);
        }
        renewal(configuration).finish();
        assertThat(tls.resolve("cert.pem")).as(when).hasBinaryContent(expected);
        assertThat(ServerIdentity.read(tls.resolve("cert.pem"), tls.resolve("key.pem")))
                .as(when)
                .isNotNull();
        assertThat(tls.resolve("cert.pem.renewed")).as(when).doesNotExist();
        assertThat(tls.resolve("key.pem.renewed")).as(when).doesNotExist();
    }

    @Test
    void keyOrCertificateThatCannotBeWritten_leavesTheOldOnesInPlace() throws Exception {
        X509Certificate before = certificate();
        for (String file : List.of("key.pem.renewed", "cert.pem.renewed")) {
            Path inTheWay = Files.createDirectory(temp.resolve("tls").resolve(file));
            assertThatThrownBy(() -> renewal(configuration).renewIfDue())
                    .as(file)
                    .isInstanceOf(UnusableTls.class)
                    .hasMessageContaining("cannot be written");
            Files.delete(inTheWay);
            renewal(configuration).finish();
            assertThat(certificate()).as(file).isEqualTo(before);
            assertThat(ServerIdentity.read(temp.resolve("tls/cert.pem"), temp.resolve("tls/key.pem")))
                    .as(file)
                    .isNotNull();
        }
    }

    @Test
    void finishThatIsInterrupted_isFinishedByTheNext() throws Exception {
        X509Certificate before = certificate();
        Path key = Files.write(temp.resolve("tls/key.pem.renewed"), new byte[] {1});
        Path certificate = Files.createDirectory(temp.resolve("tls/cert.pem.renewed"));
        Path inTheWay = Files.write(certificate.resolve("a"), new byte[] {1});
        assertThatThrownBy(() -> renewal(configuration).finish())
                .isInstanceOf(UnusableTls.class)
                .hasMessageContaining("cannot be finished");
        assertThat(key).as("without it the certificate would be taken").exists();

        Files.delete(inTheWay);
        renewal(configuration).finish();
        assertThat(certificate).doesNotExist();
        assertThat(key).doesNotExist();
        assertThat(certificate()).isEqualTo(before);
    }

    @Test
    void certificateOfAnotherAuthority_isNotRenewed() throws Exception {
        authority("other");
        try (Authority other = Authority.open(temp.resolve("other"), PASSPHRASE.toCharArray(), Clock.systemUTC())) {
            other.issue(Profile.SERVER, "broker", List.of("localhost"), List.of(), Duration.ofDays(3))
                    .writeTo(temp.resolve("tls"));
        }
        // both are called alike: the signature tells
        assertThatThrownBy(() -> renewal(configuration).renewIfDue())
                .isInstanceOf(UnusableTls.class)
                .hasMessageContaining("not issued by the authority in");
    }

    @Test
    void wrongPassphrase_saysSo_andLeavesEverything() throws Exception {
        X509Certificate before = certificate();
        Files.writeString(temp.resolve("word"), "another passphrase\n");
        assertThatThrownBy(() -> renewal(configuration).renewIfDue())
                .isInstanceOf(UnusableTls.class)
                .hasMessageContaining("passphrase");
        assertThat(certificate()).isEqualTo(before);
        assertThat(Authority.view(temp.resolve("pki")).items()).hasSize(1);
    }
}
