package io.gatehouse.enrolment;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.bounds.BoundedMap;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.pki.EnrolmentAnswer;
import io.gatehouse.pki.EnrolmentAnswer.Granted;
import io.gatehouse.pki.EnrolmentAnswer.Refused;
import io.gatehouse.pki.EnrolmentAnswer.Waiting;
import io.gatehouse.pki.EnrolmentFault;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Registrar;
import io.gatehouse.pki.Standing;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes what devices ask of the registrar, off the event loops, and records each answer. Any thread.
 *
 * <p>The registrar blocks for a signature and a write to disk: two threads wait for it, and a bounded number of requests
 * for them. Whoever comes beyond that is told to come again.
 */
public final class EnrolmentDesk implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EnrolmentDesk.class);
    private static final int MAX_WAITING = 64;
    private static final int MAX_KNOWN = 100_000;

    /** From this share of the day's certificates on, somebody should look. */
    private static final double ALARM = 0.8;

    private final Registrar registrar;
    private final AuditLog audit;
    private final Metrics metrics;
    private final AtomicBoolean learning = new AtomicBoolean();
    private volatile List<X509Certificate> authorities = List.of();
    private final AtomicInteger today = new AtomicInteger();
    private final AtomicInteger waitingNow = new AtomicInteger();
    /** 1: from {@link #ALARM} of the quota on; 2: all of it. */
    private final AtomicInteger alarmed = new AtomicInteger();

    private final ThreadPoolExecutor threads =
            new ThreadPoolExecutor(2, 2, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(MAX_WAITING), task -> {
                Thread thread = new Thread(task, "gatehouse-enrol");
                thread.setDaemon(true);
                return thread;
            });

    /** Certificates whose first login is recorded: nobody has to be asked about them again. */
    private final Set<BigInteger> settled =
            Collections.synchronizedSet(Collections.newSetFromMap(new BoundedMap<>(MAX_KNOWN)));

    /** Certificates that somebody logged in with while the registrar did not answer, and from where. */
    private final Map<BigInteger, Login> unrecorded = new ConcurrentHashMap<>();

    private record Login(X509Certificate certificate, String address) {}

    /**
     * Who asks, and how.
     *
     * @param address where the request came from
     * @param via {@code est} or {@code mqtt}
     * @param action {@code enrol} or {@code renew}
     * @param name who it says it is; empty if that is for the registrar to find out
     */
    public record Asker(String address, String via, String action, String name) {}

    public EnrolmentDesk(Registrar registrar, AuditLog audit, Metrics metrics) {
        this.registrar = registrar;
        this.audit = audit;
        this.metrics = metrics;
        metrics.gauge("enrolments_today", "certificates that devices enrolled for within a day", today::get);
        metrics.gauge("enrolments_waiting", "devices that wait for an operator", waitingNow::get);
    }

    /** Asks the registrar; the answer comes on another thread, or, if there is no room to wait, at once. */
    public void ask(
            Asker asker, Function<Registrar, EnrolmentAnswer> question, Consumer<? super EnrolmentAnswer> reply) {
        try {
            threads.execute(() -> {
                EnrolmentAnswer answer;
                try {
                    answer = question.apply(registrar);
                } catch (RuntimeException e) {
                    LOG.error("a request of {} failed", asker.address(), e);
                    answer = new Refused(asker.name(), EnrolmentFault.UNAVAILABLE, "an internal failure");
                }
                record(asker, answer);
                reply.accept(answer);
            });
        } catch (RejectedExecutionException e) {
            Refused busy = new Refused(asker.name(), EnrolmentFault.UNAVAILABLE, "too many requests wait");
            record(asker, busy);
            reply.accept(busy);
        }
    }

    private void record(Asker asker, EnrolmentAnswer answer) {
        if (answer instanceof Granted granted) {
            String serial = granted.certificate().getSerialNumber().toString(16);
            metrics.enrolments.increment(granted.again() ? "repeated" : "granted");
            LOG.info("{} {} of \"{}\": certificate {}", asker.via(), asker.action(), granted.id(), serial);
            if (!granted.dropped().isEmpty()) {
                LOG.info("\"{}\" asked for more than it got: {}", granted.id(), granted.dropped());
            }
            audit.record(new AuditEvent.Enrolment(
                    asker.address(),
                    asker.via(),
                    asker.action(),
                    granted.id(),
                    granted.again() ? "repeated" : "granted",
                    serial,
                    granted.dropped().isEmpty() ? null : "dropped: " + String.join(", ", granted.dropped())));
            quota(granted.today(), granted.perDay());
            look();
        } else if (answer instanceof Waiting waiting) {
            waiting(asker, waiting);
        } else if (answer instanceof Refused refused) {
            refused(
                    asker,
                    refused.id().isEmpty() ? asker.name() : refused.id(),
                    refused.fault().word(),
                    refused.detail());
        }
    }

    private void waiting(Asker asker, Waiting waiting) {
        metrics.enrolments.increment("waiting");
        if (waiting.first()) {
            look();
            LOG.warn(
                    "\"{}\" from {} waits for an operator; its key is {}. Decide with: gatehouse certs request",
                    waiting.id(),
                    asker.address(),
                    waiting.fingerprint());
        }
        audit.record(new AuditEvent.Enrolment(
                asker.address(),
                asker.via(),
                asker.action(),
                waiting.id(),
                "waiting",
                null,
                (waiting.first() ? "asks with the key " : "asks again with the key ") + waiting.fingerprint()));
    }

    /** Records a request that did not get as far as the registrar, or that it refused. */
    void refused(Asker asker, String id, String word, String detail) {
        metrics.enrolments.increment(word);
        LOG.info(
                "{} {} of \"{}\" from {} refused: {}: {}",
                asker.via(),
                asker.action(),
                id,
                asker.address(),
                word,
                detail);
        audit.record(new AuditEvent.Enrolment(asker.address(), asker.via(), asker.action(), id, word, null, detail));
    }

    /** Asks how many certificates there were today, and how many devices wait; blocks. */
    public void look() {
        try {
            Standing standing = registrar.standing();
            waitingNow.set(standing.waiting());
            quota(standing.today(), standing.perDay());
        } catch (PkiProblem e) {
            LOG.info("the registrar does not say how enrolment stands: {}", e.getMessage());
        }
    }

    private void quota(int issued, int perDay) {
        today.set(issued);
        int level = issued >= perDay ? 2 : issued >= Math.ceil(perDay * ALARM) ? 1 : 0;
        if (level > alarmed.getAndSet(level)) {
            LOG.warn(
                    "{} of {} certificates for today are issued; is somebody enrolling who should not?",
                    issued,
                    perDay);
            audit.record(new AuditEvent.Broker("enrolment_quota", Map.of("issued", issued, "per_day", perDay)));
        }
    }

    /** A client logged in with a certificate; nobody waits for what comes of it. */
    public void loggedIn(X509Certificate certificate, String address) {
        BigInteger serial = certificate.getSerialNumber();
        if (settled.contains(serial)) {
            return;
        }
        try {
            threads.execute(() -> {
                try {
                    List<X509Certificate> known = authorities();
                    boolean ours = known.get(known.size() - 1)
                            .getSubjectX500Principal()
                            .equals(certificate.getIssuerX500Principal());
                    if (ours && registrar.loggedIn(serial)) {
                        LOG.info("first login with the certificate {}", serial.toString(16));
                        metrics.enrolments.increment("activated");
                        audit.record(new AuditEvent.Enrolment(
                                address, "mqtt", "activate", "", "activated", serial.toString(16), null));
                    }
                    unrecorded.remove(serial);
                    settled.add(serial);
                } catch (PkiProblem e) {
                    LOG.warn("the first login with {} is not recorded yet: {}", serial.toString(16), e.getMessage());
                    later(certificate, address);
                }
            });
        } catch (RejectedExecutionException e) {
            later(certificate, address);
        }
    }

    private void later(X509Certificate certificate, String address) {
        if (unrecorded.size() < MAX_KNOWN) { // else at its next login
            unrecorded.put(certificate.getSerialNumber(), new Login(certificate, address));
        }
    }

    /** Tells the registrar of logins that it could not be told of: a device that stays would lose its certificate else. */
    public void catchUp() {
        unrecorded.values().stream().limit(MAX_WAITING / 2).forEach(one -> loggedIn(one.certificate(), one.address()));
    }

    /** Runs what the registrar has to do beside; false if there is no room for it now. */
    public boolean tend(Runnable work) {
        try {
            threads.execute(() -> {
                try {
                    work.run();
                } catch (RuntimeException e) {
                    LOG.error("tending the certificates failed", e);
                }
            });
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    /** Root first; asks the registrar, and blocks. */
    List<X509Certificate> authorities() throws PkiProblem {
        List<X509Certificate> known = authorities;
        if (known.isEmpty()) {
            known = registrar.authorities();
            authorities = known;
        }
        return known;
    }

    /** What devices should ask for; asks the registrar, and blocks. */
    byte[] template() throws PkiProblem {
        return registrar.template();
    }

    /** Who issues devices' certificates, as soon as the registrar has said so. */
    Optional<X509Certificate> issuer() {
        List<X509Certificate> known = authorities;
        if (known.isEmpty()) {
            learn();
        }
        return known.isEmpty() ? Optional.empty() : Optional.of(known.get(known.size() - 1));
    }

    private void learn() {
        if (learning.compareAndSet(false, true)) {
            boolean taken = tend(() -> {
                try {
                    authorities();
                } catch (PkiProblem e) {
                    LOG.warn("the registrar does not answer: {}", e.getMessage());
                } finally {
                    learning.set(false);
                }
            });
            if (!taken) {
                learning.set(false);
            }
        }
    }

    @Override
    public void close() {
        threads.shutdown(); // no interrupt, which would tear what is being written
        try {
            if (!threads.awaitTermination(15, TimeUnit.SECONDS)) {
                LOG.warn("a request for a certificate is not done yet");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        registrar.close();
    }
}
