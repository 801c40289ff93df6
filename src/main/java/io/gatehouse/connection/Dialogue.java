package io.gatehouse.connection;

import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.Packet;

/**
 * What a transport tells of one connection, from its first byte to its last. Confined to the connection's event loop.
 */
public interface Dialogue {

    /** A packet was decoded. */
    void receive(Packet packet);

    /** Bytes were not a packet, or one too large; nothing more will be decoded. The dialogue answers and closes. */
    void malformed(MalformedPacket fault);

    /** The batch that the socket held is read: a moment to send what was kept back for it. */
    void readComplete();

    /** {@link Wire#isWritable} changed. */
    void writabilityChanged();

    /** The connection is gone, by either side. Called once, last. */
    void closed();
}
