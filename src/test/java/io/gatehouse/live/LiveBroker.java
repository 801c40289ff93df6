package io.gatehouse.live;

import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.gatehouse.Broker;
import io.gatehouse.CannotStart;
import io.gatehouse.config.Configuration;
import io.gatehouse.config.ConfigurationReader;
import io.gatehouse.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * A broker in this process, from a configuration, a policy, a password file and a key set on disk, with two plain doors on
 * loopback: {@code one} and {@code two}. Every user has the password {@code pw}. Used by one test thread.
 */
final class LiveBroker implements AutoCloseable {
    static final String ISSUER = "https://id.example.com";
    private static final List<String> USERS = List.of("ann", "bob", "cat", "dan", "eve");

    /** How often a test looks whether something has come to pass. */
    static final Duration POLL = Duration.ofMillis(5);

    private final Path folder;
    private final Broker broker;
    private final ShiftedClock clock = new ShiftedClock();
    private final byte[] secret = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8);
    private final List<Mqtt> clients = new ArrayList<>();

    /** The time of day, moved. */
    private static final class ShiftedClock extends Clock {
        private volatile Duration shift = Duration.ZERO;

        @Override
        public Instant instant() {
            return Instant.now().plus(shift);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    /** @param more lines of gatehouse.yaml beside the usual ones */
    LiveBroker(Path folder, String policy, String... more) {
        this(folder, policy, Instant.now(), more);
    }

    LiveBroker(Path folder, String policy, Instant now, String... more) {
        this.folder = folder;
        setTime(now);
        try {
            write("policies/10-main.yaml", policy);
            write("users.pw", passwords());
            write("keys.json", keys());
            write(
                    "gatehouse.yaml",
                    """
                    version: 1
                    listeners:
                      one:
                        port: 0
                        insecure: {acknowledge: "a test on loopback"}
                        login: {any: [jwt, password]}
                      two:
                        port: 0
                        insecure: {acknowledge: "a test on loopback"}
                        login: {any: [jwt, password]}
                    password_login: {file: users.pw}
                    jwt_login:
                      issuers:
                        - {iss: "%s", jwks: keys.json, aud: mqtt, algs: [HS256], max_lifetime: 30d}%s
                    policy: {folder: policies%s}
                    storage: memory
                    audit: {file: audit.jsonl%s}
                    """.formatted(ISSUER, issuers(more), option(more, "policy:"), option(more, "audit:"))
                            + String.join(
                                    "\n",
                                    Arrays.stream(more)
                                            .filter(line -> !line.startsWith("policy:")
                                                    && !line.startsWith("audit:")
                                                    && !line.startsWith("issuer:"))
                                            .toList()));
            ConfigurationReader.Result read = ConfigurationReader.read(folder.resolve("gatehouse.yaml"));
            Configuration configuration = read.configuration()
                    .orElseThrow(() -> new AssertionError(read.problems().toString()));
            this.broker = Broker.start(configuration, clock);
        } catch (CannotStart e) {
            throw new AssertionError(e);
        }
    }

    /** {@code policy: KEY: VALUE} among the lines is a further key of the section. */
    private static String option(String[] lines, String section) {
        return String.join(
                "",
                Arrays.stream(lines)
                        .filter(line -> line.startsWith(section))
                        .map(line -> ", " + line.substring(section.length()).strip())
                        .toList());
    }

    /** {@code issuer: {KEY: VALUE}} among the lines is one more of them. */
    private static String issuers(String[] lines) {
        return String.join(
                "",
                Arrays.stream(lines)
                        .filter(line -> line.startsWith("issuer:"))
                        .map(line ->
                                "\n    - " + line.substring("issuer:".length()).strip())
                        .toList());
    }

    void write(String name, String content) {
        try {
            Path file = folder.resolve(name);
            Files.createDirectories(file.getParent());
            Path fresh = file.resolveSibling("." + file.getFileName() + ".new");
            Files.writeString(fresh, content);
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
            Files.move(fresh, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path path(String name) {
        return folder.resolve(name);
    }

    /** Changes the policy; when it returns, that is in force, or was refused. */
    void policy(String text) {
        write("policies/10-main.yaml", text);
        broker.reload();
    }

    void reload() {
        broker.reload();
    }

    void setTime(Instant now) {
        clock.shift = Duration.between(Instant.now(), now);
    }

    Clock clock() {
        return clock;
    }

    // clients

    Mqtt.Options as(String user, String clientId) {
        return new Mqtt.Options().user(user).client(clientId);
    }

    Mqtt connect(Mqtt.Options options) {
        return connect("one", options);
    }

    Mqtt connect(String listener, Mqtt.Options options) {
        Mqtt client = Mqtt.connect(Objects.requireNonNull(broker.ports().get(listener)), options);
        clients.add(client);
        return client;
    }

    Mqtt connect(String user, String clientId) {
        return connect(as(user, clientId));
    }

    /** Breaks a client's connection, and waits until the broker has noticed. */
    void drop(Mqtt client) {
        double before = metric("clients_connected");
        client.drop();
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(POLL)
                .until(() -> metric("clients_connected") == before - 1);
    }

    /** A token of a user, good for a time, with more claims. */
    String token(String user, Duration life, Map<String, Object> claims) {
        Instant now = clock.instant();
        JWTClaimsSet.Builder set = new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .audience("mqtt")
                .subject(user)
                .issueTime(Date.from(now))
                .expirationTime(Date.from(now.plus(life)));
        claims.forEach(set::claim);
        SignedJWT token = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("signing").build(), set.build());
        try {
            token.sign(new MACSigner(secret));
        } catch (JOSEException e) {
            throw new AssertionError(e);
        }
        return token.serialize();
    }

    private String keys() {
        return new JWKSet(new OctetSequenceKey.Builder(secret)
                        .keyID("signing")
                        .algorithm(JWSAlgorithm.HS256)
                        .build())
                .toString(false);
    }

    private static String passwords() {
        byte[] salt = new byte[12];
        try {
            byte[] hash = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA512")
                    .generateSecret(new PBEKeySpec("pw".toCharArray(), salt, 101, 512))
                    .getEncoded();
            Base64.Encoder base64 = Base64.getEncoder();
            String line = ":$7$101$" + base64.encodeToString(salt) + "$" + base64.encodeToString(hash) + "\n";
            return String.join("", USERS.stream().map(user -> user + line).toList());
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    // what it says of itself

    double metric(String name) {
        return broker.metricsText()
                .lines()
                .filter(line ->
                        line.startsWith("gatehouse_" + name + " ") || line.startsWith("gatehouse_" + name + "_total "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no figure " + name));
    }

    /** What became of the policy since the start. */
    List<Map<String, Object>> reloads() {
        List<Map<String, Object>> loads = audit("policy.load");
        return loads.subList(Math.min(1, loads.size()), loads.size());
    }

    /** The audit events of a name so far. */
    List<Map<String, Object>> audit(String event) {
        try {
            List<Map<String, Object>> found = new ArrayList<>();
            for (String line : Files.readAllLines(folder.resolve("audit.jsonl"))) {
                Map<String, Object> fields = Json.object(line);
                if (event.equals(fields.get("event"))) {
                    found.add(fields);
                }
            }
            return found;
        } catch (IOException | Json.NotJson e) {
            throw new AssertionError(e);
        }
    }

    Broker broker() {
        return broker;
    }

    @Override
    public void close() {
        clients.forEach(Mqtt::close);
        broker.close();
    }
}
