package io.gatehouse.connection;

import io.gatehouse.policy.Rights;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.TopicName;
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

        @Override
        public boolean takes(TopicName topic) {
            return false;
        }

        @Override
        public void renew(Rights asker, Peer peer, Message request) {
            throw new IllegalStateException("there is no enrolment");
        }
    };

    /** A client logged in with its certificate. */
    void loggedIn(Peer peer);

    /** What a client is told in its CONNACK about its certificate. */
    List<UserProperty> hints(Peer peer);

    /** Whether what is published there is a request for a certificate: it goes to no subscriber. */
    boolean takes(TopicName topic);

    /** A client asks for its next certificate, as the policy allows; it is told of the outcome by a message. */
    void renew(Rights asker, Peer peer, Message request);
}
