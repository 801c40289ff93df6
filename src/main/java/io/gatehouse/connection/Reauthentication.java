package io.gatehouse.connection;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.authn.Authentication;
import io.gatehouse.authn.Authenticator;
import io.gatehouse.authn.Credentials;
import io.gatehouse.policy.Denied;
import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.ReasonCode;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Authentication anew of a client that is connected (MQTT 5, section 4.12.1): a token that is renewed keeps its connection.
 * Confined to the connection's event loop.
 *
 * <p>Packets flow under the rights that were until the new ones are in force; whatever fails ends the connection.
 */
final class Reauthentication {
    private static final Logger LOG = LoggerFactory.getLogger(Reauthentication.class);

    private final Client client;
    private final Gate gate;
    private final Wire wire;
    private final ListenerRules rules;
    /** CONNECT's: the only one there may be. */
    private final @Nullable String method;

    private final AuditEvent.Actor actor;
    /** Who reads the next step, of a client that was challenged. */
    private @Nullable Authenticator next;
    /** A step is being looked at: another one is out of turn. */
    private boolean underWay;

    Reauthentication(
            Client client, Gate gate, Wire wire, ListenerRules rules, @Nullable String method, AuditEvent.Actor actor) {
        this.client = client;
        this.gate = gate;
        this.wire = wire;
        this.rules = rules;
        this.method = method;
        this.actor = actor;
    }

    /** @throws MalformedPacket if the method is not CONNECT's, or the client is not to speak now */
    void receive(Packet.Auth packet) {
        if (method == null || !method.equals(packet.authenticationMethod())) {
            throw MalformedPacket.protocolError("AUTH with another method than CONNECT's"); // [MQTT-4.12.1-1]
        }
        Authenticator asked = packet.reason() == ReasonCode.REAUTHENTICATE ? rules.authenticator() : next;
        boolean inTurn = packet.reason() == ReasonCode.REAUTHENTICATE
                || packet.reason() == ReasonCode.CONTINUE_AUTHENTICATION && next != null;
        if (asked == null || !inTurn || underWay) {
            throw MalformedPacket.protocolError("AUTH out of turn");
        }
        underWay = true;
        next = null;
        Credentials credentials = new Credentials(
                wire.listener(), wire.peer(), actor.clientId(), null, null, method, packet.authenticationData());
        String named = method;
        asked.authenticate(credentials)
                .whenComplete((answer, failure) -> wire.execute(() -> answered(named, answer, failure)));
    }

    private void answered(String named, @Nullable Authentication answer, @Nullable Throwable failure) {
        if (client.isEnded()) {
            return;
        }
        underWay = false;
        if (answer instanceof Authentication.Challenge challenge) {
            next = challenge.next();
            wire.send(new Packet.Auth(ReasonCode.CONTINUE_AUTHENTICATION, named, challenge.data(), null, List.of()));
        } else if (answer instanceof Authentication.Accepted accepted) {
            renew(named, accepted);
        } else {
            String detail = answer instanceof Authentication.Rejected rejected ? rejected.detail() : "it failed";
            LOG.info("authentication anew of {} failed: {}", actor.user(), detail, failure);
            ReasonCode reason = answer instanceof Authentication.Rejected rejected
                    ? rejected.reason()
                    : ReasonCode.SERVER_UNAVAILABLE;
            gate.audit(new AuditEvent.Login(actor, "refused", reason.code(), detail));
            client.end(ReasonCode.NOT_AUTHORIZED, "reauthentication", detail);
        }
    }

    private void renew(String named, Authentication.Accepted accepted) {
        Denied denied = gate.authorizer().renew(client.rights(), accepted.principal());
        if (denied != null) {
            gate.denials().denied(actor, Actors.connecting(actor.clientId()), denied, gate.authorizer());
            gate.audit(new AuditEvent.Login(actor, "refused", denied.reason().code(), denied.explanation()));
            // whatever CONNECT would have said: some of its reasons are for a CONNACK only
            client.end(ReasonCode.NOT_AUTHORIZED, "reauthentication", denied.explanation());
            return;
        }
        if (!rules.stands().test(client.rights().principal())) {
            client.end(ReasonCode.NOT_AUTHORIZED, "revoked", Client.LOGIN_GONE);
            return;
        }
        client.scheduleExpiry();
        gate.audit(new AuditEvent.Login(actor, "renewed", 0, null));
        gate.sweep().look(client.session(), client.rights(), client);
        wire.send(new Packet.Auth(ReasonCode.SUCCESS, named, accepted.data(), null, List.of()));
    }
}
