package io.gatehouse.tls;

import java.net.InetSocketAddress;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/** Ends handshakes: the only maker of {@link Peer}. Any thread. */
public final class Handshake {
    private Handshake() {}

    /**
     * A TLS handshake is done. The client's certificate is judged here again, whatever the engine said, because a resumed
     * session never asked it.
     *
     * @return done at once, unless somebody elsewhere is asked; fails with a {@link CertificateRefused} if that one says no
     * @throws CertificateRefused if the certificate is not accepted, or none was sent where one is required
     */
    public static CompletableFuture<Peer> complete(TlsContext context, SSLSession session, InetSocketAddress address)
            throws CertificateRefused {
        List<X509Certificate> chain = chain(session);
        context.forget(session);
        Instant end = context.requireAccepted(chain);
        Instant until = end.equals(Instant.MAX) ? end : end.plus(context.expiryGrace());
        Peer peer = new Peer(address, session.getProtocol(), session.getCipherSuite(), chain, end, until);
        return context.requireOnline(chain).thenApply(accepted -> peer);
    }

    /**
     * There is no TLS, because the listener spells that out.
     *
     * @param acknowledgement what the operator wrote
     */
    public static Peer plaintext(String acknowledgement, InetSocketAddress address) {
        if (acknowledgement.isEmpty()) {
            throw new IllegalArgumentException("plaintext needs an acknowledgement");
        }
        return new Peer(address, "plaintext", "", List.of(), Instant.MAX, Instant.MAX);
    }

    static List<X509Certificate> chain(SSLSession session) {
        List<X509Certificate> chain = new ArrayList<>();
        try {
            for (Certificate certificate : session.getPeerCertificates()) {
                chain.add((X509Certificate) certificate);
            }
        } catch (SSLPeerUnverifiedException e) {
            return List.of(); // the client sent none
        }
        return chain;
    }
}
