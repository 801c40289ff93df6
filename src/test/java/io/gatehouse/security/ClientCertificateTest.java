package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.CannotStart;
import io.gatehouse.pki.BrokenKeys;
import io.netty.handler.ssl.OpenSsl;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Client certificates that are wrong in every way, over real handshakes, on both providers and both versions of TLS: the
 * connection ends, the audit log has the stable code, and not a byte of MQTT was looked at. Then those that are right.
 */
class ClientCertificateTest {
    private static final Instant NOW = Instant.now();
    private static final Forge ROOT = Forge.root("Device Root");
    private static final Forge OTHER = Forge.root("Another Root");
    private static final Forge FAKE = Forge.root("Device Root");
    private static final Forge MIDDLE = ROOT.authority("Device Issuer", 0);
    private static final Forge BELOW = MIDDLE.authority("Not Allowed", 0);
    private static final Forge EXPIRED = Forge.of(ROOT.leaf("Old Issuer")
            .authority(0)
            .valid(NOW.minus(Duration.ofDays(9)), NOW.minus(Duration.ofDays(1)))
            .make());
    private static final Forge WEAK =
            Forge.of(ROOT.leaf("Weak Issuer").authority(0).key("RSA-1024").make());
    private static final List<KeyPair> BROKEN_KEYS = brokenKeys();
    private static final Forge FLAWED = Forge.of(
            ROOT.leaf("Flawed Issuer").authority(0).ownKey(BROKEN_KEYS.get(0)).make());

    @TempDir
    private static Path folder;

    private static @Nullable TlsHouse house;

    @BeforeAll
    static void aBroker() throws CannotStart {
        Forge.write(folder.resolve("server.pem"), folder.resolve("server.key"), ROOT.server());
        Forge.write(folder.resolve("ca.pem"), Forge.pem(ROOT.certificate));
        StringBuilder listeners = new StringBuilder();
        for (String provider : providers()) {
            for (String version : List.of("12", "13")) {
                listeners
                        .append("""
                          %s-%s:
                            port: 0
                            bind: 127.0.0.1
                            tls: {certificate: server.pem, key: server.key, client_ca: ca.pem, provider: %1$s}
                            login: certificate
                        """.formatted(provider, version).indent(2).stripTrailing())
                        .append('\n');
            }
        }
        listeners.append("""
                  rare:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: server.pem, key: server.key, client_ca: ca.pem, client_keys: [p521, ed25519], clock_skew: 5m}
                    login: certificate
                """.indent(2));
        house = new TlsHouse(folder, listeners.toString());
    }

    @AfterAll
    static void close() {
        if (house != null) {
            house.close();
        }
    }

    private static TlsHouse house() {
        return java.util.Objects.requireNonNull(house);
    }

    static List<String> providers() {
        return OpenSsl.isAvailable() ? List.of("boringssl", "jdk") : List.of("jdk");
    }

    private static List<KeyPair> brokenKeys() {
        BrokenKeys broken = new BrokenKeys(20_171_016);
        try {
            return List.of(broken.roca(2048, 126), broken.closePrimes(2048), broken.smallFactor(2048));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private record Bad(String code, @Nullable Supplier<Forge.Holder> holder, String providers) {}

    private static void bad(List<Named<Bad>> all, String name, String code, @Nullable Supplier<Forge.Holder> holder) {
        all.add(Named.of(name, new Bad(code, holder, "boringssl jdk")));
    }

    private static List<Named<Bad>> badOnes() {
        List<Named<Bad>> all = new ArrayList<>();
        bad(
                all,
                "expired",
                "CERT_EXPIRED",
                () -> leaf("expired")
                        .valid(NOW.minus(Duration.ofDays(2)), NOW.minusSeconds(60))
                        .make());
        bad(
                all,
                "not yet valid",
                "CERT_NOT_YET_VALID",
                () -> leaf("early")
                        .valid(NOW.plus(Duration.ofHours(2)), NOW.plus(Duration.ofDays(2)))
                        .make());
        bad(
                all,
                "an authority that expired",
                "CERT_EXPIRED",
                () -> EXPIRED.leaf("orphan").make().with(EXPIRED.certificate));
        bad(
                all,
                "for servers only",
                "CERT_EKU",
                () -> leaf("server").usage(KeyPurposeId.id_kp_serverAuth).make());
        bad(all, "no extended usage", "CERT_EKU", () -> leaf("none").usage().make());
        bad(
                all,
                "any extended usage",
                "CERT_EKU",
                () -> leaf("any").usage(KeyPurposeId.anyExtendedKeyUsage).make());
        bad(
                all,
                "clients and any",
                "CERT_EKU",
                () -> leaf("any")
                        .usage(KeyPurposeId.id_kp_clientAuth, KeyPurposeId.anyExtendedKeyUsage)
                        .make());
        bad(
                all,
                "key usage without signature",
                "CERT_KU",
                () -> leaf("ku").keyUsage(KeyUsage.keyEncipherment).make());
        bad(all, "another authority", "CERT_CHAIN", () -> OTHER.leaf("other").make());
        bad(
                all,
                "another authority, sent along",
                "CERT_CHAIN",
                () -> OTHER.leaf("other").make().with(OTHER.certificate));
        bad(
                all,
                "an authority of the same name",
                "CERT_CHAIN",
                () -> FAKE.leaf("fake").make());
        bad(all, "self-signed", "CERT_CHAIN", () -> selfSigned("self"));
        bad(
                all,
                "intermediate missing",
                "CERT_CHAIN",
                () -> MIDDLE.leaf("alone").make());
        bad(
                all,
                "path length exceeded",
                "CERT_CHAIN",
                () -> BELOW.leaf("deep").make().with(BELOW.certificate, MIDDLE.certificate));
        bad(all, "a device as issuer", "CERT_CHAIN", () -> {
            Forge.Holder device = leaf("issuer").make();
            return Forge.of(device).leaf("child").make().with(device.certificate());
        });
        bad(
                all,
                "five certificates",
                "CERT_CHAIN",
                () -> leaf("long")
                        .make()
                        .with(ROOT.certificate, OTHER.certificate, FAKE.certificate, MIDDLE.certificate));
        bad(
                all,
                "SHA-1",
                "CERT_WEAK_SIG",
                () -> leaf("sha1").signedWith("SHA1withECDSA").make());
        bad(all, "RSA-1024", "CERT_WEAK_KEY", () -> leaf("rsa").key("RSA-1024").make());
        bad(
                all,
                "a key of the flaw ROCA",
                "CERT_BROKEN_KEY",
                () -> leaf("roca").ownKey(BROKEN_KEYS.get(0)).make());
        bad(
                all,
                "a key of primes side by side",
                "CERT_BROKEN_KEY",
                () -> leaf("fermat").ownKey(BROKEN_KEYS.get(1)).make());
        bad(
                all,
                "a key with a small factor",
                "CERT_BROKEN_KEY",
                () -> leaf("factor").ownKey(BROKEN_KEYS.get(2)).make());
        bad(
                all,
                "an authority whose key is broken",
                "CERT_BROKEN_KEY",
                () -> FLAWED.leaf("below").signedWith("SHA256withRSA").make().with(FLAWED.certificate));
        bad(
                all,
                "an authority of RSA-1024",
                "CERT_WEAK_KEY",
                () -> WEAK.leaf("below").signedWith("SHA256withRSA").make().with(WEAK.certificate));
        bad(all, "version 1", "CERT_PROFILE", () -> leaf("v1").versionOne().make());
        bad(
                all,
                "negative serial",
                "CERT_PROFILE",
                () -> leaf("negative")
                        .serial(BigInteger.valueOf(-System.nanoTime()))
                        .make());
        bad(
                all,
                "serial of zero",
                "CERT_PROFILE",
                () -> leaf("zero").serial(BigInteger.ZERO).make());
        bad(
                all,
                "serial of 24 octets",
                "CERT_PROFILE",
                () -> leaf("wide")
                        .serial(BigInteger.ONE.shiftLeft(190).add(BigInteger.valueOf(System.nanoTime())))
                        .make());
        bad(
                all,
                "unknown critical extension",
                "CERT_PROFILE",
                () -> leaf("critical").unknownCritical().make());
        bad(
                all,
                "critical distribution point",
                "CERT_PROFILE",
                () -> leaf("point").criticalDistributionPoint().make());
        bad(
                all,
                "an authority's certificate",
                "CERT_PROFILE",
                () -> leaf("ca")
                        .authority(0)
                        .keyUsage(KeyUsage.keyCertSign | KeyUsage.digitalSignature)
                        .make());
        bad(
                all,
                "NUL in the name",
                "CERT_ID_INVALID",
                () -> leaf("").rawName("admin\0.evil").make());
        bad(
                all,
                "a newline in the name",
                "CERT_ID_INVALID",
                () -> leaf("").rawName("a\nb").make());
        bad(
                all,
                "a wildcard in the name",
                "CERT_ID_INVALID",
                () -> leaf("").rawName("a#").make());
        bad(
                all,
                "a level in the name",
                "CERT_ID_INVALID",
                () -> leaf("").rawName("a/b").make());
        bad(
                all,
                "a plus in the name",
                "CERT_ID_INVALID",
                () -> leaf("").rawName("a+b").make());
        bad(
                all,
                "65 characters",
                "CERT_ID_INVALID",
                () -> leaf("").rawName("x".repeat(65)).make());
        bad(
                all,
                "a control character in a URI",
                "CERT_ID_INVALID",
                () -> leaf("uri").uris("urn:x:a\u0007b").make());
        bad(
                all,
                "two URIs",
                "CERT_ID_AMBIGUOUS",
                () -> leaf("two").uris("urn:x:a", "urn:x:b").make());
        bad(
                all,
                "two common names",
                "CERT_ID_AMBIGUOUS",
                () -> leaf("").rawName("a", "b").make());
        bad(
                all,
                "no name",
                "CERT_ID_AMBIGUOUS",
                () -> leaf("").subject(new X500Name(new RDN[0]))
                        .names(new GeneralName(GeneralName.iPAddress, "127.0.0.1"))
                        .make());
        bad(all, "none", "CERT_NONE", null);
        for (String kind : List.of("P-521", "Ed25519")) {
            Supplier<Forge.Holder> holder = () -> leaf(kind).key(kind).make();
            all.add(Named.of(kind, new Bad("CERT_WEAK_KEY", holder, "jdk")));
        }
        // BoringSSL does not ask for it; what a client makes of that is its own affair
        all.add(Named.of(
                "P-521, not asked for",
                new Bad(
                        "HANDSHAKE|CERT_WEAK_KEY",
                        () -> leaf("P-521").key("P-521").make(),
                        "boringssl")));
        return all;
    }

    private static Forge.Leaf leaf(String name) {
        return ROOT.leaf(name);
    }

    private static Forge.Holder selfSigned(String name) {
        Forge self = Forge.root(name);
        return Forge.of(new Forge.Holder(List.of(self.certificate), self.keys))
                .leaf(name)
                .ownKey(self.keys)
                .make();
    }

    static Stream<Arguments> refusals() {
        return badOnes().stream()
                .flatMap(bad -> Stream.of("boringssl", "jdk")
                        .filter(provider -> bad.getPayload().providers().contains(provider))
                        .flatMap(provider ->
                                Stream.of("TLSv1.2", "TLSv1.3").map(version -> Arguments.of(bad, provider, version))));
    }

    @ParameterizedTest(name = "{0} on {1}, {2}")
    @MethodSource("refusals")
    void handshake_badCertificate_endsWithItsCodeAndWithoutMqtt(Bad bad, String provider, String version) {
        assumeThat(providers()).contains(provider);
        String listener = provider + "-" + version.substring(4).replace(".", "");
        Forge.Holder holder = bad.holder() == null ? null : bad.holder().get();
        int before = house().audit().size();
        double bytes = house().figure("received_bytes_total");

        assertThat(answer(holder, house().port(listener), version)).isNegative();

        Map<String, Object> event = house().awaitAudit(before, "handshake", "listener", listener);
        assertThat(event.get("code")).asString().matches(bad.code());
        assertThat(event).containsEntry("address", "127.0.0.1");
        // BoringSSL looks at the key usage itself where TLS 1.3 has it sign, and shows us nothing
        boolean unseen = bad.code().contains("CERT_NONE")
                || bad.code().contains("HANDSHAKE")
                || bad.code().equals("CERT_KU") && listener.equals("boringssl-13");
        if (!unseen) {
            assertThat(event)
                    .containsEntry(
                            "serial", holder.certificate().getSerialNumber().toString(16))
                    .containsKeys("subject", "issuer", "detail");
        }
        assertThat(house().figure("received_bytes_total")).isEqualTo(bytes);
    }

    /** A client that is not asked for a signature of this kind sends no certificate, and is told of as one that has none. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void handshake_withAnEd25519Key_isRefusedByBoringssl(String version) {
        assumeThat(providers()).contains("boringssl");
        Forge.Holder holder = leaf("Ed25519").key("Ed25519").make();
        double refused = house().figure("handshakes_refused_total");
        double bytes = house().figure("received_bytes_total");

        assertThat(answer(
                        holder, house().port("boringssl-" + version.substring(4).replace(".", "")), version))
                .isNegative();

        await().atMost(Duration.ofSeconds(30)).until(() -> house().figure("handshakes_refused_total") > refused);
        assertThat(house().figure("received_bytes_total")).isEqualTo(bytes);
    }

    @Test
    void handshake_sameBadCertificateAgainAndAgain_isToldOnce() {
        Forge.Holder holder = OTHER.leaf("insistent").make();
        int before = house().audit().size();
        double refused = house().figure("handshakes_refused_total");

        for (int i = 0; i < 5; i++) {
            assertThat(answer(holder, house().port("jdk-13"), "TLSv1.3")).isNegative();
        }

        await().atMost(Duration.ofSeconds(30)).until(() -> house().figure("handshakes_refused_total") == refused + 5);
        String serial = holder.certificate().getSerialNumber().toString(16);
        assertThat(house().audit().stream().skip(before).filter(event -> serial.equals(event.get("serial"))))
                .hasSize(1);
    }

    /** The first byte that comes back to a CONNECT; negative: none, because the connection ended. */
    private static int answer(Forge.@Nullable Holder holder, int port, String version) {
        try (TlsClient client = TlsClient.connect(holder, port, version)) {
            return client.login("someone");
        } catch (java.net.SocketTimeoutException e) {
            throw new AssertionError("the connection was left open", e);
        } catch (IOException refused) {
            return -1;
        }
    }

    private static Stream<Arguments> welcome() {
        List<Named<Supplier<Forge.Holder>>> good = new ArrayList<>();
        good.add(Named.of("P-256", () -> leaf("p256").make()));
        good.add(Named.of("P-384", () -> leaf("p384").key("P-384").make()));
        good.add(Named.of("RSA-2048", () -> leaf("rsa2048").key("RSA-2048").make()));
        good.add(Named.of("RSA-3072", () -> leaf("rsa3072").key("RSA-3072").make()));
        good.add(Named.of(
                "signed with SHA-384",
                () -> leaf("sha384").signedWith("SHA384withECDSA").make()));
        good.add(Named.of(
                "no end before the year 9999",
                () -> leaf("factory")
                        .valid(NOW.minusSeconds(60), Instant.parse("9999-12-31T23:59:59Z"))
                        .make()));
        good.add(Named.of(
                "until 2060, after its authority",
                () -> leaf("later")
                        .valid(NOW.minusSeconds(60), Instant.parse("2060-01-01T00:00:00Z"))
                        .make()));
        good.add(Named.of("an intermediate", () -> MIDDLE.leaf("below").make().with(MIDDLE.certificate)));
        good.add(Named.of(
                "an intermediate and the root",
                () -> MIDDLE.leaf("whole").make().with(MIDDLE.certificate, ROOT.certificate)));
        good.add(Named.of(
                "a name beyond ASCII", () -> leaf("").rawName("Gewächshaus Süd").make()));
        good.add(
                Named.of("64 characters", () -> leaf("").rawName("x".repeat(64)).make()));
        good.add(Named.of("a URI", () -> leaf("uri").uris("urn:dev:org:1-pump7").make()));
        return good.stream()
                .flatMap(one -> Stream.of("boringssl", "jdk")
                        .flatMap(provider ->
                                Stream.of("TLSv1.2", "TLSv1.3").map(version -> Arguments.of(one, provider, version))));
    }

    @ParameterizedTest(name = "{0} on {1}, {2}")
    @MethodSource("welcome")
    void handshake_goodCertificate_logsIn(Supplier<Forge.Holder> holder, String provider, String version)
            throws IOException {
        assumeThat(providers()).contains(provider);
        String listener = provider + "-" + version.substring(4).replace(".", "");
        try (TlsClient client = TlsClient.connect(holder.get(), house().port(listener), version)) {
            assertThat(client.login("good-" + System.nanoTime())).isEqualTo(TlsClient.CONNACK);
            assertThat(client.socket().getSession().getProtocol()).isEqualTo(version);
        }
    }

    @ParameterizedTest
    @MethodSource("rareKeys")
    void handshake_rareKeysAndASkewedClock_logInWhereTheListenerSaysSo(Forge.Leaf leaf) throws IOException {
        try (TlsClient client = TlsClient.connect(leaf.make(), house().port("rare"), "TLSv1.3")) {
            assertThat(client.login("rare-" + System.nanoTime())).isEqualTo(TlsClient.CONNACK);
        }
    }

    static Stream<Arguments> rareKeys() {
        return Stream.of(
                Arguments.of(Named.of("P-521", leaf("p521").key("P-521"))),
                Arguments.of(Named.of("Ed25519", leaf("ed25519").key("Ed25519"))),
                Arguments.of(Named.of(
                        "a minute early",
                        leaf("early")
                                .key("P-521")
                                .valid(Instant.now().plusSeconds(120), NOW.plus(Duration.ofDays(1))))));
    }

    @Test
    void broker_whoseAuthorityOrOwnKeyIsWeakOrBroken_doesNotStart(@TempDir Path fresh) {
        String listener = """
                  one:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: server.pem, key: server.key, client_ca: ca.pem}
                    login: certificate
                """.indent(2);
        Forge.write(fresh.resolve("server.pem"), fresh.resolve("server.key"), ROOT.server());
        for (Forge authority : List.of(WEAK, FLAWED)) {
            Forge.write(fresh.resolve("ca.pem"), Forge.pem(ROOT.certificate, authority.certificate));
            assertThatThrownBy(() -> new TlsHouse(fresh, listener))
                    .isInstanceOf(CannotStart.class)
                    .hasMessageContaining("the key of \"" + authority.certificate.getSubjectX500Principal()
                            + "\" is too weak to vouch for anybody");
        }
        Forge.write(fresh.resolve("ca.pem"), Forge.pem(ROOT.certificate));
        Forge.write(
                fresh.resolve("server.pem"),
                fresh.resolve("server.key"),
                ROOT.leaf("localhost")
                        .ownKey(BROKEN_KEYS.get(1))
                        .usage(KeyPurposeId.id_kp_serverAuth)
                        .names(new GeneralName(GeneralName.dNSName, "localhost"))
                        .make());
        assertThatThrownBy(() -> new TlsHouse(fresh, listener))
                .isInstanceOf(CannotStart.class)
                .hasMessageContaining("server.pem: its key or its signature is too weak");
    }
}
