package io.gatehouse.policy;

import io.gatehouse.protocol.Message;

/** The proof that a message may be published by whom it came from. Minted by the authorizer only. */
public final class AuthorizedPublish implements PublishDecision {
    private final Rights publisher;
    private final Message message;

    AuthorizedPublish(Rights publisher, Message message) {
        this.publisher = publisher;
        this.message = message;
    }

    public Message message() {
        return message;
    }

    /** Who published it: asked again before a retained message is replayed. */
    public Rights publisher() {
        return publisher;
    }
}
