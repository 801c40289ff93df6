package io.gatehouse.tls;

import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/** Peers for the tests of other rooms, made without a handshake. */
public final class TestPeers {
    private TestPeers() {}

    /** Over TLS, without a client certificate. */
    public static Peer tls(String address) {
        return new Peer(
                new InetSocketAddress(address, 40_000),
                "TLSv1.3",
                "TLS_AES_128_GCM_SHA256",
                List.of(),
                Instant.MAX,
                Instant.MAX);
    }

    /** Over TLS with a client certificate, from 127.0.0.1. */
    public static Peer tls(X509Certificate certificate) {
        Instant end = certificate.getNotAfter().toInstant();
        return new Peer(
                new InetSocketAddress("127.0.0.1", 40_000),
                "TLSv1.3",
                "TLS_AES_128_GCM_SHA256",
                List.of(certificate),
                end,
                end);
    }

    /** Why a certificate that was taken back is refused. */
    public static CertificateRefused revoked(X509Certificate certificate, boolean urgent) {
        return CertificateRefused.revoked(certificate, Instant.EPOCH, "", urgent);
    }

    public static Peer plaintext(String address) {
        return new Peer(new InetSocketAddress(address, 40_000), "plaintext", "", List.of(), Instant.MAX, Instant.MAX);
    }
}
