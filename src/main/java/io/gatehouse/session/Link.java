package io.gatehouse.session;

import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.tls.Peer;

/** A session's connection, as the session's side sees it. */
public interface Link {
    Peer peer();

    /** Another connection of the same owner has the session now: say so and close. Any thread. */
    void takenOver();

    /** The broker ends this connection; its will and its session are due as MQTT has it. Any thread. */
    default void end(ReasonCode reason, String cause, String detail) {
        end(reason, cause, detail, Remains.ALL);
    }

    /** The broker ends this connection, and perhaps what MQTT would leave of it. Any thread. */
    void end(ReasonCode reason, String cause, String detail, Remains remains);
}
