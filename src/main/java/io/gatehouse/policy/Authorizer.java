package io.gatehouse.policy;

import io.gatehouse.authn.Principal;
import io.gatehouse.protocol.ClientId;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicName;
import org.jspecify.annotations.Nullable;

/**
 * Decides what a principal may do, and is the only maker of the proofs that the rest of the broker asks for. Any
 * thread; never blocks.
 *
 * <p>Pure: it records nothing. Whoever asks writes the audit event.
 */
public final class Authorizer {
    private static final Denied CLOSED =
            new Denied(ReasonCode.NOT_AUTHORIZED, "no rule allows it", "no policy is loaded");

    /** May it connect under this client id, with this will? */
    public ConnectDecision connect(Principal principal, ClientId clientId, @Nullable Message will) {
        return CLOSED;
    }

    /** May it publish this message now? Wills are asked again with this when they fire. */
    public PublishDecision publish(Rights rights, Message message) {
        return CLOSED;
    }

    /** May it subscribe? The answer tells the truth about the whole filter. */
    public SubscribeDecision subscribe(Rights rights, Subscription subscription) {
        return CLOSED;
    }

    /** May a retained message that this publisher left still be replayed? */
    public boolean mayStillPublish(Rights publisher, TopicName topic) {
        return false;
    }

    /**
     * After the policy changed: may it stay connected? Null: yes.
     *
     * <p>Its {@link Rights} are bound anew by the question.
     */
    public @Nullable Denied standing(Rights rights) {
        return CLOSED;
    }
}
