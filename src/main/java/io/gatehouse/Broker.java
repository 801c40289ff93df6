package io.gatehouse;

import io.gatehouse.admin.ControlServer;
import io.gatehouse.admin.SysTopics;
import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditFile;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.authn.Unusable;
import io.gatehouse.config.Configuration;
import io.gatehouse.config.Configuration.Listener;
import io.gatehouse.connection.AllowAudit;
import io.gatehouse.connection.AwaySessions;
import io.gatehouse.connection.Gate;
import io.gatehouse.connection.ListenerRules;
import io.gatehouse.connection.Renewals;
import io.gatehouse.connection.ShadowAudit;
import io.gatehouse.connection.Sweep;
import io.gatehouse.connection.Wills;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.ProtocolVersion;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.routing.Router;
import io.gatehouse.session.Restorer;
import io.gatehouse.session.SessionRegistry;
import io.gatehouse.store.MemoryStore;
import io.gatehouse.store.Recovered;
import io.gatehouse.store.RocksStore;
import io.gatehouse.store.Store;
import io.gatehouse.store.StoreKey;
import io.gatehouse.store.StoreSettings;
import io.gatehouse.store.UnusableStore;
import io.gatehouse.tls.UnusableTls;
import io.gatehouse.transport.Admission;
import io.gatehouse.transport.AdmissionPorter;
import io.gatehouse.transport.EventLoops;
import io.gatehouse.transport.MqttListener;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The composition root: every part, made in the order they need each other. Reads as a table of contents.
 *
 * <p>Any thread may close it; once. What changes while it runs, {@link #reload} takes in: policy, passwords, keys,
 * certificates, each validated whole, and on any mistake the last good state stays.
 */
public final class Broker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Broker.class);
    private static final Duration DRAIN = Duration.ofSeconds(2);

    /** How often files and time windows are looked at: a change acts on clients within a second. */
    private static final Duration LOOK = Duration.ofMillis(250);

    private static final Duration EXPIRY_LOOK = Duration.ofSeconds(2);

    private final Configuration configuration;
    private final Clock clock;
    private final Metrics metrics = new Metrics();
    private final AuditLog audit;
    private final List<AutoCloseable> closeables = new ArrayList<>();
    private final List<MqttListener> listeners = new ArrayList<>();

    private final Trust trust;
    private final Logins logins;
    private final Authorizer authorizer;
    private final Router router;
    private final SessionRegistry registry;
    private final Gate gate;
    private final Admission admission;
    private final ScheduledExecutorService timer;
    private final ScheduledExecutorService reloads;
    private final PolicyReload policies;
    private final Optional<Enrolments> enrolments;
    private final ControlServer control;
    private final Store store;
    private final BrokerFigures figures;

    private Broker(Configuration configuration, Clock clock)
            throws CannotStart, IOException, Unusable, UnusableTls, UnusableStore {
        this.configuration = configuration;
        this.clock = clock;
        try {
            // its clock, whose folder this is, and what it says about itself
            this.timer = thread("gatehouse-timer");
            this.reloads = thread("gatehouse-reload");
            this.control = keep(ControlServer.open(configuration.data(), timer));
            this.audit = audit(configuration, clock);

            // who and what is let in
            this.trust = keep(Trust.load(configuration, this::schedule, audit, metrics, clock));
            this.logins = keep(Logins.of(configuration, clock));
            this.policies = new PolicyReload(configuration, metrics, audit, clock);
            this.authorizer = new Authorizer(policies.first(), clock, new ShadowAudit(audit, metrics, clock));

            // what is remembered, and where messages go
            ConfiguredLimits limits = new ConfiguredLimits(configuration);
            this.store = keep(store());
            this.router = new Router(authorizer, store, limits.routerLimits(), metrics, clock);
            AllowAudit allowances = new AllowAudit(audit, configuration.audit().sampleAllowed(), clock);
            this.registry = new SessionRegistry(
                    limits.sessionLimits(),
                    store,
                    authorizer,
                    this::schedule,
                    new Wills(authorizer, router, audit, allowances),
                    metrics,
                    clock);
            recover(store);

            // how they come in
            Sweep.OnRevoke onRevoke =
                    Sweep.OnRevoke.valueOf(configuration.onRevoke().name());
            Sweep sweep = new Sweep(authorizer, registry, router, onRevoke, audit, metrics);
            this.admission = new Admission(limits.admissionLimits());
            this.enrolments = configuration.enrolment().isEmpty()
                    ? Optional.empty()
                    : Optional.of(keep(Enrolments.open(
                            configuration.enrolment().get(),
                            authorizer,
                            router,
                            new AdmissionPorter("enrolment:est", admission, metrics, audit),
                            audit,
                            metrics,
                            clock)));
            this.gate = new Gate(
                    listenerRules(),
                    limits.clientLimits(),
                    authorizer,
                    registry,
                    router,
                    store,
                    sweep,
                    audit,
                    metrics,
                    clock,
                    enrolments.map(Enrolments::renewals).orElse(Renewals.NONE),
                    allowances);
            EventLoops loops = keep(new EventLoops(0));
            policies.actOn(authorizer, sweep, loops);
            MqttListener.Shared shared = new MqttListener.Shared(
                    loops,
                    admission,
                    limits.codecLimits(),
                    configuration.limits().connectTimeout(),
                    metrics,
                    audit);
            for (Listener listener : configuration.listeners()) {
                listeners.add(new MqttListener(listener, trust.of(listener), gate, shared));
            }
            for (MqttListener listener : listeners) {
                listener.start();
            }
            if (enrolments.isPresent()) {
                enrolments.get().start();
            }
        } catch (CannotStart | IOException | Unusable | UnusableTls | UnusableStore | RuntimeException e) {
            listeners.forEach(MqttListener::close);
            closeAll();
            throw e;
        }
        this.figures = new BrokerFigures(metrics, router, registry, admission);
        figures.gauges(store);
        metrics.gauge(
                "policy_stale",
                "1 while the policy's files have a mistake and the last good policy is in force",
                () -> policies.isStale() ? 1 : 0);
        every(timer, Duration.ofSeconds(1), figures::look);
        every(timer, LOOK, policies::turn);
        every(timer, Duration.ofMinutes(1), admission::forget);
        every(reloads, LOOK, policies::tick);
        every(reloads, LOOK, this::lookAtKeys);
        enrolments.ifPresent(one -> every(timer, Duration.ofMinutes(1), one::tend));
        watch();
        trust.start(admission::forgive, new AwaySessions(registry, audit));
        sys();
        Controls.register(control, this, figures, registry);
        PolicyImpact impact = new PolicyImpact(configuration, clock, authorizer, registry, router);
        control.command("policy-impact", impact::of);
        control.command("store-backup", arguments -> Controls.backup(store, arguments));
        control.start(audit);
        announce();
    }

    /**
     * Starts a broker; when it returns, every port is bound.
     *
     * @throws CannotStart with a line for each thing that is in the way; nothing listens then
     */
    public static Broker start(Configuration configuration, Clock clock) throws CannotStart {
        try {
            return new Broker(configuration, clock);
        } catch (IOException | Unusable | UnusableTls | UnusableStore e) {
            throw new CannotStart(List.of(String.valueOf(e.getMessage())));
        }
    }

    private AuditLog audit(Configuration settings, Clock time) throws IOException {
        if (settings.audit().file().isEmpty()) {
            return event -> LOG.debug("audit: {} {}", event.name(), event.fields());
        }
        return keep(AuditFile.open(settings.audit().file().get(), time));
    }

    private ScheduledExecutorService thread(String name) {
        ScheduledExecutorService one = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
        keep(one::shutdownNow);
        return one;
    }

    private Store store() throws UnusableStore {
        Configuration.Storage storage = configuration.storage();
        return storage.folder().isEmpty()
                ? new MemoryStore()
                : RocksStore.open(
                        storage.folder().get(),
                        new StoreSettings(
                                storage.durability() == Configuration.Durability.FSYNC,
                                storage.minFreeBytes(),
                                StoreKey.of(storage.keyFile())));
    }

    /** What the last run left is there again, with the rights it has now, before anybody can connect. */
    private void recover(Store store) throws UnusableStore {
        Recovered recovered = store.recover();
        Restorer restorer = new Restorer(authorizer);
        registry.recover(recovered, restorer);
        registry.sessions().forEach(router::recover);
        router.recover(recovered.retained(), restorer);
        registry.resume();
        if (!recovered.sessions().isEmpty() || !recovered.retained().isEmpty()) {
            LOG.info("recovered {} sessions and {} retained messages", registry.size(), router.retainedCount());
        }
    }

    private <T extends AutoCloseable> T keep(T part) {
        closeables.add(0, part);
        return part;
    }

    private Map<String, ListenerRules> listenerRules() {
        Map<String, ListenerRules> rules = new LinkedHashMap<>();
        for (Listener listener : configuration.listeners()) {
            Set<ProtocolVersion> versions = java.util.Arrays.stream(ProtocolVersion.values())
                    .filter(version -> listener.versions().contains(version.toString()))
                    .collect(Collectors.toSet());
            rules.put(
                    listener.name(),
                    new ListenerRules(
                            logins.authenticator(listener.login()), versions, trust.guard(listener), logins::stands));
        }
        return rules;
    }

    // time

    private io.gatehouse.session.Timers.Timer schedule(Duration delay, Runnable task) {
        ScheduledFuture<?> scheduled = timer.schedule(
                () -> guarded(task), Math.min(delay.toMillis(), Long.MAX_VALUE / 2), TimeUnit.MILLISECONDS);
        return () -> scheduled.cancel(false);
    }

    private static void every(ScheduledExecutorService thread, Duration interval, Runnable task) {
        thread.scheduleWithFixedDelay(
                () -> guarded(task), interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** A task that fails is told of and does not take the others with it. */
    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.error("a scheduled task failed", e);
        }
    }

    // reload

    private void watch() {
        List<Path> login = new ArrayList<>();
        configuration.passwordLogin().ifPresent(passwords -> login.add(passwords.file()));
        configuration
                .jwtLogin()
                .ifPresent(tokens -> tokens.issuers().stream().forEach(issuer -> {
                    issuer.authorities().ifPresent(login::add);
                    if (!issuer.remote()) {
                        login.add(Path.of(issuer.jwks()));
                    }
                }));
        watch(new Watch(List.of(configuration.policyFolder())), policies::reload);
        watch(new Watch(login), this::reloadLogins);
        enrolments.ifPresent(one -> watch(new Watch(one.files()), this::reloadEnrolment));
    }

    private void watch(Watch files, Runnable reload) {
        every(reloads, LOOK, () -> {
            if (files.changed()) {
                reload.run();
            }
        });
    }

    /**
     * Takes in what changed on disk: what SIGHUP asks for. Returns when it is in force.
     *
     * @return what was refused, by part; empty: nothing was, and nothing of the last state is left
     */
    public Map<String, String> reload() {
        return reload(false);
    }

    /** The same; with {@code allowRollback} a signed policy may be older than what is in force. */
    Map<String, String> reload(boolean allowRollback) {
        Map<String, String> refused = new LinkedHashMap<>();
        policies.reload(allowRollback).ifPresent(why -> refused.put("policy", why));
        reloadLogins().ifPresent(why -> refused.put("logins", why));
        trust.reload().ifPresent(why -> refused.put("tls", why));
        reloadEnrolment().ifPresent(why -> refused.put("enrolment", why));
        return refused;
    }

    private synchronized Optional<String> reloadLogins() {
        try {
            logins.reload();
            int ended = endWhoseLoginIsGone();
            LOG.info("passwords and keys loaded; {} clients had to leave", ended);
            audit.record(new AuditEvent.Broker("logins_loaded", Map.of("ended", ended)));
            return Optional.empty();
        } catch (Unusable e) {
            return refused("logins", e.getMessage());
        }
    }

    private int endWhoseLoginIsGone() {
        int[] ended = new int[1];
        registry.eachConnection(connected -> {
            if (!logins.stands(connected.rights().principal())) {
                ended[0]++;
                connected.link().end(ReasonCode.NOT_AUTHORIZED, "revoked", "what it logged in with is no longer good");
            }
        });
        return ended[0];
    }

    /** Key sets behind addresses change without a file that does. */
    private synchronized void lookAtKeys() {
        if (logins.keysChanged()) {
            int ended = endWhoseLoginIsGone();
            LOG.info("an issuer's keys are others now; {} clients had to leave", ended);
            audit.record(new AuditEvent.Broker("keys_changed", Map.of("ended", ended)));
        }
    }

    /** The certificate of the enrolment listener. */
    private synchronized Optional<String> reloadEnrolment() {
        try {
            if (enrolments.isPresent()) {
                enrolments.get().reload();
                admission.forgive(); // who did not trust the certificate of before may trust this one
            }
            return Optional.empty();
        } catch (UnusableTls e) {
            return refused("enrolment", e.getMessage());
        }
    }

    private Optional<String> refused(String what, @org.jspecify.annotations.Nullable String message) {
        String why = String.valueOf(message);
        metrics.reloadsRefused.increment();
        LOG.error("{} not loaded, the last good state stays in force: {}", what, why);
        audit.record(new AuditEvent.Broker(what + "_refused", Map.of("detail", why)));
        return Optional.of(why);
    }

    // what it tells of itself

    private void sys() {
        Duration interval = configuration.sysInterval();
        Optional<Consumer<Message>> publisher =
                interval.isZero() ? Optional.empty() : Optional.of(new SysPublisher(authorizer, router));
        every(timer, EXPIRY_LOOK, new ExpiryWatch(registry, audit, metrics, publisher, clock)::look);
        publisher.ifPresent(to -> tell(new SysTopics("gatehouse version " + BrokerFigures.version(), to), interval));
    }

    private void tell(SysTopics topics, Duration interval) {
        AtomicLong lastNanos = new AtomicLong(System.nanoTime());
        Runnable tell = () -> {
            long now = System.nanoTime();
            topics.publish(figures.now(), Duration.ofNanos(now - lastNanos.getAndSet(now)));
        };
        timer.execute(() -> guarded(tell));
        // in step with the wall clock, as Mosquitto does since 2.1
        long millis = interval.toMillis();
        timer.scheduleAtFixedRate(() -> guarded(tell), millis - clock.millis() % millis, millis, TimeUnit.MILLISECONDS);
    }

    private void announce() {
        Map<String, Object> ports = new LinkedHashMap<>();
        for (int i = 0; i < listeners.size(); i++) {
            Listener settings = configuration.listeners().get(i);
            ports.put(settings.name(), listeners.get(i).port());
            settings.insecureAcknowledgement().ifPresent(why -> {
                LOG.warn("listener \"{}\" is PLAINTEXT, acknowledged with: {}", settings.name(), why);
                audit.record(new AuditEvent.Broker(
                        "insecure_listener", Map.of("listener", settings.name(), "acknowledged", why)));
            });
        }
        policies.announce();
        LOG.info("listening: {}", ports);
        audit.record(new AuditEvent.Broker("started", Map.of("ports", ports, "policy", policies.summary())));
    }

    /** The port of each listener by name: what the configuration says, or the one that was free. */
    public Map<String, Integer> ports() {
        Map<String, Integer> ports = new LinkedHashMap<>();
        listeners.forEach(listener -> ports.put(listener.name(), listener.port()));
        enrolments.ifPresent(one -> ports.put("enrolment:est", one.port()));
        return ports;
    }

    /** What the policy in force is made of. */
    public String policySummary() {
        return policies.summary();
    }

    /** Which policy is in force, and whether its folder has had a mistake since. */
    PolicyReload.Standing policyStanding() {
        return policies.standing();
    }

    /** Every figure, in Prometheus' text format. */
    public String metricsText() {
        return metrics.text();
    }

    /** Stops accepting, tells every client (0x8B), waits a moment for them to hear it, and lets go of everything. */
    @Override
    public void close() {
        listeners.forEach(MqttListener::close);
        gate.shutDown();
        long deadline = System.nanoTime() + DRAIN.toNanos();
        while (admission.open() > 0 && System.nanoTime() < deadline) {
            java.util.concurrent.locks.LockSupport.parkNanos(10_000_000);
        }
        audit.record(new AuditEvent.Broker("stopped", Map.of()));
        closeAll();
    }

    private void closeAll() {
        for (AutoCloseable part : closeables) {
            try {
                part.close();
            } catch (Exception e) {
                LOG.warn("on the way out: {}", e.getMessage());
            }
        }
    }
}
