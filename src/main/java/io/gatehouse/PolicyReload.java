package io.gatehouse;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.config.Configuration;
import io.gatehouse.config.Problem;
import io.gatehouse.connection.Sweep;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.PolicySet;
import io.gatehouse.policy.language.ManifestKeys;
import io.gatehouse.policy.language.PolicyLoader;
import io.gatehouse.policy.lint.ConfiguredPolicy;
import io.gatehouse.transport.EventLoops;
import java.security.PublicKey;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts policies in force: reads, compiles and tests a folder as a whole, compares it with what is in force, swaps one
 * reference, waits for whoever was deciding under the old one, and sweeps the sessions. Any thread but an event loop; one
 * at a time.
 *
 * <p>A mistake in any file changes nothing. The broker says so in its log and its audit log, with the place, and {@code
 * policy_stale} is 1 until the folder is good again.
 */
final class PolicyReload {
    private static final Logger LOG = LoggerFactory.getLogger(PolicyReload.class);

    /** Longer than any decision takes; a thread that is stuck must not keep the next reload out for ever. */
    private static final Duration MOST_WAIT = Duration.ofSeconds(5);

    /** A time window opened or closed, and nobody has looked at the sessions since. */
    private final AtomicBoolean turned = new AtomicBoolean();

    private final Configuration configuration;
    private final Metrics metrics;
    private final AuditLog audit;
    private final Clock clock;
    private final PolicyRevision newest;
    private final ShadowHistory shadows;
    private Optional<PublicKey> verifyKey = Optional.empty();
    private Optional<Long> signed = Optional.empty();
    private @Nullable Authorizer authorizer;
    private @Nullable Sweep sweep;
    private @Nullable EventLoops loops;
    private volatile String summary = "";
    private int warnings;
    private volatile boolean stale;

    PolicyReload(Configuration configuration, Metrics metrics, AuditLog audit, Clock clock) {
        this.configuration = configuration;
        this.metrics = metrics;
        this.audit = audit;
        this.clock = clock;
        this.newest = new PolicyRevision(configuration.data());
        this.shadows = new ShadowHistory(configuration.data());
    }

    /** The policy to begin with. */
    PolicySet first() throws CannotStart {
        if (configuration.policyVerifyKey().isPresent()) {
            try {
                verifyKey = Optional.of(
                        ManifestKeys.verifying(configuration.policyVerifyKey().get()));
            } catch (ManifestKeys.UnusableKey e) {
                throw new CannotStart(List.of(e.getMessage()));
            }
        }
        PolicyLoader.Loaded loaded = load();
        if (loaded.set().isEmpty()) {
            throw new CannotStart(lines(loaded));
        }
        Optional<Problem> older = newest.refuses(configuration.policyFolder(), loaded);
        if (older.isPresent()) {
            throw new CannotStart(List.of(older.get().toString()));
        }
        loaded.problems().forEach(problem -> LOG.warn("{}", problem));
        inForce(loaded);
        warnings = loaded.problems().size();
        return loaded.set().get();
    }

    /** Where what is loaded from now on is put in force. */
    void actOn(Authorizer with, Sweep sessions, EventLoops deciders) {
        authorizer = with;
        sweep = sessions;
        loops = deciders;
        signed.ifPresent(with::number);
    }

    /** Says which policy it begins with: a load like every other. */
    void announce() {
        Authorizer in = Objects.requireNonNull(authorizer);
        LOG.info(
                "policy loaded: revision {} sha256:{} {}, {} warnings",
                in.revision(),
                in.policy().digest(),
                summary,
                warnings);
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("summary", summary);
        details.put("warnings", warnings);
        audit.record(new AuditEvent.PolicyLoad("loaded", details, inForce(in)));
    }

    private void inForce(PolicyLoader.Loaded loaded) {
        summary = loaded.summary()
                + loaded.revision()
                        .map(revision -> ", signed as revision " + revision)
                        .orElse("");
        signed = loaded.revision();
        newest.reached(loaded);
        shadows.reached(loaded.policy(), clock.instant());
    }

    private PolicyLoader.Loaded load() {
        return ConfiguredPolicy.load(
                configuration.policyFolder(),
                configuration,
                options -> options.signedBy(verifyKey).withoutRules(),
                clock);
    }

    private static List<String> lines(PolicyLoader.Loaded loaded) {
        return loaded.problems().stream()
                .map(problem -> {
                    String excerpt = PolicyLoader.excerpt(problem, loaded.texts());
                    return excerpt.isEmpty() ? problem.toString() : problem + System.lineSeparator() + excerpt;
                })
                .toList();
    }

    /**
     * Takes in what the folder says now. When it returns, nobody decides under the old policy any more.
     *
     * @param allowRollback whether a signed policy may be older than what is in force
     * @return why it was refused; empty: it was not
     */
    synchronized Optional<String> reload(boolean allowRollback) {
        Authorizer in = Objects.requireNonNull(authorizer);
        long began = System.nanoTime();
        PolicyLoader.Loaded loaded = load();
        if (loaded.set().isEmpty()) {
            return Optional.of(refuse(in, loaded.problems(), lines(loaded)));
        }
        Optional<Problem> older =
                allowRollback ? Optional.empty() : newest.refuses(configuration.policyFolder(), loaded);
        if (older.isPresent()) {
            return Optional.of(
                    refuse(in, List.of(older.get()), List.of(older.get().toString())));
        }
        stale = false;
        loaded.problems().forEach(problem -> LOG.warn("{}", problem));
        if (loaded.digest().equals(in.policy().digest()) && loaded.revision().equals(signed)) {
            LOG.info("policy unchanged: revision {} sha256:{}", in.revision(), loaded.digest());
            return Optional.empty();
        }
        if (loaded.revision().isPresent()) {
            in.replace(loaded.set().get(), loaded.revision().get());
        } else {
            in.replace(loaded.set().get());
        }
        settle();
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
        inForce(loaded);
        metrics.policyReloads.increment();
        Swept swept = sweep();
        long warnings = loaded.problems().size();
        LOG.info(
                "policy loaded: revision {} sha256:{} {}, {} warnings, live in {} ms; {}",
                in.revision(),
                loaded.digest(),
                loaded.summary(),
                warnings,
                millis,
                words(swept));
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("summary", loaded.summary());
        details.put("warnings", warnings);
        details.put("live_in_ms", millis);
        details.putAll(fields(swept));
        audit.record(new AuditEvent.PolicyLoad("loaded", details, inForce(in)));
        return Optional.empty();
    }

    private String refuse(Authorizer in, List<Problem> problems, List<String> lines) {
        String why = String.join(System.lineSeparator(), lines);
        stale = true;
        metrics.reloadsRefused.increment();
        LOG.error("policy not loaded, revision {} stays in force: {}", in.revision(), why);
        audit.record(new AuditEvent.PolicyLoad(
                "refused",
                Map.of("problems", problems.stream().map(Problem::toString).toList()),
                inForce(in)));
        return why;
    }

    /** Looks whether a time window opened or closed: rights follow at once, also while a policy is being taken in. */
    void turn() {
        if (Objects.requireNonNull(authorizer).tick()) {
            turned.set(true);
        }
    }

    /** The same, and looks at everybody whose rights followed; without a packet from anybody. */
    synchronized void tick() {
        turn();
        Authorizer in = Objects.requireNonNull(authorizer);
        if (turned.getAndSet(false)) {
            Swept swept = sweep();
            LOG.info("a time window of the policy opened or closed; {}", words(swept));
            audit.record(new AuditEvent.PolicyLoad("window", fields(swept), inForce(in)));
        }
    }

    /** Whoever was deciding when the reference changed has finished, and what it sent is with the sockets. */
    private void settle() {
        if (!Objects.requireNonNull(loops).settle(MOST_WAIT)) {
            LOG.warn(
                    "a connection's thread is busy for more than {} s; the new policy is in force",
                    MOST_WAIT.toSeconds());
        }
    }

    private static AuditEvent.InForce inForce(Authorizer in) {
        return new AuditEvent.InForce(in.revision(), in.policy().digest());
    }

    /** What looking at every session came to, and how long it took. */
    private record Swept(Sweep.Result result, long millis) {}

    private Swept sweep() {
        long began = System.nanoTime();
        Sweep.Result result = Objects.requireNonNull(sweep).run();
        return new Swept(result, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
    }

    private static String words(Swept sweep) {
        Sweep.Result swept = sweep.result;
        return swept.lost() + " subscriptions lost rights, " + swept.ended() + " clients disconnected"
                + (swept.regained() == 0 ? "" : ", " + swept.regained() + " subscriptions are awake again")
                + (swept.withheld() == 0 ? "" : ", " + swept.withheld() + " retained messages hidden")
                + "; " + swept.sessions() + " sessions looked at in " + sweep.millis + " ms";
    }

    private static Map<String, Object> fields(Swept sweep) {
        Sweep.Result swept = sweep.result;
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("sessions", swept.sessions());
        fields.put("lost", swept.lost());
        fields.put("regained", swept.regained());
        fields.put("ended", swept.ended());
        fields.put("retained_hidden", swept.withheld());
        fields.put("swept_in_ms", sweep.millis);
        return fields;
    }

    /** Takes in what the folder says now, if it is not older than what was in force. */
    Optional<String> reload() {
        return reload(false);
    }

    /** What the policy in force is made of. */
    String summary() {
        return summary;
    }

    /**
     * Which policy is in force.
     *
     * @param identity {@code revision 42 sha256:9f3c…}
     * @param stale whether the folder says something else by now, and was refused
     */
    record Standing(String identity, boolean stale) {}

    Standing standing() {
        Authorizer in = Objects.requireNonNull(authorizer);
        return new Standing(
                "revision " + in.revision() + " sha256:" + in.policy().digest(), stale);
    }

    /** Whether the folder had a mistake when it was last read. */
    boolean isStale() {
        return stale;
    }
}
