package io.gatehouse.connection;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.authn.AuthMethod;
import io.gatehouse.authn.Fingerprint;
import io.gatehouse.authn.Principal;
import io.gatehouse.authn.Subject;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Rights;
import io.gatehouse.protocol.Message;
import io.gatehouse.session.Link;
import io.gatehouse.tls.Peer;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How audit events name whom they are about, what was asked, and the policy of the moment. Stateless. */
final class Actors {
    /** Of text from a token: its issuer is trusted, and may be wordy. */
    private static final int MAX_SHOWN = 256;

    private Actors() {}

    /** Somebody who is in, or was: without a link the address of the login. */
    static AuditEvent.Actor of(Rights rights, @Nullable Link link) {
        Principal principal = rights.principal();
        InetAddress address = link != null
                ? link.peer().address().getAddress()
                : principal.subject().address();
        return new AuditEvent.Actor(
                principal.user(),
                principal.owner().realm(),
                rights.clientId().text(),
                address == null ? "" : address.getHostAddress(),
                principal.subject().listener(),
                proof(principal, link == null ? null : link.peer()));
    }

    /** Somebody at the door, or who is in by it, whose login was believed. */
    static AuditEvent.Actor at(Wire wire, Principal principal, String clientId) {
        return new AuditEvent.Actor(
                principal.user(),
                principal.owner().realm(),
                clientId,
                wire.peer().address().getAddress().getHostAddress(),
                wire.listener(),
                proof(principal, wire.peer()));
    }

    /** Somebody at the door of whom nothing is known but what it says, and the certificate that its handshake was accepted with. */
    static AuditEvent.Actor stranger(Wire wire, String user, String clientId) {
        return new AuditEvent.Actor(
                user,
                "",
                clientId,
                wire.peer().address().getAddress().getHostAddress(),
                wire.listener(),
                new AuditEvent.Proof(null, fingerprint(wire.peer()), null, null));
    }

    private static AuditEvent.Proof proof(Principal principal, @Nullable Peer peer) {
        Subject subject = principal.subject();
        String methods =
                subject.methods().stream().map(AuthMethod::word).sorted().collect(Collectors.joining("+"));
        String certificate = only(subject, "cert.sha256");
        return new AuditEvent.Proof(
                methods.isEmpty() ? null : methods,
                certificate != null || peer == null ? certificate : fingerprint(peer),
                only(subject, "jwt.iss"),
                only(subject, "jwt.sub"));
    }

    private static @Nullable String fingerprint(Peer peer) {
        return peer.certificate().map(Fingerprint::of).orElse(null);
    }

    private static @Nullable String only(Subject subject, String attribute) {
        List<String> values = subject.values(attribute);
        if (values.size() != 1) {
            return null;
        }
        String value = values.get(0);
        return value.length() > MAX_SHOWN ? value.substring(0, MAX_SHOWN) + "…" : value;
    }

    static AuditEvent.Request connecting(String clientId) {
        return new AuditEvent.Request("connect", clientId, null, null);
    }

    /** @param action what was to be done with the message */
    static AuditEvent.Request sending(String action, Message message) {
        return sending(action, message.topic().text(), message);
    }

    /** @param target the topic that it is about */
    static AuditEvent.Request sending(String action, String target, Message message) {
        return new AuditEvent.Request(action, target, message.qos().level(), message.retain());
    }

    static AuditEvent.InForce inForce(Authorizer authorizer) {
        return new AuditEvent.InForce(authorizer.revision(), authorizer.policy().digest());
    }
}
