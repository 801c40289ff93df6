package io.gatehouse.tls;

import io.gatehouse.config.Configuration.TlsProvider;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;

/**
 * The TLS of the enrolment listener. Any thread; one immutable context behind one reference, as {@link TlsContext}.
 *
 * <p>A client certificate is asked for and its key is proven by the handshake, whoever issued it: with each request the
 * registrar judges it, by the authority's own record, and can say what is wrong in words. Whoever expired a day ago, or
 * comes with its manufacturer's certificate, gets an answer and not an alert.
 */
public final class EnrolmentTls {
    private final Path certificate;
    private final Path key;
    private final SslProvider provider;
    private final Clock clock;
    private volatile SslContext context;

    private EnrolmentTls(Path certificate, Path key, SslProvider provider, Clock clock) throws UnusableTls {
        this.certificate = certificate;
        this.key = key;
        this.provider = provider;
        this.clock = clock;
        this.context = build();
    }

    /** @throws UnusableTls naming the file and the mend */
    public static EnrolmentTls load(Path certificate, Path key, TlsProvider wanted, Clock clock) throws UnusableTls {
        SslProvider provider = Engines.isBoringSsl(wanted) ? SslProvider.OPENSSL : SslProvider.JDK;
        return new EnrolmentTls(certificate, key, provider, clock);
    }

    /** Takes what the files hold now, or, with an exception, stays as it is. */
    public void reload() throws UnusableTls {
        context = build();
    }

    /** Why a client is not meant for here; empty: it may be. */
    public Optional<ServerNames.Choice.Refused> foreign(ClientHello hello) {
        return ServerNames.foreign(hello, ApplicationProtocolNames.HTTP_1_1);
    }

    public SslHandler newHandler(ByteBufAllocator allocator) {
        SslHandler handler = context.newHandler(allocator);
        if (provider == SslProvider.JDK) {
            SSLParameters parameters = handler.engine().getSSLParameters();
            parameters.setAlgorithmConstraints(new StrictConstraints(false, false));
            handler.engine().setSSLParameters(parameters);
        }
        return handler;
    }

    /** What a client proved to hold the key of, leaf first; empty if nothing. Not judged yet. */
    public static List<X509Certificate> proven(SSLSession session) {
        return Handshake.chain(session);
    }

    private SslContext build() throws UnusableTls {
        ServerIdentity identity = ServerIdentity.load(certificate, key, List.of(), clock.instant());
        List<String> suites = new ArrayList<>(Engines.TLS_1_3_SUITES);
        suites.addAll(Engines.TLS_1_2_SUITES);
        SslContextBuilder builder = SslContextBuilder.forServer(
                        identity.key(), identity.chain().toArray(X509Certificate[]::new))
                .sslProvider(provider)
                .protocols("TLSv1.3", "TLSv1.2")
                .ciphers(suites)
                .clientAuth(ClientAuth.OPTIONAL)
                .trustManager(new PossessionTrustManager())
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        Protocol.ALPN,
                        SelectorFailureBehavior.NO_ADVERTISE,
                        SelectedListenerFailureBehavior.ACCEPT,
                        ApplicationProtocolNames.HTTP_1_1));
        if (provider == SslProvider.OPENSSL) {
            builder.option(OpenSslContextOption.GROUPS, Engines.groupsOfBoringSsl())
                    .option(OpenSslContextOption.MAX_CERTIFICATE_LIST_BYTES, 16 << 10);
        }
        try {
            return builder.build();
        } catch (SSLException | IllegalArgumentException e) {
            throw new UnusableTls(certificate + ": TLS cannot be set up: " + e.getMessage(), e);
        }
    }
}
