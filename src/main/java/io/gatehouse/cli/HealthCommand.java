package io.gatehouse.cli;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gatehouse health}: whether a broker answers, with the certificate and the name it should have. */
@Command(
        name = "health",
        description = "Do a TLS handshake with a listener that asks for no certificate, and check the broker's: what a"
                + " container's health check runs. Exit code 0: it answers as it should; 1: it does not.",
        mixinStandardHelpOptions = true)
final class HealthCommand implements Runnable {
    private static final int TIMEOUT_MILLIS = 5_000;

    @Spec
    private CommandSpec spec;

    @Option(names = "--host", defaultValue = "localhost", description = "Default: ${DEFAULT-VALUE}.")
    private String host = "localhost";

    @Option(names = "--port", defaultValue = "8884", description = "Default: ${DEFAULT-VALUE}.")
    private int port = 8884;

    @Option(names = "--ca", required = true, paramLabel = "FILE", description = "The authorities to trust, PEM.")
    private Path ca = Path.of("");

    @Override
    public void run() {
        try (SSLSocket socket = (SSLSocket) context().getSocketFactory().createSocket()) {
            socket.connect(new InetSocketAddress(host, port), TIMEOUT_MILLIS);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS"); // names are checked as RFC 9525 says
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            spec.commandLine()
                    .getOut()
                    .println("healthy: " + host + ":" + port + " "
                            + socket.getSession().getProtocol());
        } catch (IOException e) {
            throw Failure.findings("not healthy: " + host + ":" + port + ": " + e.getMessage());
        } catch (GeneralSecurityException e) {
            throw Failure.usage(ca + ": not certificates: " + e.getMessage());
        }
    }

    private SSLContext context() throws IOException, GeneralSecurityException {
        KeyStore trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        int number = 0;
        try (InputStream in = Files.newInputStream(ca)) {
            for (Certificate authority : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                trust.setCertificateEntry("ca" + number++, authority);
            }
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
        managers.init(trust);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }
}
