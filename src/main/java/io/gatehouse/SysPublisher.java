package io.gatehouse;

import io.gatehouse.authn.SystemPrincipals;
import io.gatehouse.policy.AuthorizedConnect;
import io.gatehouse.policy.AuthorizedPublish;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Rights;
import io.gatehouse.protocol.ClientId;
import io.gatehouse.protocol.Message;
import io.gatehouse.routing.Router;
import java.util.function.Consumer;

/** Publishes what the broker says of itself, in the name of its own principal and by the way of every publish. Any thread. */
final class SysPublisher implements Consumer<Message> {
    private final Authorizer authorizer;
    private final Router router;
    private final Rights rights;

    SysPublisher(Authorizer authorizer, Router router) {
        this.authorizer = authorizer;
        this.router = router;
        if (!(authorizer.connect(SystemPrincipals.sys(), new ClientId("$sys"), null)
                instanceof AuthorizedConnect sys)) {
            throw new IllegalStateException("the broker's own principal may not publish");
        }
        this.rights = sys.rights();
    }

    @Override
    public void accept(Message message) {
        if (authorizer.publish(rights, message) instanceof AuthorizedPublish authorized) {
            router.route(authorized);
        }
    }
}
