package io.gatehouse;

import io.gatehouse.config.Configuration.Listener;
import io.gatehouse.connection.AwaySessions;
import io.gatehouse.connection.CertGuard;
import io.gatehouse.session.Remains;
import io.gatehouse.tls.TlsContext;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * When sessions of clients that are away are looked at for who is revoked: at listeners that keep nothing of such a client,
 * whenever something changed, and once more when all who were here and had to leave are gone. Any thread.
 */
final class AwayWatch {
    private final Map<Listener, TlsContext> listeners;
    private final Collection<CertGuard> guards;
    private final AwaySessions sessions;

    /** Whether somebody may have gone away since the last look. True at first: who was revoked while the broker was down? */
    private volatile boolean unsettled = true;

    private AwayWatch(Map<Listener, TlsContext> listeners, Collection<CertGuard> guards, AwaySessions sessions) {
        this.listeners = Map.copyOf(listeners);
        this.guards = guards;
        this.sessions = sessions;
    }

    /** @param contexts by listener; of those with names of their own, the listener's own */
    static AwayWatch of(
            List<Listener> listeners,
            Map<String, TlsContext> contexts,
            Collection<CertGuard> guards,
            AwaySessions sessions) {
        Map<Listener, TlsContext> ending = new HashMap<>();
        for (Listener listener : listeners) {
            TlsContext context = contexts.get(listener.name());
            if (context != null && !remains(listener).session()) {
                ending.put(listener, context);
            }
        }
        return new AwayWatch(ending, guards, sessions);
    }

    /** Something changed, and whoever was here and had to leave was told to. */
    void look() {
        if (listeners.isEmpty()) {
            return;
        }
        unsettled = true; // who was about to be told may have gone by itself a moment before
        Map<String, AwaySessions.Door> doors = new LinkedHashMap<>();
        listeners.forEach((listener, context) ->
                doors.put(listener.name(), new AwaySessions.Door(remains(listener), context.revoked())));
        sessions.look(doors);
    }

    /** Now and then. */
    void lookAgain() {
        boolean before = unsettled;
        boolean leaving = guards.stream().anyMatch(CertGuard::isAnybodyLeaving);
        if (before || leaving) {
            look();
        }
        unsettled = leaving;
    }

    private static Remains remains(Listener listener) {
        return listener.tls().map(tls -> Trust.remains(tls.revocation())).orElse(Remains.ALL);
    }
}
