package io.gatehouse.connection;

import io.gatehouse.protocol.ProtocolVersion;
import io.gatehouse.session.Outbound;
import io.gatehouse.tls.Peer;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.IntConsumer;

/**
 * A connection as its dialogue sees it: the port that the transport implements.
 *
 * <p>Apart from what {@link Outbound} promises, everything is confined to the connection's event loop; {@link #execute}
 * is how any other thread gets there.
 */
public interface Wire extends Outbound {
    Peer peer();

    /** The listener's name in the configuration. */
    String listener();

    /** How packets are encoded from now on: the version of the CONNECT. */
    void speak(ProtocolVersion version);

    /**
     * The client is in: lifts the small frame cap of before authentication, and sets what the client can take.
     *
     * @param maximumPacketSizeBytes never to be exceeded; a PUBLISH that would is dropped as if delivered
     *     [MQTT-3.1.2-24, -25]
     * @param topicAliasMaximum how many topic aliases the client takes; 0: none [MQTT-3.1.2-26, -27]
     * @param problemInformation whether reason strings and user properties may be sent on every packet
     *     [MQTT-3.1.2-29]
     * @param dropped is told, on the event loop and not before the send has returned, which acknowledged message was
     *     too large: nobody will acknowledge it
     */
    void admit(long maximumPacketSizeBytes, int topicAliasMaximum, boolean problemInformation, IntConsumer dropped);

    /** Stops or goes on reading from the socket: back-pressure on a publisher. */
    void read(boolean on);

    /** The connection's event loop, the same for all connections that share it. Any thread. */
    Executor loop();

    /** Runs a task on the connection's event loop, at once if called there. */
    void execute(Runnable task);

    /** Runs a task on the connection's event loop after a delay, unless cancelled. */
    Timer schedule(Duration delay, Runnable task);

    /** A task that has not run yet. */
    interface Timer {
        void cancel();
    }
}
