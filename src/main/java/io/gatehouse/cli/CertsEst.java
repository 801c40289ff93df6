package io.gatehouse.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditFile;
import io.gatehouse.audit.AuditLock;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.config.Configuration;
import io.gatehouse.config.Configuration.TlsProvider;
import io.gatehouse.enrolment.EnrolmentDesk;
import io.gatehouse.enrolment.EstListener;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.pki.Registrar;
import io.gatehouse.tls.EnrolmentTls;
import io.gatehouse.tls.UnusableTls;
import io.gatehouse.transport.Admission;
import io.gatehouse.transport.AdmissionPorter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/**
 * The listener of {@code certs serve --est}: the one of a broker with {@code embedded: true}, where there is none. Confined
 * to its command.
 */
final class CertsEst {
    /** Another process has it. */
    private static final int LOCKED = 6;

    /** A host, an address, one of IPv6 in brackets, or all of them; and a port. */
    private static final Pattern PLACE = Pattern.compile("(\\*|[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+]):([0-9]{1,5})");

    @Option(
            names = "--est",
            paramLabel = "HOST:PORT",
            description =
                    "Also, or instead, let devices enrol here over EST (HTTPS), where no broker of Gatehouse does it:"
                            + " such as 0.0.0.0:8943, *:8943 or [::1]:8943. The key is then in a process that talks to networks.")
    private @Nullable String place;

    @Option(
            names = "--tls",
            paramLabel = "DIR",
            description =
                    "The certificate of --est: cert.pem and key.pem in a folder, as 'certs server' leaves them. Taken"
                            + " anew within a minute when they change, and at SIGHUP.")
    private @Nullable Path folder;

    @Option(
            names = "--audit",
            paramLabel = "FILE",
            description = "Where --est writes what devices asked for and what became of it; default: audit.jsonl in the"
                    + " authority's folder. One process writes it.")
    private @Nullable Path audit;

    /** Whether devices enrol here. */
    boolean isWanted() {
        return place != null;
    }

    /** Judges the options, before anything is opened. */
    void require() {
        if (place == null && (folder != null || audit != null)) {
            throw Failure.usage("--tls and --audit are for --est");
        }
        if (place != null && folder == null) {
            throw Failure.usage(
                    "--est needs --tls DIR. Make it with: gatehouse certs server NAME --dns HOST --out DIR");
        }
        if (place != null) {
            Matcher parts = parts(place);
            if (!parts.matches() || Integer.parseInt(parts.group(2)) > 65_535) {
                throw Failure.usage("--est is HOST:PORT, such as 0.0.0.0:8943, found \"" + place + "\"");
            }
        }
    }

    private static Matcher parts(String place) {
        return PLACE.matcher(place);
    }

    /** Binds the port. */
    Running open(Registrar registrar, CertsCommon common) {
        String where = Objects.requireNonNull(place, "not wanted");
        Matcher parts = parts(where);
        if (!parts.matches()) {
            throw new IllegalStateException("not required: " + where);
        }
        Path pair = Objects.requireNonNull(folder, "not required");
        Path log = audit != null ? audit : common.folder().resolve("audit.jsonl");
        EnrolmentTls tls;
        AuditFile events;
        try {
            tls = EnrolmentTls.load(
                    pair.resolve("cert.pem"), pair.resolve("key.pem"), TlsProvider.AUTO, Clock.systemUTC());
            events = AuditFile.open(log, Clock.systemUTC());
        } catch (UnusableTls e) {
            throw Failure.of(3, "--tls: " + e.getMessage());
        } catch (AuditLock.Held e) {
            throw Failure.of(
                    LOCKED, "--audit: " + e.getMessage() + ". End that, or name another file with --audit FILE");
        } catch (IOException e) {
            throw Failure.of(CertsCommand.INTERNAL, "--audit: " + log + ": cannot be written: " + e.getMessage());
        }
        ((Logger) LoggerFactory.getLogger("io.gatehouse.enrolment")).setLevel(Level.INFO);
        Metrics metrics = new Metrics();
        EnrolmentDesk desk = new EnrolmentDesk(registrar, events, metrics);
        EstListener listener = new EstListener(tls, desk, porter(metrics, events));
        Running running = new Running(listener, desk, tls, events, pair, common);
        try {
            listener.start(parts.group(1), Integer.parseInt(parts.group(2)));
        } catch (IOException e) {
            running.close();
            throw Failure.of(CertsCommand.INTERNAL, "--est: " + e.getMessage());
        }
        common.warn("the key of the device authority in " + common.folder()
                + " is in this process, which talks to networks");
        events.record(new AuditEvent.Broker(
                "enrolment_embedded", Map.of("authority", common.folder().toString())));
        listener.greetRegistrar();
        return running;
    }

    /** With what a broker holds against addresses by default. */
    static AdmissionPorter porter(Metrics metrics, AuditLog events) {
        Configuration.Penalty penalty = Configuration.Penalty.DEFAULT;
        Admission failures = Admission.ofFailures(
                new Admission.Penalty(penalty.after(), penalty.first(), penalty.longest(), penalty.exempt()));
        return new AdmissionPorter("enrolment:est", failures, metrics, events);
    }

    /** A bound port. Confined to its command, but for {@link #reload}, which a signal calls. */
    static final class Running implements AutoCloseable {
        private final EstListener listener;
        private final EnrolmentDesk desk;
        private final EnrolmentTls tls;
        private final AuditFile events;
        private final Path pair;
        private final CertsCommon common;
        private volatile List<Object> seen;

        private Running(
                EstListener listener,
                EnrolmentDesk desk,
                EnrolmentTls tls,
                AuditFile events,
                Path pair,
                CertsCommon common) {
            this.listener = listener;
            this.desk = desk;
            this.tls = tls;
            this.events = events;
            this.pair = pair;
            this.common = common;
            this.seen = times();
        }

        int port() {
            return listener.port();
        }

        /** Once a minute: how enrolment stands, and the certificate that somebody may have renewed. */
        void tend() {
            if (!desk.tend(desk::look)) {
                common.warn("too many devices wait for certificates; how enrolment stands is looked at later");
            }
            if (!times().equals(seen)) {
                reload();
            }
        }

        /** Takes the certificate that is there now; one that cannot be used leaves that of before. */
        synchronized void reload() {
            seen = times();
            try {
                tls.reload();
            } catch (UnusableTls e) {
                common.warn("--tls: " + e.getMessage() + "; the certificate of before stays in use");
            }
        }

        private List<Object> times() {
            return List.of(time(pair.resolve("cert.pem")), time(pair.resolve("key.pem")));
        }

        private static Object time(Path file) {
            try {
                return Files.getLastModifiedTime(file);
            } catch (IOException absent) {
                return "absent"; // the next look may find it, and a reload says what is wrong with it
            }
        }

        /** Answers what was asked; the registrar is closed too. */
        @Override
        public void close() {
            listener.close();
            desk.close();
            try {
                events.close();
            } catch (IOException e) {
                common.warn(events + ": " + e.getMessage());
            }
        }
    }
}
