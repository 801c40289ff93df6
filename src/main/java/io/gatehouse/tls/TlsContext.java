package io.gatehouse.tls;

import io.gatehouse.config.Configuration.ClientCertificate;
import io.gatehouse.config.Configuration.ClientKey;
import io.gatehouse.config.Configuration.Tls;
import io.gatehouse.config.Configuration.TlsProfile;
import io.gatehouse.config.Configuration.TlsProvider;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listener's TLS: its certificate, its key, whom it trusts, and the settings that go together. Any thread.
 *
 * <p>One immutable snapshot behind one reference: {@link #reload} builds and checks the next one whole before it takes
 * its place, and connections that are up keep the one they began with. A new snapshot has new ticket keys, so that no
 * session of before is resumed after a change of trust.
 */
public final class TlsContext implements Acceptance {
    private static final Logger LOG = LoggerFactory.getLogger(TlsContext.class);

    private static final List<String> TLS_1_3_SUITES =
            List.of("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256");
    private static final List<String> TLS_1_2_SUITES = List.of(
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");
    private static final String[] GROUPS = {"X25519MLKEM768", "X25519", "P-256", "P-384"};
    private static final String[] CLASSICAL_GROUPS = {"X25519", "P-256", "P-384"};

    private final Tls settings;
    private final Clock clock;
    private volatile Snapshot snapshot;

    private record Snapshot(SslContext context, @Nullable DevicePolicy policy, X509Certificate certificate) {}

    private TlsContext(Tls settings, Clock clock, Snapshot snapshot) {
        this.settings = settings;
        this.clock = clock;
        this.snapshot = snapshot;
    }

    /**
     * Loads every file and builds the first snapshot.
     *
     * @throws UnusableTls naming the file and the mend
     */
    public static TlsContext load(Tls settings, Clock clock) throws UnusableTls {
        return new TlsContext(settings, clock, build(settings, clock));
    }

    /**
     * Loads every file again and takes what they hold now, all of it or, with an exception, none.
     *
     * @throws UnusableTls naming the file and the mend; the last good state stays
     */
    public void reload() throws UnusableTls {
        snapshot = build(settings, clock);
    }

    public SslHandler newHandler(ByteBufAllocator allocator) {
        return snapshot.context.newHandler(allocator);
    }

    /** The server's certificate in use. */
    public X509Certificate certificate() {
        return snapshot.certificate;
    }

    /** Judges a client's chain under the snapshot in force: after a handshake, and of connections that are up. */
    @Override
    public Instant requireAccepted(List<X509Certificate> chain) throws CertificateRefused {
        DevicePolicy policy = snapshot.policy;
        if (policy == null) {
            if (chain.isEmpty()) {
                return Instant.MAX;
            }
            throw new CertificateRefused(
                    CertificateRefused.Code.CERT_CHAIN, chain.get(0), "this listener asks for no certificate");
        }
        if (chain.isEmpty() && settings.clientCertificate() == ClientCertificate.REQUESTED) {
            return Instant.MAX;
        }
        return policy.require(chain);
    }

    private static Snapshot build(Tls settings, Clock clock) throws UnusableTls {
        List<X509Certificate> chain = PemFiles.certificates(settings.certificate());
        PrivateKey key = PemFiles.key(settings.key());
        requirePair(settings, chain.get(0), key, clock);
        DevicePolicy policy = null;
        if (settings.clientCertificate() != ClientCertificate.NONE) {
            List<X509Certificate> authorities =
                    PemFiles.certificates(settings.clientCa().orElseThrow());
            for (X509Certificate authority : authorities) {
                if (authority.getBasicConstraints() < 0) {
                    throw new UnusableTls(settings.clientCa().orElseThrow() + ": \""
                            + authority.getSubjectX500Principal().getName() + "\" is not an authority's certificate");
                }
                if (!CertificateRules.isStrong(authority.getPublicKey())) {
                    throw new UnusableTls(settings.clientCa().orElseThrow() + ": the key of \""
                            + authority.getSubjectX500Principal().getName() + "\" is too weak to vouch for anybody");
                }
            }
            policy = new DevicePolicy(
                    authorities,
                    new CertificateRules(settings.clientKeys()),
                    Revocation.load(settings.crls(), authorities, clock),
                    settings.clockSkew(),
                    clock);
        }
        return new Snapshot(context(settings, chain, key, policy), policy, chain.get(0));
    }

    private static void requirePair(Tls settings, X509Certificate certificate, PrivateKey key, Clock clock)
            throws UnusableTls {
        String algorithm = switch (key.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> "EdDSA";
        };
        try {
            byte[] probe = {1, 2, 3, 4};
            Signature signer = Signature.getInstance(algorithm);
            signer.initSign(key);
            signer.update(probe);
            byte[] signed = signer.sign();
            Signature verifier = Signature.getInstance(algorithm);
            verifier.initVerify(certificate.getPublicKey());
            verifier.update(probe);
            if (!verifier.verify(signed)) {
                throw new UnusableTls(settings.key() + ": not the key of " + settings.certificate());
            }
        } catch (java.security.GeneralSecurityException e) {
            throw new UnusableTls(settings.key() + ": not the key of " + settings.certificate());
        }
        if (certificate.getNotAfter().toInstant().isBefore(clock.instant())) {
            throw new UnusableTls(settings.certificate() + ": expired "
                    + certificate.getNotAfter().toInstant() + ". Renew it with: gatehouse certs server");
        }
    }

    private static SslContext context(
            Tls settings, List<X509Certificate> chain, PrivateKey key, @Nullable DevicePolicy policy)
            throws UnusableTls {
        SslProvider provider = provider(settings);
        try {
            return builder(settings, chain, key, policy, provider, GROUPS).build();
        } catch (SSLException | IllegalArgumentException e) {
            if (provider == SslProvider.JDK) {
                throw new UnusableTls(settings.certificate() + ": TLS cannot be set up: " + e.getMessage(), e);
            }
            LOG.info("no hybrid key exchange here ({}); going on with the classical groups", e.getMessage());
        }
        try {
            return builder(settings, chain, key, policy, provider, CLASSICAL_GROUPS)
                    .build();
        } catch (SSLException | IllegalArgumentException e) {
            throw new UnusableTls(settings.certificate() + ": TLS cannot be set up: " + e.getMessage(), e);
        }
    }

    private static SslContextBuilder builder(
            Tls settings,
            List<X509Certificate> chain,
            PrivateKey key,
            @Nullable DevicePolicy policy,
            SslProvider provider,
            String[] groups) {
        boolean cnsa = settings.profile() == TlsProfile.CNSA;
        boolean modern = settings.profile() == TlsProfile.MODERN;
        List<String> suites = new java.util.ArrayList<>(cnsa ? TLS_1_3_SUITES.subList(0, 1) : TLS_1_3_SUITES);
        if (!modern) {
            suites.addAll(cnsa ? List.of(TLS_1_2_SUITES.get(0), TLS_1_2_SUITES.get(3)) : TLS_1_2_SUITES);
        }
        SslContextBuilder builder = SslContextBuilder.forServer(key, chain.toArray(X509Certificate[]::new))
                .sslProvider(provider)
                .protocols(modern ? List.of("TLSv1.3") : List.of("TLSv1.3", "TLSv1.2"))
                .ciphers(suites)
                .clientAuth(
                        switch (settings.clientCertificate()) {
                            case REQUIRED -> ClientAuth.REQUIRE;
                            case REQUESTED -> ClientAuth.OPTIONAL;
                            case NONE -> ClientAuth.NONE;
                        });
        if (policy != null) {
            builder.trustManager(new DeviceTrustManager(policy));
        }
        if (provider != SslProvider.JDK) {
            builder.option(OpenSslContextOption.GROUPS, groups)
                    .option(OpenSslContextOption.MAX_CERTIFICATE_LIST_BYTES, 16 << 10);
        }
        return builder;
    }

    private static SslProvider provider(Tls settings) throws UnusableTls {
        boolean cnsa = settings.profile() == TlsProfile.CNSA;
        boolean rareKeys = settings.clientKeys().contains(ClientKey.ED25519)
                || settings.clientKeys().contains(ClientKey.P521);
        if (settings.provider() == TlsProvider.JDK || (cnsa || rareKeys) && settings.provider() == TlsProvider.AUTO) {
            return SslProvider.JDK;
        }
        if (rareKeys) {
            throw new UnusableTls("client_keys ed25519 and p521 need provider jdk: BoringSSL never asks for them");
        }
        if (settings.provider() == TlsProvider.BORINGSSL) {
            if (cnsa) {
                throw new UnusableTls("profile cnsa needs provider jdk: BoringSSL cannot leave out TLS 1.3 suites");
            }
            if (!OpenSsl.isAvailable()) {
                throw new UnusableTls(
                        "provider boringssl: its library does not load here: " + OpenSsl.unavailabilityCause());
            }
        }
        return OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK;
    }

    /** Which provider {@code auto} comes to here, for the log. */
    public static String automaticProvider() {
        return OpenSsl.isAvailable() ? OpenSsl.versionString() : "JDK (" + Runtime.version() + ")";
    }
}
