package io.gatehouse.tls;

import io.gatehouse.config.Configuration.ClientKey;
import io.gatehouse.config.Configuration.Tls;
import io.gatehouse.config.Configuration.TlsProfile;
import io.gatehouse.config.Configuration.TlsProvider;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.internal.tcnative.SSL;
import io.netty.util.ReferenceCountUtil;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The settings that go together: versions, suites, groups, provider. Immutable; any thread. */
final class Engines {
    private static final Logger LOG = LoggerFactory.getLogger(Engines.class);

    static final List<String> TLS_1_3_SUITES =
            List.of("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256");
    static final List<String> TLS_1_2_SUITES = List.of(
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");
    private static final String TICKETS = "jdk.tls.server.enableSessionTicketExtension";
    private static final int TICKET_SECONDS = 4 * 60 * 60;

    /** The hybrid group first: what is recorded now is not read by a quantum computer later. */
    private static final List<String> GROUPS = List.of("X25519MLKEM768", "x25519", "secp256r1", "secp384r1");

    private static final List<String> CLASSICAL_GROUPS = GROUPS.subList(1, 4);

    static {
        // read once, by the first server handshake of the JDK's provider; BoringSSL refuses by itself
        System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
    }

    private final Tls settings;
    private final SslProvider provider;

    private Engines(Tls settings, SslProvider provider) {
        this.settings = settings;
        this.provider = provider;
    }

    static Engines of(Tls settings) throws UnusableTls {
        SslProvider provider = provider(settings);
        if (settings.ocspStapling() && provider == SslProvider.JDK) {
            throw new UnusableTls("ocsp_stapling needs provider boringssl: the JDK fetches answers while clients wait");
        }
        return new Engines(settings, provider);
    }

    /** Whether the native library has the hybrid group; asked once. */
    private static final class Hybrid {
        static final boolean IS_THERE = ask();

        private static boolean ask() {
            try {
                SslContext probe = SslContextBuilder.forClient()
                        .sslProvider(SslProvider.OPENSSL_REFCNT)
                        .option(OpenSslContextOption.GROUPS, names(GROUPS))
                        .build();
                ReferenceCountUtil.release(probe);
                return true;
            } catch (SSLException | IllegalArgumentException e) {
                LOG.info("no hybrid key exchange here ({}); going on with the classical groups", e.getMessage());
                return false;
            }
        }
    }

    /** As BoringSSL calls them. */
    private static String[] names(List<String> groups) {
        return groups.stream()
                .map(one -> one.replace("secp256r1", "P-256").replace("secp384r1", "P-384"))
                .map(one -> one.equals("x25519") ? "X25519" : one)
                .toArray(String[]::new);
    }

    /** What every listener offers on BoringSSL if nothing else is said, as it calls them, best first. */
    static String[] groupsOfBoringSsl() {
        return names(Hybrid.IS_THERE ? GROUPS : CLASSICAL_GROUPS);
    }

    /** Who does it, and what is offered, best first; of the suites how many, because their names fill a screen. */
    String offer() {
        return (provider == SslProvider.JDK ? "JDK" : "BoringSSL") + ": " + String.join(", ", versions()) + "; groups "
                + String.join(", ", groups()) + "; " + suites().size() + " suites, best " + suites().get(0);
    }

    private List<String> versions() {
        return settings.profile() == TlsProfile.MODERN ? List.of("TLSv1.3") : List.of("TLSv1.3", "TLSv1.2");
    }

    private List<String> suites() {
        List<String> suites = new ArrayList<>(isCnsa() ? TLS_1_3_SUITES.subList(0, 1) : TLS_1_3_SUITES);
        if (settings.profile() != TlsProfile.MODERN) {
            suites.addAll(isCnsa() ? List.of(TLS_1_2_SUITES.get(0), TLS_1_2_SUITES.get(3)) : TLS_1_2_SUITES);
        }
        return suites;
    }

    private boolean isCnsa() {
        return settings.profile() == TlsProfile.CNSA;
    }

    private List<String> groups() {
        if (isCnsa()) {
            return GROUPS.subList(3, 4);
        }
        return provider != SslProvider.JDK && Hybrid.IS_THERE ? GROUPS : CLASSICAL_GROUPS;
    }

    /** @param policy null: clients are asked for no certificate */
    SslContext context(ServerIdentity identity, @Nullable Supplier<DevicePolicy> policy) throws UnusableTls {
        if (isCnsa() && !isOfCnsa(identity.certificate().getPublicKey())) {
            throw new UnusableTls(identity.file() + ": profile cnsa needs a key on P-384, or an RSA key of 3072 bits or"
                    + " more. Make another with: gatehouse certs server --algo p384");
        }
        try {
            return settings.resumption()
                    ? builder(identity, policy).build()
                    : withoutTickets(() -> builder(identity, policy).build());
        } catch (SSLException | IllegalArgumentException e) {
            throw new UnusableTls(identity.file() + ": TLS cannot be set up: " + e.getMessage(), e);
        }
    }

    private interface Building {
        SslContext build() throws SSLException;
    }

    /**
     * Builds a context that gives no tickets that hold a session. The JDK's reads a property of the process while it is made, and
     * nothing else; another one that is made at the same time keeps its sessions in memory, which its clients do not notice.
     */
    private SslContext withoutTickets(Building building) throws SSLException {
        if (provider != SslProvider.JDK) {
            SslContext context = building.build();
            if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
                sessions.setSessionCacheEnabled(false); // tickets are each engine's own affair
            }
            return context;
        }
        synchronized (Engines.class) {
            String before = System.getProperty(TICKETS, "true");
            System.setProperty(TICKETS, "false");
            try {
                return building.build();
            } finally {
                System.setProperty(TICKETS, before);
            }
        }
    }

    /** A handshake is over: where nothing is to be resumed, nothing is remembered of it. */
    void forget(SSLSession session) {
        if (!settings.resumption()) {
            session.invalidate();
        }
    }

    private static boolean isOfCnsa(PublicKey key) {
        return key instanceof RSAPublicKey rsa
                ? rsa.getModulus().bitLength() >= 3072
                : CertificateRules.kind(key) == ClientKey.P384;
    }

    /** The kinds of keys that clients may have. */
    Set<ClientKey> clientKeys() {
        Set<ClientKey> keys = EnumSet.noneOf(ClientKey.class);
        keys.addAll(settings.clientKeys());
        if (isCnsa()) {
            keys.retainAll(EnumSet.of(ClientKey.P384, ClientKey.RSA));
        }
        return keys;
    }

    private SslContextBuilder builder(ServerIdentity identity, @Nullable Supplier<DevicePolicy> policy) {
        SslContextBuilder builder = SslContextBuilder.forServer(
                        identity.key(), identity.chain().toArray(X509Certificate[]::new))
                .sslProvider(provider)
                .protocols(versions())
                .ciphers(suites())
                .sessionTimeout(TICKET_SECONDS)
                .clientAuth(
                        switch (settings.clientCertificate()) {
                            case REQUIRED -> ClientAuth.REQUIRE;
                            case REQUESTED -> ClientAuth.OPTIONAL;
                            case NONE -> ClientAuth.NONE;
                        });
        // who offers nothing of ours is refused before there is an engine; who offers nothing is let in
        builder.applicationProtocolConfig(new ApplicationProtocolConfig(
                ApplicationProtocolConfig.Protocol.ALPN,
                ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                settings.protocol()));
        if (policy != null) {
            builder.trustManager(new DeviceTrustManager(policy));
        }
        if (provider != SslProvider.JDK) {
            builder.option(OpenSslContextOption.GROUPS, names(groups()))
                    .option(OpenSslContextOption.MAX_CERTIFICATE_LIST_BYTES, 16 << 10)
                    .enableOcsp(settings.ocspStapling());
        }
        return builder;
    }

    /** What can only be said to each engine. */
    void harden(SSLEngine engine) {
        if (!settings.resumption() && engine instanceof ReferenceCountedOpenSslEngine open) {
            SSL.setOptions(open.sslPointer(), SSL.SSL_OP_NO_TICKET);
        }
        if (provider == SslProvider.JDK) {
            SSLParameters parameters = engine.getSSLParameters();
            parameters.setAlgorithmConstraints(
                    new StrictConstraints(settings.clientKeys().contains(ClientKey.P521), isCnsa()));
            engine.setSSLParameters(parameters);
        }
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
        }
        // counted references: a context that is replaced is freed with its last connection, not when the collector
        // likes
        return isBoringSsl(settings.provider()) ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK;
    }

    /** Whether BoringSSL does it, where nothing else stands against that. */
    static boolean isBoringSsl(TlsProvider wanted) throws UnusableTls {
        if (wanted == TlsProvider.BORINGSSL && !OpenSsl.isAvailable()) {
            throw new UnusableTls(
                    "provider boringssl: its library does not load here: " + OpenSsl.unavailabilityCause());
        }
        return wanted != TlsProvider.JDK && OpenSsl.isAvailable();
    }
}
