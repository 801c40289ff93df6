package io.gatehouse.tls;

import io.gatehouse.config.Configuration.ClientCertificate;
import io.gatehouse.config.Configuration.Ocsp;
import io.gatehouse.config.Configuration.Tls;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.IllegalReferenceCountException;
import io.netty.util.ReferenceCountUtil;
import java.net.URI;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * A listener's TLS: its certificate, its key, whom it trusts, and the settings that go together. Any thread.
 *
 * <p>One immutable snapshot behind one reference: {@link #prepare} builds and checks the next one whole, a handshake with
 * itself included, before it takes its place, and connections that are up keep the one they began with. A new certificate,
 * key or authority makes a new context with new ticket keys, so that no session of before is resumed; a new revocation
 * list does not, because every handshake is judged again, resumed ones too.
 *
 * <p>A handshake is worked on by its connection's event loop. An executor for it lets clients who are in wait less for those
 * who come, but BoringSSL, told to hand its work over, ends a handshake that fails without the alert that says why, and on
 * both providers a client that leaves early is told of by its leaving instead of by its certificate.
 */
public final class TlsContext implements Acceptance, AutoCloseable {
    private final Tls settings;
    private final Clock clock;
    private final Engines engines;
    private final BoundedFetch fetch;
    private final @Nullable AttachedAuthority attached;
    private final io.gatehouse.tls.@Nullable Ocsp ocsp;
    private final List<ListAddress> addresses = new ArrayList<>();
    private volatile Snapshot snapshot;

    /** What is in force. The policy and the revocation are there if clients are asked for certificates. */
    private record Snapshot(
            ServerIdentity identity,
            List<X509Certificate> authorities,
            @Nullable Revocation revocation,
            @Nullable DevicePolicy policy,
            @Nullable Staple staple,
            SslContext context) {
        Snapshot with(Revocation other) {
            return new Snapshot(
                    identity, authorities, other, policy == null ? null : policy.with(other), staple, context);
        }
    }

    private TlsContext(Tls settings, Clock clock, @Nullable AttachedAuthority attached, Executor online)
            throws UnusableTls {
        this.settings = settings;
        this.clock = clock;
        this.attached = attached;
        this.engines = Engines.of(settings);
        this.fetch = new BoundedFetch(online);
        this.ocsp = settings.revocation().ocsp() == Ocsp.OFF
                ? null
                : new io.gatehouse.tls.Ocsp(settings.revocation(), online, clock);
        for (URI address : settings.revocation().addresses()) {
            addresses.add(new ListAddress(address, settings.revocation().refresh(), fetch, clock));
        }
        this.snapshot = build(null);
    }

    /**
     * Loads every file and builds the first snapshot; nothing is fetched yet.
     *
     * @param attached the authority that the settings name
     * @param online where what is fetched is read
     * @throws UnusableTls naming the file and the mend
     */
    public static TlsContext load(Tls settings, Clock clock, Optional<AttachedAuthority> attached, Executor online)
            throws UnusableTls {
        return new TlsContext(settings, clock, attached.orElse(null), online);
    }

    /**
     * Loads every file again and checks it all, a handshake with itself included.
     *
     * @throws UnusableTls naming the file and the mend; the last good state stays
     */
    public Prepared prepare() throws UnusableTls {
        Snapshot old = snapshot;
        return new Prepared(old, build(old));
    }

    /** What the files hold now, checked, and not in force yet. Used once, by one thread. */
    public final class Prepared {
        private final Snapshot old;
        private final Snapshot fresh;

        private Prepared(Snapshot old, Snapshot fresh) {
            this.old = old;
            this.fresh = fresh;
        }

        /** Puts it in force. Who is connected keeps the context that the connection began with. */
        public void apply() {
            synchronized (TlsContext.this) {
                Revocation revocation = fresh.revocation;
                Revocation meanwhile = snapshot.revocation;
                snapshot = snapshot == old || revocation == null || meanwhile == null
                        ? fresh
                        : fresh.with(revocation.withAddressesOf(meanwhile));
            }
            if (fresh.context != old.context) {
                ReferenceCountUtil.release(old.context); // freed with the last connection that began with it
            }
        }

        /** Leaves everything as it was. */
        public void discard() {
            if (fresh.context != old.context) {
                ReferenceCountUtil.release(fresh.context);
            }
        }
    }

    private Snapshot build(@Nullable Snapshot old) throws UnusableTls {
        ServerIdentity identity =
                ServerIdentity.load(settings.certificate(), settings.key(), settings.names(), clock.instant());
        if (old != null && settings.names().isEmpty()) {
            requireFamiliar(identity, old.identity);
        }
        List<X509Certificate> authorities = List.of();
        Revocation revocation = null;
        DevicePolicy policy = null;
        if (settings.clientCertificate() != ClientCertificate.NONE) {
            authorities = authorities(settings.clientCa().orElseThrow());
            revocation = old != null && old.revocation != null
                    ? old.revocation.reload(authorities)
                    : Revocation.load(settings.revocation(), authorities, attached, ocsp, clock);
            policy = old != null && old.policy != null && old.authorities.equals(authorities)
                    ? old.policy.with(revocation)
                    : new DevicePolicy(
                            authorities,
                            new CertificateRules(engines.clientKeys()),
                            revocation,
                            settings.validity(),
                            clock);
        }
        if (old != null && old.identity.isSameAs(identity) && old.authorities.equals(authorities)) {
            return new Snapshot(identity, authorities, revocation, policy, old.staple, old.context);
        }
        Staple staple = settings.ocspStapling() ? Staple.of(identity, fetch, clock) : null;
        SslContext context = engines.context(identity, policy == null ? null : this::policy);
        try {
            SelfHandshake.require(context, identity, engines::harden);
        } catch (SSLException e) {
            ReferenceCountUtil.release(context);
            throw new UnusableTls(identity.file() + ": a client could not shake hands with it: " + e.getMessage(), e);
        }
        return new Snapshot(identity, authorities, revocation, policy, staple, context);
    }

    /** A certificate for quite another server in this one's place is most often a mistake; {@code names} says it is not. */
    private static void requireFamiliar(ServerIdentity fresh, ServerIdentity old) throws UnusableTls {
        if (!old.names().isEmpty() && old.names().stream().noneMatch(fresh::covers)) {
            throw new UnusableTls(fresh.file() + ": holds none of the names of the certificate in force " + old.names()
                    + ", only " + fresh.names() + ". Restart the broker if that is meant");
        }
    }

    private static List<X509Certificate> authorities(Path file) throws UnusableTls {
        List<X509Certificate> authorities = PemFiles.certificates(file);
        for (X509Certificate authority : authorities) {
            String name = authority.getSubjectX500Principal().getName();
            if (authority.getBasicConstraints() < 0) {
                throw new UnusableTls(file + ": \"" + name + "\" is not an authority's certificate");
            }
            if (!CertificateRules.isStrong(authority.getPublicKey())) {
                throw new UnusableTls(file + ": the key of \"" + name + "\" is too weak to vouch for anybody");
            }
        }
        return authorities;
    }

    private DevicePolicy policy() {
        return Objects.requireNonNull(snapshot.policy, "clients are asked for certificates");
    }

    public SslHandler newHandler(ByteBufAllocator allocator) {
        while (true) {
            Snapshot now = snapshot;
            try {
                SslHandler handler = now.context.newHandler(allocator);
                engines.harden(handler.engine());
                byte[] answer = now.staple == null ? null : now.staple.response();
                if (answer != null && handler.engine() instanceof ReferenceCountedOpenSslEngine engine) {
                    engine.setOcspResponse(answer);
                }
                return handler;
            } catch (IllegalReferenceCountException e) {
                if (now == snapshot) {
                    throw e; // it was not replaced between the look and the use
                }
            }
        }
    }

    /** No handshake begins any more. What is native is freed with the last connection. */
    @Override
    public synchronized void close() {
        ReferenceCountUtil.release(snapshot.context);
    }

    /** Whether a client that asks for this name accepts the certificate in use. */
    boolean covers(String name) {
        return snapshot.identity.covers(name);
    }

    /** The server's certificate in use. */
    public X509Certificate certificate() {
        return snapshot.identity.certificate();
    }

    /** A handshake is over, and its session was looked at. */
    void forget(SSLSession session) {
        engines.forget(session);
    }

    /** Who does TLS here, and what is offered, in one line. */
    public String offer() {
        return engines.offer();
    }

    @Override
    public Instant requireAccepted(List<X509Certificate> chain) throws CertificateRefused {
        DevicePolicy policy = policyFor(chain);
        return policy == null ? Instant.MAX : policy.require(chain);
    }

    @Override
    public void requireStays(List<X509Certificate> chain) throws CertificateRefused {
        DevicePolicy policy = policyFor(chain);
        if (policy != null) {
            policy.requireStays(chain);
        }
    }

    /** Null where there is no certificate, and none is required. */
    private @Nullable DevicePolicy policyFor(List<X509Certificate> chain) throws CertificateRefused {
        DevicePolicy policy = snapshot.policy;
        if (policy == null && !chain.isEmpty()) {
            throw new CertificateRefused(
                    CertificateRefused.Code.CERT_CHAIN, chain.get(0), "this listener asks for no certificate");
        }
        return chain.isEmpty() && settings.clientCertificate() == ClientCertificate.REQUESTED ? null : policy;
    }

    /** How long whoever is connected when its certificate ends may stay. */
    Duration expiryGrace() {
        return settings.validity().expiryGrace();
    }

    /**
     * Asks what takes a network to know, after {@link #requireAccepted} accepted.
     *
     * @return done at once where nothing is to be asked; fails with a {@link CertificateRefused}
     */
    public CompletableFuture<Void> requireOnline(List<X509Certificate> chain) {
        DevicePolicy policy = snapshot.policy;
        if (ocsp == null || policy == null || chain.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        try {
            return ocsp.check(policy.pathOf(chain));
        } catch (CertificateRefused refused) {
            return CompletableFuture.failedFuture(refused);
        }
    }

    /** Whom the authorities of clients revoked, for who is not there to be judged. */
    public List<RevokedOf> revoked() {
        Revocation revocation = snapshot.revocation;
        return revocation == null ? List.of() : revocation.revoked();
    }

    /** Whether {@link #requireOnline} asks anybody. */
    public boolean isOnline() {
        return ocsp != null;
    }

    /** Fetches the lists that are due; the answer is whether something changed. */
    public CompletableFuture<Boolean> fetchDue() {
        Staple staple = snapshot.staple;
        if (staple != null) {
            staple.refreshIfDue();
        }
        CompletableFuture<Boolean> any = CompletableFuture.completedFuture(false);
        for (ListAddress address : addresses) {
            any = any.thenCombine(address.fetchIfDue(this::take), Boolean::logicalOr);
        }
        return any;
    }

    private synchronized void take(URI address, byte[] body) throws UnusableTls {
        Snapshot old = snapshot;
        if (old.revocation != null) {
            snapshot = old.with(old.revocation.fetched(
                    address, RevocationList.read(address.toString(), body, old.authorities, clock)));
        }
    }

    /** What somebody should look at, one sentence each. */
    public List<String> alarms() {
        Snapshot now = snapshot;
        List<String> alarms = new ArrayList<>();
        if (now.revocation != null) {
            alarms.addAll(now.revocation.alarms());
        }
        addresses.forEach(address -> address.fault().ifPresent(alarms::add));
        if (attached != null) {
            attached.fault().ifPresent(alarms::add);
        }
        if (ocsp != null) {
            ocsp.fault().ifPresent(alarms::add);
        }
        if (now.staple != null) {
            now.staple.fault().ifPresent(alarms::add);
        }
        return alarms;
    }

    /** What ends, and when: the server's certificate and those above it, and the authorities of clients. */
    public List<Ending> endings() {
        Snapshot now = snapshot;
        List<Ending> endings = new ArrayList<>();
        now.identity.chain().forEach(one -> endings.add(Ending.of(settings.certificate(), one)));
        now.authorities.forEach(one -> endings.add(Ending.of(settings.clientCa().orElseThrow(), one)));
        return endings;
    }

    /** When the first revocation list is due; the end of time if there is none. */
    public Instant listsDue() {
        Revocation revocation = snapshot.revocation;
        return revocation == null ? Instant.MAX : revocation.firstDue();
    }

    /** A certificate of a file, and its end. */
    public record Ending(Path file, String subject, Instant at) {
        private static Ending of(Path file, X509Certificate certificate) {
            return new Ending(
                    file,
                    certificate.getSubjectX500Principal().getName(),
                    certificate.getNotAfter().toInstant());
        }
    }
}
