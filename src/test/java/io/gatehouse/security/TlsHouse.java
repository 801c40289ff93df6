package io.gatehouse.security;

import static org.awaitility.Awaitility.await;

import io.gatehouse.Broker;
import io.gatehouse.CannotStart;
import io.gatehouse.config.ConfigurationReader;
import io.gatehouse.config.Problem;
import io.gatehouse.json.Json;
import io.gatehouse.json.Json.NotJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A broker with listeners of a test's own making, its audit log and its figures. Used by one test thread. */
final class TlsHouse implements AutoCloseable {
    final Path folder;
    private final Broker broker;

    /** @param listeners indented by two, as below {@code listeners:} */
    TlsHouse(Path folder, String listeners) throws CannotStart {
        this(folder, listeners, "", Clock.systemUTC());
    }

    TlsHouse(Path folder, String listeners, String more, Clock clock) throws CannotStart {
        this.folder = folder;
        Forge.write(folder.resolve("policies/main.yaml"), """
                version: 1
                roles:
                  device: {publish: ["t/#", "will/#"], subscribe: ["t/#", "will/#"]}
                assign:
                  - {to: {auth: certificate}, roles: [device]}
                """);
        Forge.write(
                folder.resolve("gatehouse.yaml"),
                """
                version: 1
                data: data
                listeners:
                """ + listeners + """
                certificate_login: {user: cert.cn | cert.san.uri}
                policy: {folder: policies}
                audit: {file: audit.jsonl}
                """ + (more.contains("storage:") ? "" : "storage: memory\n")
                        + (more.contains("sys:") ? "" : "sys: {interval: 0s}\n") + more);
        ConfigurationReader.Result read = ConfigurationReader.read(folder.resolve("gatehouse.yaml"));
        broker = Broker.start(
                read.configuration()
                        .orElseThrow(() -> new AssertionError(
                                read.problems().stream().map(Problem::toString).collect(Collectors.joining("\n")))),
                clock);
    }

    /** A listener for each TLS provider of this machine, of its name, that asks for certificates of {@code ca.pem}. */
    static String listeners() {
        return ClientCertificateTest.providers().stream()
                .map(provider -> """
                          %s:
                            port: 0
                            bind: 127.0.0.1
                            tls: {certificate: server.pem, key: server.key, client_ca: ca.pem, provider: %1$s}
                            login: certificate
                        """.formatted(provider).indent(2))
                .collect(Collectors.joining());
    }

    /** Whether it is closed, or was, by the broker; what came before is read. */
    static boolean isEnded(Socket socket) {
        try {
            socket.setSoTimeout(1);
            while (socket.getInputStream().read() >= 0) {
                // the server's hello
            }
            return true;
        } catch (SocketTimeoutException open) {
            return false;
        } catch (SocketException reset) {
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Broker broker() {
        return broker;
    }

    int port(String listener) {
        return broker.ports().get(listener);
    }

    /** A figure of the metrics; 0 if it is not there. */
    double figure(String name) {
        return broker.metricsText()
                .lines()
                .filter(line -> line.startsWith("gatehouse_" + name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' ') + 1)))
                .sum();
    }

    /** Every audit event so far. */
    List<Map<String, Object>> audit() {
        return audit(0);
    }

    private List<Map<String, Object>> audit(int after) {
        try {
            String text = Files.readString(folder.resolve("audit.jsonl"));
            // the last line may be half written
            return text.substring(0, text.lastIndexOf('\n') + 1)
                    .lines()
                    .skip(after)
                    .map(TlsHouse::object)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, Object> object(String line) {
        try {
            return Json.object(line);
        } catch (NotJson e) {
            throw new AssertionError(line, e);
        }
    }

    /** Waits for an audit event after the first ones. */
    Map<String, Object> awaitAudit(int after, String name, String key, Object value) {
        return await("audit event " + name + " with " + key + " " + value)
                .atMost(Duration.ofSeconds(30))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(20))
                .until(
                        () -> audit(after).stream()
                                .filter(event -> name.equals(event.get("event")) && value.equals(event.get(key)))
                                .findFirst()
                                .orElse(Map.of()),
                        event -> !event.isEmpty());
    }

    @Override
    public void close() {
        broker.close();
    }
}
