package io.gatehouse.conformance;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
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
import java.security.MessageDigest;
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
import java.util.Date;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;
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

    /** May share everything below {@code half}, and hear all of it but {@code half/secret}. */
    static final String HALF = "half";

    /** As {@link #USER}; its password is stored for SCRAM-SHA-256. */
    static final String SCRAM = "scram";

    /** As {@link #USER}; comes with a token. */
    static final String HOLDER = "holder";

    private static final String ISSUER = "https://id.example.com";

    /** With {@code -Dconformance.memory=true} all sessions are in memory; else they are where a broker has them by default. */
    private static final boolean IN_MEMORY = Boolean.getBoolean("conformance.memory");

    private static final String POLICY = """
            version: 1
            roles:
              tester:
                publish: ["#", "$test/#"]
                subscribe: [{topic: "#", shared: ["*"]}, "$test/#"]
              guest:
                publish: [guest/#]
                subscribe: [guest/#]
              half:
                subscribe: [{topic: half/#, shared: ["*"]}]
                deny:
                  subscribe: [half/secret]
            users:
              tester: [tester]
              guest: [guest]
              half: [half]
              scram: [tester]
              holder: [tester]
            """;

    private final String more;
    private final List<RawClient> clients = new ArrayList<>();
    private Duration passed = Duration.ZERO;
    private @Nullable Path folder;
    private @Nullable Broker broker;
    private @Nullable SSLContext tls;
    private @Nullable ECKey tokenKey;
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
        write("users.pw", passwordLine(USER) + passwordLine(GUEST) + passwordLine(HALF) + scramLine());
        write("keys.json", new JWKSet(tokenKey().toPublicJWK()).toString());
        write("policies/10-conformance.yaml", POLICY);
        write("gatehouse.yaml", """
                version: 1
                data: data
                listeners:
                  apps:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: %s, key: %s}
                    login: {any: [jwt, password]}
                  web:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: %1$s, key: %2$s}
                    websocket: {path: /mqtt}
                    login: password
                password_login: {file: users.pw}
                jwt_login:
                  issuers: [{iss: "%s", jwks: keys.json, aud: mqtt, algs: [ES256]}]
                policy: {folder: policies}
                %s
                sys: {interval: 0s}
                %s
                """.formatted(
                        server.certificate(), server.key(), ISSUER, IN_MEMORY ? "storage: memory" : "", more));
        var read = ConfigurationReader.read(own.resolve("gatehouse.yaml"));
        Configuration configuration =
                read.configuration().orElseThrow(() -> new IllegalStateException(String.valueOf(read.problems())));
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
        return open(level, () -> {});
    }

    private RawClient open(int level, Runnable settled) {
        try {
            RawClient client = new RawClient(
                    tls().getSocketFactory()
                            .createSocket(
                                    "localhost",
                                    Objects.requireNonNull(broker().ports().get("apps"))),
                    level,
                    settled);
            clients.add(client);
            return client;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A connection whose CONNECT is sent and not answered yet. */
    RawClient knock(Connect connect) {
        Runnable settled = connect.isKept() && !IN_MEMORY ? this::settle : () -> {};
        return open(connect.level(), settled).send(connect.bytes());
    }

    /**
     * Waits until the store has read and written all that it was asked for up to now. It does both in order: a message that
     * waited for a client of its own, and is there with QoS 2, comes after all of it.
     */
    private void settle() {
        String waiting = name();
        Connect connect = Connect.v5(waiting).resume().expiry(60);
        try (RawClient first = open(5).send(connect.bytes()).admitted()) {
            first.subscribe(waiting, 2);
            first.leave();
        }
        try (RawClient publisher = client()) {
            publisher.publish(waiting, "x", 2);
        }
        try (RawClient last = open(5).send(Connect.v5(waiting).resume().bytes()).admitted()) {
            last.next(Received.PUBLISH);
        }
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

    /** A line of a password file for SCRAM-SHA-256, of the fewest rounds there may be. */
    private static String scramLine() throws GeneralSecurityException {
        byte[] salt = new byte[16];
        new SecureRandom().nextBytes(salt);
        byte[] salted = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                .generateSecret(new PBEKeySpec(PASSWORD.toCharArray(), salt, 4096, 256))
                .getEncoded();
        byte[] stored = MessageDigest.getInstance("SHA-256").digest(hmac(salted, "Client Key"));
        Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
        return SCRAM + ":$scram-sha-256$i=4096$" + base64.encodeToString(salt) + "$" + base64.encodeToString(stored)
                + "$" + base64.encodeToString(hmac(salted, "Server Key")) + "\n";
    }

    private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(RawClient.utf8(text));
    }

    private ECKey tokenKey() {
        if (tokenKey == null) {
            try {
                tokenKey = new ECKeyGenerator(Curve.P_256).keyID("signing").generate();
            } catch (JOSEException e) {
                throw new IllegalStateException(e);
            }
        }
        return tokenKey;
    }

    /** A token for {@link #HOLDER}, or for another, that ends after this time. */
    byte[] token(String user, Duration life) {
        Instant now = clock().instant();
        JWTClaimsSet claims = new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .audience("mqtt")
                .subject(user)
                .issueTime(Date.from(now.minusSeconds(60)))
                .expirationTime(Date.from(now.plus(life)))
                .jwtID(name())
                .build();
        SignedJWT token = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("signing").build(), claims);
        try {
            token.sign(new ECDSASigner(tokenKey()));
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
        return RawClient.utf8(token.serialize());
    }

    private void write(String name, String content) throws IOException {
        Path file = Objects.requireNonNull(folder).resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    /** Stops the broker before the end of its class. */
    void stop() {
        broker().close();
        broker = null;
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
