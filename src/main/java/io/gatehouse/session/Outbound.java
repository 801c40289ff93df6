package io.gatehouse.session;

import io.gatehouse.protocol.Packet;

/**
 * The way out to a connected client: the port that sessions deliver through.
 *
 * <p>Any thread may call it; packets that one thread sends leave in that order. Nothing here blocks, and nothing here
 * calls back into a session.
 */
public interface Outbound {

    /** Hands a packet over; it leaves when the connection's event loop next flushes. Ignored after {@link #close}. */
    void send(Packet packet);

    /**
     * Whether the client keeps up. While false, QoS 0 messages are dropped and acknowledged ones wait in the session;
     * the connection's dialogue is told when it is true again.
     */
    boolean isWritable();

    /** Sends what was handed over, then this, then closes. */
    void closeWith(Packet last);

    /** Sends what was handed over, then closes. */
    void close();
}
