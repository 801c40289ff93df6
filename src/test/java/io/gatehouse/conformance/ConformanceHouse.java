package io.gatehouse.conformance;

import io.gatehouse.Broker;
import io.gatehouse.CannotStart;
import io.gatehouse.config.Configuration;
import io.gatehouse.config.ConfigurationReader;
import io.gatehouse.interop.TestAuthority;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A broker for one class of tests, as an operator would configure it, with a door for TLS and one for WebSocket. Used by one
 * test thread; the clients a test opened are closed behind it.
 *
 * <p>{@link #pass} moves the clock that the broker reads, but not its timers: what waits for a moment to pass compares
 * clocks, what is to happen at a moment has a timer, and the test waits for it.
 */
final class ConformanceHouse implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
    /** May publish and subscribe to everything, and share. */
    static final String USER = "tester";

    static final String PASSWORD = "green leaves";

    /** Another one, who may publish and subscribe below {@code guest} only. */
    static final String GUEST = "guest";

    private static final String POLICY = """
            version: 1
            roles:
              tester:
                publish: ["#", "$test/#"]
                subscribe: [{topic: "#", shared: ["*"]}, "$test/#"]
              guest:
                publish: [guest/#]
                subscribe: [guest/#]
            users:
              tester: [tester]
              guest: [guest]
            """;

    private final String more;
    private final List<RawClient> clients = new ArrayList<>();
    private Duration passed = Duration.ZERO;
    private @Nullable Path folder;
    private @Nullable Broker broker;
    private @Nullable SSLContext tls;
    private int lastName;

    ConformanceHouse() {
        this("");
    }

    /** @param more keys of the configuration, as they stand in its file */
    ConformanceHouse(String more) {
        this.more = more;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException, CannotStart, GeneralSecurityException {
        Path own = Files.createTempDirectory("gatehouse-conformance").toRealPath();
        folder = own;
        TestAuthority authority = new TestAuthority(own, "house");
        TestAuthority.Identity server = authority.server("localhost");
        tls = trusting(authority.file());
        write("users.pw", passwordLine(USER) + passwordLine(GUEST));
        write("policies/10-conformance.yaml", POLICY);
        write("gatehouse.yaml", """
                version: 1
                data: data
                listeners:
                  apps:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: %s, key: %s}
                    login: password
                  web:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: %1$s, key: %2$s}
                    websocket: {path: /mqtt}
                    login: password
                password_login: {file: users.pw}
                policy: {folder: policies}
                storage: memory
                sys: {interval: 0s}
                %s
                """.formatted(server.certificate(), server.key(), more));
        Configuration configuration = ConfigurationReader.read(own.resolve("gatehouse.yaml"))
                .configuration()
                .orElseThrow();
        broker = Broker.start(configuration, clock());
    }

    private Clock clock() {
        return new Clock() {
            @Override
            public Instant instant() {
                return Instant.now().plus(passed);
            }

            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }
        };
    }

    /** Lets time pass on the broker's clock. */
    void pass(Duration time) {
        passed = passed.plus(time);
    }

    Broker broker() {
        return Objects.requireNonNull(broker);
    }

    SSLContext tls() {
        return Objects.requireNonNull(tls);
    }

    /** A topic, or a client identifier, that no other test has. */
    String name() {
        return "n" + ++lastName;
    }

    // clients

    /** A TLS connection on which nothing has been said. */
    RawClient open(int level) {
        try {
            RawClient client = new RawClient(
                    tls().getSocketFactory()
                            .createSocket(
                                    "localhost",
                                    Objects.requireNonNull(broker().ports().get("apps"))),
                    level);
            clients.add(client);
            return client;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A connection whose CONNECT is sent and not answered yet. */
    RawClient knock(Connect connect) {
        return open(connect.level()).send(connect.bytes());
    }

    /** A client that is in. */
    RawClient client(Connect connect) {
        return knock(connect).admitted();
    }

    /** A client of MQTT 5.0 that is in, with a session that ends with it. */
    RawClient client() {
        return client(Connect.v5(name()));
    }

    // its folder

    private static SSLContext trusting(Path certificate) throws IOException, GeneralSecurityException {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (InputStream in = Files.newInputStream(certificate)) {
            trusted.setCertificateEntry(
                    "house", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    /** A line of a password file: PBKDF2 with SHA-512, of few rounds, for speed. */
    private static String passwordLine(String user) throws GeneralSecurityException {
        byte[] salt = new byte[12];
        new SecureRandom().nextBytes(salt);
        byte[] hash = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA512")
                .generateSecret(new PBEKeySpec(PASSWORD.toCharArray(), salt, 101, 512))
                .getEncoded();
        Base64.Encoder base64 = Base64.getEncoder();
        return user + ":$7$101$" + base64.encodeToString(salt) + "$" + base64.encodeToString(hash) + "\n";
    }

    private void write(String name, String content) throws IOException {
        Path file = Objects.requireNonNull(folder).resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    @Override
    public void afterEach(ExtensionContext context) {
        clients.forEach(RawClient::close);
        clients.clear();
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        if (broker != null) {
            broker.close();
        }
        try (Stream<Path> files = Files.walk(Objects.requireNonNull(folder))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
