package io.gatehouse;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.json.Json;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.Qos;
import io.gatehouse.session.SessionRegistry;
import io.gatehouse.session.SessionRegistry.Connected;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import javax.security.auth.x500.X500Principal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of the certificates of connected clients before they end: seven days and one day ahead, of each certificate once,
 * however often its client comes back. One that lives for a few days only is told of in the last third of its life.
 *
 * <p>A fleet that was issued in one day ends in one day: of those that are due in one look a few are named, and the rest is
 * counted. How many there are is in two figures and two retained topics. Confined to the thread that looks, but for the
 * figures.
 */
final class ExpiryWatch {
    private static final Logger LOG = LoggerFactory.getLogger(ExpiryWatch.class);
    private static final String TOPIC = "$SYS/broker/cert/expiring";
    private static final Duration WEEK = Duration.ofDays(7);
    private static final Duration DAY = Duration.ofDays(1);

    /** Named in one look; the others are counted. */
    private static final int NAMED = 20;

    private static final int REMEMBERED = 100_000;

    private final SessionRegistry registry;
    private final AuditLog audit;
    private final Metrics metrics;
    private final Optional<Consumer<Message>> sys;
    private final Clock clock;
    private final Map<String, String> last = new LinkedHashMap<>();

    /** How many days ahead each certificate was told of. Who was told of longest ago is forgotten first. */
    private final Map<Key, Long> told = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Long> eldest) {
            return size() > REMEMBERED;
        }
    };

    private record Key(X500Principal issuer, java.math.BigInteger serial) {
        static Key of(X509Certificate certificate) {
            return new Key(certificate.getIssuerX500Principal(), certificate.getSerialNumber());
        }
    }

    /** @param sys publishes; empty: nothing is published */
    ExpiryWatch(
            SessionRegistry registry, AuditLog audit, Metrics metrics, Optional<Consumer<Message>> sys, Clock clock) {
        this.registry = registry;
        this.audit = audit;
        this.metrics = metrics;
        this.sys = sys;
        this.clock = clock;
        metrics.gauge(
                "client_certificates_expiring",
                "connected clients whose certificate ends within seven days",
                () -> endingWithin(WEEK));
        metrics.gauge(
                "client_certificates_expiring_1d",
                "connected clients whose certificate ends within a day",
                () -> endingWithin(DAY));
    }

    private long endingWithin(Duration time) {
        Instant moment = clock.instant().plus(time);
        long[] count = new long[1];
        registry.eachConnection(
                one -> count[0] += one.link().peer().certificateEnd().isBefore(moment) ? 1 : 0);
        return count[0];
    }

    /** Looks at everybody; called now and then. */
    void look() {
        Instant now = clock.instant();
        Instant inAWeek = now.plus(WEEK);
        Instant inADay = now.plus(DAY);
        List<Map<String, Object>> named = new ArrayList<>();
        int[] due = new int[1];
        int[] ofWeek = new int[1];
        int[] ofDay = new int[1];
        registry.eachConnection(one -> {
            Instant end = one.link().peer().certificateEnd();
            if (!end.isBefore(inAWeek)) {
                return; // most of them, most of the time
            }
            Optional<X509Certificate> certificate = one.link().peer().certificate();
            long days = end.isBefore(inADay) ? 1 : 7;
            ofWeek[0]++;
            ofDay[0] += days == 1 ? 1 : 0;
            if (certificate.isPresent() && isDue(certificate.get(), now, end, days)) {
                told.put(Key.of(certificate.get()), days);
                if (due[0]++ < NAMED) {
                    named.add(describe(one, certificate.get(), end, days));
                }
            }
        });
        if (due[0] > 0) {
            tell(named, due[0]);
        }
        publish("7d", ofWeek[0]);
        publish("1d", ofDay[0]);
    }

    /** @param end of the certificate, or of the first authority above it that ends */
    private boolean isDue(X509Certificate certificate, Instant now, Instant end, long days) {
        Duration life = Duration.between(certificate.getNotBefore().toInstant(), end);
        if (Duration.between(now, end).compareTo(life.dividedBy(3)) > 0) {
            return false;
        }
        Long before = told.get(Key.of(certificate));
        return before == null || before > days;
    }

    private static Map<String, Object> describe(Connected one, X509Certificate certificate, Instant end, long days) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("user", one.rights().principal().user());
        all.put("client", one.session().clientId().text());
        all.put("listener", one.rights().principal().subject().listener());
        all.put("serial", certificate.getSerialNumber().toString(16));
        all.put("issuer", certificate.getIssuerX500Principal().getName());
        all.put("ends", end.toString());
        all.put("days", days);
        return all;
    }

    private void tell(List<Map<String, Object>> named, int due) {
        metrics.certificateWarnings.add(due);
        for (Map<String, Object> one : named) {
            audit.record(new AuditEvent.Broker("certificate_expiring", one));
            say(Json.line(one));
        }
        if (due > named.size()) {
            Map<String, Object> others = Map.of("others", due - named.size());
            audit.record(new AuditEvent.Broker("certificate_expiring", others));
            say(Json.line(others));
        }
        LOG.warn(
                "the certificates of {} connected clients end soon, such as that of {} {}; see: gatehouse certs list --expiring 7d",
                due,
                named.get(0).get("client"),
                named.get(0).get("ends"));
    }

    private void say(String text) {
        sys.ifPresent(to -> to.accept(Message.of(TOPIC, Qos.AT_LEAST_ONCE, false, Payload.of(text))));
    }

    /** Retained, when it changed; never, where it was never anything but none. */
    private void publish(String within, long count) {
        String topic = TOPIC + "/" + within;
        String value = Long.toString(count);
        if (sys.isPresent() && !value.equals(last.getOrDefault(topic, "0"))) {
            last.put(topic, value);
            sys.get().accept(Message.of(topic, Qos.EXACTLY_ONCE, true, Payload.of(value)));
        }
    }
}
