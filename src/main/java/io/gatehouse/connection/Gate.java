package io.gatehouse.connection;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.routing.Router;
import io.gatehouse.session.SessionRegistry;
import io.gatehouse.store.Store;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * The way in: every connection begins its dialogue here and becomes a client when it has proved who it is and policy lets
 * it in. Any thread; each dialogue is confined to its connection's event loop.
 */
public final class Gate implements Function<Wire, Dialogue> {
    private final Map<String, ListenerRules> listeners;
    private final ClientLimits limits;
    private final Authorizer authorizer;
    private final SessionRegistry registry;
    private final Router router;
    private final Store store;
    private final AuditLog audit;
    private final DenialAudit denials;
    private final AllowAudit allowances;
    private final Sweep sweep;
    private final Metrics metrics;
    private final Clock clock;
    private final Renewals renewals;
    private final SecureRandom random = new SecureRandom();

    // a composition: what a dialogue asks, it asks here; ten parts are what a broker's door is made of
    public Gate(
            Map<String, ListenerRules> listeners,
            ClientLimits limits,
            Authorizer authorizer,
            SessionRegistry registry,
            Router router,
            Store store,
            Sweep sweep,
            AuditLog audit,
            Metrics metrics,
            Clock clock) {
        this(
                listeners,
                limits,
                authorizer,
                registry,
                router,
                store,
                sweep,
                audit,
                metrics,
                clock,
                Renewals.NONE,
                AllowAudit.NONE);
    }

    public Gate(
            Map<String, ListenerRules> listeners,
            ClientLimits limits,
            Authorizer authorizer,
            SessionRegistry registry,
            Router router,
            Store store,
            Sweep sweep,
            AuditLog audit,
            Metrics metrics,
            Clock clock,
            Renewals renewals,
            AllowAudit allowances) {
        this.listeners = Map.copyOf(listeners);
        this.limits = limits;
        this.authorizer = authorizer;
        this.registry = registry;
        this.router = router;
        this.store = store;
        this.audit = audit;
        this.denials = new DenialAudit(audit, clock);
        this.allowances = allowances;
        this.sweep = sweep;
        this.metrics = metrics;
        this.renewals = renewals;
        this.clock = clock;
    }

    @Override
    public Dialogue apply(Wire wire) {
        ListenerRules rules = Objects.requireNonNull(listeners.get(wire.listener()), "no rules for this listener");
        return new Door(this, rules, wire);
    }

    /** Tells every client that the broker stops, and closes. */
    public void shutDown() {
        registry.eachConnection(
                connected -> connected.link().end(ReasonCode.SERVER_SHUTTING_DOWN, "shutdown", "the broker stops"));
    }

    ClientLimits limits() {
        return limits;
    }

    Authorizer authorizer() {
        return authorizer;
    }

    SessionRegistry registry() {
        return registry;
    }

    Router router() {
        return router;
    }

    Store store() {
        return store;
    }

    Metrics metrics() {
        return metrics;
    }

    Clock clock() {
        return clock;
    }

    Sweep sweep() {
        return sweep;
    }

    Renewals renewals() {
        return renewals;
    }

    void audit(AuditEvent event) {
        audit.record(event);
    }

    DenialAudit denials() {
        return denials;
    }

    AllowAudit allowances() {
        return allowances;
    }

    /** An identifier for a client that brought none: 128 random bits, so that nobody guesses or repeats it. */
    String assignedClientId() {
        byte[] bytes = new byte[16];
        random.nextBytes(bytes);
        return "auto-" + java.util.HexFormat.of().formatHex(bytes);
    }
}
