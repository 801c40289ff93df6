package io.gatehouse.interop;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.TrustManagerFactory;

/** A client library as the matrix of tests sees it. Used by one test thread. */
abstract class MatrixClient implements AutoCloseable {
    /**
     * How to reach the broker.
     *
     * @param web over WebSocket
     * @param origin the page that is let in over WebSocket, for a library that insists on being one
     */
    record Way(int port, boolean web, String origin, TrustManagerFactory trust) {}

    /** {@code topic|qos|retained|payload} of what arrived, in order. */
    final List<String> received = new CopyOnWriteArrayList<>();

    final Way way;
    final String clientId;

    MatrixClient(Way way, String clientId) {
        this.way = way;
        this.clientId = clientId;
    }

    final void took(String topic, int qos, boolean retained, byte[] payload) {
        received.add(topic + "|" + qos + "|" + retained + "|"
                + new String(payload, java.nio.charset.StandardCharsets.UTF_8));
    }

    /**
     * Connects; says whether the broker had a session.
     *
     * @param keep whether the session outlives the connection, and one that is there is taken up
     * @param willTopic empty: none; its payload is {@code gone}, its quality of service 1
     */
    abstract boolean connect(boolean keep, String willTopic) throws Exception;

    final boolean connect() throws Exception {
        return connect(false, "");
    }

    abstract void subscribe(String filter, int qos) throws Exception;

    /** Publishes, and returns when the exchange is over. */
    abstract void publish(String topic, int qos, boolean retain, String payload) throws Exception;

    /** Says goodbye. */
    abstract void disconnect() throws Exception;

    @Override
    public abstract void close() throws Exception;
}
