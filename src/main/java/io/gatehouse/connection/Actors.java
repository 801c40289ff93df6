package io.gatehouse.connection;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.authn.Principal;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Rights;
import io.gatehouse.session.Link;
import org.jspecify.annotations.Nullable;

/** How audit events name whom they are about, and the policy of the moment. Stateless. */
final class Actors {
    private Actors() {}

    /** Somebody who is in, or was: without a link the address of the login. */
    static AuditEvent.Actor of(Rights rights, @Nullable Link link) {
        Principal principal = rights.principal();
        java.net.InetAddress address = link != null
                ? link.peer().address().getAddress()
                : principal.subject().address();
        return new AuditEvent.Actor(
                principal.user(),
                principal.owner().realm(),
                rights.clientId().text(),
                address == null ? "" : address.getHostAddress(),
                principal.subject().listener());
    }

    static AuditEvent.InForce inForce(Authorizer authorizer) {
        return new AuditEvent.InForce(authorizer.revision(), authorizer.policy().digest());
    }
}
