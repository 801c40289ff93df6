package io.gatehouse.connection;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.policy.AuthorizedPublish;
import io.gatehouse.policy.Denied;
import io.gatehouse.policy.PublishDecision;
import io.gatehouse.policy.Rights;
import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.ProtocolVersion;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.TopicName;
import io.gatehouse.routing.Routed;
import io.gatehouse.session.Session;
import io.gatehouse.store.Changes;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client as a publisher: from its PUBLISH to the acknowledgement, for every quality of service in one place. Confined to
 * the connection's event loop.
 *
 * <p>A message of QoS 2 is routed when it comes, once; until its PUBREL, its identifier marks what comes again as a
 * repetition (MQTT 5.0, section 4.3.3, figure 4.3, method A). So what was authorized is what is routed.
 */
final class Publisher {
    private static final Logger LOG = LoggerFactory.getLogger(Publisher.class);

    /** A client that is told so often without a pause to slow down, and does not, is disconnected. */
    private static final int MAX_RATE_REFUSALS = 1000;

    private final Gate gate;
    private final Wire wire;
    private final ProtocolVersion version;
    private final Rights rights;
    private final AuditEvent.Actor actor;
    private final @Nullable TopicName[] aliases;
    private final TokenBucket messages;
    private final TokenBucket bytes;

    private int rateRefusals;
    private int unacknowledged;
    private int unanswered;
    private boolean paused;

    Publisher(Gate gate, Wire wire, ProtocolVersion version, Rights rights, AuditEvent.Actor actor) {
        this.gate = gate;
        this.wire = wire;
        this.version = version;
        this.rights = rights;
        this.actor = actor;
        this.aliases = new @Nullable TopicName[gate.limits().maxTopicAliases() + 1];
        long now = System.nanoTime();
        this.messages = new TokenBucket(rate(), now);
        this.bytes = new TokenBucket(rights.limits().publishBytesPerSecond(), now);
    }

    private double rate() {
        return Math.min(gate.limits().publishesPerSecond(), rights.limits().publishPerSecond());
    }

    void publish(Session session, Packet.Publish publish) {
        gate.metrics().publishReceived.increment();
        gate.metrics().publishBytesReceived.add(publish.payload().sizeBytes());
        TopicName topic = resolve(publish);
        Qos qos = publish.qos();
        Changes changes = new Changes();
        if (qos == Qos.EXACTLY_ONCE && !session.firstReceipt(publish.packetId(), changes)) {
            // routed when it came first; it is in the window already
            answer(changes, new Packet.PubRec(publish.packetId(), ReasonCode.SUCCESS), true);
            return;
        }
        Answer answer;
        try {
            if (qos.isAcknowledged()) {
                requireWindow(session, qos == Qos.EXACTLY_ONCE ? 1 : 0);
            }
            answer = decide(publish, publish.message(topic), changes);
        } catch (MalformedPacket fault) {
            if (qos == Qos.EXACTLY_ONCE) { // it was not taken: when it comes again it is no repetition
                session.release(publish.packetId(), changes);
            }
            gate.store().append(changes);
            throw fault;
        }
        if (qos == Qos.EXACTLY_ONCE && answer.reason().isError() && version.isMqtt5()) {
            session.release(publish.packetId(), changes); // a PUBREC with an error ends the exchange
        }
        if (qos.isAcknowledged()) {
            // what is retained was appended apart, with the topic's lock held
            acknowledge(changes, qos, publish.packetId(), answer, publish.retain());
        } else if (!changes.isEmpty()) {
            gate.store().append(changes);
        }
    }

    /** @param why the reason string: what a client may know of it */
    private record Answer(ReasonCode reason, @Nullable String why) {
        static final Answer TAKEN = new Answer(ReasonCode.SUCCESS, null);
        static final Answer TAKEN_FOR_NOBODY = new Answer(ReasonCode.NO_MATCHING_SUBSCRIBERS, null);
        static final Answer TOO_FAST = new Answer(ReasonCode.QUOTA_EXCEEDED, "it publishes faster than it may");
        static final Answer NOT_KEPT =
                new Answer(ReasonCode.QUOTA_EXCEEDED, "the message could not be kept for anybody");
    }

    /** The topic of an alias is looked up, or learnt, before anything is decided on it. */
    private TopicName resolve(Packet.Publish publish) {
        int alias = publish.topicAlias();
        TopicName topic = publish.topic();
        if (alias == 0) {
            return java.util.Objects.requireNonNull(topic);
        }
        if (alias >= aliases.length) {
            throw new MalformedPacket(
                    ReasonCode.TOPIC_ALIAS_INVALID,
                    "topic alias " + alias + " of " + (aliases.length - 1)); // [MQTT-3.3.2-9]
        }
        if (topic != null) {
            aliases[alias] = topic;
            return topic;
        }
        TopicName known = aliases[alias];
        if (known == null) {
            throw MalformedPacket.protocolError("topic alias " + alias + " stands for nothing");
        }
        return known;
    }

    /**
     * MQTT 5.0 clients know how much they may send.
     *
     * @param counted whether this message is among the open receipts already
     */
    private void requireWindow(Session session, int counted) {
        if (version.isMqtt5()
                && session.openReceipts() + unacknowledged - counted
                        >= gate.limits().receiveMaximum()) {
            throw new MalformedPacket(
                    ReasonCode.RECEIVE_MAXIMUM_EXCEEDED, "more unacknowledged messages than allowed"); // [MQTT-3.3.4-9]
        }
    }

    private Answer decide(Packet.Publish publish, Message message, Changes changes) {
        if (!withinRate(message)) {
            return publish.qos().isAcknowledged() ? refused(Answer.TOO_FAST) : Answer.TOO_FAST;
        }
        PublishDecision decision = gate.authorizer().publish(rights, message);
        if (decision instanceof Denied denied) {
            gate.metrics().publishDenied.increment();
            TopicName response = message.properties().responseTopic();
            TopicName target = denied.responseTopic() && response != null ? response : message.topic();
            gate.denials()
                    .denied(
                            actor,
                            Actors.sending(
                                    denied.responseTopic() ? "response_topic" : "publish", target.text(), message),
                            denied,
                            gate.authorizer());
            LOG.debug("{} may not publish to \"{}\": {}", actor.user(), message.topic(), denied.explanation());
            return new Answer(denied.reason(), "the policy does not allow it");
        }
        AuthorizedPublish allowed = (AuthorizedPublish) decision;
        if (gate.allowances().samples()) {
            gate.allowances().allowed(actor, "publish", allowed, gate.authorizer());
        }
        if (gate.renewals().takes(message.topic())) {
            gate.renewals().renew(rights, wire.peer(), message);
            return Answer.TAKEN;
        }
        if (publish.qos().isAcknowledged() && !gate.store().isWritable()) {
            return refused(Answer.NOT_KEPT);
        }
        Routed routed = gate.router().route(allowed, changes);
        if (routed.isRefused() && publish.qos().isAcknowledged()) {
            return refused(Answer.NOT_KEPT);
        }
        return routed.matched() == 0 && version.isMqtt5() ? Answer.TAKEN_FOR_NOBODY : Answer.TAKEN;
    }

    /** Nobody could take it: MQTT 5.0 can say so; before, the only honest answer is none, and the end. */
    private Answer refused(Answer answer) {
        if (!version.isMqtt5()) {
            throw new MalformedPacket(answer.reason(), String.valueOf(answer.why()));
        }
        return answer;
    }

    private boolean withinRate(Message message) {
        long now = System.nanoTime();
        messages.rate(rate());
        bytes.rate(rights.limits().publishBytesPerSecond());
        boolean few = messages.take(1, now);
        if (few && bytes.take(message.payload().sizeBytes(), now)) {
            rateRefusals = 0;
            return true;
        }
        gate.metrics().publishDropped.increment();
        Denied tooFast = DenialAudit.overLimit(
                few ? "publish_bytes" : "publish_rate",
                "it publishes " + (few ? "more bytes" : "more messages") + " a second than it may");
        gate.denials().denied(actor, Actors.sending("publish", message), tooFast, gate.authorizer());
        if (++rateRefusals > MAX_RATE_REFUSALS) {
            throw new MalformedPacket(ReasonCode.MESSAGE_RATE_TOO_HIGH, "it publishes faster than it may");
        }
        return false;
    }

    private void acknowledge(Changes changes, Qos qos, int packetId, Answer given, boolean promised) {
        Packet answer = qos == Qos.AT_LEAST_ONCE
                ? new Packet.PubAck(packetId, given.reason(), given.why(), List.of())
                : new Packet.PubRec(packetId, given.reason(), given.why(), List.of());
        answer(changes, answer, promised);
    }

    /**
     * In order of receipt, and after what it promises is true [MQTT-4.6.0-2, -3].
     *
     * @param promised whether it promises something that was appended before
     */
    private void answer(Changes changes, Packet answer, boolean promised) {
        if (changes.isEmpty() && !promised && unanswered == 0) {
            wire.send(answer);
            return;
        }
        int acknowledgement = answer instanceof Packet.PubAck ? 1 : 0;
        unacknowledged += acknowledgement;
        whenDurable(changes, () -> {
            unacknowledged -= acknowledgement;
            wire.send(answer);
        });
    }

    /**
     * Runs something on the event loop when everything appended before is durable. A client that has as many answers to come as it
     * may have messages in flight is not read from until the disk has caught up.
     */
    void whenDurable(Changes changes, Runnable action) {
        unanswered++;
        if (unanswered >= gate.limits().receiveMaximum()) {
            paused = true;
            wire.read(false);
        }
        gate.store().append(changes, wire.loop(), () -> {
            unanswered--;
            try {
                action.run();
            } finally {
                if (paused && unanswered <= gate.limits().receiveMaximum() / 2) {
                    paused = false;
                    wire.read(true);
                }
            }
        });
    }

    void release(Session session, int packetId) {
        Changes changes = new Changes();
        boolean known = session.release(packetId, changes);
        Packet answer = new Packet.PubComp(
                packetId, known || !version.isMqtt5() ? ReasonCode.SUCCESS : ReasonCode.PACKET_IDENTIFIER_NOT_FOUND);
        answer(changes, answer, session.isStored());
    }
}
