package io.gatehouse.policy;

import io.gatehouse.protocol.TopicName;
import java.time.Instant;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * What another policy would do to those who are here, if it were in force. Words, never a capability. Confined to one
 * thread.
 */
public final class Prospect {
    private final Authorizer authorizer;
    private final PolicySet next;
    private final Instant now;
    private final Judge judge = new Judge();
    private final Map<Rights, Binding> bindings = new IdentityHashMap<>();

    Prospect(Authorizer authorizer, PolicySet next, Instant now) {
        this.authorizer = authorizer;
        this.next = next;
        this.now = now;
    }

    /** Whether somebody who may be connected now would have to leave. */
    public boolean disconnects(Rights rights) {
        return authorizer.look(rights).gone() == null && binding(rights).refusal() != null;
    }

    /** Whether a subscription that is awake now would sleep. */
    public boolean silences(AuthorizedSubscription subscription) {
        return subscription.verdict().isGranted()
                && !judge.verdict(
                                binding(subscription.rights()),
                                subscription.subscription().filter(),
                                false)
                        .isGranted();
    }

    /** Whether a retained message that is replayed now would be withheld. */
    public boolean withholds(Rights publisher, TopicName topic) {
        return !Authorizer.isBroker(publisher.principal())
                && authorizer.mayStillPublish(publisher, topic)
                && !judge.retains(binding(publisher), topic.text());
    }

    private Binding binding(Rights rights) {
        return bindings.computeIfAbsent(
                rights,
                one -> next.bind(one.principal().subject(), one.clientId().text(), now, authorizer.epoch()));
    }
}
