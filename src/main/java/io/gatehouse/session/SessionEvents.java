package io.gatehouse.session;

import io.gatehouse.policy.Rights;
import io.gatehouse.protocol.Message;

/** What sessions need of the rooms above: the port that the router and the publisher of wills plug into. */
public interface SessionEvents {

    /** A session is gone for good: nothing is to be routed to it any more. */
    void ended(Session session);

    /** A will is due: to be judged again, as its owner's, and published. */
    void willDue(Rights owner, Message will);
}
