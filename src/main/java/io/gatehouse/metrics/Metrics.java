package io.gatehouse.metrics;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.DoubleSupplier;

/**
 * What the broker counts. Any thread; a count is one addition without contention.
 */
public final class Metrics {
    private final PrometheusRegistry registry = new PrometheusRegistry();

    public final Count connectionsAccepted = count("connections_accepted", "connections accepted, logged in or not");
    public final Count connectionsRefused =
            count("connections_refused", "connections closed by a limit, or because they did not log in in time");
    public final Count handshakesRefused = count("handshakes_refused", "TLS handshakes refused");
    public final Count certificateWarnings =
            count("certificate_warnings", "warnings that the certificate of a connected client ends soon");
    public final Count penalties =
            count("penalties", "times that an address was shut out because it failed again and again");
    public final Count certificatesWithdrawn =
            count("certificates_withdrawn", "connections ended because their certificate was no longer accepted");
    public final Count loginsAccepted = count("logins_accepted", "logins accepted");
    public final Count loginsRefused = count("logins_refused", "logins refused");
    public final Count loginsThrottled = count(
            "logins_throttled", "logins refused, of these, unlooked at, for failures of the user or address before");
    public final Count packetsReceived = count("packets_received", "control packets received");
    public final Count packetsSent = count("packets_sent", "control packets sent");
    public final Count bytesReceived = count("received_bytes", "bytes of control packets received");
    public final Count bytesSent = count("sent_bytes", "bytes of control packets sent");
    public final Count publishReceived = count("publish_received", "PUBLISH packets received");
    public final Count publishSent = count("publish_sent", "PUBLISH packets sent");
    public final Count publishBytesReceived = count("publish_received_bytes", "payload bytes received");
    public final Count publishBytesSent = count("publish_sent_bytes", "payload bytes sent");
    public final Count publishDropped = count("publish_dropped", "messages that a session wanted and did not get");
    public final Count publishDenied = count("publish_denied", "messages that policy refused");
    public final Count subscribesDenied = count("subscribes_denied", "subscriptions that policy refused");
    public final Count protocolErrors = count("protocol_errors", "connections closed for breaking the protocol");
    public final Count sessionsExpired = count("sessions_expired", "sessions that ended by their expiry");
    public final Count subscriptionsRevoked =
            count("subscriptions_revoked", "subscriptions that lost their right while they were there");
    public final Count retainedWithheld = count(
            "retained_withheld", "retained messages not replayed because their publisher may no longer publish them");
    public final Count policyReloads = count("policy_reloads", "policies put in force");
    public final Count reloadsRefused = count("reloads_refused", "reloads that left the last good state in force");

    public final Outcomes enrolments = outcomes("enrolments", "requests of devices for certificates, by outcome");

    public final Handshakes handshakes = new Handshakes(Counter.builder()
            .name("gatehouse_tls_handshakes")
            .help("TLS handshakes that ended well, by what they agreed on")
            .labelNames("listener", "version", "cipher", "group")
            .withoutExemplars()
            .register(registry));

    /** What handshakes agreed on. */
    public static final class Handshakes {
        private final Counter counter;

        private Handshakes(Counter counter) {
            this.counter = counter;
        }

        /** All are of a few words, as many as the configuration and the TLS settings have. */
        public void increment(String listener, String version, String cipher, String group) {
            counter.labelValues(listener, version, cipher, group).inc();
        }
    }

    public final Shadows shadowDifferences = new Shadows(Counter.builder()
            .name("gatehouse_policy_shadow")
            .help("answers that shadow statements would have changed, by what they would have been and whose they are")
            .labelNames("would", "role")
            .withoutExemplars()
            .register(registry));

    /** What shadow statements would have changed. */
    public static final class Shadows {
        private final Counter counter;

        private Shadows(Counter counter) {
            this.counter = counter;
        }

        /** @param role of the policy, of which there are not many; empty where several make the difference together */
        public void increment(String would, String role) {
            counter.labelValues(would, role).inc();
        }
    }

    /** Figures that only grow, one for each word that says how something went. */
    public static final class Outcomes {
        private final Counter counter;

        private Outcomes(Counter counter) {
            this.counter = counter;
        }

        public void increment(String outcome) {
            counter.labelValues(outcome).inc();
        }

        public long value(String outcome) {
            return (long) counter.labelValues(outcome).get();
        }
    }

    private Outcomes outcomes(String name, String help) {
        return new Outcomes(Counter.builder()
                .name("gatehouse_" + name)
                .help(help)
                .labelNames("outcome")
                .withoutExemplars()
                .register(registry));
    }

    /** One figure that only grows. */
    public static final class Count {
        private final Counter counter;

        private Count(Counter counter) {
            this.counter = counter;
        }

        public void increment() {
            counter.inc();
        }

        public void add(long amount) {
            counter.inc(amount);
        }

        public long value() {
            return (long) counter.get();
        }
    }

    private Count count(String name, String help) {
        return new Count(Counter.builder()
                .name("gatehouse_" + name)
                .help(help)
                .withoutExemplars()
                .register(registry));
    }

    /** A figure that goes up and down, read when somebody asks. */
    public void gauge(String name, String help, DoubleSupplier value) {
        GaugeWithCallback.builder()
                .name("gatehouse_" + name)
                .help(help)
                .callback(callback -> callback.call(value.getAsDouble()))
                .register(registry);
    }

    /** Everything, in Prometheus' text format. */
    public String text() {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        try {
            PrometheusTextFormatWriter.builder().build().write(text, registry.scrape());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString(StandardCharsets.UTF_8);
    }
}
