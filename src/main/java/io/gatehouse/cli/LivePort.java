package io.gatehouse.cli;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Looks at what a TLS port sends in a handshake. Confined to the calling thread.
 *
 * <p>It accepts any certificate, because it is here to show them, and hangs up before a byte of anybody's data.
 */
final class LivePort {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Pattern PLAIN = Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._-]+):([0-9]{1,5})");
    private static final Pattern URL = Pattern.compile("(mqtts|ssl|tls|https|wss)://.*");

    /** What it showed. */
    record Seen(
            String peer, String protocol, String cipherSuite, boolean asksForCertificate, List<X509Certificate> chain) {
        Seen {
            chain = List.copyOf(chain);
        }
    }

    private final String host;
    private final int port;

    private LivePort(String host, int port) {
        this.host = host;
        this.port = port;
    }

    /** Whether a word is {@code host:port} or the URL of a TLS service. */
    static Optional<LivePort> of(String word) {
        if (URL.matcher(word).matches()) {
            URI uri = URI.create(word);
            int port = uri.getPort() >= 0 ? uri.getPort() : uri.getScheme().matches("https|wss") ? 443 : 8883;
            return Optional.ofNullable(uri.getHost()).map(host -> at(host, port));
        }
        Matcher plain = PLAIN.matcher(word);
        return plain.matches() ? Optional.of(at(plain.group(1), Integer.parseInt(plain.group(2)))) : Optional.empty();
    }

    private static LivePort at(String host, int port) {
        return new LivePort(host.replace("[", "").replace("]", ""), port);
    }

    Seen look() throws IOException {
        Watcher watcher = new Watcher();
        Asked asked = new Asked();
        try (Socket plain = new Socket()) {
            plain.connect(new InetSocketAddress(host, port), (int) PATIENCE.toMillis());
            plain.setSoTimeout((int) PATIENCE.toMillis());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {asked}, new TrustManager[] {watcher}, new SecureRandom());
            try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, host, port, true)) {
                String refusal = "";
                try {
                    socket.startHandshake();
                } catch (SSLException e) { // refused for want of a certificate, after it showed its own
                    refusal = ": " + e.getMessage();
                }
                if (watcher.chain.isEmpty()) {
                    throw new IOException("it showed no certificate" + refusal);
                }
                return new Seen(host + ":" + port, watcher.protocol, watcher.cipherSuite, asked.asked, watcher.chain);
            }
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has TLS", e);
        } catch (IllegalArgumentException e) { // a port beyond 65535
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Keeps what is shown. */
    private static final class Watcher extends X509ExtendedTrustManager {
        private List<X509Certificate> chain = List.of();
        private String protocol = "";
        private String cipherSuite = "";

        @Override
        public void checkServerTrusted(X509Certificate[] shown, String kind, Socket socket) {
            chain = List.of(shown);
            SSLSession session = ((SSLSocket) socket).getHandshakeSession(); // there is none after a refusal
            protocol = session.getProtocol();
            cipherSuite = session.getCipherSuite();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] shown, String kind, SSLEngine engine) {
            throw unused();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] shown, String kind) {
            throw unused();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] shown, String kind, Socket socket) {
            throw unused();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] shown, String kind, SSLEngine engine) {
            throw unused();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] shown, String kind) {
            throw unused();
        }

        private static IllegalStateException unused() {
            return new IllegalStateException("this is the client's end of a socket");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    /** Has no certificate, and notices that one is asked for. */
    private static final class Asked extends X509ExtendedKeyManager {
        private boolean asked;

        @Override
        public @Nullable String chooseClientAlias(
                String[] kinds, Principal @Nullable [] issuers, @Nullable Socket socket) {
            asked = true;
            return null;
        }

        @Override
        public String @Nullable [] getClientAliases(String kind, Principal @Nullable [] issuers) {
            return null;
        }

        @Override
        public String @Nullable [] getServerAliases(String kind, Principal @Nullable [] issuers) {
            return null;
        }

        @Override
        public @Nullable String chooseServerAlias(
                String kind, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return null;
        }

        @Override
        public X509Certificate @Nullable [] getCertificateChain(String alias) {
            return null;
        }

        @Override
        public @Nullable PrivateKey getPrivateKey(String alias) {
            return null;
        }
    }
}
