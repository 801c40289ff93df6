package io.gatehouse.security;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.function.Consumer;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** A client that shows any certificate it is given and speaks just enough MQTT. Used by one test thread. */
final class TlsClient implements AutoCloseable {
    static final int CONNACK = 0x20;
    static final int DISCONNECT = 0xE0;
    private static final int TIMEOUT_MILLIS = 20_000;

    private final SSLSocket socket;

    private TlsClient(SSLSocket socket) {
        this.socket = socket;
    }

    /** A context, to be shared by connections that may resume one another's sessions. */
    static SSLContext context(Forge.@Nullable Holder holder) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(
                    holder == null ? new KeyManager[0] : new KeyManager[] {new Shows(holder)},
                    new TrustManager[] {new TrustsAll()},
                    null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** Connects and shakes hands; fails with an {@link IOException} if the server does not want to. */
    static TlsClient connect(SSLContext context, int port, String version, Consumer<SSLParameters> more)
            throws IOException {
        return connect(new Socket(), context, port, version, more);
    }

    private static TlsClient connect(
            Socket plain, SSLContext context, int port, String version, Consumer<SSLParameters> more)
            throws IOException {
        plain.connect(new InetSocketAddress("127.0.0.1", port), TIMEOUT_MILLIS);
        plain.setSoTimeout(TIMEOUT_MILLIS);
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, "localhost", port, true);
        try {
            socket.setEnabledProtocols(version.split(","));
            SSLParameters parameters = socket.getSSLParameters();
            more.accept(parameters);
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            return new TlsClient(socket);
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    static TlsClient connect(Forge.@Nullable Holder holder, int port, String version) throws IOException {
        return connect(context(holder), port, version, parameters -> {});
    }

    /** From another address of this machine. */
    static TlsClient connectFrom(String address, Forge.@Nullable Holder holder, int port) throws IOException {
        Socket plain = new Socket();
        plain.bind(new InetSocketAddress(address, 0));
        return connect(plain, context(holder), port, "TLSv1.3", parameters -> {});
    }

    SSLSocket socket() {
        return socket;
    }

    /** Sends a CONNECT of MQTT 5 and a PINGREQ, and reads the first byte that comes back; -1: the end. */
    int login(String clientId) throws IOException {
        send(mqttConnect(clientId, 5));
        return read();
    }

    /** Logs in and reads the answer whole. */
    TlsClient in(String clientId) throws IOException {
        return in(clientId, "");
    }

    TlsClient in(String clientId, String will) throws IOException {
        send(mqttConnect(clientId, 5, will));
        byte[] answer = packet();
        if (answer == null || answer[0] != CONNACK || answer[2] != 0) {
            throw new AssertionError(clientId + " is not let in");
        }
        return this;
    }

    /** Whether the connection still answers. */
    boolean isAlive() throws IOException {
        send(new byte[] {(byte) 0xC0, 0});
        byte[] answer = packet();
        return answer != null && answer[0] == (byte) 0xD0;
    }

    /** The reason of the DISCONNECT that comes next. */
    int awaitDisconnect() throws IOException {
        byte[] packet = packet();
        if (packet == null || packet[0] != (byte) DISCONNECT) {
            throw new AssertionError("no DISCONNECT came");
        }
        return packet[1] & 0xFF;
    }

    void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    int read() throws IOException {
        return socket.getInputStream().read();
    }

    /** Reads one packet whole; its first byte and its body. Null at the end of the connection. */
    byte @Nullable [] packet() throws IOException {
        int first = read();
        if (first < 0) {
            return null;
        }
        int length = read(); // the packets of these tests are short
        byte[] body = socket.getInputStream().readNBytes(length);
        byte[] whole = new byte[1 + body.length];
        whole[0] = (byte) first;
        System.arraycopy(body, 0, whole, 1, body.length);
        return whole;
    }

    static byte[] mqttConnect(String clientId, int level) {
        return mqttConnect(clientId, level, "");
    }

    /** Subscribes and waits for the answer. */
    void subscribe(String filter) throws IOException {
        subscribe(filter, 0);
    }

    void subscribe(String filter, int qos) throws IOException {
        byte[] topic = filter.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream packet = new ByteArrayOutputStream();
        packet.writeBytes(new byte[] {(byte) 0x82, (byte) (topic.length + 6), 0, 1, 0, 0, (byte) topic.length});
        packet.writeBytes(topic);
        packet.write(qos);
        send(packet.toByteArray());
        byte[] answer = packet();
        if (answer == null || answer[0] != (byte) 0x90 || answer[answer.length - 1] != qos) {
            throw new AssertionError("not subscribed to " + filter);
        }
    }

    /** @param will its topic; empty: none */
    static byte[] mqttConnect(String clientId, int level, String will) {
        try {
            byte[] id = clientId.getBytes(StandardCharsets.UTF_8);
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(body);
            out.writeUTF("MQTT");
            out.writeByte(level);
            out.writeByte(will.isEmpty() ? 2 : 2 | 4); // clean start
            out.writeShort(600);
            if (level == 5) {
                out.writeByte(0);
            }
            out.writeShort(id.length);
            out.write(id);
            if (!will.isEmpty()) {
                if (level == 5) {
                    out.writeByte(0);
                }
                out.writeUTF(will);
                out.writeUTF("gone");
            }
            ByteArrayOutputStream packet = new ByteArrayOutputStream();
            packet.write(0x10);
            packet.write(body.size());
            body.writeTo(packet);
            return packet.toByteArray();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // it was closed by the other side, which is what most tests here are about
        }
    }

    /** Shows its certificate to whoever asks, fitting or not. */
    private static final class Shows extends X509ExtendedKeyManager {
        private final Forge.Holder holder;

        Shows(Forge.Holder holder) {
            this.holder = holder;
        }

        @Override
        public String chooseClientAlias(String[] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return "it";
        }

        @Override
        public String chooseEngineClientAlias(
                String[] keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
            return "it";
        }

        @Override
        public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
            return new String[] {"it"};
        }

        @Override
        public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
            return new String[0];
        }

        @Override
        public @Nullable String chooseServerAlias(
                String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return null;
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return holder.chain().toArray(X509Certificate[]::new);
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return holder.keys().getPrivate();
        }
    }

    private static final class TrustsAll extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
