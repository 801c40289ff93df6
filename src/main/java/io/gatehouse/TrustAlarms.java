package io.gatehouse;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.tls.TlsContext;
import io.gatehouse.tls.TlsContext.Ending;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What somebody should look at: certificates of the broker and of authorities that end soon, lists that are late. Each is
 * told of when it begins and when it is over. Confined to the thread that looks, but for the figures.
 */
final class TrustAlarms {
    private static final Logger LOG = LoggerFactory.getLogger(TrustAlarms.class);

    /** How long before its end a certificate is told of, each once. */
    private static final List<Duration> WARNINGS = List.of(Duration.ofDays(1), Duration.ofDays(7), Duration.ofDays(30));

    private final Map<String, TlsContext> contexts;
    private final AuditLog audit;
    private final Clock clock;
    private volatile Set<String> alarms = Set.of();

    /** @param contexts filled by whoever makes this, before the first look */
    TrustAlarms(Map<String, TlsContext> contexts, AuditLog audit, Metrics metrics, Clock clock) {
        this.contexts = contexts;
        this.audit = audit;
        this.clock = clock;
        metrics.gauge(
                "tls_alarms", "certificates and revocation lists that somebody should look at", () -> alarms.size());
        metrics.gauge(
                "certificate_seconds_left",
                "until the first certificate of a listener ends: its own, or of an authority above it or its clients",
                () -> secondsLeft(contexts.values().stream()
                        .flatMap(context -> context.endings().stream())
                        .map(Ending::at)));
        metrics.gauge(
                "revocation_list_seconds_left",
                "until the first revocation list is past its next update; negative: since",
                () -> secondsLeft(contexts.values().stream().map(TlsContext::listsDue)));
    }

    /** @param others that were found elsewhere */
    void look(Set<String> others) {
        Set<String> now = new LinkedHashSet<>(others);
        contexts.values().forEach(context -> {
            now.addAll(context.alarms());
            context.endings().stream().flatMap(this::warning).forEach(now::add);
        });
        Set<String> before = alarms;
        alarms = now;
        for (String alarm : now) {
            if (!before.contains(alarm)) {
                LOG.warn("{}", alarm);
                audit.record(new AuditEvent.Broker("tls_alarm", Map.of("detail", alarm)));
            }
        }
        for (String gone : before) {
            if (!now.contains(gone)) {
                audit.record(new AuditEvent.Broker("tls_alarm_over", Map.of("detail", gone)));
            }
        }
    }

    private Stream<String> warning(Ending ending) {
        Duration left = Duration.between(clock.instant(), ending.at());
        return WARNINGS.stream()
                .filter(warning -> left.compareTo(warning) <= 0)
                .findFirst()
                .map(warning -> ending.file() + ": \"" + ending.subject() + "\" ends " + ending.at() + ", in less than "
                        + warning.toDays() + (warning.toDays() == 1 ? " day" : " days"))
                .stream();
    }

    private double secondsLeft(Stream<Instant> ends) {
        return ends.filter(end -> !end.equals(Instant.MAX))
                .min(Instant::compareTo)
                .map(end -> (double) Duration.between(clock.instant(), end).toSeconds())
                .orElse(Double.POSITIVE_INFINITY);
    }
}
