package io.gatehouse.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.util.ReferenceCountUtil;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;

/**
 * A handshake with oneself, in memory, before a context is let loose on clients: what fails here would have failed for
 * all of them. Stateless; the calling thread does both sides.
 */
final class SelfHandshake {
    private static final int MAX_TURNS = 200;

    private SelfHandshake() {}

    /**
     * @param harden does to an engine what is done to those of clients
     * @throws SSLException if a client of the Java platform cannot shake hands with it
     */
    static void require(SslContext context, ServerIdentity identity, Consumer<SSLEngine> harden) throws SSLException {
        SSLEngine server = context.newEngine(ByteBufAllocator.DEFAULT);
        try {
            server.setUseClientMode(false);
            // the client here has no certificate of an authority whose key we have not; that side is judged by rules
            server.setNeedClientAuth(false);
            server.setWantClientAuth(false);
            harden.accept(server);
            turn(client(identity), server);
        } catch (GeneralSecurityException | java.io.IOException e) {
            throw e instanceof SSLException tls ? tls : new SSLException(e);
        } finally {
            server.closeOutbound();
            ReferenceCountUtil.safeRelease(server);
        }
    }

    private static SSLEngine client(ServerIdentity identity) throws GeneralSecurityException, java.io.IOException {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        List<X509Certificate> chain = identity.chain();
        trusted.setCertificateEntry("top", chain.get(chain.size() - 1));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        List<String> names = identity.names();
        String name = names.stream()
                .filter(one -> !one.startsWith("*") && !one.contains(":"))
                .findFirst()
                .orElse("");
        SSLEngine client = name.isEmpty() ? context.createSSLEngine() : context.createSSLEngine(name, 8883);
        client.setUseClientMode(true);
        if (!name.isEmpty()) {
            SSLParameters parameters = client.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            client.setSSLParameters(parameters);
        }
        return client;
    }

    private static void turn(SSLEngine client, SSLEngine server) throws SSLException {
        ByteBuffer toServer = ByteBuffer.allocate(64 << 10);
        ByteBuffer toClient = ByteBuffer.allocate(64 << 10);
        ByteBuffer empty = ByteBuffer.allocate(0);
        client.beginHandshake();
        server.beginHandshake();
        for (int i = 0; i < MAX_TURNS; i++) {
            step(client, empty, toServer, toClient);
            step(server, empty, toClient, toServer);
            if (done(client) && done(server)) {
                return;
            }
        }
        throw new SSLException("the handshake with oneself does not end");
    }

    private static boolean done(SSLEngine engine) {
        return engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING
                && !engine.getSession().getCipherSuite().contains("NULL");
    }

    private static void step(SSLEngine engine, ByteBuffer empty, ByteBuffer out, ByteBuffer in) throws SSLException {
        for (int i = 0; i < MAX_TURNS; i++) {
            HandshakeStatus status = engine.getHandshakeStatus();
            if (status == HandshakeStatus.NEED_TASK) {
                for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                    task.run();
                }
            } else if (status == HandshakeStatus.NEED_WRAP) {
                SSLEngineResult result = engine.wrap(empty, out);
                if (result.getStatus() != SSLEngineResult.Status.OK) {
                    throw new SSLException("closed during the handshake: " + result.getStatus());
                }
            } else {
                in.flip();
                // asked even without a byte to read: an engine may have more to do with those it has taken
                SSLEngineResult result = engine.unwrap(
                        in, ByteBuffer.allocate(engine.getSession().getApplicationBufferSize()));
                boolean idle = result.bytesConsumed() == 0 && engine.getHandshakeStatus() == status;
                in.compact();
                if (idle || result.getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW) {
                    return;
                }
                if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
                    throw new SSLException("closed during the handshake");
                }
            }
        }
    }
}
