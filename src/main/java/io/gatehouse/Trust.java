package io.gatehouse;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.config.Configuration;
import io.gatehouse.config.Configuration.Listener;
import io.gatehouse.config.Configuration.RevokedSession;
import io.gatehouse.config.Configuration.RevokedWill;
import io.gatehouse.config.Configuration.ServerName;
import io.gatehouse.config.Configuration.Tls;
import io.gatehouse.connection.AwaySessions;
import io.gatehouse.connection.CertGuard;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.pki.RevocationFeed;
import io.gatehouse.pki.RevocationFeed.Revoked;
import io.gatehouse.pki.RevocationReason;
import io.gatehouse.session.Remains;
import io.gatehouse.session.Timers;
import io.gatehouse.tls.Acceptance;
import io.gatehouse.tls.AttachedAuthority;
import io.gatehouse.tls.ServerNames;
import io.gatehouse.tls.ServerRenewal;
import io.gatehouse.tls.TlsContext;
import io.gatehouse.tls.UnusableTls;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The TLS of the listeners, and whom they trust, made from the configuration and kept up to date: a part of the
 * composition. Any thread.
 *
 * <p>Files, journals and lists are looked at on a thread of their own, and what is fetched is read on another two, so that
 * neither a large list nor a slow server holds anything else up.
 */
final class Trust implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Trust.class);
    private static final String DEBUG = "javax.net.debug";
    private static final Duration JOURNAL = Duration.ofMillis(200);
    private static final Duration FILES = Duration.ofSeconds(1);
    private static final Duration ALARMS = Duration.ofSeconds(10);
    private static final Duration RENEWAL = Duration.ofMinutes(10);
    private static final Duration FIRST_FETCH = Duration.ofSeconds(10);

    private final Configuration configuration;
    private final AuditLog audit;
    private final Metrics metrics;
    private final Clock clock;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(named("gatehouse-trust"));
    private final ExecutorService online = Executors.newFixedThreadPool(2, named("gatehouse-online"));
    private final Map<Path, AttachedAuthority> attached = new LinkedHashMap<>();
    private final Map<String, TlsContext> contexts = new LinkedHashMap<>();
    private final Map<String, ServerNames> servers = new LinkedHashMap<>();
    private final Map<String, CertGuard> guards = new LinkedHashMap<>();
    private final List<ServerRenewal> renewals = new ArrayList<>();
    private volatile Set<String> notRenewed = Set.of();
    private final TrustAlarms alarms;
    private volatile Runnable onLoaded = () -> {};
    private volatile @Nullable AwayWatch away;

    private Trust(Configuration configuration, AuditLog audit, Metrics metrics, Clock clock) {
        this.configuration = configuration;
        this.audit = audit;
        this.metrics = metrics;
        this.clock = clock;
        this.alarms = new TrustAlarms(contexts, audit, metrics, clock);
    }

    private static ThreadFactory named(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    static Trust load(Configuration configuration, Timers timers, AuditLog audit, Metrics metrics, Clock clock)
            throws UnusableTls {
        Trust trust = new Trust(configuration, audit, metrics, clock);
        try {
            for (Listener listener : configuration.listeners()) {
                if (listener.tls().isPresent()) {
                    trust.add(listener.name(), listener.tls().get());
                }
                TlsContext context = trust.contexts.get(listener.name());
                // without TLS there are no certificates to accept
                Acceptance acceptance = context == null ? chain -> Instant.MAX : context;
                Remains ofRevoked =
                        listener.tls().map(Tls::revocation).map(Trust::remains).orElse(Remains.ALL);
                trust.guards.put(listener.name(), new CertGuard(acceptance, timers, metrics, ofRevoked));
            }
            trust.fetchFirst();
            return trust;
        } catch (UnusableTls | RuntimeException e) {
            trust.close();
            throw e;
        }
    }

    static Remains remains(Configuration.Revocation settings) {
        return new Remains(settings.will() == RevokedWill.PUBLISH, settings.session() == RevokedSession.KEEP);
    }

    private void add(String listener, Tls settings) throws UnusableTls {
        Optional<AttachedAuthority> authority = Optional.empty();
        if (settings.revocation().authority().isPresent()) {
            Path folder = settings.revocation().authority().get();
            AttachedAuthority known = attached.get(folder);
            if (known == null) {
                known = AttachedAuthority.open(folder);
                known.tornTail().ifPresent(tail -> LOG.warn("authority {}", tail.said()));
                attached.put(folder, known);
            }
            authority = Optional.of(known);
        }
        if (settings.renew().isPresent()) {
            ServerRenewal renewal = new ServerRenewal(settings, settings.renew().get(), clock);
            renewal.finish();
            renewals.add(renewal);
        }
        TlsContext own = TlsContext.load(settings, clock, authority, online);
        contexts.put(listener, own);
        Map<String, TlsContext> others = new LinkedHashMap<>();
        for (ServerName name : settings.sni()) {
            TlsContext other = TlsContext.load(settings.of(name), clock, authority, online);
            contexts.put(listener + " for " + name.host(), other);
            others.put(name.host(), other);
        }
        servers.put(listener, new ServerNames(settings, own, others));
    }

    /** Waits a little for lists from elsewhere; without them their authorities' certificates are refused, not let in. */
    private void fetchFirst() {
        CompletableFuture<?>[] all =
                contexts.values().stream().map(TlsContext::fetchDue).toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.allOf(all).get(FIRST_FETCH.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("not every revocation list could be fetched within {} s", FIRST_FETCH.toSeconds());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Empty only for a listener that acknowledges plaintext. */
    Optional<ServerNames> of(Listener listener) {
        return Optional.ofNullable(servers.get(listener.name()));
    }

    CertGuard guard(Listener listener) {
        return java.util.Objects.requireNonNull(guards.get(listener.name()));
    }

    /**
     * Begins to look for changes.
     *
     * @param whenLoaded runs whenever certificates and authorities were put in force
     * @param sessions of clients that are away, some revoked while the broker was down
     */
    void start(Runnable whenLoaded, AwaySessions sessions) {
        onLoaded = whenLoaded;
        AwayWatch watch = AwayWatch.of(configuration.listeners(), contexts, guards.values(), sessions);
        away = watch;
        if (System.getProperty(DEBUG) != null) {
            LOG.warn("{} is set: the JDK MAY WRITE DOWN WHAT CONNECTIONS ENCRYPT, passwords too", DEBUG);
            audit.record(new AuditEvent.Broker("tls_debug", Map.of("detail", DEBUG + " is set")));
        }
        contexts.forEach((name, context) -> LOG.info("listener \"{}\": TLS by {}", name, context.offer()));
        Watch files = new Watch(files());
        boolean[] again = new boolean[1];
        every(FILES, () -> {
            if (again[0]) {
                again[0] = false;
                reload();
            } else if (files.changed()) {
                // certificate and key are two files: what does not fit together is looked at once more before it is
                // told
                again[0] = !reloadIfGood();
            }
            fetch();
        });
        if (!renewals.isEmpty()) {
            every(RENEWAL, this::renew);
        }
        if (!attached.isEmpty()) {
            every(JOURNAL, this::follow);
        }
        every(ALARMS, this::lookForAlarms);
        every(ALARMS, watch::lookAgain);
    }

    private void every(Duration interval, Runnable task) {
        timer.scheduleWithFixedDelay(
                () -> {
                    try {
                        task.run();
                    } catch (RuntimeException e) {
                        LOG.error("looking for changes of trust failed", e);
                    }
                },
                0,
                interval.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    private List<Path> files() {
        List<Path> files = new ArrayList<>();
        for (Listener listener : configuration.listeners()) {
            if (listener.tls().isPresent()) {
                Tls settings = listener.tls().get();
                files.add(settings.certificate());
                files.add(settings.key());
                settings.sni().forEach(name -> files.addAll(List.of(name.certificate(), name.key())));
                settings.clientCa().ifPresent(files::add);
                files.addAll(settings.revocation().files());
            }
        }
        return files;
    }

    /**
     * Loads every file again, and ends the connections whose certificate is no longer accepted.
     *
     * @return why not, if the last good state stays
     */
    synchronized Optional<String> reload() {
        try {
            load();
            return Optional.empty();
        } catch (UnusableTls e) {
            String why = String.valueOf(e.getMessage());
            metrics.reloadsRefused.increment();
            LOG.error("tls not loaded, the last good state stays in force: {}", why);
            audit.record(new AuditEvent.Broker("tls_refused", Map.of("detail", why)));
            return Optional.of(why);
        }
    }

    private synchronized boolean reloadIfGood() {
        try {
            load();
            return true;
        } catch (UnusableTls e) {
            LOG.debug("not loaded yet: {}", e.getMessage());
            return false;
        }
    }

    /** All listeners or none: what one of them cannot use, none of them gets. */
    private void load() throws UnusableTls {
        List<TlsContext.Prepared> prepared = new ArrayList<>();
        try {
            for (TlsContext context : contexts.values()) {
                prepared.add(context.prepare());
            }
        } catch (UnusableTls | RuntimeException e) {
            prepared.forEach(TlsContext.Prepared::discard);
            throw e;
        }
        prepared.forEach(TlsContext.Prepared::apply);
        onLoaded.run();
        int ended = sweep();
        LOG.info("certificates loaded; {} clients had to leave", ended);
        audit.record(new AuditEvent.Broker("tls_loaded", Map.of("ended", ended)));
    }

    /** The broker's own certificates, from its own authority. */
    private void renew() {
        Set<String> failed = new LinkedHashSet<>();
        for (ServerRenewal renewal : renewals) {
            try {
                if (renewal.renewIfDue()) {
                    LOG.info("a certificate of this server is renewed");
                    audit.record(new AuditEvent.Broker("server_certificate_renewed", Map.of()));
                }
            } catch (UnusableTls e) {
                failed.add(String.valueOf(e.getMessage()));
            }
        }
        notRenewed = failed;
    }

    private int sweep() {
        int ended = guards.values().stream().mapToInt(CertGuard::sweep).sum();
        lookAtAway();
        return ended;
    }

    private void lookAtAway() {
        AwayWatch watch = away;
        if (watch != null) {
            watch.look();
        }
    }

    private void fetch() {
        // a listener's clients are guarded together, whichever of its names they asked for
        servers.forEach((name, names) ->
                names.all().forEach(context -> context.fetchDue().thenAccept(changed -> fetched(name, changed))));
    }

    private void fetched(String name, boolean changed) {
        if (changed) {
            int ended = guard(name).sweep();
            lookAtAway();
            LOG.info("revocation lists fetched for \"{}\"; {} clients had to leave", name, ended);
            audit.record(new AuditEvent.Broker("revocation_loaded", Map.of("listener", name, "ended", ended)));
        }
    }

    private CertGuard guard(String listener) {
        return Objects.requireNonNull(guards.get(listener), "every listener has a guard");
    }

    private void follow() {
        for (AttachedAuthority authority : attached.values()) {
            RevocationFeed.News news = authority.poll();
            List<BigInteger> revoked =
                    news.revoked().stream().map(Revoked::serial).toList();
            String folder = authority.folder().toString();
            if (!revoked.isEmpty()) {
                int ended = guards.values().stream()
                        .mapToInt(guard -> guard.withdrawn(revoked))
                        .sum();
                lookAtAway();
                long held = news.revoked().stream()
                        .filter(one -> one.reason() == RevocationReason.CERTIFICATE_HOLD)
                        .count();
                LOG.info(
                        "{} certificates revoked by {}, {} of them on hold; {} clients had to leave",
                        revoked.size(),
                        folder,
                        held,
                        ended);
                audit.record(new AuditEvent.Broker(
                        "revoked",
                        Map.of("authority", folder, "certificates", revoked.size(), "held", held, "ended", ended)));
            }
            if (!news.released().isEmpty()) {
                int released = news.released().size();
                LOG.info("the hold of {} certificates lifted by {}", released, folder);
                audit.record(new AuditEvent.Broker("released", Map.of("authority", folder, "certificates", released)));
            }
        }
    }

    // what somebody should look at

    private void lookForAlarms() {
        askAgain();
        alarms.look(notRenewed);
    }

    /** Who is connected is asked about again when the last answer of OCSP is over. */
    private void askAgain() {
        servers.forEach((name, names) -> {
            TlsContext context = names.own();
            if (context.isOnline()) {
                CertGuard guard = guard(name);
                for (List<X509Certificate> chain : guard.chains()) {
                    context.requireOnline(chain).exceptionally(refused -> {
                        guard.withdrawn(List.of(chain.get(0).getSerialNumber()));
                        return null;
                    });
                }
            }
        });
    }

    @Override
    public void close() {
        timer.shutdownNow();
        online.shutdownNow();
        contexts.values().forEach(TlsContext::close);
    }
}
