package io.gatehouse.connection;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.authn.AuthMethod;
import io.gatehouse.authn.Authentication;
import io.gatehouse.authn.Authenticator;
import io.gatehouse.authn.Credentials;
import io.gatehouse.authn.Principal;
import io.gatehouse.policy.AuthorizedConnect;
import io.gatehouse.policy.ConnectDecision;
import io.gatehouse.policy.Denied;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.protocol.ClientId;
import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.ProtocolVersion;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.tls.CertificateRefused;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The dialogue up to the CONNACK: one CONNECT, perhaps a few AUTH, then a {@link Client} or the street. Confined to the
 * connection's event loop.
 *
 * <p>Packets that a client sends before its answer wait, up to a bound, and are dropped unread when it is a refusal
 * [MQTT-3.1.4-6]. Every refusal leaves by the one method that refuses.
 */
final class Door implements Dialogue {
    private static final Logger LOG = LoggerFactory.getLogger(Door.class);

    private final Gate gate;
    private final ListenerRules rules;
    private final Wire wire;
    private final Deque<Packet> waiting = new ArrayDeque<>();

    private Packet.@Nullable Connect connect;
    private @Nullable Authenticator next;
    /** Who it is, once that was believed: it may be refused for something else still. */
    private @Nullable Principal proven;

    private @Nullable Client client;
    private boolean closed;

    Door(Gate gate, ListenerRules rules, Wire wire) {
        this.gate = gate;
        this.rules = rules;
        this.wire = wire;
    }

    @Override
    public void receive(Packet packet) {
        if (closed) {
            return;
        }
        if (client != null) {
            client.receive(packet);
        } else if (packet instanceof Packet.Connect first) {
            connect(first);
        } else if (packet instanceof Packet.Auth auth && next != null && connect != null) {
            answer(connect, auth, next);
        } else if (connect != null && connect.properties().authenticationMethod() != null) {
            outOfTurn(packet);
        } else if (waiting.size() < gate.limits().maxPipelined()) {
            waiting.add(packet);
        } else {
            close("too many packets before its CONNACK");
        }
    }

    /** [MQTT-3.1.2-30]: AUTH or DISCONNECT only, until the CONNACK. */
    private void outOfTurn(Packet packet) {
        if (packet instanceof Packet.Disconnect) {
            close("it left before its CONNACK");
        } else {
            refuse(ReasonCode.PROTOCOL_ERROR, "a packet other than AUTH during enhanced authentication");
        }
    }

    private void connect(Packet.Connect packet) {
        connect = packet;
        wire.speak(packet.version());
        if (!rules.versions().contains(packet.version())) {
            refuse(ReasonCode.UNSUPPORTED_PROTOCOL_VERSION, "MQTT " + packet.version() + " is not spoken here");
            return;
        }
        ReasonCode wrong = clientIdFault(packet);
        if (wrong != null) {
            refuse(wrong, "no client identifier, or one too long");
            return;
        }
        ask(rules.authenticator(), packet, packet.properties().authenticationData());
    }

    private static @Nullable ReasonCode clientIdFault(Packet.Connect packet) {
        if (packet.clientId().length() > ClientId.MAX_LENGTH) {
            return ReasonCode.CLIENT_IDENTIFIER_NOT_VALID;
        }
        boolean assignable = packet.version().isMqtt5()
                || packet.version() == ProtocolVersion.MQTT_3_1_1 && packet.cleanStart(); // 3.1.1 [MQTT-3.1.3-7, -8]
        return packet.clientId().isEmpty() && !assignable ? ReasonCode.CLIENT_IDENTIFIER_NOT_VALID : null;
    }

    private void ask(Authenticator authenticator, Packet.Connect packet, io.gatehouse.protocol.@Nullable Secret data) {
        next = null;
        Credentials credentials = new Credentials(
                wire.listener(),
                wire.peer(),
                packet.clientId(),
                packet.userName(),
                packet.password(),
                packet.properties().authenticationMethod(),
                data);
        authenticator
                .authenticate(credentials)
                .whenComplete((answer, failure) -> wire.execute(() -> decide(packet, answer, failure)));
    }

    private void answer(Packet.Connect packet, Packet.Auth auth, Authenticator authenticator) {
        String method = packet.properties().authenticationMethod();
        if (auth.reason() != ReasonCode.CONTINUE_AUTHENTICATION
                || method == null
                || !method.equals(auth.authenticationMethod())) {
            refuse(
                    ReasonCode.PROTOCOL_ERROR,
                    "an AUTH that does not continue its authentication"); // [MQTT-4.12.0-3, -5]
            return;
        }
        ask(authenticator, packet, auth.authenticationData());
    }

    private void decide(Packet.Connect packet, @Nullable Authentication answer, @Nullable Throwable failure) {
        if (closed) {
            return;
        }
        if (failure != null || answer == null) {
            LOG.error("an authenticator failed; refused {}", wire.peer().address(), failure);
            refuse(ReasonCode.SERVER_UNAVAILABLE, "an authenticator failed");
        } else if (answer instanceof Authentication.Accepted accepted) {
            admit(packet, accepted);
        } else if (answer instanceof Authentication.Challenge challenge) {
            next = challenge.next();
            wire.send(new Packet.Auth(
                    ReasonCode.CONTINUE_AUTHENTICATION,
                    packet.properties().authenticationMethod(),
                    challenge.data(),
                    null,
                    java.util.List.of()));
        } else {
            Authentication.Rejected rejected = (Authentication.Rejected) answer;
            refuse(rejected.reason(), rejected.detail());
        }
    }

    private void admit(Packet.Connect packet, Authentication.Accepted accepted) {
        CertificateRefused distrust = distrust();
        if (distrust != null) {
            refuse(ReasonCode.NOT_AUTHORIZED, distrust.code() + ": " + distrust.getMessage());
            return;
        }
        Principal principal = accepted.principal();
        proven = principal;
        String assigned = packet.clientId().isEmpty() ? gate.assignedClientId() : null;
        ClientId clientId = new ClientId(assigned != null ? assigned : packet.clientId());
        ConnectDecision decision = gate.authorizer()
                .connect(
                        principal,
                        clientId,
                        packet.will() == null ? null : packet.will().message());
        if (decision instanceof Denied denied) {
            AuditEvent.Actor who = Actors.at(wire, principal, clientId.text());
            gate.denials().denied(who, Actors.connecting(clientId.text()), denied, gate.authorizer());
            refuse(denied.reason(), denied.explanation() + " (" + denied.rule() + ")");
            return;
        }
        AuthorizedConnect authorized = (AuthorizedConnect) decision;
        Limits roles = authorized.rights().limits();
        int maxConnections = Math.min(roles.connections(), gate.limits().maxConnectionsPerUser());
        if (maxConnections < Limits.UNLIMITED
                && gate.registry().connectionsOf(principal.owner(), clientId) >= maxConnections) {
            refuse(ReasonCode.QUOTA_EXCEEDED, "more than " + maxConnections + " connections of one user");
            return;
        }
        Client admitted = Client.open(gate, wire, rules, packet, authorized, assigned, accepted.data());
        if (admitted == null) {
            gate.audit(new AuditEvent.Ended(
                    Actors.at(wire, principal, clientId.text()),
                    "clientid_conflict",
                    ReasonCode.CLIENT_IDENTIFIER_NOT_VALID.code(),
                    "the client identifier is another principal's"));
            refuse(ReasonCode.CLIENT_IDENTIFIER_NOT_VALID, "the client identifier is another principal's");
            return;
        }
        client = admitted;
        CertificateRefused meanwhile = distrust(); // whoever looked for it among the live ones may have been too early
        if (meanwhile != null) {
            rules.guard().end(admitted, meanwhile);
        } else if (!rules.stands().test(principal)) {
            admitted.end(ReasonCode.NOT_AUTHORIZED, "revoked", Client.LOGIN_GONE);
        }
        gate.metrics().loginsAccepted.increment();
        gate.audit(new AuditEvent.Login(Actors.at(wire, principal, clientId.text()), "accepted", 0, null));
        if (meanwhile == null && principal.subject().methods().contains(AuthMethod.CERTIFICATE)) {
            gate.renewals().loggedIn(wire.peer());
        }
        while (!waiting.isEmpty() && !closed) {
            admitted.receive(waiting.removeFirst());
        }
    }

    /** Trust may have changed since the handshake, and a resumed handshake asked nobody. */
    private @Nullable CertificateRefused distrust() {
        try {
            rules.guard().require(wire.peer().chain());
            return null;
        } catch (CertificateRefused refused) {
            return refused;
        }
    }

    /** The one way out for who is not let in: the same for all, whatever the reason. */
    private void refuse(ReasonCode reason, String detail) {
        closed = true;
        waiting.clear();
        Packet.Connect packet = connect;
        String clientId = packet == null ? "" : packet.clientId();
        String user = packet == null || packet.userName() == null ? "" : packet.userName();
        gate.metrics().loginsRefused.increment();
        if (reason == ReasonCode.CONNECTION_RATE_EXCEEDED) {
            gate.metrics().loginsThrottled.increment();
        }
        AuditEvent.Actor who =
                proven != null ? Actors.at(wire, proven, clientId) : Actors.stranger(wire, user, clientId);
        gate.audit(new AuditEvent.Login(who, "refused", reason.code(), detail));
        LOG.info("refused {} on {}: {} ({})", wire.peer().address(), wire.listener(), reason, detail);
        wire.closeWith(new Packet.ConnAck(false, reason, Packet.ConnAckProperties.NONE)); // [MQTT-3.2.2-6, -7]
    }

    private void close(String detail) {
        closed = true;
        waiting.clear();
        gate.metrics().protocolErrors.increment();
        LOG.info("closed {} on {}: {}", wire.peer().address(), wire.listener(), detail);
        wire.close();
    }

    @Override
    public void malformed(MalformedPacket fault) {
        if (client != null) {
            client.malformed(fault);
        } else if (closed) {
            return;
        } else if (fault.reason() == ReasonCode.UNSUPPORTED_PROTOCOL_VERSION && connect == null) {
            wire.speak(ProtocolVersion.MQTT_3_1_1); // what every client can read
            refuse(fault.reason(), String.valueOf(fault.getMessage()));
        } else if (fault.version().filter(ProtocolVersion::isMqtt5).isPresent() && connect == null) {
            wire.speak(ProtocolVersion.MQTT_5);
            refuse(fault.reason(), String.valueOf(fault.getMessage())); // section 4.13.1
        } else {
            close(String.valueOf(fault.getMessage()));
        }
    }

    @Override
    public void readComplete() {
        if (client != null) {
            client.readComplete();
        }
    }

    @Override
    public void writabilityChanged() {
        if (client != null) {
            client.writabilityChanged();
        }
    }

    @Override
    public void closed() {
        closed = true;
        waiting.clear();
        if (client != null) {
            client.closed();
        }
    }
}
