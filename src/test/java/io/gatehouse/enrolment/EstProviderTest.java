package io.gatehouse.enrolment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatehouse.config.Configuration.TlsProvider;
import io.gatehouse.pki.TestRequest;
import io.gatehouse.tls.EnrolmentTls;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Locale;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Devices enrol, and prove who they are, whoever does the TLS of their listener. */
class EstProviderTest {
    @ParameterizedTest
    @EnumSource(names = {"JDK", "BORINGSSL"})
    void device_enrolsAndProvesWhoItIs_onTheProviderThatTheConfigurationNames(
            TlsProvider provider, @TempDir Path folder) throws Exception {
        assumeTrue(provider == TlsProvider.JDK || OpenSsl.isAvailable());
        String word = provider.name().toLowerCase(Locale.ROOT);
        try (EstHouse house = new EstHouse(folder, "  embedded: true\n", Clock.systemUTC(), word)) {
            TestRequest request = TestRequest.of("pump-1");
            EstClient.Answer enrolled = new EstClient(house.tls(null), house.estPort())
                    .enrol("pump-1", house.token("pump-1"), request.der());
            assertThat(enrolled.status()).as(enrolled.body()).isEqualTo(200);
            X509Certificate first = enrolled.certificate();

            EstClient.Answer renewed = new EstClient(house.tls(request.pair(), first), house.estPort())
                    .post("simplereenroll", TestRequest.of("pump-1").der());

            // whose certificate it is was proven by the handshake, and judged by the registrar
            assertThat(renewed.status()).as(renewed.body()).isEqualTo(403);
            assertThat(renewed.body()).startsWith("too_early: ");
        }
        EnrolmentTls tls = EnrolmentTls.load(
                folder.resolve("tls/cert.pem"), folder.resolve("tls/key.pem"), provider, Clock.systemUTC());
        SslHandler handler = tls.newHandler(ByteBufAllocator.DEFAULT);
        try {
            assertThat(handler.engine() instanceof ReferenceCountedOpenSslEngine)
                    .isEqualTo(provider == TlsProvider.BORINGSSL);
        } finally {
            ReferenceCountUtil.release(handler.engine());
        }
    }
}
