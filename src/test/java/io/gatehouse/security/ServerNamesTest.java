package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatehouse.CannotStart;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a ClientHello asks for: a server by its name (SNI), a protocol (ALPN); on both stacks and in both versions. */
class ServerNamesTest {
    private static final Forge ROOT = Forge.root("Root");
    private static final Forge.Holder CLIENT = ROOT.leaf("pump-7").make();

    @TempDir
    private static Path folder;

    private static @Nullable TlsHouse shared;

    @BeforeAll
    static void aBroker() throws CannotStart {
        Forge.write(folder.resolve("server.pem"), folder.resolve("server.key"), ROOT.server());
        Forge.write(folder.resolve("a.pem"), folder.resolve("a.key"), ROOT.server("a.example"));
        Forge.write(folder.resolve("b.pem"), folder.resolve("b.key"), ROOT.server("b.example"));
        Forge.write(folder.resolve("ca.pem"), Forge.pem(ROOT.certificate));
        StringBuilder listeners = new StringBuilder();
        for (String provider : ClientCertificateTest.providers()) {
            for (boolean strict : new boolean[] {true, false}) {
                listeners.append("""
                          %s-%s:
                            port: 0
                            bind: 127.0.0.1
                            tls:
                              certificate: server.pem
                              key: server.key
                              client_ca: ca.pem
                              provider: %1$s
                              sni: {A.example: {certificate: a.pem, key: a.key}, b.example: {certificate: b.pem, key: b.key}}
                              sni_strict: %s
                            login: certificate
                        """.formatted(provider, strict ? "strict" : "kind", strict));
            }
        }
        shared = new TlsHouse(folder, listeners.toString());
    }

    @AfterAll
    static void close() {
        if (shared != null) {
            shared.close();
        }
    }

    private static TlsHouse house() {
        return java.util.Objects.requireNonNull(shared);
    }

    static List<Arguments> stacks() {
        List<Arguments> all = new ArrayList<>();
        for (String provider : ClientCertificateTest.providers()) {
            all.add(Arguments.of(provider, "TLSv1.2"));
            all.add(Arguments.of(provider, "TLSv1.3"));
        }
        return all;
    }

    private static TlsClient connect(String listener, String version, Consumer<SSLParameters> more) throws IOException {
        return TlsClient.connect(TlsClient.context(CLIENT), house().port(listener), version, more);
    }

    private static Consumer<SSLParameters> wanting(String host) {
        return parameters -> parameters.setServerNames(List.of(new SNIHostName(host)));
    }

    private static Consumer<SSLParameters> speaking(String... protocols) {
        return parameters -> parameters.setApplicationProtocols(protocols);
    }

    private static String name(TlsClient client) throws IOException {
        X509Certificate shown = (X509Certificate) client.socket().getSession().getPeerCertificates()[0];
        return shown.getSubjectX500Principal().getName();
    }

    @ParameterizedTest
    @MethodSource("stacks")
    void name_thatHasACertificate_getsIt_andLogsIn(String provider, String version) throws IOException {
        for (String host : List.of("a.example", "B.EXAMPLE", "localhost")) {
            try (TlsClient client = connect(provider + "-strict", version, wanting(host))) {
                assertThat(name(client)).isEqualToIgnoringCase("CN=" + host);
                assertThat(client.login("sni")).isEqualTo(TlsClient.CONNACK);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("stacks")
    void name_thatIsNotHere_getsTheListenersOwn_orWithStrictAnAlert(String provider, String version)
            throws IOException {
        try (TlsClient client = connect(provider + "-kind", version, wanting("c.example"))) {
            assertThat(name(client)).isEqualTo("CN=localhost");
        }
        int before = house().audit().size();
        String absent = provider + "-" + version.replace('.', '-').toLowerCase(java.util.Locale.ROOT) + ".example";
        assertThatThrownBy(() -> connect(provider + "-strict", version, wanting(absent)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("unrecognized_name");
        assertThat(house().awaitAudit(before, "handshake", "code", "SNI").get("detail"))
                .asString()
                .contains(absent);
    }

    @ParameterizedTest
    @MethodSource("stacks")
    void protocol_mqttAmongThose_isTaken(String provider, String version) throws IOException {
        try (TlsClient client = connect(provider + "-kind", version, speaking("h2", "mqtt"))) {
            assertThat(client.socket().getApplicationProtocol()).isEqualTo("mqtt");
            assertThat(client.login("alpn")).isEqualTo(TlsClient.CONNACK);
        }
        try (TlsClient client = connect(provider + "-kind", version, parameters -> {})) {
            assertThat(client.login("none")).as("who offers nothing is let in").isEqualTo(TlsClient.CONNACK);
        }
    }

    @ParameterizedTest
    @MethodSource("stacks")
    void protocol_noneOfOurs_isAnAlert(String provider, String version) {
        int before = house().audit().size();
        double refused = house().figure("handshakes_refused_total");
        // alike ones are told of once in a while only: each has another protocol
        assertThatThrownBy(() -> connect(provider + "-kind", version, speaking("h2", "http/1.1 " + version)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no_application_protocol");
        assertThat(house().awaitAudit(before, "handshake", "listener", provider + "-kind"))
                .containsEntry("code", "ALPN");
        assertThat(house().figure("handshakes_refused_total")).isGreaterThan(refused);
    }

    @Test
    void hello_thatIsLargerThanAnyClients_isClosed() throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(
                    "127.0.0.1", house().port(ClientCertificateTest.providers().get(0) + "-kind")));
            socket.setSoTimeout(20_000);
            // a handshake record that begins a ClientHello of 60,000 bytes
            byte[] record = new byte[16_389];
            record[0] = 22;
            record[1] = 3;
            record[2] = 1;
            record[3] = 0x40;
            record[5] = 1;
            record[7] = (byte) (60_000 >> 8);
            record[8] = (byte) 60_000;
            socket.getOutputStream().write(record);
            int first = socket.getInputStream().read();
            assertThat(first).as("nothing, or an alert").isIn(-1, 21);
            while (first >= 0) {
                first = socket.getInputStream().read();
            }
        }
    }
}
