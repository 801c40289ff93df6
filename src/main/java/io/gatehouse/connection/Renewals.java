package io.gatehouse.connection;

import io.gatehouse.protocol.UserProperty;
import io.gatehouse.tls.Peer;
import java.util.List;

/** What follows from a client's certificate beside its login: where enrolment plugs in. Any thread; never blocks. */
public interface Renewals {
    /** There is no enrolment. */
    Renewals NONE = new Renewals() {
        @Override
        public void loggedIn(Peer peer) {}

        @Override
        public List<UserProperty> hints(Peer peer) {
            return List.of();
        }
    };

    /** A client logged in with its certificate. */
    void loggedIn(Peer peer);

    /** What a client is told in its CONNACK about its certificate. */
    List<UserProperty> hints(Peer peer);
}
