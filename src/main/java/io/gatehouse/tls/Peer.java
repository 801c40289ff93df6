package io.gatehouse.tls;

import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The proof that a connection's transport is up: TLS and its handshake, or plaintext that a listener spelled out.
 *
 * <p>Only {@code Handshake} makes one, after the certificate of the client, if it sent one, was accepted; holding one
 * is what lets a connection reach the gate. Immutable; any thread.
 */
public final class Peer {
    private final InetSocketAddress address;
    private final String protocol;
    private final String cipher;
    private final List<X509Certificate> chain;
    private final Instant certificateEnd;
    private final Instant acceptedUntil;

    Peer(
            InetSocketAddress address,
            String protocol,
            String cipher,
            List<X509Certificate> chain,
            Instant certificateEnd,
            Instant acceptedUntil) {
        this.address = address;
        this.protocol = protocol;
        this.cipher = cipher;
        this.chain = List.copyOf(chain);
        this.certificateEnd = certificateEnd;
        this.acceptedUntil = acceptedUntil;
    }

    public InetSocketAddress address() {
        return address;
    }

    /** {@code TLSv1.3}, {@code TLSv1.2}, or {@code plaintext}. */
    public String protocol() {
        return protocol;
    }

    /** The cipher suite by its standard name; empty for plaintext. */
    public String cipher() {
        return cipher;
    }

    public boolean isEncrypted() {
        return !cipher.isEmpty();
    }

    /** The client's certificate, if it sent one; accepted already. */
    public Optional<X509Certificate> certificate() {
        return chain.stream().findFirst();
    }

    /** The client's certificate and what it sent with it, leaf first; empty without one. */
    public List<X509Certificate> chain() {
        return chain;
    }

    /** When the first certificate ends of those from the client's to its authority; {@link Instant#MAX} without one. */
    public Instant certificateEnd() {
        return certificateEnd;
    }

    /** When the connection has to end because of that: then, or a grace later. */
    public Instant acceptedUntil() {
        return acceptedUntil;
    }

    @Override
    public String toString() {
        return address + " " + protocol;
    }
}
