package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.CannotStart;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Server certificate, key and client authorities change while pairs of devices exchange messages of QoS 1 through both providers: no
 * connection ends and no message is lost. {@code bench/rotate.sh} runs it with a thousand connections.
 */
class FleetRotationTest {
    private static final int FLEET = Integer.getInteger("gatehouse.fleet", 32);
    private static final long PAUSE_MILLIS = Math.max(20, FLEET / 2);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Forge SERVERS = Forge.root("Server Root");
    private static final Forge OLD = Forge.root("Old Devices");
    private static final Forge NEW = Forge.root("New Devices");

    @TempDir
    private static Path folder;

    private static @Nullable TlsHouse shared;
    private static X509Certificate server;

    @BeforeAll
    static void aBroker() throws CannotStart {
        writeServer();
        Forge.write(folder.resolve("ca.pem"), Forge.pem(OLD.certificate));
        shared = new TlsHouse(
                folder,
                TlsHouse.listeners(),
                "limits: {max_connections_per_address: 100000, connects_per_second_per_address: 100000}\n",
                Clock.systemUTC());
    }

    @AfterAll
    static void close() {
        if (shared != null) {
            shared.close();
        }
    }

    private static TlsHouse house() {
        return Objects.requireNonNull(shared);
    }

    /** The same server with a new key. */
    private static void writeServer() {
        Forge.Holder fresh = SERVERS.leaf("localhost")
                .ownKey(Forge.freshKeys("P-256"))
                .usage(KeyPurposeId.id_kp_serverAuth)
                .names(new GeneralName(GeneralName.dNSName, "localhost"))
                .make();
        server = fresh.certificate();
        Forge.write(folder.resolve("server.pem"), folder.resolve("server.key"), fresh);
    }

    /** Changes files, and waits until the broker has taken them in; nobody has to leave. */
    private static void rotate(Runnable change) {
        int before = house().audit().size();
        change.run();
        assertThat(house().awaitAudit(before, "broker", "what", "tls_loaded")).containsEntry("ended", 0);
    }

    private static void rotateServer() {
        rotate(FleetRotationTest::writeServer);
        for (String provider : ClientCertificateTest.providers()) {
            await("the new certificate")
                    .atMost(PATIENCE)
                    .until(() -> shown(provider).equals(server));
        }
    }

    private static X509Certificate shown(String provider) throws IOException {
        try (TlsClient client = TlsClient.connect((Forge.Holder) null, house().port(provider), "TLSv1.2,TLSv1.3")) {
            return (X509Certificate) client.socket().getSession().getPeerCertificates()[0];
        }
    }

    private static void rotateAuthorities(Forge... authorities) {
        String bundle =
                Forge.pem(Stream.of(authorities).map(one -> one.certificate).toArray(X509Certificate[]::new));
        rotate(() -> Forge.write(folder.resolve("ca.pem"), bundle));
    }

    /** A device that publishes and one that receives. */
    private record Pair(Herald herald, Member member) {
        static Pair open(String name, Forge authority) throws IOException {
            List<String> providers = ClientCertificateTest.providers();
            int port = house().port(providers.get(Math.floorMod(name.hashCode(), providers.size())));
            SSLContext hears = TlsClient.context(authority.leaf(name + "-hears").make());
            SSLContext speaks =
                    TlsClient.context(authority.leaf(name + "-speaks").make());
            Member member = new Member(name + "-hears", hears, port, "t/" + name, 1);
            return new Pair(new Herald(name + "-speaks", speaks, port, "t/" + name, PAUSE_MILLIS), member);
        }

        /** Ends the traffic; everything that was acknowledged has arrived, once and in order. */
        int finish() throws InterruptedException {
            herald.stop();
            int sent = herald.acknowledged();
            assertThat(herald.failure()).isNull();
            await("the last message").atMost(PATIENCE).until(() -> member.last() >= sent - 1);
            assertThat(member.first()).isZero();
            assertThat(member.last()).isEqualTo(sent - 1);
            assertThat(member.missed()).isFalse();
            assertThat(member.isGone()).isFalse();
            assertThat(sent).isPositive();
            herald.close();
            member.close();
            return sent;
        }
    }

    private static List<Pair> pairs(String name, Forge authority) throws IOException {
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < FLEET / 4; i++) {
            pairs.add(Pair.open(name + "-" + i, authority));
        }
        return pairs;
    }

    /** @param left connections of others */
    private static int finish(List<Pair> pairs, int left) throws InterruptedException {
        int sent = 0;
        for (Pair pair : pairs) {
            sent += pair.finish();
        }
        await("their connections' end").atMost(PATIENCE).until(() -> house().figure("connections_open") == left);
        return sent;
    }

    /** Traffic between two steps: every pair exchanges a few messages more. */
    private static void awaitTraffic(List<Pair> pairs) {
        List<Integer> before = pairs.stream().map(pair -> pair.member().last()).toList();
        await("traffic").atMost(PATIENCE).until(() -> {
            for (int i = 0; i < before.size(); i++) {
                if (pairs.get(i).member().last() < before.get(i) + 3) {
                    return false;
                }
            }
            return true;
        });
    }

    @Test
    void rotation_underTraffic_endsNoConnectionAndLosesNoMessage() throws IOException, InterruptedException {
        rotateAuthorities(OLD);
        List<Pair> all = new ArrayList<>(pairs("old", OLD));
        List<Pair> old = List.copyOf(all);
        awaitTraffic(all);
        rotateServer();
        awaitTraffic(all);

        // a new authority beside the old one: its devices get in
        rotateAuthorities(OLD, NEW);
        List<Pair> fresh = pairs("new", NEW);
        all.addAll(fresh);
        awaitTraffic(all);
        rotateServer();
        awaitTraffic(all);

        // the old authority's own certificate is renewed, for the same key
        Forge again =
                Forge.of(OLD.leaf("Old Devices").ownKey(OLD.keys).authority(-1).make());
        rotateAuthorities(again, NEW);
        awaitTraffic(all);

        // its devices have moved away: it goes
        int sent = finish(old, 2 * fresh.size());
        rotateAuthorities(NEW);
        awaitTraffic(fresh);
        rotateServer();
        awaitTraffic(fresh);
        sent += finish(fresh, 0);

        assertThat(house().figure("certificates_withdrawn_total")).isZero();
        System.out.printf(
                "rotate: %d connections of two authorities, server certificate and key 3 times, client authorities 3 times:"
                        + " 0 connections lost, 0 of %d messages lost%n",
                4 * (FLEET / 4), sent);
    }

    private static Stream<Arguments> stacks() {
        return Stream.of("boringssl", "jdk")
                .flatMap(provider -> Stream.of("TLSv1.2", "TLSv1.3").map(version -> Arguments.of(provider, version)));
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("stacks")
    void session_ofBeforeAChangeOfTrust_isNotResumed(String provider, String version) throws IOException {
        assumeThat(ClientCertificateTest.providers()).contains(provider);
        rotateAuthorities(OLD);
        SSLContext device = TlsClient.context(OLD.leaf("device").make());
        long first = session(device, provider, version);
        assertThat(session(device, provider, version)).as("resumed").isEqualTo(first);

        rotateServer();
        long second = session(device, provider, version);
        assertThat(second).as("another certificate").isNotEqualTo(first);
        assertThat(session(device, provider, version)).as("resumed").isEqualTo(second);

        rotateAuthorities(OLD, NEW);
        assertThat(session(device, provider, version)).as("another authority").isNotEqualTo(second);
    }

    /** When the session was made that a login goes by. */
    private static long session(SSLContext context, String provider, String version) throws IOException {
        try (TlsClient client = TlsClient.connect(context, house().port(provider), version, parameters -> {})) {
            assertThat(client.login("device-" + System.nanoTime())).isEqualTo(TlsClient.CONNACK);
            return client.socket().getSession().getCreationTime();
        }
    }
}
