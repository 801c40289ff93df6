package io.gatehouse.abuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.gatehouse.Broker;
import io.gatehouse.CannotStart;
import io.gatehouse.config.ConfigurationReader;
import io.gatehouse.interop.TestAuthority;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.slf4j.LoggerFactory;

/**
 * A broker with doors for TLS, for WebSocket, and for plaintext where the number of connections is the point; and
 * everything it complains of. Used by one test thread.
 *
 * <p>Strangers come from loopback addresses of their own, so that what slows them down is not felt by others.
 */
final class AbuseHouse implements AutoCloseable {
    static final String PASSWORD = "green leaves";

    private static final String POLICY = """
            version: 1
            roles:
              good:
                publish: [good/#]
                subscribe: [good/#]
              bad:
                publish: ["#"]
                subscribe: ["#"]
            users:
              good: [good]
              bad: [bad]
              worse: [bad]
            """;

    private final Path folder;
    private final Broker broker;
    private final SSLContext trust;
    private final ListAppender<ILoggingEvent> complaints = new ListAppender<>();
    private final long openBefore;

    /** @param limits what stands in the configuration's section {@code limits} */
    AbuseHouse(Path folder, String limits, String sessions) {
        this.folder = folder;
        TestAuthority authority = new TestAuthority(folder, "house");
        TestAuthority.Identity server = authority.server("localhost");
        write("users.pw", passwordLine("good") + passwordLine("bad") + passwordLine("worse"));
        write("policies/10-main.yaml", POLICY);
        Path file = write("gatehouse.yaml", """
                version: 1
                data: data
                listeners:
                  apps:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: %s, key: %s}
                    login: password
                  plain:
                    port: 0
                    bind: 127.0.0.1
                    insecure: {acknowledge: "loopback, for a test"}
                    login: password
                  plainweb:
                    port: 0
                    bind: 127.0.0.1
                    insecure: {acknowledge: "loopback, for a test"}
                    websocket: {path: /mqtt}
                    login: password
                password_login: {file: users.pw}
                policy: {folder: policies}
                storage: memory
                limits: {%s}
                sessions: {%s}
                sys: {interval: 0s}
                """.formatted(server.certificate(), server.key(), limits, sessions));
        ConfigurationReader.Result read = ConfigurationReader.read(file);
        assertThat(read.problems()).isEmpty();
        try {
            broker = Broker.start(read.configuration().orElseThrow(), Clock.systemUTC());
            trust = trusting(authority.file());
        } catch (CannotStart | GeneralSecurityException | IOException e) {
            throw new AssertionError(e);
        }
        complaints.start();
        ((ch.qos.logback.classic.Logger) LoggerFactory.getLogger("ROOT")).addAppender(complaints);
        openBefore = metric("connections_open");
    }

    int port(String listener) {
        return Objects.requireNonNull(broker.ports().get(listener));
    }

    /** A TCP connection from {@code 127.0.net.host}. */
    Socket tcp(String listener, int net, int host) {
        try {
            Socket socket = new Socket();
            socket.bind(
                    new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, (byte) net, (byte) host}), 0));
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port(listener)), 30_000);
            socket.setSoTimeout(30_000);
            socket.setTcpNoDelay(true);
            return socket;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A TLS connection from there. */
    SSLSocket tls(int net, int host) {
        try {
            SSLSocket socket = (SSLSocket)
                    trust.getSocketFactory().createSocket(tcp("apps", net, host), "localhost", port("apps"), true);
            socket.startHandshake();
            return socket;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A client that is in, over TLS. */
    Caller client(String user, String clientId, int net, int host) {
        return new Caller(tls(net, host)).login(user, clientId, true);
    }

    /** A figure of the metrics. */
    long metric(String name) {
        Matcher line = Pattern.compile("(?m)^gatehouse_" + name + "(?:_total)? ([0-9.E]+)$")
                .matcher(broker.metricsText());
        assertThat(line.find()).as(name).isTrue();
        return (long) Double.parseDouble(line.group(1));
    }

    /** Every connection that strangers opened is gone; {@code kept} are others'. */
    void awaitConnections(int kept) {
        await("the connections' end")
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(metric("connections_open")).isEqualTo(openBefore + kept));
    }

    /** Nobody lost a buffer, and nothing went wrong that is not a client's fault. */
    void assertNoComplaints() {
        // a lost buffer is told of when the collector has found it and another buffer is asked for
        for (int i = 0; i < 5; i++) {
            System.gc();
            for (int j = 0; j < 50; j++) {
                PooledByteBufAllocator.DEFAULT.directBuffer(64).release();
                PooledByteBufAllocator.DEFAULT.heapBuffer(64).release();
            }
        }
        List<String> told = List.copyOf(complaints.list).stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(Level.ERROR)
                        || event.getFormattedMessage().contains("LEAK")
                        || event.getThrowableProxy() != null)
                .map(event -> event.getFormattedMessage()
                        + (event.getThrowableProxy() == null
                                ? ""
                                : " " + event.getThrowableProxy().getClassName() + ": "
                                        + event.getThrowableProxy().getMessage()))
                .toList();
        assertThat(told).isEmpty();
    }

    /** Heap in use after a collection. */
    static long heapBytes() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static SSLContext trusting(Path authority) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        try (InputStream in = Files.newInputStream(authority)) {
            store.setCertificateEntry(
                    "house", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    /** With few rounds: these tests are not about hashes. */
    private static String passwordLine(String user) {
        byte[] salt = "salty water.".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        try {
            byte[] hash = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA512")
                    .generateSecret(new PBEKeySpec(PASSWORD.toCharArray(), salt, 101, 512))
                    .getEncoded();
            Base64.Encoder base64 = Base64.getEncoder();
            return user + ":$7$101$" + base64.encodeToString(salt) + "$" + base64.encodeToString(hash) + "\n";
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private Path write(String name, String content) {
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

    @Override
    public void close() {
        ((ch.qos.logback.classic.Logger) LoggerFactory.getLogger("ROOT")).detachAppender(complaints);
        broker.close();
    }
}
