package io.gatehouse.connection;

import java.net.InetSocketAddress;

/**
 * Who keeps the broker's doors shut to addresses that failed again and again: one for all doors, so that nobody fails at
 * one and goes on at another. Any thread; never blocks.
 */
public interface Porter {
    /** Whether nothing is accepted from there now; if so, the connection is counted and told of. */
    boolean turnsAway(InetSocketAddress peer);

    /**
     * A client was refused by what its ClientHello says: it is told of, and held against the address.
     *
     * @param code stable
     */
    void helloRefused(InetSocketAddress peer, String code, String detail);

    /** A TLS handshake failed: it is told of, and held against the address if it was the client's doing. */
    void handshakeFailed(InetSocketAddress peer, Throwable cause);

    /** What somebody came with was refused, which is told of already: it is held against the address. */
    void failed(InetSocketAddress peer);

    /** Somebody from there proved who it is: nothing is held against the address any more. */
    void proved(InetSocketAddress peer);
}
