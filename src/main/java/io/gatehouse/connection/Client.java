package io.gatehouse.connection;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.authn.AuthMethod;
import io.gatehouse.policy.AuthorizedConnect;
import io.gatehouse.policy.AuthorizedSubscription;
import io.gatehouse.policy.Denied;
import io.gatehouse.policy.Rights;
import io.gatehouse.policy.SubscribeDecision;
import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.Packet.ConnAckProperties;
import io.gatehouse.protocol.Packet.ConnectProperties;
import io.gatehouse.protocol.ProtocolVersion;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.Secret;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.UserProperty;
import io.gatehouse.session.Link;
import io.gatehouse.session.Remains;
import io.gatehouse.session.Session;
import io.gatehouse.session.SessionRegistry.Opening;
import io.gatehouse.store.Changes;
import io.gatehouse.tls.Peer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The dialogue with a client from its CONNACK on. Confined to the connection's event loop, but for what {@link Link} says.
 *
 * <p>What it publishes is the part of {@link Publisher}, and AUTH that of {@link Reauthentication}; here is the rest:
 * subscriptions, acknowledgements, keep alive, and every way it can end. Over 400 lines because a packet type each is
 * handled here and nowhere else.
 */
final class Client implements Dialogue, Link {
    private static final Logger LOG = LoggerFactory.getLogger(Client.class);

    private static final Duration LONGEST_WAIT = Duration.ofMinutes(10);

    /** A CONNACK with hints is shorter, whatever else is in it but what the client chose itself. */
    private static final int ROOM_FOR_HINTS = 1024;

    /** Why it has to leave when its password, key or token is taken back. */
    static final String LOGIN_GONE = "what it logged in with is no longer good";

    private final Gate gate;
    private final Wire wire;
    private final ListenerRules rules;
    private final ProtocolVersion version;
    private final ConnectProperties connectProperties;
    private final AuditEvent.Actor actor;
    private final Reauthentication reauthentication;
    private final int keepAliveSeconds;
    private Rights rights;
    private Publisher publisher;
    private @Nullable Session session;

    private long lastPacketNanos = System.nanoTime();
    private Wire.@Nullable Timer keepAlive;
    private Wire.@Nullable Timer expiry;
    private @Nullable Long newSessionExpirySeconds;
    private boolean keepWill = true;
    private final Deque<Runnable> early = new ArrayDeque<>();
    private boolean begun;
    private boolean ended;

    private Client(
            Gate gate, Wire wire, ListenerRules rules, Packet.Connect connect, Rights rights, int keepAliveSeconds) {
        this.gate = gate;
        this.wire = wire;
        this.rules = rules;
        this.version = connect.version();
        this.connectProperties = connect.properties();
        this.rights = rights;
        this.keepAliveSeconds = keepAliveSeconds;
        this.actor = Actors.at(wire, rights.principal(), rights.clientId().text());
        this.publisher = new Publisher(gate, wire, version, rights, actor);
        this.reauthentication =
                new Reauthentication(this, gate, wire, rules, connectProperties.authenticationMethod(), actor);
    }

    /**
     * Opens the session, answers with the CONNACK, and begins.
     *
     * @return null if the client identifier is another principal's; nothing has changed then
     */
    static @Nullable Client open(
            Gate gate,
            Wire wire,
            ListenerRules rules,
            Packet.Connect connect,
            AuthorizedConnect authorized,
            @Nullable String assignedClientId,
            @Nullable Secret authenticationData) {
        ClientLimits limits = gate.limits();
        long maxKeepAlive = limits.maxKeepAlive().toSeconds();
        boolean shortened = connect.keepAliveSeconds() == 0 || connect.keepAliveSeconds() > maxKeepAlive;
        int keepAlive = shortened ? (int) maxKeepAlive : connect.keepAliveSeconds();
        ConnectProperties properties = connect.properties();
        long maxExpiry = limits.maxSessionExpiry().toSeconds();
        long expiry = Math.min(properties.sessionExpirySeconds(), maxExpiry);
        Client client = new Client(gate, wire, rules, connect, authorized.rights(), keepAlive);
        Opening opening = gate.registry()
                .open(
                        authorized,
                        client,
                        connect.cleanStart(),
                        expiry,
                        Math.min(
                                properties.receiveMaximum(),
                                authorized.rights().limits().receiveMaximum()),
                        connect.will());
        if (!(opening instanceof Opening.Opened opened)) {
            return null;
        }
        client.session = opened.session();
        client.rights = opened.rights();
        client.publisher = new Publisher(gate, wire, connect.version(), opened.rights(), client.actor);
        rules.guard().enter(client);
        ConnAckProperties told = connect.version().isMqtt5()
                ? new ConnAckProperties(
                        expiry == properties.sessionExpirySeconds() ? null : expiry,
                        limits.receiveMaximum(),
                        Qos.EXACTLY_ONCE,
                        true,
                        limits.maxPacketBytes(),
                        assignedClientId,
                        limits.maxTopicAliases(),
                        null,
                        hints(gate, wire.peer(), connect, authorized.rights()),
                        true,
                        true,
                        true,
                        shortened ? keepAlive : null,
                        null,
                        null,
                        properties.authenticationMethod(),
                        authenticationData)
                : ConnAckProperties.NONE;
        // 3.1 has no session present; its clients expect 0
        boolean present = opened.present() && connect.version() != ProtocolVersion.MQTT_3_1;
        wire.admit(
                properties.maximumPacketSizeBytes(),
                properties.topicAliasMaximum(),
                properties.requestProblemInformation(),
                packetId -> opened.session().dropped(wire, packetId));
        client.scheduleKeepAlive();
        client.whenDurable(opened.stored(), () -> client.begin(opened.session(), present, told));
        return client;
    }

    /** Runs something on the event loop when everything this session appended is durable; at once if it appends nothing. */
    private void whenDurable(boolean stored, Runnable action) {
        if (stored) {
            gate.store().append(new Changes(), wire.loop(), action);
        } else {
            action.run();
        }
    }

    /** Of a certificate that it logged in with, if there is room for it [MQTT-3.2.2-20]. */
    private static List<UserProperty> hints(Gate gate, Peer peer, Packet.Connect connect, Rights rights) {
        boolean certificate = rights.principal().subject().methods().contains(AuthMethod.CERTIFICATE);
        return certificate && connect.properties().maximumPacketSizeBytes() >= ROOM_FOR_HINTS
                ? gate.renewals().hints(peer)
                : List.of();
    }

    private void begin(Session opened, boolean present, ConnAckProperties told) {
        if (ended) {
            return;
        }
        wire.send(new Packet.ConnAck(present, ReasonCode.SUCCESS, told));
        begun = true;
        scheduleExpiry();
        opened.begin(wire, this);
        if (!early.isEmpty()) {
            wire.read(true);
        }
        while (!early.isEmpty() && !ended) {
            early.remove().run();
        }
    }

    /** CONNACK comes first [MQTT-3.2.0-1]: what was read with the CONNECT waits for it, and nothing more is read. */
    private void afterConnAck(Runnable action) {
        wire.read(false);
        early.add(action);
    }

    Rights rights() {
        return rights;
    }

    boolean isEnded() {
        return ended;
    }

    Session session() {
        return java.util.Objects.requireNonNull(session);
    }

    // packets

    @Override
    public void receive(Packet packet) {
        if (ended) {
            return;
        }
        if (!begun) {
            afterConnAck(() -> receive(packet));
            return;
        }
        lastPacketNanos = System.nanoTime();
        try {
            handle(packet);
        } catch (MalformedPacket fault) {
            malformed(fault);
        }
    }

    private void handle(Packet packet) {
        if (packet instanceof Packet.Publish publish) {
            publisher.publish(session(), publish);
        } else if (packet instanceof Packet.PubAck ack) {
            session().acknowledged(ack.packetId());
        } else if (packet instanceof Packet.PubRec rec) {
            session().received(rec.packetId(), rec.reason());
        } else if (packet instanceof Packet.PubRel rel) {
            publisher.release(session(), rel.packetId());
        } else if (packet instanceof Packet.PubComp comp) {
            session().completed(comp.packetId());
        } else if (packet instanceof Packet.Subscribe subscribe) {
            subscribe(subscribe);
        } else if (packet instanceof Packet.Unsubscribe unsubscribe) {
            unsubscribe(unsubscribe);
        } else if (packet instanceof Packet.PingReq) {
            wire.send(new Packet.PingResp()); // [MQTT-3.12.4-1]
        } else if (packet instanceof Packet.Disconnect disconnect) {
            disconnect(disconnect);
        } else if (packet instanceof Packet.Auth auth) {
            reauthentication.receive(auth);
        } else {
            throw MalformedPacket.protocolError(packet.type() + " is not for clients to send");
        }
    }

    private void subscribe(Packet.Subscribe packet) {
        List<ReasonCode> reasons = new ArrayList<>(packet.subscriptions().size());
        List<Runnable> replays = new ArrayList<>();
        for (Subscription wanted : packet.subscriptions()) {
            reasons.add(subscribe(wanted, replays));
        }
        Packet.SubAck answer = new Packet.SubAck(packet.packetId(), reasons, refusal(reasons), List.of());
        answer(() -> {
            wire.send(answer);
            replays.forEach(Runnable::run);
        });
    }

    private static @Nullable String refusal(List<ReasonCode> reasons) {
        if (reasons.contains(ReasonCode.QUOTA_EXCEEDED)) {
            return "more subscriptions than it may have";
        }
        return reasons.stream().anyMatch(ReasonCode::isError) ? "the policy does not allow it" : null;
    }

    private ReasonCode subscribe(Subscription wanted, List<Runnable> replays) {
        Session mine = session();
        String filter = wanted.filter().text();
        boolean isNew = mine.subscription(filter) == null;
        int most = Math.min(gate.limits().maxSubscriptions(), rights.limits().subscriptions());
        AuditEvent.Request request =
                new AuditEvent.Request("subscribe", filter, wanted.qos().level(), null);
        if (isNew && mine.subscriptionCount() >= most) {
            Denied full =
                    DenialAudit.overLimit("subscriptions", "it has " + most + " subscriptions, as many as it may");
            gate.denials().denied(actor, request, full, gate.authorizer());
            return full.reason();
        }
        SubscribeDecision decision = gate.authorizer().subscribe(rights, wanted);
        if (decision instanceof Denied denied) {
            gate.metrics().subscribesDenied.increment();
            gate.denials().denied(actor, request, denied, gate.authorizer());
            LOG.info("{} may not subscribe to \"{}\": {}", actor.user(), filter, denied.explanation());
            return denied.reason();
        }
        AuthorizedSubscription proof = (AuthorizedSubscription) decision;
        if (gate.allowances().samples()) {
            gate.allowances().granted(actor, proof, gate.authorizer());
        }
        mine.subscribed(proof);
        gate.router().subscribe(mine, proof);
        replays.add(() -> gate.router().replay(mine, proof, isNew));
        return ReasonCode.granted(proof.subscription().qos());
    }

    private void unsubscribe(Packet.Unsubscribe packet) {
        List<ReasonCode> reasons = new ArrayList<>(packet.filters().size());
        for (TopicFilter filter : packet.filters()) {
            AuthorizedSubscription gone = session().unsubscribed(filter.text());
            if (gone != null) {
                gate.router().unsubscribe(session(), filter);
            }
            reasons.add(gone != null ? ReasonCode.SUCCESS : ReasonCode.NO_SUBSCRIPTION_EXISTED);
        }
        Packet.UnsubAck answer = new Packet.UnsubAck(packet.packetId(), reasons, null, List.of());
        answer(() -> wire.send(answer)); // [MQTT-3.10.4-4, -5]
    }

    private void answer(Runnable action) {
        if (session().isStored()) {
            publisher.whenDurable(new Changes(), action);
        } else {
            action.run();
        }
    }

    private void disconnect(Packet.Disconnect packet) {
        Long expirySeconds = packet.sessionExpirySeconds();
        if (expirySeconds != null) {
            if (connectProperties.sessionExpirySeconds() == 0 && expirySeconds != 0) {
                throw MalformedPacket.protocolError("a session without expiry cannot get one with DISCONNECT");
            }
            newSessionExpirySeconds =
                    Math.min(expirySeconds, gate.limits().maxSessionExpiry().toSeconds());
        }
        keepWill = packet.reason() != ReasonCode.SUCCESS; // [MQTT-3.14.4-3]
        ended = true;
        release();
        wire.close();
    }

    // time

    private void scheduleKeepAlive() {
        long allowedNanos = keepAliveSeconds * 1_500_000_000L; // one and a half times [MQTT-3.1.2-22]
        long left = allowedNanos - (System.nanoTime() - lastPacketNanos);
        if (left <= 0) {
            end(ReasonCode.KEEP_ALIVE_TIMEOUT, "keep_alive", "silent for " + allowedNanos / 1_000_000_000L + " s");
        } else {
            keepAlive = wire.schedule(Duration.ofNanos(left), this::scheduleKeepAlive);
        }
    }

    /** Ends it when what it logged in with ends; called again when that has changed. */
    void scheduleExpiry() {
        if (expiry != null) {
            expiry.cancel();
        }
        Instant login = rights.principal().expiresAt().orElse(Instant.MAX);
        Instant certificate = peer().acceptedUntil();
        boolean byCertificate = !certificate.isAfter(login);
        Instant moment = byCertificate ? certificate : login;
        if (moment.equals(Instant.MAX)) {
            return;
        }
        Duration left = Duration.between(gate.clock().instant(), moment);
        Instant ended = byCertificate ? peer().certificateEnd() : login;
        // a certificate that ended is a right that is gone; a token that ended is a time that is up
        ReasonCode reason =
                !byCertificate && rights.principal().subject().methods().contains(AuthMethod.JWT)
                        ? ReasonCode.MAXIMUM_CONNECT_TIME
                        : ReasonCode.NOT_AUTHORIZED;
        String what =
                byCertificate ? "its certificate, or an authority above it, ended " : "what it logged in with ended ";
        if (left.compareTo(LONGEST_WAIT) > 0) {
            // looked at again in between: clocks are set, and some certificates end in the year 9999
            expiry = wire.schedule(LONGEST_WAIT, this::scheduleExpiry);
        } else {
            expiry =
                    wire.schedule(left.isNegative() ? Duration.ZERO : left, () -> end(reason, "expired", what + ended));
        }
    }

    // ends

    @Override
    public void malformed(MalformedPacket fault) {
        if (!begun) {
            afterConnAck(() -> malformed(fault));
            return;
        }
        gate.metrics().protocolErrors.increment();
        // it says what was wrong, in numbers: the one who mends that client is told
        String why = String.valueOf(fault.getMessage());
        end(fault.reason(), "protocol_error", why, Remains.ALL, why);
    }

    @Override
    public Peer peer() {
        return wire.peer();
    }

    @Override
    public void takenOver() {
        end(ReasonCode.SESSION_TAKEN_OVER, "takeover", "a new connection has the session");
    }

    @Override
    public void end(ReasonCode reason, String cause, String detail, Remains remains) {
        end(reason, cause, detail, remains, null);
    }

    private void end(ReasonCode reason, String cause, String detail, Remains remains, @Nullable String told) {
        wire.execute(() -> {
            if (ended) {
                return;
            }
            ended = true;
            keepWill = remains.will();
            newSessionExpirySeconds = remains.session() ? newSessionExpirySeconds : Long.valueOf(0);
            LOG.info("{} at {} is disconnected: {} ({})", actor.user(), actor.address(), reason, detail);
            gate.audit(new AuditEvent.Ended(actor, cause, reason.code(), detail));
            release();
            if (version.isMqtt5() && begun) {
                wire.closeWith(new Packet.Disconnect(reason, told));
            } else {
                wire.close(); // MQTT 3 has no DISCONNECT for servers to send, and none comes before CONNACK
                // [MQTT-3.14.0-1]
            }
        });
    }

    /**
     * Gives the session up at the end of the dialogue, before that of the socket: whoever sees the socket close knows that
     * what comes from then on waits in the session, and was not sent.
     */
    private void release() {
        gate.registry().close(session(), this, keepWill, newSessionExpirySeconds);
    }

    @Override
    public void readComplete() {
        // what routing wrote leaves with the transport's own flush
    }

    @Override
    public void writabilityChanged() {
        if (wire.isWritable() && !ended) {
            session().drain();
        }
    }

    @Override
    public void closed() {
        ended = true;
        if (keepAlive != null) {
            keepAlive.cancel();
        }
        if (expiry != null) {
            expiry.cancel();
        }
        rules.guard().leave(this);
        release();
    }
}
