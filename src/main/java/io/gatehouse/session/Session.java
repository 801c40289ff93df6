package io.gatehouse.session;

import io.gatehouse.authn.Owner;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.policy.AuthorizedSubscription;
import io.gatehouse.protocol.ClientId;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What the broker remembers of one client: its subscriptions, what waits for it, and what it has not acknowledged.
 *
 * <p>One lock, its own; every method is short and calls nothing but {@link Outbound#send} under it. Any thread. It
 * belongs to the principal that made it, for good.
 */
public final class Session {
    /** What became of a message that was handed to a session. */
    public enum Outcome {
        /** On its way, or waiting. */
        TAKEN,
        /** Dropped: QoS 0 to a client that is away or does not keep up. */
        DROPPED,
        /** Refused: the queue is at its bound. */
        FULL
    }

    private final ClientId clientId;
    private final Owner owner;
    private final SessionLimits limits;
    private final AtomicLong queuedBytesTotal;
    private final Metrics metrics;
    private final Clock clock;

    // for the session
    private final Map<String, AuthorizedSubscription> subscriptions = new LinkedHashMap<>();
    private final Deque<Delivery> queue = new ArrayDeque<>();
    private final Inflight inflight = new Inflight();
    private final Set<Integer> receivedQos2 = new HashSet<>();
    private long queuedBytes;
    private boolean ended;

    // for this connection
    private @Nullable Outbound outbound;
    private int receiveMaximum;
    private int unacknowledged;

    Session(
            ClientId clientId,
            Owner owner,
            SessionLimits limits,
            AtomicLong queuedBytesTotal,
            Metrics metrics,
            Clock clock) {
        this.clientId = clientId;
        this.owner = owner;
        this.limits = limits;
        this.queuedBytesTotal = queuedBytesTotal;
        this.metrics = metrics;
        this.clock = clock;
    }

    public ClientId clientId() {
        return clientId;
    }

    public Owner owner() {
        return owner;
    }

    public synchronized boolean isConnected() {
        return outbound != null;
    }

    /** Whether a message would leave at once: what a share group looks for in a member. */
    public synchronized boolean isReady() {
        return outbound != null && outbound.isWritable() && queue.isEmpty() && unacknowledged < receiveMaximum;
    }

    // subscriptions

    /** Remembers a subscription; returns the one with the same filter that it replaces. */
    public synchronized @Nullable AuthorizedSubscription subscribed(AuthorizedSubscription subscription) {
        return subscriptions.put(subscription.subscription().filter().text(), subscription);
    }

    public synchronized @Nullable AuthorizedSubscription unsubscribed(String filter) {
        return subscriptions.remove(filter);
    }

    public synchronized @Nullable AuthorizedSubscription subscription(String filter) {
        return subscriptions.get(filter);
    }

    public synchronized Collection<AuthorizedSubscription> subscriptions() {
        return List.copyOf(subscriptions.values());
    }

    public synchronized int subscriptionCount() {
        return subscriptions.size();
    }

    // delivery

    /**
     * Takes a message for the client.
     *
     * @param message at the quality of service and with the retain flag that the client gets
     * @param shared the packet for QoS 0 without identifiers, the same for all that get it alike; null: make one
     */
    public synchronized Outcome deliver(
            Message message,
            AuthorizedSubscription subscription,
            List<Integer> subscriptionIdentifiers,
            Packet.@Nullable Publish shared) {
        if (ended) {
            return Outcome.DROPPED;
        }
        if (message.qos() == Qos.AT_MOST_ONCE) {
            Outbound out = outbound;
            if (out == null || !out.isWritable()) {
                metrics.publishDropped.increment();
                return Outcome.DROPPED;
            }
            out.send(shared != null ? shared : Packet.Publish.of(message, 0, false, subscriptionIdentifiers));
            return Outcome.TAKEN;
        }
        long now = clock.millis();
        long expiresAt =
                message.properties().expires() ? now + message.properties().expirySeconds() * 1000 : Long.MAX_VALUE;
        Delivery delivery = new Delivery(message, subscription, subscriptionIdentifiers, expiresAt);
        Outbound out = outbound;
        if (out != null && queue.isEmpty() && out.isWritable() && unacknowledged < receiveMaximum) {
            send(out, inflight.add(delivery), now);
            return Outcome.TAKEN;
        }
        return enqueue(delivery);
    }

    private Outcome enqueue(Delivery delivery) {
        int size = delivery.sizeBytes();
        int maxQueued = Math.min(
                limits.maxQueued(), delivery.subscription().rights().limits().queuedMessages());
        boolean full = queue.size() >= maxQueued
                || queuedBytes + size > limits.maxQueuedBytes()
                || queuedBytesTotal.get() + size > limits.maxQueuedBytesTotal();
        if (full) {
            metrics.publishDropped.increment();
            return Outcome.FULL;
        }
        queue.add(delivery);
        account(size);
        return Outcome.TAKEN;
    }

    private void account(int bytes) {
        queuedBytes += bytes;
        queuedBytesTotal.addAndGet(bytes);
    }

    private void send(Outbound out, Inflight.Entry entry, long now) {
        unacknowledged++;
        entry.sent = true;
        out.send(entry.delivery.packet(entry.packetId, false, now));
    }

    /** Sends what waits, as far as the client keeps up and its receive maximum allows. */
    public synchronized void drain() {
        Outbound out = outbound;
        if (out == null) {
            return;
        }
        long now = clock.millis();
        resend(out, now);
        while (!queue.isEmpty() && out.isWritable() && unacknowledged < receiveMaximum) {
            Delivery next = queue.removeFirst();
            account(-next.sizeBytes());
            if (next.isExpired(now)) {
                metrics.publishDropped.increment(); // [MQTT-3.3.2-5]
            } else if (next.subscription().permits(next.message().topic())) {
                send(out, inflight.add(next), now);
            }
        }
    }

    /** What was in flight when the last connection ended goes first, in its order, with its identifiers [MQTT-4.4.0-1]. */
    private void resend(Outbound out, long now) {
        for (Iterator<Inflight.Entry> entries = inflight.iterator(); entries.hasNext(); ) {
            Inflight.Entry entry = entries.next();
            if (entry.sent) {
                continue;
            }
            if (entry.released) {
                entry.sent = true;
                unacknowledged++;
                out.send(new Packet.PubRel(entry.packetId, ReasonCode.SUCCESS));
            } else if (!entry.delivery
                    .subscription()
                    .permits(entry.delivery.message().topic())) {
                entries.remove();
            } else if (unacknowledged < receiveMaximum) {
                entry.sent = true;
                unacknowledged++;
                out.send(entry.delivery.packet(entry.packetId, true, now));
            } else {
                return;
            }
        }
    }

    /** PUBACK has come. */
    public synchronized void acknowledged(int packetId) {
        Inflight.Entry entry = inflight.get(packetId);
        if (entry != null && entry.sent && entry.delivery.message().qos() == Qos.AT_LEAST_ONCE) {
            finish(packetId);
        }
    }

    /** A message was too large for the client of this connection: as if it had been delivered [MQTT-3.1.2-25]. */
    public synchronized void dropped(Outbound from, int packetId) {
        Inflight.Entry entry = inflight.get(packetId);
        if (outbound == from && entry != null && entry.sent) {
            finish(packetId);
        }
    }

    /** PUBREC has come; an error ends the exchange and frees the identifier. */
    public synchronized void received(int packetId, ReasonCode reason) {
        Outbound out = outbound;
        if (out == null) {
            return;
        }
        Inflight.Entry entry = inflight.get(packetId);
        boolean known = entry != null && entry.sent && entry.delivery.message().qos() == Qos.EXACTLY_ONCE;
        if (reason.isError()) {
            if (known) {
                finish(packetId);
            }
            return;
        }
        if (known && entry != null) {
            entry.released = true;
        }
        out.send(new Packet.PubRel(packetId, known ? ReasonCode.SUCCESS : ReasonCode.PACKET_IDENTIFIER_NOT_FOUND));
    }

    /** PUBCOMP has come. */
    public synchronized void completed(int packetId) {
        Inflight.Entry entry = inflight.get(packetId);
        if (entry != null && entry.released) {
            finish(packetId);
        }
    }

    private void finish(int packetId) {
        inflight.remove(packetId);
        unacknowledged--;
        drain();
    }

    // what the client sends

    /** Whether a PUBLISH with QoS 2 is the first of its exchange; a second one is a repetition [MQTT-4.3.3-10]. */
    public synchronized boolean firstReceipt(int packetId) {
        return receivedQos2.add(packetId);
    }

    /** Ends an exchange of QoS 2; false if there was none. */
    public synchronized boolean release(int packetId) {
        return receivedQos2.remove(packetId);
    }

    /** How many exchanges of QoS 2 the client has begun and not ended. */
    public synchronized int openReceipts() {
        return receivedQos2.size();
    }

    // connections

    /** A connection has the session; nothing leaves on it before {@link #begin}. */
    synchronized void attach(int clientReceiveMaximum) {
        outbound = null;
        receiveMaximum = Math.min(clientReceiveMaximum, limits.maxInflight());
        unacknowledged = 0;
        inflight.disconnected();
    }

    /** The CONNACK is on its way: what waits follows it. */
    public synchronized void begin(Outbound newOutbound) {
        if (!ended) {
            outbound = newOutbound;
            drain();
        }
    }

    synchronized void detach() {
        outbound = null;
        inflight.disconnected();
        unacknowledged = 0;
    }

    synchronized void end() {
        ended = true;
        outbound = null;
        queuedBytesTotal.addAndGet(-queuedBytes);
        queuedBytes = 0;
        queue.clear();
    }

    public synchronized int queued() {
        return queue.size() + inflight.size();
    }

    public synchronized long queuedBytes() {
        return queuedBytes;
    }
}
