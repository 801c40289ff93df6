package io.gatehouse.session;

import io.gatehouse.authn.Owner;
import io.gatehouse.authn.Principal;
import io.gatehouse.authn.PrincipalRecords;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.policy.AuthorizedConnect;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Rights;
import io.gatehouse.protocol.ClientId;
import io.gatehouse.protocol.Packet.ConnectProperties;
import io.gatehouse.protocol.Will;
import io.gatehouse.store.Changes;
import io.gatehouse.store.Recovered;
import io.gatehouse.store.SessionRecord;
import io.gatehouse.store.Store;
import io.gatehouse.store.StoredSession;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * All sessions by client identifier: who owns them, which connection has them, when they and their wills end.
 *
 * <p>Any thread; one lock per entry, held for takeover and for closing, so that a storm of connections with one
 * identifier ends with one of them. A session belongs to its principal: the same identifier with another owner is
 * refused, and changes nothing.
 */
public final class SessionRegistry {
    private final Surroundings around;
    private final Timers timers;
    private final SessionEvents events;
    private final AtomicLong queuedBytesTotal = new AtomicLong();
    private final Map<ClientId, Entry> entries = new ConcurrentHashMap<>();
    private final Map<Owner, Set<ClientId>> connectedByOwner = new ConcurrentHashMap<>();

    // seven: what sessions need of the rooms below and above is named here once
    public SessionRegistry(
            SessionLimits limits,
            Store store,
            Authorizer authorizer,
            Timers timers,
            SessionEvents events,
            Metrics metrics,
            Clock clock) {
        this.around = new Surroundings(limits, queuedBytesTotal, store, authorizer, metrics, clock);
        this.timers = timers;
        this.events = events;
    }

    /** A session and what surrounds it. Guarded by itself. */
    private static final class Entry {
        final Session session;
        boolean gone;

        // for this connection
        @Nullable
        Link link;

        @Nullable
        Rights rights;

        @Nullable
        Will will;

        long expirySeconds;

        // while the client is away
        long awaySinceMillis;
        Timers.@Nullable Timer expiry;
        Timers.@Nullable Timer willTimer;

        Entry(Session session) {
            this.session = session;
        }
    }

    /** What opening a session came to. */
    public sealed interface Opening {

        /**
         * @param rights what the connection is to be asked with from now on
         * @param present whether the client finds what it left (CONNACK's session present)
         * @param stored whether it is so only when what was appended is durable
         */
        record Opened(Session session, Rights rights, boolean present, boolean stored) implements Opening {}

        /** The identifier is another principal's. */
        record Conflict() implements Opening {}
    }

    /**
     * Opens the session of a client that may connect, taking it over from a connection of the same owner.
     *
     * @param expirySeconds {@link ConnectProperties#NEVER}: not at all
     */
    public Opening open(
            AuthorizedConnect connect,
            Link link,
            boolean cleanStart,
            long expirySeconds,
            int receiveMaximum,
            @Nullable Will will) {
        boolean stored = expirySeconds > 0;
        while (true) {
            Entry entry = entries.computeIfAbsent(
                    connect.clientId(), id -> new Entry(new Session(id, connect.rights(), around)));
            synchronized (entry) {
                if (entry.gone) {
                    continue; // it ended between the look and the lock
                }
                if (!entry.session.owner().equals(connect.principal().owner())) {
                    return new Opening.Conflict();
                }
                boolean fresh = entry.link == null && entry.rights == null;
                if (!fresh && cleanStart) {
                    stored |= entry.session.isStored();
                    takeFrom(entry, true);
                    end(entry);
                    continue; // a new one [MQTT-3.1.2-4]
                }
                if (!fresh) {
                    takeFrom(entry, false);
                }
                cancelTimers(entry);
                Rights earlier = entry.rights;
                Rights rights = earlier == null ? connect.rights() : connect.continuing(earlier);
                entry.link = link;
                entry.rights = rights;
                entry.will = will;
                entry.expirySeconds = expirySeconds;
                entry.session.attach(receiveMaximum, rights, link);
                keep(entry);
                connected(entry.session);
                return new Opening.Opened(entry.session, rights, !fresh, stored || entry.session.isStored());
            }
        }
    }

    /** Puts a session that outlives its connection into the store, as it stands now; the first time with all it holds. */
    private void keep(Entry entry) {
        StoredSession stored = entry.session.stored();
        if (stored == null && entry.expirySeconds == 0) {
            return;
        }
        Changes changes = new Changes();
        boolean first = stored == null;
        StoredSession place = stored == null ? new StoredSession(around.store().nextNumber()) : stored;
        Rights rights = Objects.requireNonNull(entry.rights);
        long away = entry.link != null ? SessionRecord.CONNECTED : entry.awaySinceMillis;
        changes.save(
                place,
                new SessionRecord(
                        entry.session.clientId().text(),
                        PrincipalRecords.record(rights.principal()),
                        entry.expirySeconds,
                        away,
                        entry.will));
        if (first) {
            entry.session.keep(place, changes);
        }
        around.store().append(changes);
    }

    /** The last connection, if there is one, is told; its will is due unless it may wait for this very reconnect. */
    private void takeFrom(Entry entry, boolean ending) {
        Link old = entry.link;
        Will will = entry.will;
        Rights rights = entry.rights;
        entry.will = null;
        if (old != null) {
            entry.link = null;
            entry.session.detach();
            disconnected(entry.session);
            old.takenOver();
        }
        // [MQTT-3.1.3-9]: a reconnect within the delay keeps it from being sent; the end of the session does not
        if (will != null && rights != null && (ending || old != null && will.delaySeconds() == 0)) {
            events.willDue(rights, will.message());
        }
    }

    /**
     * A connection ended.
     *
     * @param keepWill false after DISCONNECT with reason 0x00, which deletes it [MQTT-3.1.2-10]
     * @param expirySeconds as it stands now: a DISCONNECT may have changed it; null: as it was
     */
    public void close(Session session, Link link, boolean keepWill, @Nullable Long expirySeconds) {
        Entry entry = entries.get(session.clientId());
        if (entry == null) {
            return;
        }
        synchronized (entry) {
            if (entry.gone || entry.session != session || entry.link != link) {
                return; // it was taken over, and its new connection is none of ours
            }
            entry.link = null;
            session.detach();
            disconnected(session);
            if (!keepWill) {
                entry.will = null;
            }
            if (expirySeconds != null) {
                entry.expirySeconds = expirySeconds;
            }
            if (entry.expirySeconds == 0) {
                fireWill(entry);
                end(entry);
                return;
            }
            entry.awaySinceMillis = around.clock().millis();
            Will will = entry.will;
            if (will != null && will.delaySeconds() == 0) {
                fireWill(entry);
            }
            keep(entry);
            wait(entry);
        }
    }

    /** The client is away: its session and its will have their time, from when it went. */
    private void wait(Entry entry) {
        long gone = around.clock().millis() - entry.awaySinceMillis;
        if (entry.expirySeconds != ConnectProperties.NEVER) {
            entry.expiry = timers.schedule(left(entry.expirySeconds, gone), () -> expire(entry));
        }
        Will will = entry.will;
        if (will != null && will.delaySeconds() < entry.expirySeconds) {
            entry.willTimer = timers.schedule(left(will.delaySeconds(), gone), () -> willDue(entry));
        }
    }

    private static Duration left(long seconds, long goneMillis) {
        return Duration.ofMillis(Math.max(0, seconds * 1000 - goneMillis));
    }

    /**
     * Takes over what an earlier run of the broker left: every session with its owner's rights under the policy in force.
     * What became due meanwhile is so when {@link #resume} is called, after whoever hears of it is there.
     */
    public void recover(Recovered recovered, Restorer restorer) {
        for (Recovered.Session found : recovered.sessions()) {
            SessionRecord record = found.record();
            Rights rights = restorer.rights(found.principal());
            Session session = new Session(rights.clientId(), rights, around);
            session.recovered(
                    found.stored(),
                    found.subscriptions().stream()
                            .map(one -> restorer.subscription(rights, one))
                            .toList(),
                    found.receipts());
            Entry entry = new Entry(session);
            entry.rights = rights;
            entry.will = record.will();
            entry.expirySeconds = record.expirySeconds();
            entry.awaySinceMillis = record.awaySinceMillis() == SessionRecord.CONNECTED
                    ? Math.min(recovered.lastAliveMillis(), around.clock().millis())
                    : record.awaySinceMillis();
            entries.put(session.clientId(), entry);
        }
    }

    /** Time goes on for all that is away: wills that were due are published, sessions that expired end. */
    public void resume() {
        for (Entry entry : entries.values()) {
            synchronized (entry) {
                if (entry.link != null || entry.gone) {
                    continue;
                }
                long gone = around.clock().millis() - entry.awaySinceMillis;
                if (isOver(entry.expirySeconds, gone)) {
                    around.metrics().sessionsExpired.increment();
                    fireWill(entry);
                    end(entry);
                    continue;
                }
                Will will = entry.will;
                if (will != null && isOver(will.delaySeconds(), gone)) {
                    fireWill(entry);
                }
                keep(entry);
                wait(entry);
            }
        }
    }

    private static boolean isOver(long seconds, long goneMillis) {
        return seconds != ConnectProperties.NEVER && goneMillis >= seconds * 1000;
    }

    private void expire(Entry entry) {
        synchronized (entry) {
            if (entry.gone || entry.link != null) {
                return;
            }
            around.metrics().sessionsExpired.increment();
            fireWill(entry); // the end of the session is the latest moment for it
            end(entry);
        }
    }

    /**
     * Ends the session of a client that is away, before its time.
     *
     * @param last who it was when it went
     * @param keepWill whether a will that waits is due with it
     * @return false if the client is back, or was meanwhile
     */
    public boolean endAway(Session session, Principal last, boolean keepWill) {
        Entry entry = entries.get(session.clientId());
        if (entry == null) {
            return false;
        }
        synchronized (entry) {
            boolean same = entry.session == session && entry.rights != null && entry.rights.principal() == last;
            if (entry.gone || entry.link != null || !same) {
                return false;
            }
            if (!keepWill) {
                entry.will = null;
            }
            fireWill(entry);
            end(entry);
            return true;
        }
    }

    private void willDue(Entry entry) {
        synchronized (entry) {
            if (!entry.gone && entry.link == null) {
                fireWill(entry);
                keep(entry);
            }
        }
    }

    private void fireWill(Entry entry) {
        Will will = entry.will;
        Rights rights = entry.rights;
        entry.will = null;
        if (will != null && rights != null) {
            events.willDue(rights, will.message());
        }
    }

    private void end(Entry entry) {
        entry.gone = true;
        cancelTimers(entry);
        entry.session.end();
        entries.remove(entry.session.clientId(), entry);
        events.ended(entry.session);
    }

    private static void cancelTimers(Entry entry) {
        if (entry.expiry != null) {
            entry.expiry.cancel();
            entry.expiry = null;
        }
        if (entry.willTimer != null) {
            entry.willTimer.cancel();
            entry.willTimer = null;
        }
    }

    /** Every connection there is now; one that comes or goes meanwhile is seen or not. */
    public void eachConnection(Consumer<Connected> visitor) {
        each(held -> {
            if (held.link() != null) {
                visitor.accept(new Connected(held.session(), held.rights(), held.link()));
            }
        });
    }

    /** Every session there is now, connected or not; one that comes or goes meanwhile is seen or not. */
    public void each(Consumer<Held> visitor) {
        for (Entry entry : entries.values()) {
            Link link;
            Rights rights;
            synchronized (entry) {
                link = entry.link;
                rights = entry.rights;
            }
            if (rights != null) {
                visitor.accept(new Held(entry.session, rights, link));
            }
        }
    }

    /** A session with whose it is, and its connection; a null link: it has none now. */
    public record Held(
            Session session, Rights rights, @Nullable Link link) {}

    /** A session with its connection. */
    public record Connected(Session session, Rights rights, Link link) {}

    /** How many connections an owner has, but for the one with this identifier, which a new one would take over. */
    public int connectionsOf(Owner owner, ClientId but) {
        Set<ClientId> connected = connectedByOwner.getOrDefault(owner, Set.of());
        return connected.size() - (connected.contains(but) ? 1 : 0);
    }

    private void connected(Session session) {
        connectedByOwner.compute(session.owner(), (owner, ids) -> {
            Set<ClientId> all = ids == null ? ConcurrentHashMap.newKeySet(2) : ids;
            all.add(session.clientId());
            return all;
        });
    }

    private void disconnected(Session session) {
        connectedByOwner.computeIfPresent(session.owner(), (owner, ids) -> {
            ids.remove(session.clientId());
            return ids.isEmpty() ? null : ids;
        });
    }

    public Collection<Session> sessions() {
        return entries.values().stream().map(entry -> entry.session).toList();
    }

    public int size() {
        return entries.size();
    }

    public long queuedBytesTotal() {
        return queuedBytesTotal.get();
    }
}
