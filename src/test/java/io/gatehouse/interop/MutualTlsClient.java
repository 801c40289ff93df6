package io.gatehouse.interop;

import io.gatehouse.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;

/** The TLS libraries that devices have, each as a client that shows its certificate and sends a CONNECT. Used by one test thread. */
enum MutualTlsClient {
    OPENSSL("openssl"),
    MOSQUITTO("mosquitto-clients"),
    GNUTLS("gnutls-bin"),
    MBEDTLS("libmbedtls-dev gcc libc6-dev"),
    JAVA(""),
    NODE("nodejs npm, and (cd src/test/js && npm ci)");

    private static final int PATIENCE_SECONDS = 60;
    private static final Path SCRIPTS = Path.of("src/test/js");

    private final String packages;

    MutualTlsClient(String packages) {
        this.packages = packages;
    }

    /** What a device is given, and where it goes: the folder holds {@code cert.pem}, {@code key.pem}, {@code ca.pem}, {@code all.p12}. */
    record Device(Path folder, int port, String version) {
        String file(String name) {
            return folder.resolve(name).toString();
        }
    }

    /** How it went: whether a CONNACK with 0 came, and what the program said. */
    record Outcome(boolean isIn, String said) {}

    /** The kinds of keys that are tried: Node.js has OpenSSL's library, and takes a second to start. */
    <K> List<K> kinds(List<K> all) {
        return this == NODE ? all.subList(0, 1) : all;
    }

    /** What somebody has to install, if this client is not here. */
    Optional<String> missing(Path work) throws IOException, InterruptedException {
        boolean there = switch (this) {
            case OPENSSL -> program("openssl");
            case MOSQUITTO -> program("mosquitto_pub");
            case GNUTLS -> program("gnutls-cli");
            case MBEDTLS -> program("gcc") && compile(work);
            case JAVA -> true;
            case NODE -> program("node") && Files.isDirectory(SCRIPTS.resolve("node_modules/mqtt"));
        };
        return there ? Optional.empty() : Optional.of(packages);
    }

    /** Whether this build of the library speaks that version at all. */
    boolean speaks(Path work, String version) throws IOException, InterruptedException {
        if (this != MBEDTLS || version.equals("1.2")) {
            return true;
        }
        Files.writeString(work.resolve("version.c"), """
                #include <mbedtls/ssl.h>
                #include <mbedtls/version.h>
                #if MBEDTLS_VERSION_MAJOR < 3 || !defined(MBEDTLS_SSL_PROTO_TLS1_3)
                #error too old
                #endif
                """);
        return run(
                        work,
                        Map.of(),
                        List.of(
                                "gcc",
                                "-fsyntax-only",
                                work.resolve("version.c").toString()))
                .isIn();
    }

    Outcome connect(Path work, Device device) throws IOException, InterruptedException, MqttException {
        String port = Integer.toString(device.port());
        String version = device.version();
        return switch (this) {
            case OPENSSL ->
                raw(List.of(
                        "openssl",
                        "s_client",
                        "-quiet",
                        "-verify_return_error",
                        "-verify_hostname",
                        "localhost",
                        "-servername",
                        "localhost",
                        "-connect",
                        "127.0.0.1:" + port,
                        version.equals("1.2") ? "-tls1_2" : "-tls1_3",
                        "-CAfile",
                        device.file("ca.pem"),
                        "-cert",
                        device.file("cert.pem"),
                        "-cert_chain",
                        device.file("cert.pem"),
                        "-key",
                        device.file("key.pem")));
            case MOSQUITTO ->
                run(
                        work,
                        Map.of(),
                        List.of(
                                "mosquitto_pub",
                                "-h",
                                "localhost",
                                "-p",
                                port,
                                "--cafile",
                                device.file("ca.pem"),
                                "--cert",
                                device.file("cert.pem"),
                                "--key",
                                device.file("key.pem"),
                                "--tls-version",
                                "tlsv" + version,
                                "-q",
                                "1",
                                "-t",
                                "t/x",
                                "-m",
                                "x"));
            case GNUTLS ->
                raw(List.of(
                        "gnutls-cli",
                        "--logfile=" + work.resolve("gnutls.log"),
                        "--priority=NORMAL:-VERS-ALL:+VERS-TLS" + version,
                        "--x509cafile=" + device.file("ca.pem"),
                        "--x509certfile=" + device.file("cert.pem"),
                        "--x509keyfile=" + device.file("key.pem"),
                        "--port=" + port,
                        "localhost"));
            case MBEDTLS ->
                raw(List.of(
                        work.resolve("mbedtls-connect").toString(),
                        device.file("ca.pem"),
                        device.file("cert.pem"),
                        device.file("key.pem"),
                        "localhost",
                        port,
                        version));
            case JAVA -> java(device);
            case NODE ->
                run(
                        SCRIPTS,
                        Map.of(
                                "ca",
                                device.file("ca.pem"),
                                "certificate",
                                device.file("cert.pem"),
                                "key",
                                device.file("key.pem"),
                                "port",
                                device.port(),
                                "version",
                                version),
                        List.of("node", "mutual.js"));
        };
    }

    /** Eclipse Paho with the Java platform's TLS, which is given key stores as an application would be. */
    private static Outcome java(Device device) throws MqttException {
        java.util.Properties tls = new java.util.Properties();
        tls.setProperty("com.ibm.ssl.keyStore", device.file("all.p12"));
        tls.setProperty("com.ibm.ssl.keyStorePassword", "in the test");
        tls.setProperty("com.ibm.ssl.keyStoreType", "PKCS12");
        tls.setProperty("com.ibm.ssl.trustStore", device.file("trust.p12"));
        tls.setProperty("com.ibm.ssl.trustStorePassword", "in the test");
        tls.setProperty("com.ibm.ssl.trustStoreType", "PKCS12");
        // the platform's name of a context of its own says the highest version that it offers
        tls.setProperty("com.ibm.ssl.protocol", "TLSv" + device.version());
        MqttConnectOptions options = new MqttConnectOptions();
        options.setSSLProperties(tls);
        options.setHttpsHostnameVerificationEnabled(true);
        try (MqttClient client = new MqttClient("ssl://localhost:" + device.port(), "java", new MemoryPersistence())) {
            client.setTimeToWait(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
            try {
                client.connect(options);
                client.disconnect();
                return new Outcome(true, "");
            } catch (MqttException refused) {
                return new Outcome(false, refused + " " + refused.getCause());
            }
        }
    }

    /** A program that passes on bytes: it is given a CONNECT, and kept until a CONNACK or its end. */
    private static Outcome raw(List<String> command) throws IOException, InterruptedException {
        Path errors = Files.createTempFile("mutual", ".err");
        Process process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        Thread watchdog = new Thread(() -> {
            try {
                if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                process.destroyForcibly();
            }
        });
        watchdog.start();
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        boolean in = false;
        try {
            process.getOutputStream().write(CONNECT);
            process.getOutputStream().flush();
            InputStream from = process.getInputStream();
            for (int next = from.read(); next >= 0 && !in; next = in ? -1 : from.read()) {
                said.write(next);
                in = said.toString(StandardCharsets.ISO_8859_1).endsWith(CONNACK);
            }
        } catch (IOException ended) {
            // it ended before it took what we gave it
        } finally {
            process.destroy();
            process.waitFor();
            watchdog.interrupt();
        }
        said.writeBytes(Files.readAllBytes(errors));
        Files.delete(errors);
        return new Outcome(in, said.toString(StandardCharsets.ISO_8859_1));
    }

    private static final byte[] CONNECT = {0x10, 15, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 3, 'r', 'a', 'w'};
    private static final String CONNACK = "\u0020\u0002\u0000\u0000";

    private boolean compile(Path work) throws IOException, InterruptedException {
        return run(
                        work,
                        Map.of(),
                        List.of(
                                "gcc",
                                "-o",
                                work.resolve("mbedtls-connect").toString(),
                                Path.of("src/test/resources/verifiers/mbedtls-connect.c")
                                        .toAbsolutePath()
                                        .toString(),
                                "-lmbedtls",
                                "-lmbedx509",
                                "-lmbedcrypto"))
                .isIn();
    }

    /** A program whose exit code is the answer. */
    private static Outcome run(Path where, Map<String, Object> house, List<String> command)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile("mutual", ".out");
        try {
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(where.toFile())
                    .redirectInput(new File("/dev/null"))
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile());
            builder.environment().put("HOUSE", Json.line(house));
            Process process = builder.start();
            boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (!ended) {
                process.destroyForcibly().waitFor();
            }
            return new Outcome(ended && process.exitValue() == 0, Files.readString(output));
        } finally {
            Files.delete(output);
        }
    }

    private static boolean program(String name) {
        return Stream.of(Objects.requireNonNullElse(System.getenv("PATH"), "").split(File.pathSeparator))
                .anyMatch(place -> Files.isExecutable(Path.of(place, name)));
    }
}
