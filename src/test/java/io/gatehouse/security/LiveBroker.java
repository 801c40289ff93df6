package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.Broker;
import io.gatehouse.CannotStart;
import io.gatehouse.config.ConfigurationReader;
import io.gatehouse.interop.TestAuthority;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * A whole broker from a configuration on disk, in this process: TLS on {@code apps} and, as WebSocket, on {@code web},
 * where users log in with passwords.
 *
 * <p>Used by one test thread.
 */
final class LiveBroker implements AutoCloseable {
    /** Who there is; all with the password that {@link Raw} sends. */
    static final List<String> USERS = List.of("ann", "bob", "carl", "reader", "guard", "nobody");

    static final String POLICY = """
            version: 1
            roles:
              member:
                publish: ["a/#", "own/<user>/#", "/a", "A"]
                subscribe: ["a/#", "own/<user>/#", "/#", "A", {topic: "a/#", shared: ["*"]}]
                deny:
                  publish: [a/forbidden]
                  subscribe: [a/secret/#]
              reader:
                subscribe: ["$SYS/broker/#"]
              guard:
                publish: [a/secret/plan]
                subscribe: [a/secret/#]
            users:
              ann: [member]
              bob: [member]
              carl: [member]
              reader: [reader]
              guard: [guard]
            """;

    private final Path folder;
    private final SSLContext trust;
    private final Broker broker;
    private final List<RawClient> clients = new ArrayList<>();

    private LiveBroker(Path folder, SSLContext trust, Broker broker) {
        this.folder = folder;
        this.trust = trust;
        this.broker = broker;
    }

    /** @param more whole sections of the configuration, such as {@code limits: {max_retained: 1}} */
    static LiveBroker start(Path folder, String... more) {
        return start(folder, POLICY, more);
    }

    static LiveBroker start(Path folder, String policy, String[] more) {
        return start(folder, write(folder, policy, more));
    }

    /** Starts what {@link #write} wrote. */
    static LiveBroker start(Path folder, Path configuration) {
        try {
            return new LiveBroker(
                    folder,
                    trusting(folder.resolve("house.pem")),
                    Broker.start(read(configuration).configuration().orElseThrow(), Clock.systemUTC()));
        } catch (CannotStart e) {
            throw new AssertionError(e.getMessage(), e);
        }
    }

    static ConfigurationReader.Result read(Path configuration) {
        ConfigurationReader.Result result = ConfigurationReader.read(configuration);
        assertThat(result.problems()).isEmpty();
        return result;
    }

    /** Writes everything that a broker needs; returns the configuration. */
    static Path write(Path folder, String policy, String... more) {
        TestAuthority authority = new TestAuthority(folder, "house");
        TestAuthority.Identity server = authority.server("localhost");
        StringBuilder users = new StringBuilder();
        USERS.forEach(user -> users.append(user).append(passwordHash()).append('\n'));
        file(folder, "users.pw", users.toString());
        file(folder, "policies/10-main.yaml", policy);
        StringBuilder text =
                new StringBuilder("""
                version: 1
                data: data
                listeners:
                  apps:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: CERT, key: KEY, provider: jdk}
                    login: password
                  web:
                    port: 0
                    bind: 127.0.0.1
                    websocket: {path: /mqtt, origins: ["https://app.example.com"]}
                    tls: {certificate: CERT, key: KEY, provider: jdk}
                    login: password
                password_login: {file: users.pw}
                policy: {folder: policies}
                audit: {file: audit.jsonl}
                """.replace("CERT", server.certificate().toString())
                        .replace("KEY", server.key().toString()));
        for (String section : more) {
            text.append(section).append('\n');
        }
        return file(folder, "gatehouse.yaml", text.toString());
    }

    /** A line's rest as mosquitto_passwd writes it, with few rounds: these tests are not about hashes. */
    private static String passwordHash() {
        byte[] salt = "salty water.".getBytes(StandardCharsets.US_ASCII);
        try {
            byte[] hash = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA512")
                    .generateSecret(new PBEKeySpec("green leaves".toCharArray(), salt, 101, 512))
                    .getEncoded();
            Base64.Encoder base64 = Base64.getEncoder();
            return ":$7$101$" + base64.encodeToString(salt) + "$" + base64.encodeToString(hash);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static Path file(Path folder, String name, String content) {
        try {
            Path file = folder.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, content);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static SSLContext trusting(Path authority) {
        try (InputStream in = Files.newInputStream(authority)) {
            Certificate certificate = CertificateFactory.getInstance("X.509").generateCertificate(in);
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null);
            store.setCertificateEntry("house", certificate);
            TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            managers.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    Path folder() {
        return folder;
    }

    Broker broker() {
        return broker;
    }

    int port(String listener) {
        return java.util.Objects.requireNonNull(broker.ports().get(listener), listener);
    }

    /** A TLS connection over which nothing has been sent. */
    RawClient visitor(int level) {
        return keep(new RawClient(tls("apps"), level));
    }

    RawClient keep(RawClient client) {
        clients.add(client);
        return client;
    }

    SSLSocket tls(String listener) {
        try {
            SSLSocket socket = (SSLSocket) trust.getSocketFactory().createSocket("localhost", port(listener));
            socket.startHandshake();
            return socket;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A TCP connection over which nothing has been sent. */
    Socket tcp(String listener) {
        try {
            return new Socket("localhost", port(listener));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A TLS connection from that address of this machine. */
    RawClient visitorFrom(String address, int level) {
        try {
            Socket plain = new Socket("localhost", port("apps"), java.net.InetAddress.getByName(address), 0);
            SSLSocket socket =
                    (SSLSocket) trust.getSocketFactory().createSocket(plain, "localhost", port("apps"), true);
            socket.startHandshake();
            return keep(new RawClient(socket, level));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A client that is in. */
    RawClient client(int level, String user, String clientId) {
        RawClient client = visitor(level).send(Raw.connect(level, user, clientId));
        client.connected();
        return client;
    }

    /** A client of 5.0 that is in. */
    RawClient client(String user, String clientId) {
        return client(Raw.V5, user, clientId);
    }

    /** A client of 5.0 with a session that it keeps for a while. */
    RawClient kept(String user, String clientId) {
        return visitor(Raw.V5)
                .send(Raw.connect(
                        Raw.V5, user, clientId, false, 60, Raw.raw().u8(0x11).u32(1000)));
    }

    /** A figure of the metrics. */
    long metric(String name) {
        Matcher line = Pattern.compile("(?m)^gatehouse_" + name + "(?:_total)? ([0-9.E]+)$")
                .matcher(broker.metricsText());
        assertThat(line.find()).as(name).isTrue();
        return (long) Double.parseDouble(line.group(1));
    }

    /** Every line of the audit log so far. */
    String audit() {
        try {
            return Files.readString(folder.resolve("audit.jsonl"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        clients.forEach(RawClient::close);
        broker.close();
    }
}
