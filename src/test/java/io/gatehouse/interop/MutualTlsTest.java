package io.gatehouse.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.Broker;
import io.gatehouse.config.ConfigurationReader;
import io.gatehouse.interop.MutualTlsClient.Device;
import io.gatehouse.interop.MutualTlsClient.Outcome;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.AuthorityOptions;
import io.gatehouse.pki.Draft;
import io.gatehouse.pki.Issued;
import io.gatehouse.pki.KeyKind;
import io.gatehouse.pki.Profile;
import io.netty.handler.ssl.OpenSsl;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Devices with certificates of our authority, in every kind of key, log in through the TLS libraries that devices have, on both
 * providers and both versions of TLS; with the certificate of another authority they do not. {@code ./test} installs what it needs.
 * What is missing is skipped and said loudly; with {@code -Dgatehouse.ci=true} it fails.
 */
class MutualTlsTest {
    private static final char[] PASSPHRASE = "correct horse battery".toCharArray();
    private static final char[] STORE = "in the test".toCharArray();
    private static final List<KeyKind> KINDS = List.of(KeyKind.P256, KeyKind.P384, KeyKind.RSA3072);

    @TempDir
    private static Path folder;

    private static Broker broker;

    @BeforeAll
    static void aBroker() throws Exception {
        StringBuilder listeners = new StringBuilder();
        for (KeyKind kind : KINDS) {
            String word = kind.word();
            Path pki = folder.resolve(word).resolve("pki");
            Files.createDirectories(pki.getParent());
            AuthorityOptions options = AuthorityOptions.of("Greenhouses").withKeys(kind);
            try (Authority authority = Authority.create(pki, options, PASSPHRASE.clone(), Clock.systemUTC())) {
                issue(authority, Profile.SERVER, kind, "server");
                issue(authority, Profile.DEVICE, kind, "device");
            }
            for (String provider : providers()) {
                listeners.append("""
                          %s-%s:
                            port: 0
                            bind: 127.0.0.1
                            tls:
                              certificate: %1$s/server/cert.pem
                              key: %1$s/server/key.pem
                              client_ca: %1$s/pki/trust/device-ca.pem
                              provider: %2$s
                            login: certificate
                        """.formatted(word, provider));
            }
        }
        write("policies/main.yaml", """
                version: 1
                roles:
                  device: {publish: ["t/#"]}
                assign:
                  - {to: {auth: certificate}, roles: [device]}
                """);
        Path file = write("gatehouse.yaml", """
                version: 1
                data: data
                listeners:
                %scertificate_login: {user: cert.cn}
                policy: {folder: policies}
                storage: memory
                sys: {interval: 0s}
                """.formatted(listeners));
        ConfigurationReader.Result read = ConfigurationReader.read(file);
        assertThat(read.problems()).isEmpty();
        broker = Broker.start(read.configuration().orElseThrow(), Clock.systemUTC());
    }

    @AfterAll
    static void close() {
        if (broker != null) {
            broker.close();
        }
    }

    private static List<String> providers() {
        return OpenSsl.isAvailable() ? List.of("boringssl", "jdk") : List.of("jdk");
    }

    private static Path write(String name, String text) throws Exception {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return file;
    }

    /** As PEM files, and as key stores of Java. */
    private static void issue(Authority authority, Profile profile, KeyKind kind, String name) throws Exception {
        List<String> names = profile == Profile.SERVER ? List.of("localhost") : List.of();
        Issued issued = authority.issue(
                profile, Draft.server(name, names, List.of(), authority.validityOf(profile)), kind, false);
        Path out = folder.resolve(kind.word()).resolve(name);
        issued.writeTo(out);
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry(
                "it", issued.key().orElseThrow(), STORE, new Certificate[] {issued.certificate(), issued.issuer()});
        KeyStore trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        trust.setCertificateEntry("root", issued.root());
        for (Map.Entry<String, KeyStore> store :
                Map.of("all.p12", keys, "trust.p12", trust).entrySet()) {
            try (OutputStream to = Files.newOutputStream(out.resolve(store.getKey()))) {
                store.getValue().store(to, STORE);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void device_withItsCertificate_logsIn_andWithAnothersItDoesNot(MutualTlsClient client, @TempDir Path work)
            throws Exception {
        Optional<String> missing = client.missing(work);
        missing.ifPresent(packages -> skip(client + " is not here", "apt-get install " + packages));
        Map<String, String> went = new TreeMap<>();
        for (String version : List.of("1.2", "1.3")) {
            if (!client.speaks(work, version)) {
                say(client + " with TLS " + version, "this build of the library does not speak it", "a newer one");
                continue;
            }
            for (String provider : providers()) {
                for (KeyKind kind : client.kinds(KINDS)) {
                    int port = broker.ports().get(kind.word() + "-" + provider);
                    Device device = new Device(folder.resolve(kind.word()).resolve("device"), port, version);
                    Outcome outcome = client.connect(work, device);
                    went.put(version + " " + provider + " " + kind.word(), outcome.isIn() ? "in" : outcome.said());
                }
                int port = broker.ports().get(KeyKind.P256.word() + "-" + provider);
                Path stranger = stranger(work, provider + version);
                assertThat(client.connect(work, new Device(stranger, port, version))
                                .isIn())
                        .as("a device of another authority, %s, TLS %s", provider, version)
                        .isFalse();
            }
        }
        assertThat(went)
                .isNotEmpty()
                .allSatisfy((how, answer) -> assertThat(answer).as(how).isEqualTo("in"));
    }

    /** Trusts the server, and has the certificate of an authority that the server does not trust. */
    private static Path stranger(Path work, String name) throws Exception {
        Path stranger = Files.createDirectories(work.resolve(name));
        Path own = folder.resolve(KeyKind.P256.word()).resolve("device");
        Path other = folder.resolve(KeyKind.P384.word()).resolve("device");
        for (String file : List.of("ca.pem", "trust.p12")) {
            Files.copy(own.resolve(file), stranger.resolve(file));
        }
        for (String file : List.of("cert.pem", "key.pem", "all.p12")) {
            Files.copy(other.resolve(file), stranger.resolve(file));
        }
        return stranger;
    }

    private static void say(String what, String why, String mend) {
        System.out.println("""

                ################################################################################
                #  SKIPPED: mutual TLS, %s.
                #  Why:     %s
                #  Mend:    %s
                ################################################################################
                """.formatted(what, why, mend));
    }

    private static void skip(String why, String mend) {
        say("one client", why, mend);
        if (Boolean.getBoolean("gatehouse.ci")) {
            throw new AssertionError(why + ", and -Dgatehouse.ci=true forbids to skip");
        }
        Assumptions.abort(why);
    }
}
