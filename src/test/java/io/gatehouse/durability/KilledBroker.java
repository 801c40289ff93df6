package io.gatehouse.durability;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * {@code gatehouse run} in a process of its own, which is ended with SIGKILL and started again on the same folder; with a disk
 * of its own, the power fails at the same moment. One thread.
 */
final class KilledBroker implements AutoCloseable {
    private final Path folder;
    private final SSLContext tls;
    private final Path log;
    private Process process;
    private volatile int port;
    private @Nullable PoweredDisk disk;

    /**
     * @param storage what stands behind {@code storage:}
     */
    KilledBroker(Path folder, String storage) throws Exception {
        this.folder = folder;
        this.log = folder.resolve("broker.log");
        Path house = folder.resolve("house");
        Process setup = gatehouse("quickstart", "--setup-only", "--dir", house.toString());
        if (setup.waitFor() != 0) {
            throw new IOException("the setup failed: " + Files.readString(log));
        }
        Files.writeString(house.resolve("policies/10-main.yaml"), """
                version: 1
                roles:
                  all: {publish: ["#"], subscribe: ["#"]}
                users: {greenhouse: [all]}
                """);
        Files.writeString(house.resolve("gatehouse.yaml"), """
                version: 1
                data: data
                listeners:
                  devices:
                    bind: 127.0.0.1
                    port: 0
                    tls: {certificate: tls/server.pem, key: tls/server.key, client_ca: tls/device-ca.pem}
                    login: certificate
                certificate_login: {user: cert.cn}
                policy: {folder: policies}
                sessions: {max_queued: 1000000}
                limits: {connects_per_second_per_address: 100000, connects_per_second: 100000}
                sys: {interval: 0s}
                """ + "storage: " + storage + "\n");
        this.tls = context(house.resolve("clients/greenhouse"));
    }

    private Process gatehouse(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                Objects.requireNonNullElse(
                        System.getProperty("surefire.test.class.path"), System.getProperty("java.class.path")),
                "io.gatehouse.cli.Main"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }

    /** Starts, and returns when it is ready; its port is another each time. */
    void start() throws Exception {
        long before = Files.size(log);
        process = gatehouse("run", "-c", "house/gatehouse.yaml");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        while (System.nanoTime() < deadline) {
            String said = Files.readString(log).substring((int) before);
            java.util.regex.Matcher ready = java.util.regex.Pattern.compile("gatehouse is ready: devices (\\d+)")
                    .matcher(said);
            if (ready.find()) {
                port = Integer.parseInt(ready.group(1));
                return;
            }
            if (process.waitFor(20, TimeUnit.MILLISECONDS)) {
                break;
            }
        }
        throw new AssertionError("the broker does not start: " + tail());
    }

    /** Puts the data onto a disk whose power fails with every kill; before the first start. False where there is none. */
    boolean onADiskOfItsOwn() throws Exception {
        Path data = Files.createDirectories(folder().resolve("data"));
        disk = new PoweredDisk(folder.resolve("disk.img"), data);
        return disk.begin();
    }

    /**
     * Nothing is acknowledged from here on; then the power fails, before anything but a sync can have brought to the disk what
     * was written. (The other way round, a sync that is under way at the cut may be told by the kernel that it succeeded.)
     */
    void kill() throws Exception {
        process.destroyForcibly().waitFor();
        if (disk != null) {
            disk.cut();
            disk.back();
        }
    }

    String tail() throws IOException {
        String all = Files.readString(log);
        return all.substring(Math.max(0, all.length() - 4000));
    }

    Line connect() throws IOException {
        return new Line(tls, port);
    }

    Path folder() {
        return folder.resolve("house");
    }

    private static SSLContext context(Path client) throws IOException, GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        byte[] key = Base64.getMimeDecoder()
                .decode(Files.readString(client.resolve("key.pem")).replaceAll("-----[A-Z ]+-----", ""));
        Certificate[] chain = factory.generateCertificates(
                        new ByteArrayInputStream(Files.readAllBytes(client.resolve("cert.pem"))))
                .toArray(Certificate[]::new);
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry(
                "client",
                KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(key)),
                new char[0],
                chain);
        KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
        managers.init(keys, new char[0]);
        KeyStore trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        int number = 0;
        for (Certificate one :
                factory.generateCertificates(new ByteArrayInputStream(Files.readAllBytes(client.resolve("ca.pem"))))) {
            trust.setCertificateEntry("ca" + number++, one);
        }
        TrustManagerFactory trusted = TrustManagerFactory.getInstance("PKIX");
        trusted.init(trust);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), trusted.getTrustManagers(), new SecureRandom());
        return context;
    }

    @Override
    public void close() throws Exception {
        if (process != null && process.isAlive()) {
            process.destroyForcibly().waitFor();
        }
        if (disk != null) {
            disk.close();
        }
    }
}
