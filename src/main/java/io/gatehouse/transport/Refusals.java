package io.gatehouse.transport;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.tls.CertificateRefused;
import io.gatehouse.tls.CertificateRefused.Code;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.net.InetSocketAddress;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of handshakes that were refused: one line and one audit event for the first of a kind, then one every ten seconds
 * with the number of those alike, so that a client that tries in a loop fills no disk. Any thread.
 *
 * <p>Alike is the same address, listener, code and certificate.
 */
final class Refusals {
    private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);
    private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long LIMIT_TOLD_EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int MAX_KINDS = 10_000;
    private static final int MAX_SHOWN = 256;

    private final Metrics metrics;
    private final AuditLog audit;

    // connections over a limit
    private final AtomicLong overLimit = new AtomicLong();
    private final AtomicLong limitToldNanos = new AtomicLong(System.nanoTime() - LIMIT_TOLD_EVERY_NANOS);

    /** Guarded by itself; the oldest is forgotten first. */
    private final Map<Kind, Window> windows = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Kind, Window> eldest) {
            return size() > MAX_KINDS;
        }
    };

    Refusals(Metrics metrics, AuditLog audit) {
        this.metrics = metrics;
        this.audit = audit;
    }

    private record Kind(String address, String listener, String code, String what) {}

    private record Window(long startNanos, long suppressed) {}

    /** A handshake failed, or the certificate that came with it is not accepted. */
    void tell(String listener, @Nullable InetSocketAddress peer, Throwable cause) {
        metrics.handshakesRefused.increment();
        CertificateRefused refused = find(cause);
        X509Certificate certificate = refused == null ? null : refused.certificate();
        String code = refused != null ? refused.code().name() : code(cause);
        String address = peer == null ? "" : peer.getAddress().getHostAddress();
        String subject = certificate == null
                ? null
                : shown(certificate.getSubjectX500Principal().getName());
        String serial =
                certificate == null ? null : certificate.getSerialNumber().toString(16);
        String issuer = certificate == null
                ? null
                : shown(certificate.getIssuerX500Principal().getName());
        String detail = shown(
                refused == null && code.equals(Code.CERT_NONE.name())
                        ? "no certificate was sent"
                        : String.valueOf((refused == null ? cause : refused).getMessage()));
        // what has no certificate is told apart by what was wrong
        String what = certificate == null ? detail : issuer + " " + serial;
        long before = count(new Kind(address, listener, code, what));
        if (before < 0) {
            return;
        }
        String alike = before == 0 ? "" : " [and " + before + " alike before]";
        if (code.startsWith("CERT_")) {
            LOG.info(
                    "{} refused on {}: {} {}{}. Hint: {}{}",
                    address,
                    listener,
                    code,
                    detail,
                    certificate == null
                            ? ""
                            : " (subject \"" + subject + "\", serial " + serial + ", issuer \"" + issuer + "\")",
                    Code.valueOf(code).hint(),
                    alike);
        } else {
            LOG.info("handshake with {} on {} failed: {}{}", address, listener, detail, alike);
        }
        audit.record(new AuditEvent.HandshakeRefused(address, listener, code, subject, serial, issuer, detail, before));
    }

    /** The server that is meant is not here, or does not speak what the client does. */
    void tell(String listener, @Nullable InetSocketAddress peer, String code, String detail) {
        metrics.handshakesRefused.increment();
        String address = peer == null ? "" : peer.getAddress().getHostAddress();
        long before = count(new Kind(address, listener, code, detail));
        if (before < 0) {
            return;
        }
        LOG.info("handshake with {} on {} refused: {} {}", address, listener, code, detail);
        audit.record(new AuditEvent.HandshakeRefused(address, listener, code, null, null, null, detail, before));
    }

    /** A connection over a limit was closed unread: told of once a second, with how many there were. */
    void tellLimit(String listener, InetSocketAddress peer, String limit) {
        long untold = overLimit.incrementAndGet();
        long now = System.nanoTime();
        long last = limitToldNanos.get();
        if (now - last < LIMIT_TOLD_EVERY_NANOS || !limitToldNanos.compareAndSet(last, now)) {
            return;
        }
        overLimit.addAndGet(-untold);
        String address = peer.getAddress().getHostAddress();
        LOG.info("over a limit on {}: {}; the last of {} was {}", listener, limit, untold, address);
        audit.record(new AuditEvent.HandshakeRefused(
                address, listener, "LIMIT_" + limit, null, null, null, "closed unread", untold - 1));
    }

    /** An address is shut out: it failed once too often. */
    void tellShutOut(String listener, InetSocketAddress peer, Duration time) {
        metrics.penalties.increment();
        String address = peer.getAddress().getHostAddress();
        long before = count(new Kind(address, listener, "PENALTY", ""));
        if (before < 0) {
            return;
        }
        String detail = "failed again and again: nothing is accepted from there for " + time.toMillis() + " ms";
        LOG.info("{} {}; the last was on {}", address, detail, listener);
        audit.record(new AuditEvent.HandshakeRefused(address, listener, "PENALTY", null, null, null, detail, before));
    }

    /**
     * Whether a handshake failed by the client's doing: not because the broker cannot tell about its certificate now, and
     * not because the connection broke, which it may have been too slow for.
     */
    static boolean isOfClient(Throwable cause) {
        CertificateRefused refused = find(cause);
        if (refused != null) {
            return refused.code() != Code.CERT_CRL_STALE && refused.code() != Code.CERT_OCSP;
        }
        return cause instanceof SSLException && !(cause instanceof SslHandshakeTimeoutException);
    }

    /** How many alike were not told of since the last that was; negative: this one is not told of either. */
    private long count(Kind kind) {
        long now = System.nanoTime();
        synchronized (windows) {
            Window window = windows.get(kind);
            if (window != null && now - window.startNanos < WINDOW_NANOS) {
                windows.put(kind, new Window(window.startNanos, window.suppressed + 1));
                return -1;
            }
            windows.remove(kind);
            windows.put(kind, new Window(now, 0));
            return window == null ? 0 : window.suppressed;
        }
    }

    /** What an engine refused before it asked us, as far as it can be told. */
    private static String code(Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        if (message.contains("PEER_DID_NOT_RETURN_A_CERTIFICATE")
                || message.contains("Empty client certificate chain")) {
            return Code.CERT_NONE.name();
        }
        if (message.contains("KEY_USAGE_BIT_INCORRECT")) {
            return Code.CERT_KU.name(); // BoringSSL looks at it itself, in TLS 1.3
        }
        for (Throwable one = cause; one != null; one = one.getCause()) {
            if (one instanceof CertificateException) {
                return String.valueOf(one.getMessage()).contains("curve")
                        ? Code.CERT_WEAK_KEY.name()
                        : Code.CERT_PROFILE.name();
            }
        }
        return "HANDSHAKE";
    }

    private static @Nullable CertificateRefused find(@Nullable Throwable cause) {
        for (Throwable one = cause; one != null; one = one.getCause()) {
            if (one instanceof CertificateRefused refused) {
                return refused;
            }
            for (Throwable other : one.getSuppressed()) {
                CertificateRefused found = find(other);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    /** Text of a stranger: cut, and without what could forge a line. */
    private static String shown(String text) {
        StringBuilder shown = new StringBuilder();
        text.codePoints()
                .limit(MAX_SHOWN)
                .forEach(c ->
                        shown.append(Character.isISOControl(c) ? String.format("\\u%04x", c) : Character.toString(c)));
        return shown.toString();
    }
}
