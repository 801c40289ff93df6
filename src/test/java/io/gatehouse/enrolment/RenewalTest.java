package io.gatehouse.enrolment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.hivemq.client.mqtt.MqttClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAck;
import io.gatehouse.pki.Inventory.State;
import io.gatehouse.pki.TestRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.est.ESTService;
import org.bouncycastle.est.jcajce.JsseESTServiceBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The life of a device's certificates: from the token, over the first login and the renewal, to the end of the old one. */
class RenewalTest {
    @TempDir
    private Path temp;

    private static KeyManagerFactory keys(TestRequest request, X509Certificate certificate) throws Exception {
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(null, null);
        own.setKeyEntry("own", request.pair().getPrivate(), new char[0], new X509Certificate[] {certificate});
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(own, new char[0]);
        return keys;
    }

    private static Mqtt5ConnAck login(EstHouse house, TestRequest request, X509Certificate certificate)
            throws Exception {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("root", house.root());
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        Mqtt5BlockingClient client = MqttClient.builder()
                .useMqttVersion5()
                .identifier("device")
                .serverHost("localhost")
                .serverPort(house.mqttPort())
                .sslConfig()
                .keyManagerFactory(keys(request, certificate))
                .trustManagerFactory(trust)
                .applySslConfig()
                .buildBlocking();
        Mqtt5ConnAck answer = client.connect();
        client.disconnect();
        return answer;
    }

    private static void awaitState(EstHouse house, X509Certificate certificate, State state) {
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(house.state(certificate)).isEqualTo(state));
    }

    @Test
    void certificates_liveFromTokenOverFirstLoginAndRenewalToRevocation() throws Exception {
        TestRequest first = TestRequest.of("pump-1");
        TestRequest second = TestRequest.of("pump-1");
        X509Certificate old;
        X509Certificate fresh;
        Clock now = Clock.systemUTC();
        try (EstHouse house = new EstHouse(temp, "  embedded: true\n", now)) {
            old = new EstClient(house.tls(null), house.estPort())
                    .enrol("pump-1", house.token("pump-1"), first.der())
                    .certificate();
            assertThat(house.state(old)).isEqualTo(State.PENDING);

            Map<String, Long> hints = login(house, first, old).getUserProperties().asList().stream()
                    .collect(Collectors.toMap(
                            hint -> hint.getName().toString(),
                            hint -> Long.parseLong(hint.getValue().toString())));
            long end = old.getNotAfter().toInstant().getEpochSecond();
            long life = Duration.ofDays(90).toSeconds();
            assertThat(hints).containsOnlyKeys("cert-not-after", "cert-renew-after", "server-time");
            assertThat(hints.get("cert-not-after")).isEqualTo(end);
            assertThat(hints.get("cert-renew-after")).isBetween(end - life / 3 - life / 10 - 2, end - life / 3);
            assertThat(hints.get("server-time"))
                    .isBetween(end - life - 5, now.instant().getEpochSecond());
            awaitState(house, old, State.ACTIVE);
            assertThat(house.awaitAudit("activated", "")).containsEntry("via", "mqtt");
        }
        try (EstHouse house = new EstHouse(temp, "  embedded: true\n", Clock.offset(now, Duration.ofDays(50)))) {
            JsseESTServiceBuilder builder = new JsseESTServiceBuilder("localhost:" + house.estPort(), house.trust());
            builder.withKeyManagers(keys(first, old).getKeyManagers()).withTimeout(30_000);
            ESTService bouncyCastle = builder.build();
            fresh = new JcaX509CertificateConverter()
                    .getCertificate(
                            ESTService.storeToArray(bouncyCastle
                                    .simpleEnroll(true, new PKCS10CertificationRequest(second.der()), null)
                                    .getStore())[0]);
            assertThat(house.state(fresh)).isEqualTo(State.PENDING);
            login(house, first, old); // the device has not stored the new one yet
            assertThat(house.state(old)).isEqualTo(State.ACTIVE);
            login(house, second, fresh);
            awaitState(house, fresh, State.ACTIVE);
            assertThat(house.state(old)).isEqualTo(State.SUPERSEDED);
            login(house, first, old); // a day of overlap
        }
        try (EstHouse house = new EstHouse(temp, "  embedded: true\n", Clock.offset(now, Duration.ofDays(52)))) {
            awaitState(house, old, State.REVOKED);
            assertThat(house.state(fresh)).isEqualTo(State.ACTIVE);
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                try (var in = Files.newInputStream(house.pki.resolve("crl/device.crl"))) {
                    X509CRL list =
                            (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(in);
                    assertThat(list.getRevokedCertificate(old.getSerialNumber()))
                            .isNotNull();
                }
            });
        }
    }
}
