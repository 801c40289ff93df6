package io.gatehouse.enrolment;

import static org.awaitility.Awaitility.await;

import io.gatehouse.Broker;
import io.gatehouse.config.ConfigurationReader;
import io.gatehouse.config.Problem;
import io.gatehouse.json.Json;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.Pem;
import io.gatehouse.pki.Profile;
import io.gatehouse.pki.StoredPassphrase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** An authority, and a broker with enrolment: what a test of it needs. Used by one test thread, its port by many. */
public final class EstHouse implements AutoCloseable {
    final Path folder;
    final Path pki;
    private final Broker broker;
    private final X509Certificate root;

    /** @param enrolment more keys of {@code enrolment:}, indented by two */
    public EstHouse(Path folder, String enrolment) throws Exception {
        this(folder, enrolment, Clock.systemUTC());
    }

    EstHouse(Path folder, String enrolment, Clock clock) throws Exception {
        this(folder, enrolment, clock, "auto");
    }

    /** @param provider of the TLS of the EST listener */
    public EstHouse(Path folder, String enrolment, Clock clock, String provider) throws Exception {
        this.folder = folder;
        this.pki = folder.resolve("pki");
        if (!Authority.exists(pki)) {
            makeAuthority(folder, pki);
        }
        this.root = Pem.certificates(pki.resolve("trust/root.pem")).get(0);
        Files.createDirectories(folder.resolve("policies"));
        Files.writeString(folder.resolve("policies/main.yaml"), """
                version: 1
                roles:
                  device:
                    publish: ["t/<cn>", "$pki/v1/reenroll", "$pki/v1/reenroll/#"]
                    subscribe: ["t/#", "reply/<cn>/#", "$pki/v1/reenroll/<client>/#"]
                assign:
                  - {to: {auth: certificate}, roles: [device]}
                """);
        Files.writeString(folder.resolve("gatehouse.yaml"), """
                version: 1
                data: data
                listeners:
                  devices:
                    port: 0
                    tls:
                      certificate: tls/cert.pem
                      key: tls/key.pem
                      client_ca: pki/trust/device-ca.pem
                    login: certificate
                certificate_login: {user: cert.cn}
                policy: {folder: policies}
                audit: {file: audit.jsonl}
                sys: {interval: 0s}
                enrolment:
                  port: 0
                  tls: {certificate: tls/cert.pem, key: tls/key.pem, provider: %s}
                """.formatted(provider) + enrolment);
        ConfigurationReader.Result read = ConfigurationReader.read(folder.resolve("gatehouse.yaml"));
        this.broker = Broker.start(
                read.configuration()
                        .orElseThrow(() -> new AssertionError(
                                read.problems().stream().map(Problem::toString).collect(Collectors.joining("\n")))),
                clock);
    }

    private static void makeAuthority(Path folder, Path pki) throws Exception {
        char[] passphrase = StoredPassphrase.beside(pki);
        try (Authority authority = Authority.create(pki, "Greenhouses", passphrase, Clock.systemUTC())) {
            authority
                    .issue(Profile.SERVER, "broker", List.of("localhost"), List.of("127.0.0.1"), Duration.ofDays(90))
                    .writeTo(folder.resolve("tls"));
        }
    }

    /** What an operator does beside the running broker. */
    public Authority authority() throws Exception {
        return Authority.open(pki, StoredPassphrase.beside(pki), Clock.systemUTC());
    }

    public String token(String id) throws Exception {
        try (Authority authority = authority()) {
            return authority.token(id, Duration.ofDays(7));
        }
    }

    Inventory.State state(X509Certificate certificate) throws Exception {
        return Authority.view(pki)
                .bySerial(certificate.getSerialNumber())
                .orElseThrow()
                .state(Clock.systemUTC().instant());
    }

    public X509Certificate root() {
        return root;
    }

    public int estPort() {
        return broker.ports().get("enrolment:est");
    }

    public int mqttPort() {
        return broker.ports().get("devices");
    }

    public Broker broker() {
        return broker;
    }

    public X509TrustManager trust() throws Exception {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("root", root);
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        return (X509TrustManager) trust.getTrustManagers()[0];
    }

    /** TLS that trusts this house, with a client certificate or without. */
    public SSLContext tls(@Nullable KeyPair pair, X509Certificate... chain) throws Exception {
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(null, null);
        if (pair != null) {
            own.setKeyEntry("own", pair.getPrivate(), new char[0], chain);
        }
        keys.init(own, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), new TrustManager[] {trust()}, null);
        return context;
    }

    public double enrolments(String outcome) {
        return broker.metricsText()
                .lines()
                .filter(line -> line.startsWith("gatehouse_enrolments_total{outcome=\"" + outcome + "\"}"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' ') + 1)))
                .sum();
    }

    /** Waits for the audit event of an enrolment. */
    public Map<String, Object> awaitAudit(String outcome, String id) {
        return await("audit event " + outcome + " of " + id)
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(20))
                .until(
                        () -> Files.readAllLines(folder.resolve("audit.jsonl")).stream()
                                .map(EstHouse::object)
                                .filter(event -> "enrolment".equals(event.get("event"))
                                        && outcome.equals(event.get("outcome"))
                                        && id.equals(event.get("id")))
                                .findFirst()
                                .orElse(Map.of()),
                        event -> !event.isEmpty());
    }

    private static Map<String, Object> object(String line) {
        try {
            return Json.object(line);
        } catch (Json.NotJson e) {
            throw new AssertionError(line, e);
        }
    }

    @Override
    public void close() {
        broker.close();
    }
}
