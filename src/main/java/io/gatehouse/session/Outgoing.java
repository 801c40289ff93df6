package io.gatehouse.session;

import io.gatehouse.policy.AuthorizedSubscription;
import io.gatehouse.policy.Rights;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.store.Changes;
import io.gatehouse.store.Page;
import io.gatehouse.store.QueueEntry;
import io.gatehouse.store.StoredSession;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What goes out to one client: what waits, what is in flight, and the connection there is. Guarded by its session's lock,
 * which it takes itself where the store calls back.
 *
 * <p>In a session that stands in the store every change is appended as it is made, and what may leave only after it is
 * durable (a PUBLISH of QoS 2, a PUBREL) waits for that. A PUBLISH of QoS 1 need not: its publisher has no PUBACK before.
 */
final class Outgoing {
    private static final Logger LOG = LoggerFactory.getLogger(Outgoing.class);
    private static final int PAGE_MESSAGES = 128;
    private static final long PAGE_BYTES = 256L << 10;

    private final Object lock;
    private final Surroundings around;

    // for the session
    private final Map<String, AuthorizedSubscription> subscriptions;
    private final Backlog backlog;
    private final Inflight inflight = new Inflight();
    private @Nullable StoredSession stored;
    private Rights rights;
    private boolean ended;

    // for this connection
    private @Nullable Link attached;
    private @Nullable Outbound outbound;
    private int receiveMaximum;
    private int unacknowledged;
    private int held;
    private int connection;
    private boolean resending;
    private boolean loading;

    /** @param subscriptions the session's own, looked into */
    Outgoing(Object lock, Surroundings around, Map<String, AuthorizedSubscription> subscriptions, Rights rights) {
        this.lock = lock;
        this.around = around;
        this.subscriptions = subscriptions;
        this.rights = rights;
        this.backlog = new Backlog(around.queuedBytesTotal());
    }

    boolean isEnded() {
        return ended;
    }

    boolean isConnected() {
        return outbound != null;
    }

    boolean isReady() {
        return outbound != null && outbound.isWritable() && backlog.isEmpty() && unacknowledged < receiveMaximum;
    }

    int queued() {
        return backlog.size() + inflight.size();
    }

    long queuedBytes() {
        return backlog.sizeBytes();
    }

    // delivery

    Session.Outcome deliver(
            Message message,
            AuthorizedSubscription subscription,
            List<Integer> identifiers,
            Packet.@Nullable Publish shared,
            Changes changes) {
        if (ended) {
            return Session.Outcome.DROPPED;
        }
        Outbound out = outbound;
        if (message.qos() == Qos.AT_MOST_ONCE) {
            if (out == null || !out.isWritable()) {
                around.metrics().publishDropped.increment();
                return Session.Outcome.DROPPED;
            }
            out.send(shared != null ? shared : Packet.Publish.of(message, 0, false, identifiers));
            return Session.Outcome.TAKEN;
        }
        boolean ready = isReady() && !loading;
        if (!ready && isFull(message, subscription)) {
            around.metrics().publishDropped.increment();
            return Session.Outcome.FULL;
        }
        long now = around.clock().millis();
        long expiresAt =
                message.properties().expires() ? now + message.properties().expirySeconds() * 1000 : Long.MAX_VALUE;
        Delivery delivery = delivery(message, subscription, identifiers, expiresAt, changes);
        if (ready && out != null) {
            send(out, inflight.add(delivery), now, changes);
        } else {
            backlog.add(delivery, out != null);
        }
        QueueEntry entry = delivery.entry();
        if (entry != null) {
            changes.save(entry);
        }
        return Session.Outcome.TAKEN;
    }

    private boolean isFull(Message message, AuthorizedSubscription subscription) {
        int roles = subscription.rights().limits().queuedMessages();
        return backlog.isFull(message.sizeBytes(), Math.min(around.limits().maxQueued(), roles), around.limits());
    }

    private Delivery delivery(
            Message message,
            AuthorizedSubscription subscription,
            List<Integer> identifiers,
            long expiresAt,
            Changes changes) {
        QueueEntry entry = null;
        if (stored != null) {
            String filter = subscription.subscription().filter().text();
            long sequence = around.store().nextNumber();
            entry = new QueueEntry(changes, stored, sequence, message, filter, identifiers, expiresAt);
            backlog.arriving(entry);
        }
        return new Delivery(message, subscription, identifiers, expiresAt, entry);
    }

    /** One in a store leaves with QoS 2 when its identifier is durable: else a crash would send it under another one. */
    private void send(Outbound out, Inflight.Entry entry, long now, Changes changes) {
        unacknowledged++;
        entry.sent = true;
        QueueEntry kept = entry.delivery.entry();
        if (kept != null) {
            kept.sent(entry.packetId);
            if (entry.delivery.message().qos() == Qos.EXACTLY_ONCE || held > 0) { // what comes behind stays behind
                held++;
                int asking = connection;
                changes.then(() -> sendDurable(entry, asking));
                return;
            }
        }
        out.send(entry.delivery.packet(entry.packetId, false, now));
    }

    private void sendDurable(Inflight.Entry entry, int asking) {
        synchronized (lock) {
            Outbound out = outbound;
            if (asking != connection || out == null) {
                return;
            }
            held--;
            if (inflight.get(entry.packetId) == entry && !entry.released) {
                out.send(entry.delivery.packet(
                        entry.packetId, entry.repeated, around.clock().millis()));
            }
        }
    }

    /** Sends what waits, as far as the client keeps up and its receive maximum allows. */
    void drain() {
        change(this::drain);
    }

    /** Appends under the lock what was changed under it: so the store sees it in this order. Then reads on. */
    private void change(Consumer<Changes> action) {
        synchronized (lock) {
            Changes changes = new Changes();
            action.accept(changes);
            if (!changes.isEmpty()) {
                around.store().append(changes);
            }
            load();
        }
    }

    private void drain(Changes changes) {
        Outbound out = outbound;
        if (out == null) {
            return;
        }
        long now = around.clock().millis();
        if (!resending || resend(out, now, changes)) {
            resending = false;
            while (out.isWritable() && unacknowledged < receiveMaximum) {
                Delivery next = backlog.poll();
                if (next == null) {
                    break;
                }
                if (next.isExpired(now)) {
                    around.metrics().publishDropped.increment(); // [MQTT-3.3.2-5]
                    next.removed(changes);
                } else if (!next.isPermitted()) {
                    next.removed(changes);
                } else {
                    send(out, inflight.add(next), now, changes);
                    QueueEntry entry = next.entry();
                    if (entry != null) {
                        changes.save(entry);
                    }
                }
            }
        }
    }

    /**
     * What was in flight when the last connection ended goes first, in its order, with its identifiers [MQTT-4.4.0-1].
     *
     * @return whether all of it is on its way
     */
    private boolean resend(Outbound out, long now, Changes changes) {
        for (Iterator<Inflight.Entry> entries = inflight.iterator(); entries.hasNext(); ) {
            Inflight.Entry entry = entries.next();
            if (entry.sent) {
                continue;
            }
            if (entry.released) {
                entry.sent = true;
                unacknowledged++;
                out.send(new Packet.PubRel(entry.packetId, ReasonCode.SUCCESS));
            } else if (!entry.delivery.isPermitted()) {
                entry.delivery.removed(changes);
                entries.remove();
            } else if (unacknowledged < receiveMaximum) {
                entry.sent = true;
                unacknowledged++;
                out.send(entry.delivery.packet(entry.packetId, entry.repeated, now));
            } else {
                return false;
            }
        }
        return true;
    }

    // what stands in the store is read when there is room for it

    private void load() {
        StoredSession session = stored;
        if (session == null || loading || outbound == null || !backlog.wantsMore()) {
            return;
        }
        long after = backlog.loadedUpTo();
        if (backlog.readableUpTo() <= after) {
            session.onAppended(this::drain); // the next one is on its way into the store
            if (backlog.readableUpTo() <= after) {
                return;
            }
        }
        session.onAppended(null);
        loading = true;
        int asking = connection;
        long upTo = backlog.readableUpTo();
        around.store()
                .read(
                        session,
                        after,
                        upTo,
                        PAGE_MESSAGES,
                        PAGE_BYTES,
                        page -> change(changes -> {
                            if (asking == connection && !ended) {
                                loaded(page, upTo, changes);
                            }
                        }));
    }

    private void loaded(Page page, long upTo, Changes changes) {
        loading = false;
        String failure = page.failure();
        Outbound out = outbound;
        if (failure != null) {
            if (out != null) {
                out.close(); // what cannot be read is not passed over
            }
            return;
        }
        for (QueueEntry entry : page.entries()) {
            Delivery delivery = new Delivery(
                    entry.message(), subscriptionFor(entry), entry.identifiers(), entry.expiresAtMillis(), entry);
            if (entry.packetId() == 0) {
                backlog.loaded(delivery, entry.sequence());
            } else {
                backlog.inFlight(delivery, entry.sequence());
                inflight.restore(entry.packetId(), entry.isReleased(), delivery);
                resending = true;
            }
        }
        if (page.entries().isEmpty() && backlog.readableUpTo() == upTo && backlog.wantsMore()) {
            LOG.warn("the queue of {} holds fewer messages than were counted", rights.clientId());
            backlog.exhausted();
        }
        drain(changes);
    }

    /** The subscription it came by; if that is gone, its like, so that what was on its way still is. */
    private AuthorizedSubscription subscriptionFor(QueueEntry entry) {
        AuthorizedSubscription known = subscriptions.get(entry.filter());
        return known != null
                ? known
                : around.authorizer()
                        .restore(
                                rights,
                                Subscription.of(
                                        TopicFilter.of(entry.filter()),
                                        entry.message().qos()));
    }

    // acknowledgements

    /** PUBACK has come. */
    void acknowledged(int packetId) {
        change(changes -> {
            Inflight.Entry entry = inflight.get(packetId);
            if (entry != null && entry.sent && entry.delivery.message().qos() == Qos.AT_LEAST_ONCE) {
                finish(entry, changes);
            }
        });
    }

    void dropped(Outbound from, int packetId) {
        change(changes -> {
            Inflight.Entry entry = inflight.get(packetId);
            if (outbound == from && entry != null && entry.sent) {
                finish(entry, changes);
            }
        });
    }

    /** PUBREC has come; an error ends the exchange and frees the identifier. */
    void received(int packetId, ReasonCode reason) {
        change(changes -> {
            Outbound out = outbound;
            if (out == null) {
                return;
            }
            Inflight.Entry entry = inflight.get(packetId);
            boolean known =
                    entry != null && entry.sent && entry.delivery.message().qos() == Qos.EXACTLY_ONCE;
            if (entry == null || !known) {
                if (!reason.isError()) {
                    answer(out, new Packet.PubRel(packetId, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND), changes);
                }
            } else if (reason.isError()) {
                finish(entry, changes);
            } else {
                release(out, entry, changes);
            }
        });
    }

    /** PUBREL leaves when it is durable that PUBREC came: else a crash would send the PUBLISH again. */
    private void release(Outbound out, Inflight.Entry entry, Changes changes) {
        entry.released = true;
        QueueEntry kept = entry.delivery.entry();
        if (kept != null) {
            kept.release();
            changes.save(kept);
        }
        answer(out, new Packet.PubRel(entry.packetId, ReasonCode.SUCCESS), changes);
    }

    /** In the order in which PUBREC came [MQTT-4.6.0-4]: one that promises nothing stays behind those that do. */
    private void answer(Outbound out, Packet.PubRel answer, Changes changes) {
        if (stored == null) {
            out.send(answer);
            return;
        }
        changes.then(() -> {
            if (isOn(out)) {
                out.send(answer);
            }
        });
    }

    private boolean isOn(Outbound out) {
        synchronized (lock) {
            return outbound == out;
        }
    }

    /** PUBCOMP has come. */
    void completed(int packetId) {
        change(changes -> {
            Inflight.Entry entry = inflight.get(packetId);
            if (entry != null && entry.released) {
                finish(entry, changes);
            }
        });
    }

    private void finish(Inflight.Entry entry, Changes changes) {
        inflight.remove(entry.packetId);
        entry.delivery.removed(changes);
        unacknowledged--;
        drain(changes);
    }

    // connections

    void attach(int clientReceiveMaximum, Rights ofConnection, Link link) {
        detach();
        attached = link;
        rights = ofConnection;
        receiveMaximum = Math.min(clientReceiveMaximum, around.limits().maxInflight());
    }

    /** One that was taken over while it waited for its CONNACK has nothing to begin. */
    void begin(Outbound newOutbound, Link link) {
        change(changes -> {
            if (!ended && attached == link) {
                outbound = newOutbound;
                drain(changes);
            }
        });
    }

    void detach() {
        attached = null;
        outbound = null;
        connection++;
        loading = false;
        resending = true;
        unacknowledged = 0;
        held = 0;
        if (stored == null) {
            inflight.disconnected();
        } else {
            stored.onAppended(null);
            backlog.unload();
            inflight.clear().forEach(entry -> backlog.again(entry.delivery));
        }
    }

    void end() {
        ended = true;
        outbound = null;
        backlog.clear();
    }

    // the store

    /** From now on it is in the store: everything there is goes there. */
    void keep(StoredSession session, Changes changes) {
        stored = session;
        inflight.iterator().forEachRemaining(entry -> {
            QueueEntry kept = kept(entry.delivery, changes, delivery -> entry.delivery = delivery);
            kept.sent(entry.packetId);
            if (entry.released) {
                kept.release();
            }
        });
        backlog.takeLoaded().forEach(memory -> kept(memory, changes, backlog::replaced));
        backlog.inMemory(); // what is in flight too: read again, it would be sent again
    }

    private QueueEntry kept(Delivery memory, Changes changes, Consumer<Delivery> place) {
        Delivery delivery = delivery(
                memory.message(),
                memory.subscription(),
                memory.subscriptionIdentifiers(),
                memory.expiresAtMillis(),
                changes);
        place.accept(delivery);
        QueueEntry entry = Objects.requireNonNull(delivery.entry());
        changes.save(entry);
        return entry;
    }

    void recovered(StoredSession session) {
        stored = session;
        backlog.recovered(session.messages(), session.bytes(), around.store().nextNumber());
    }
}
