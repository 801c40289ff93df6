package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.gatehouse.CannotStart;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

/**
 * Certificates that every look at the files finds good, and that no client could shake hands with: the broker tries it
 * before its clients have to.
 */
class SelfHandshakeTest {
    private static final Forge ROOT = Forge.root("Root");

    @TempDir
    private Path folder;

    private static Forge.Leaf server() {
        return ROOT.leaf("localhost")
                .usage(KeyPurposeId.id_kp_serverAuth)
                .names(new GeneralName(GeneralName.dNSName, "localhost"));
    }

    private static Stream<Arguments> bad() {
        Supplier<Forge.Holder> issuer = () -> {
            Forge.Holder device = ROOT.leaf("no authority").make();
            return Forge.of(device)
                    .leaf("localhost")
                    .usage(KeyPurposeId.id_kp_serverAuth)
                    .names(new GeneralName(GeneralName.dNSName, "localhost"))
                    .make()
                    .with(device.certificate(), ROOT.certificate);
        };
        return Stream.of("boringssl", "jdk")
                .flatMap(provider -> Stream.of(
                        Arguments.of(
                                provider,
                                Named.of(
                                        "a key that it does not sign with",
                                        key(provider.equals("jdk") ? "P-521" : "Ed25519"))),
                        Arguments.of(provider, Named.of("an issuer that is no authority", issuer))));
    }

    private static Supplier<Forge.Holder> key(String kind) {
        return () -> server().key(kind).make();
    }

    private void write(Forge.Holder holder) {
        Forge.write(folder.resolve("server.pem"), folder.resolve("server.key"), holder);
    }

    private TlsHouse house(String provider) throws CannotStart {
        return new TlsHouse(folder, """
                  devices:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: server.pem, key: server.key, client_ca: ca.pem, provider: %s}
                    login: certificate
                """.formatted(provider).indent(2));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("bad")
    void certificate_thatNoClientCouldUse_isNotTakenIn_andNoBrokerStartsWithIt(
            String provider, Supplier<Forge.Holder> bad) throws CannotStart, IOException {
        assumeThat(ClientCertificateTest.providers()).contains(provider);
        Forge.write(folder.resolve("ca.pem"), Forge.pem(ROOT.certificate));
        write(server().make());
        Forge.Holder device = ROOT.leaf("device").make();
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        Logger logger = (Logger) LoggerFactory.getLogger("io.gatehouse.Trust");
        try (TlsHouse house = house(provider);
                TlsClient stays = TlsClient.connect(device, house.port("devices"), "TLSv1.3")) {
            stays.in("stays");
            log.start();
            logger.addAppender(log);

            write(bad.get());
            assertThat(house.broker().reload().get("tls")).contains("server.pem", "shake hands");

            assertThat(house.awaitAudit(0, "broker", "what", "tls_refused").get("detail"))
                    .asString()
                    .contains("server.pem", "a client could not shake hands with it");
            assertThat(house.figure("reloads_refused_total")).isPositive();
            assertThat(List.copyOf(log.list))
                    .anySatisfy(event -> assertThat(event.getFormattedMessage())
                            .contains("the last good state stays in force", "shake hands"))
                    .filteredOn(event -> event.getFormattedMessage().contains("shake hands"))
                    .allSatisfy(event -> assertThat(event.getLevel()).isEqualTo(Level.ERROR));
            assertThat(stays.isAlive()).isTrue();
            for (String version : List.of("TLSv1.2", "TLSv1.3")) {
                try (TlsClient late = TlsClient.connect(device, house.port("devices"), version)) {
                    late.in("late");
                }
            }
        } finally {
            logger.detachAppender(log);
        }
        assertThatThrownBy(() -> house(provider))
                .isInstanceOf(CannotStart.class)
                .hasMessageContaining("shake hands");
    }

    @Test
    void certificate_thatTheProfileDoesNotHave_isNamedWithItsMend() {
        Forge.write(folder.resolve("ca.pem"), Forge.pem(ROOT.certificate));
        write(server().make());
        assertThatThrownBy(() -> house("auto, profile: cnsa"))
                .isInstanceOf(CannotStart.class)
                .hasMessageContainingAll("server.pem", "P-384", "gatehouse certs server --algo p384");
    }
}
