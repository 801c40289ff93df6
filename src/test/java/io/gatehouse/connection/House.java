package io.gatehouse.connection;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.authn.Authentication;
import io.gatehouse.authn.TestPrincipals;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.TestPolicies;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.Packet.ConnectProperties;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.ProtocolVersion;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.Will;
import io.gatehouse.routing.Router;
import io.gatehouse.routing.RouterLimits;
import io.gatehouse.session.Remains;
import io.gatehouse.session.Restorer;
import io.gatehouse.session.SessionEvents;
import io.gatehouse.session.SessionLimits;
import io.gatehouse.session.SessionRegistry;
import io.gatehouse.session.Timers;
import io.gatehouse.store.MemoryStore;
import io.gatehouse.store.Recovered;
import io.gatehouse.store.Store;
import io.gatehouse.store.UnusableStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A broker without sockets: every room above the transport, real; the transport's port and time are the test's. */
final class House {
    final List<AuditEvent> audit = new ArrayList<>();
    final Authorizer authorizer;
    final SessionRegistry registry;
    final Router router;
    final Gate gate;
    final Sweep sweep;
    final Metrics metrics = new Metrics();
    final List<CompletableFuture<Authentication>> undecided = new ArrayList<>();
    /** Users whose password was taken back. */
    final Set<String> withdrawn = new HashSet<>();

    boolean decideLater;
    Instant now;
    final Store store;
    private final List<Task> tasks = new ArrayList<>();

    private record Task(Instant due, Runnable work, boolean[] cancelled) {}

    House(SessionLimits sessionLimits, ClientLimits clientLimits, String... rules) {
        this(new MemoryStore(), Instant.parse("2026-11-24T12:00:00Z"), sessionLimits, clientLimits, rules);
    }

    /** The broker that starts with what another one left. */
    House(Store store, Instant start, SessionLimits sessionLimits, ClientLimits clientLimits, String... rules) {
        this.store = store;
        this.now = start;
        Clock clock = new Clock() {
            @Override
            public Instant instant() {
                return now;
            }

            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }
        };
        authorizer = new Authorizer(TestPolicies.set(rules), clock);
        router = new Router(authorizer, store, RouterLimits.DEFAULT, metrics, clock);
        SessionEvents events = new Wills(authorizer, router, audit::add, AllowAudit.NONE);
        registry = new SessionRegistry(sessionLimits, store, authorizer, this::schedule, events, metrics, clock);
        ListenerRules listener = new ListenerRules(
                credentials -> login(credentials.userName()),
                EnumSet.allOf(ProtocolVersion.class),
                new CertGuard(chain -> java.time.Instant.MAX, this::schedule, metrics, Remains.ALL),
                principal -> !withdrawn.contains(principal.user()));
        sweep = new Sweep(authorizer, registry, router, Sweep.OnRevoke.DORMANT, audit::add, metrics);
        gate = new Gate(
                Map.of("devices", listener),
                clientLimits,
                authorizer,
                registry,
                router,
                store,
                sweep,
                audit::add,
                metrics,
                clock);
        Recovered recovered = recovered(store);
        Restorer restorer = new Restorer(authorizer);
        registry.recover(recovered, restorer);
        registry.sessions().forEach(router::recover);
        router.recover(recovered.retained(), restorer);
        registry.resume();
    }

    /** Ends without a word, and starts again after a while: what is not in the store is gone. */
    House crash(Duration down, String... rules) {
        return new House(store, now.plus(down), SessionLimits.DEFAULT, ClientLimits.DEFAULT, rules);
    }

    House(String... rules) {
        this(SessionLimits.DEFAULT, ClientLimits.DEFAULT, rules);
    }

    private CompletionStage<Authentication> login(@Nullable String user) {
        Authentication answer = user == null || user.equals("stranger")
                ? new Authentication.Rejected(ReasonCode.BAD_USER_NAME_OR_PASSWORD, "unknown user or wrong password")
                : new Authentication.Accepted(
                        user.equals("token")
                                ? TestPrincipals.token("token", "id", Map.of(), now.plusSeconds(10))
                                : TestPrincipals.user(user),
                        null);
        if (decideLater) {
            CompletableFuture<Authentication> later = new CompletableFuture<>();
            undecided.add(later);
            return later;
        }
        return CompletableFuture.completedFuture(answer);
    }

    private Timers.Timer schedule(Duration delay, Runnable work) {
        Task task = new Task(now.plus(delay), work, new boolean[1]);
        tasks.add(task);
        return () -> task.cancelled[0] = true;
    }

    void pass(Duration time) {
        now = now.plus(time);
        List<Task> due = tasks.stream().filter(task -> !task.due.isAfter(now)).toList();
        tasks.removeAll(due);
        due.stream().filter(task -> !task.cancelled[0]).forEach(task -> task.work.run());
    }

    /** A client's side of a connection. */
    final class Visitor {
        final FakeWire wire = new FakeWire();
        final Dialogue dialogue = gate.apply(wire);

        void send(Packet packet) {
            dialogue.receive(packet);
        }

        Packet.ConnAck connack() {
            return wire.take(Packet.ConnAck.class);
        }

        void subscribe(String filter, Qos qos) {
            subscribe(Subscription.of(TopicFilter.of(filter), qos));
        }

        void subscribe(Subscription subscription) {
            send(new Packet.Subscribe(1, List.of(subscription), List.of()));
        }

        List<ReasonCode> suback() {
            return wire.take(Packet.SubAck.class).reasons();
        }

        void publish(String topic, String payload, Qos qos, int id) {
            publish(topic, payload, qos, id, false);
        }

        void publish(String topic, String payload, Qos qos, int id, boolean retain) {
            send(Packet.Publish.of(Message.of(topic, qos, retain, Payload.of(payload)), id, false, List.of()));
        }

        Packet.Publish delivered() {
            return wire.take(Packet.Publish.class);
        }

        /** What was delivered, as {@code topic payload}. */
        List<String> heard() {
            return wire.takeAll().stream()
                    .filter(Packet.Publish.class::isInstance)
                    .map(Packet.Publish.class::cast)
                    .map(one -> Objects.requireNonNull(one.topic()) + " "
                            + new String(one.payload().bytes()))
                    .toList();
        }

        /** The connection breaks. */
        void drop() {
            wire.closed = true;
            dialogue.closed();
        }

        void leave() {
            send(new Packet.Disconnect(ReasonCode.SUCCESS, null));
            dialogue.closed();
        }
    }

    Visitor visitor() {
        return new Visitor();
    }

    /** A client that is in, with MQTT 5.0. */
    Visitor client(String user, String clientId) {
        return client(user, clientId, true, 0, null);
    }

    Visitor client(String user, String clientId, boolean cleanStart, long expirySeconds, @Nullable Will will) {
        Visitor visitor = visitor();
        visitor.send(connect(ProtocolVersion.MQTT_5, user, clientId, cleanStart, expirySeconds, will));
        return visitor;
    }

    static Packet.Connect connect(
            ProtocolVersion version,
            @Nullable String user,
            String clientId,
            boolean cleanStart,
            long expirySeconds,
            @Nullable Will will) {
        return new Packet.Connect(
                version,
                false,
                cleanStart,
                60,
                clientId,
                will,
                user,
                null,
                ConnectProperties.DEFAULT.withSessionExpirySeconds(expirySeconds));
    }

    private static Recovered recovered(Store store) {
        try {
            return store.recover();
        } catch (UnusableStore e) {
            throw new AssertionError(e);
        }
    }
}
