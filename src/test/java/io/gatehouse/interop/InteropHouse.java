package io.gatehouse.interop;

import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * One house for all interoperability tests: an authority, users with certificates, passwords and tokens, a policy, the
 * broker with a door for devices and one for applications, and Mosquitto's programs to knock with.
 *
 * <p>Used by one test thread. Everything lies in one folder that the programs can read.
 */
final class InteropHouse implements AutoCloseable {
    /** What a program is told so that the broker lets it in: a port and a credential. */
    record Login(int port, List<String> arguments) {}

    private static final String ISSUER = "https://id.example.com";
    private static final String FORMAT = "%t|%q|%r|%p";
    private static final String READY = "ready|";

    private static final String POLICY = """
            version: 1
            roles:
              device:
                publish: [ready, "home/<user>/#", home/alarm/siren, "state/<user>", jobs/press, "reply/<user>/#"]
                subscribe: [ready, "ask/<user>"]
              app:
                publish: ["ask/#"]
                subscribe:
                  - ready
                  - home/#
                  - state/#
                  - reply/#
                  - {topic: jobs/#, shared: [workers]}
                deny:
                  subscribe: [home/alarm/#]
              guard:
                subscribe: [ready, home/alarm/#]
            users:
              greenhouse: [device]
              phone: [app]
              reader: [app]
              service: [app]
              guard: [guard]
            """;

    final TestAuthority authority;
    final int devicePort;
    final int appPort;

    private final Path folder;
    private final MosquittoClients clients;
    private final List<Integer> ports;
    private BrokerUnderTest broker;
    private final ECKey tokenKey;

    InteropHouse() {
        folder = baseFolder();
        clients = ClientBackend.choose(folder);
        ports = BrokerUnderTest.freePorts(2);
        devicePort = ports.get(0);
        appPort = ports.get(1);
        authority = new TestAuthority(folder, "house");
        TestAuthority.Identity server = authority.server("localhost", "host.docker.internal");
        try {
            tokenKey = new ECKeyGenerator(Curve.P_256).keyID("signing").generate();
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
        write("keys.json", new JWKSet(tokenKey.toPublicJWK()).toString());
        write("users.pw", passwordLine("reader", "green leaves"));
        write("policies/10-interop.yaml", POLICY);
        write("gatehouse.yaml", """
                version: 1
                data: data
                listeners:
                  devices:
                    port: %d
                    bind: 127.0.0.1
                    tls: {certificate: %s, key: %s, client_ca: %s}
                    login: certificate
                  apps:
                    port: %d
                    bind: 127.0.0.1
                    tls: {certificate: %2$s, key: %3$s}
                    login: {any: [jwt, password]}
                certificate_login: {user: cert.cn}
                password_login: {file: users.pw}
                jwt_login:
                  issuers:
                    - {iss: "%s", jwks: keys.json, aud: mqtt, algs: [ES256]}
                policy: {folder: policies}
                storage: {durability: fsync}
                """.formatted(
                        devicePort, server.certificate(), server.key(), authority.file(), appPort, ISSUER));
        broker = startBroker();
        // A subscriber that has received this one is subscribed: mosquitto_sub says nothing before its first message.
        publish(device("greenhouse"), "ready", "-r", "-m", "go");
    }

    private BrokerUnderTest startBroker() {
        try {
            return BrokerUnderTest.start(
                    folder, ports, "run", "-c", folder.resolve("gatehouse.yaml").toString());
        } catch (AssertionError e) {
            clients.close();
            throw e;
        }
    }

    /** The device door, with the certificate of that user. */
    Login device(String user) {
        return certificate(authority.client(user));
    }

    /** The device door, with that certificate. */
    Login certificate(TestAuthority.Identity identity) {
        return new Login(
                devicePort,
                List.of(
                        "--cert",
                        identity.certificate().toString(),
                        "--key",
                        identity.key().toString()));
    }

    /** The device door, with no certificate. */
    Login nothing() {
        return new Login(devicePort, List.of());
    }

    /** The application door, with a password. */
    Login password(String user, String password) {
        return new Login(appPort, List.of("-u", user, "-P", password));
    }

    /** The application door, with the password that reader has. */
    Login reader() {
        return password("reader", "green leaves");
    }

    /** The application door, with a token that is good for the given time, which may lie in the past. */
    Login token(String user, Duration life) {
        SignedJWT token = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("signing").build(), claims(user, life));
        try {
            token.sign(new ECDSASigner(tokenKey));
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
        return password(user, token.serialize());
    }

    /** The application door, with a token that nobody signed. */
    Login unsignedToken(String user) {
        return password(user, new PlainJWT(claims(user, Duration.ofMinutes(5))).serialize());
    }

    private static JWTClaimsSet claims(String user, Duration life) {
        Instant end = Instant.now().plus(life);
        return new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .audience("mqtt")
                .subject(user)
                .issueTime(Date.from(end.minus(Duration.ofMinutes(10))))
                .expirationTime(Date.from(end))
                .build();
    }

    /** Runs mosquitto_pub to its end. */
    Running.Outcome publish(Login login, String topic, String... more) {
        return clients.run("mosquitto_pub", arguments(login, List.of("-t", topic), more));
    }

    /** Runs mosquitto_sub until it ends by itself: with {@code -C} and {@code -W}, or by a refusal. */
    Running.Outcome subscribe(Login login, String filter, String... more) {
        return clients.run("mosquitto_sub", arguments(login, List.of("-t", filter, "-F", FORMAT), more));
    }

    /** Starts mosquitto_rr, which asks once and prints the answer. */
    Running ask(Login login, String topic, String responseTopic, String... more) {
        return clients.start("mosquitto_rr", arguments(login, List.of("-t", topic, "-e", responseTopic), more));
    }

    /** Starts mosquitto_sub and returns when it is subscribed. Prints {@code topic|qos|retained|payload}. */
    Running listen(Login login, String filter, String... more) {
        Running running = clients.start(
                "mosquitto_sub", arguments(login, List.of("-t", filter, "-t", "ready", "-F", FORMAT), more));
        try {
            await("the subscription to " + filter)
                    .atMost(Duration.ofSeconds(20))
                    .failFast("mosquitto_sub ended", () -> running.exit().isPresent())
                    .until(() -> running.lines().stream().anyMatch(line -> line.startsWith(READY)));
            return running;
        } catch (RuntimeException | AssertionError e) {
            running.close();
            throw new AssertionError(running.out() + running.err() + broker.output(), e);
        }
    }

    /** What a listener has received so far, without the sign that it is subscribed. */
    static List<String> received(Running listener) {
        return listener.lines().stream().filter(line -> !line.startsWith(READY)).toList();
    }

    private List<String> arguments(Login login, List<String> topics, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "-h",
                clients.host(),
                "-p",
                Integer.toString(login.port()),
                "--cafile",
                authority.file().toString()));
        arguments.addAll(login.arguments());
        arguments.addAll(topics);
        arguments.addAll(List.of(more));
        return arguments;
    }

    /** Runs mosquitto_pub without TLS. */
    Running.Outcome publishInPlainText(int port, String topic, String message) {
        return clients.run(
                "mosquitto_pub",
                List.of("-h", clients.host(), "-p", Integer.toString(port), "-t", topic, "-m", message));
    }

    /** Everything the broker has printed. */
    String brokerOutput() {
        return broker.output();
    }

    /** Ends the broker with SIGKILL, and starts it again. */
    void killAndRestartBroker() {
        broker.kill();
        broker = startBroker();
    }

    /** Stops the broker by SIGTERM; its exit code. */
    int stopBroker() {
        return broker.stop();
    }

    /** A line as mosquitto_passwd 2.0 writes it: PBKDF2 with SHA-512, 101 rounds. */
    private static String passwordLine(String user, String password) {
        byte[] salt = new byte[12];
        new SecureRandom().nextBytes(salt);
        try {
            byte[] hash = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA512")
                    .generateSecret(new PBEKeySpec(password.toCharArray(), salt, 101, 512))
                    .getEncoded();
            Base64.Encoder base64 = Base64.getEncoder();
            return user + ":$7$101$" + base64.encodeToString(salt) + "$" + base64.encodeToString(hash) + "\n";
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** An empty folder that the programs can read. */
    Path newFolder() {
        try {
            return Files.createTempDirectory(folder, "more");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path baseFolder() {
        try {
            return Files.createTempDirectory("gatehouse-interop").toRealPath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void write(String name, String content) {
        try {
            Path file = folder.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, content, StandardCharsets.UTF_8);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        broker.close();
        clients.close();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
