package io.gatehouse.session;

import io.gatehouse.authn.Owner;
import io.gatehouse.policy.AuthorizedSubscription;
import io.gatehouse.policy.Rights;
import io.gatehouse.protocol.ClientId;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.store.Changes;
import io.gatehouse.store.Store;
import io.gatehouse.store.StoredSession;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the broker remembers of one client: its subscriptions, what goes out to it, and what it sent that is not over.
 *
 * <p>One lock, its own; every method is short and calls nothing but {@link Outbound} and the store's appends under it. Any
 * thread. It belongs to the principal that made it, for good. A session that outlives its connection stands in the store;
 * what of it waits there is in memory only while the client is there.
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
    private final Store store;
    private final Map<String, AuthorizedSubscription> subscriptions = new LinkedHashMap<>();
    private final Set<Integer> receivedQos2 = new HashSet<>();
    private final Outgoing outgoing;
    private @Nullable StoredSession stored;

    Session(ClientId clientId, Rights rights, Surroundings around) {
        this.clientId = clientId;
        this.owner = rights.principal().owner();
        this.store = around.store();
        this.outgoing = new Outgoing(this, around, subscriptions, rights);
    }

    public ClientId clientId() {
        return clientId;
    }

    public Owner owner() {
        return owner;
    }

    public synchronized boolean isConnected() {
        return outgoing.isConnected();
    }

    /** Whether it outlives its connection, and stands in the store. */
    public synchronized boolean isStored() {
        return stored != null;
    }

    synchronized @Nullable StoredSession stored() {
        return stored;
    }

    /** Whether a message would leave at once: what a share group looks for in a member. */
    public synchronized boolean isReady() {
        return outgoing.isReady();
    }

    /** Whether it is over, and nothing reaches it any more. */
    public synchronized boolean isEnded() {
        return outgoing.isEnded();
    }

    // subscriptions

    /** Remembers a subscription; returns the one with the same filter that it replaces. */
    public synchronized @Nullable AuthorizedSubscription subscribed(AuthorizedSubscription subscription) {
        if (stored != null) {
            Changes changes = new Changes();
            changes.subscribed(stored, subscription.subscription());
            store.append(changes);
        }
        return subscriptions.put(subscription.subscription().filter().text(), subscription);
    }

    public synchronized @Nullable AuthorizedSubscription unsubscribed(String filter) {
        AuthorizedSubscription gone = subscriptions.remove(filter);
        if (stored != null && gone != null) {
            Changes changes = new Changes();
            changes.unsubscribed(stored, filter);
            store.append(changes);
        }
        return gone;
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

    // what goes out

    /**
     * Takes a message for the client.
     *
     * @param message at the quality of service and with the retain flag that the client gets
     * @param shared the packet for QoS 0 without identifiers, the same for all that get it alike; null: make one
     * @param changes what becomes durable with it
     */
    public synchronized Outcome deliver(
            Message message,
            AuthorizedSubscription subscription,
            List<Integer> subscriptionIdentifiers,
            Packet.@Nullable Publish shared,
            Changes changes) {
        return outgoing.deliver(message, subscription, subscriptionIdentifiers, shared, changes);
    }

    /** Sends what waits, as far as the client keeps up and its receive maximum allows. */
    public synchronized void drain() {
        outgoing.drain();
    }

    /** PUBACK has come. */
    public synchronized void acknowledged(int packetId) {
        outgoing.acknowledged(packetId);
    }

    /** A message was too large for the client of this connection: as if it had been delivered [MQTT-3.1.2-25]. */
    public synchronized void dropped(Outbound from, int packetId) {
        outgoing.dropped(from, packetId);
    }

    /** PUBREC has come; an error ends the exchange and frees the identifier. */
    public synchronized void received(int packetId, ReasonCode reason) {
        outgoing.received(packetId, reason);
    }

    /** PUBCOMP has come. */
    public synchronized void completed(int packetId) {
        outgoing.completed(packetId);
    }

    // what the client sends

    /** Whether a PUBLISH with QoS 2 is the first of its exchange; a second one is a repetition [MQTT-4.3.3-10]. */
    public synchronized boolean firstReceipt(int packetId, Changes changes) {
        boolean first = receivedQos2.add(packetId);
        if (first && stored != null) {
            changes.received(stored, packetId);
        }
        return first;
    }

    /** Ends an exchange of QoS 2; false if there was none. */
    public synchronized boolean release(int packetId, Changes changes) {
        boolean known = receivedQos2.remove(packetId);
        if (known && stored != null) {
            changes.released(stored, packetId);
        }
        return known;
    }

    /** How many exchanges of QoS 2 the client has begun and not ended. */
    public synchronized int openReceipts() {
        return receivedQos2.size();
    }

    // connections

    /** A connection has the session; nothing leaves on it before {@link #begin}. */
    synchronized void attach(int clientReceiveMaximum, Rights ofConnection, Link link) {
        outgoing.attach(clientReceiveMaximum, ofConnection, link);
    }

    /** The CONNACK is on its way: what waits follows it, unless another connection has the session meanwhile. */
    public synchronized void begin(Outbound newOutbound, Link link) {
        outgoing.begin(newOutbound, link);
    }

    synchronized void detach() {
        outgoing.detach();
    }

    /** From now on it outlives its connection: everything there is goes into the store. */
    synchronized void keep(StoredSession session, Changes changes) {
        stored = session;
        subscriptions.values().forEach(one -> changes.subscribed(session, one.subscription()));
        receivedQos2.forEach(packetId -> changes.received(session, packetId));
        outgoing.keep(session, changes);
    }

    /** It was in the store when the broker started. */
    synchronized void recovered(
            StoredSession session, Collection<AuthorizedSubscription> proofs, Collection<Integer> receipts) {
        stored = session;
        proofs.forEach(proof -> subscriptions.put(proof.subscription().filter().text(), proof));
        receivedQos2.addAll(receipts);
        outgoing.recovered(session);
    }

    synchronized void end() {
        outgoing.end();
        if (stored != null) {
            Changes changes = new Changes();
            changes.end(stored, subscriptions.keySet(), receivedQos2);
            store.append(changes);
        }
    }

    public synchronized int queued() {
        return outgoing.queued();
    }

    public synchronized long queuedBytes() {
        return outgoing.queuedBytes();
    }
}
