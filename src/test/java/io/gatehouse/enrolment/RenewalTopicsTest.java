package io.gatehouse.enrolment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hivemq.client.mqtt.MqttClient;
import com.hivemq.client.mqtt.MqttClientSslConfig;
import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt3.Mqtt3BlockingClient;
import com.hivemq.client.mqtt.mqtt3.message.publish.Mqtt3Publish;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5PubAckException;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import com.hivemq.client.mqtt.mqtt5.message.publish.puback.Mqtt5PubAckReasonCode;
import io.gatehouse.json.Json;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Inventory.State;
import io.gatehouse.pki.Issued;
import io.gatehouse.pki.StoredPassphrase;
import io.gatehouse.pki.TestRequest;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Devices renew their certificates over MQTT, with either version of it. */
class RenewalTopicsTest {
    private static final String TOPIC = "$pki/v1/reenroll";

    @TempDir
    private static Path temp;

    private static EstHouse house;

    @BeforeAll
    static void open() throws Exception {
        house = new EstHouse(temp, "  embedded: true\n");
    }

    @AfterAll
    static void close() {
        house.close();
    }

    /** A key and its certificate. */
    record Device(EstHouse house, PrivateKey key, X509Certificate certificate) {
        /** One whose certificate was issued some time ago. */
        static Device of(EstHouse house, String id, Duration age) throws Exception {
            Clock then = Clock.offset(Clock.systemUTC(), age.negated());
            try (Authority authority = Authority.open(house.pki, StoredPassphrase.beside(house.pki), then)) {
                Issued issued = authority.issueDevice(id, Duration.ofDays(90));
                return new Device(house, issued.key().orElseThrow(), issued.certificate());
            }
        }

        MqttClientSslConfig tls() throws Exception {
            KeyStore own = KeyStore.getInstance("PKCS12");
            own.load(null, null);
            own.setKeyEntry("own", key, new char[0], new X509Certificate[] {certificate});
            KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
            keys.init(own, new char[0]);
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("root", house.root());
            TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
            trust.init(trusted);
            return MqttClientSslConfig.builder()
                    .keyManagerFactory(keys)
                    .trustManagerFactory(trust)
                    .build();
        }

        Mqtt5BlockingClient client5(String clientId) throws Exception {
            return MqttClient.builder()
                    .useMqttVersion5()
                    .identifier(clientId)
                    .serverHost("localhost")
                    .serverPort(house.mqttPort())
                    .sslConfig(tls())
                    .buildBlocking();
        }

        Mqtt3BlockingClient client3(String clientId) throws Exception {
            return MqttClient.builder()
                    .useMqttVersion3()
                    .identifier(clientId)
                    .serverHost("localhost")
                    .serverPort(house.mqttPort())
                    .sslConfig(tls())
                    .buildBlocking();
        }
    }

    private static List<X509Certificate> chain(byte[] pem) throws Exception {
        return CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem)).stream()
                .map(X509Certificate.class::cast)
                .toList();
    }

    static Map<String, Object> refusal(byte[] json) throws Exception {
        return Json.object(new String(json, StandardCharsets.UTF_8));
    }

    /** Sends a request with a response topic, and waits for what comes there. */
    static Mqtt5Publish ask(Mqtt5BlockingClient client, String id, byte[] csr) throws Exception {
        try (Mqtt5BlockingClient.Mqtt5Publishes answers = client.publishes(MqttGlobalPublishFilter.ALL)) {
            client.subscribeWith()
                    .topicFilter("reply/" + id + "/#")
                    .qos(MqttQos.AT_LEAST_ONCE)
                    .send();
            client.publishWith()
                    .topic(TOPIC)
                    .qos(MqttQos.AT_LEAST_ONCE)
                    .payload(csr)
                    .responseTopic("reply/" + id + "/certificate")
                    .correlationData(new byte[] {7})
                    .send();
            return answers.receive(30, TimeUnit.SECONDS).orElseThrow();
        }
    }

    @Test
    void mqtt5_isAnsweredAtItsResponseTopic_withACertificateThatLogsIn() throws Exception {
        Device pump = Device.of(house, "pump-5", Duration.ofDays(50));
        Mqtt5BlockingClient client = pump.client5("any-client");
        client.connect();
        TestRequest next = TestRequest.of("pump-5");

        Mqtt5Publish answer = ask(client, "pump-5", next.der());
        client.disconnect();

        assertThat(answer.getCorrelationData().orElseThrow().get(0)).isEqualTo((byte) 7);
        assertThat(answer.isRetain()).isFalse();
        assertThat(answer.getContentType().orElseThrow()).hasToString("application/pem-certificate-chain");
        List<X509Certificate> chain = chain(answer.getPayloadAsBytes());
        assertThat(chain).hasSize(2);
        assertThat(chain.get(0).getPublicKey()).isEqualTo(next.pair().getPublic());
        assertThat(house.state(chain.get(0))).isEqualTo(State.PENDING);
        assertThat(house.awaitAudit("granted", "pump-5"))
                .containsEntry("via", "mqtt")
                .containsEntry("action", "renew");

        Mqtt5BlockingClient again = new Device(house, next.pair().getPrivate(), chain.get(0)).client5("any-client");
        again.connect();
        again.disconnect();
    }

    @Test
    void mqtt3_isAnsweredBelowItsClientIdentifier() throws Exception {
        Device pump = Device.of(house, "pump-3", Duration.ofDays(50));
        Mqtt3BlockingClient client = pump.client3("three");
        client.connect();
        TestRequest next = TestRequest.of("pump-3");
        try (Mqtt3BlockingClient.Mqtt3Publishes answers = client.publishes(MqttGlobalPublishFilter.ALL)) {
            client.subscribeWith()
                    .topicFilter(TOPIC + "/three/#")
                    .qos(MqttQos.AT_LEAST_ONCE)
                    .send();
            client.publishWith()
                    .topic(TOPIC + "/three")
                    .qos(MqttQos.AT_LEAST_ONCE)
                    .payload("not a request".getBytes(StandardCharsets.UTF_8))
                    .send();
            Mqtt3Publish rejected = answers.receive(30, TimeUnit.SECONDS).orElseThrow();
            assertThat(rejected.getTopic()).hasToString(TOPIC + "/three/rejected");
            assertThat(refusal(rejected.getPayloadAsBytes())).containsEntry("code", "csr_malformed");

            client.publishWith()
                    .topic(TOPIC + "/three")
                    .qos(MqttQos.EXACTLY_ONCE)
                    .payload(next.der())
                    .send();
            Mqtt3Publish accepted = answers.receive(30, TimeUnit.SECONDS).orElseThrow();
            assertThat(accepted.getTopic()).hasToString(TOPIC + "/three/accepted");
            assertThat(chain(accepted.getPayloadAsBytes()).get(0).getPublicKey())
                    .isEqualTo(next.pair().getPublic());
        }
        client.disconnect();
    }

    @Test
    void requests_thatAreNotGood_areRefusedWithAWord_andNothingIsIssued() throws Exception {
        Device pump = Device.of(house, "pump-7", Duration.ofDays(50));
        Mqtt5BlockingClient client = pump.client5("seven");
        client.connect();
        int before = Authority.view(house.pki).items().size();

        Mqtt5Publish other = ask(client, "pump-7", TestRequest.of("pump-9").der());
        assertThat(refusal(other.getPayloadAsBytes())).containsEntry("code", "name_mismatch");
        Mqtt5Publish large = ask(client, "pump-7", new byte[65_537]);
        assertThat(refusal(large.getPayloadAsBytes())).containsEntry("code", "too_large");
        house.awaitAudit("too_large", "pump-7");

        client.publishWith()
                .topic(TOPIC + "/another")
                .payload(large.getPayloadAsBytes())
                .send();
        house.awaitAudit("bad_request", "pump-7");

        // the answer would come where it may not listen; the broker's answers are the broker's, whatever a policy says
        byte[] csr = TestRequest.of("pump-7").der();
        for (Mqtt5Publish bad : List.of(
                Mqtt5Publish.builder()
                        .topic(TOPIC)
                        .qos(MqttQos.AT_LEAST_ONCE)
                        .payload(csr)
                        .responseTopic("reply/pump-1/certificate")
                        .build(),
                Mqtt5Publish.builder()
                        .topic(TOPIC + "/seven/accepted")
                        .qos(MqttQos.AT_LEAST_ONCE)
                        .payload(csr)
                        .build())) {
            assertThatThrownBy(() -> client.publish(bad))
                    .isInstanceOfSatisfying(
                            Mqtt5PubAckException.class,
                            refused -> assertThat(refused.getMqttMessage().getReasonCode())
                                    .isEqualTo(Mqtt5PubAckReasonCode.NOT_AUTHORIZED));
        }
        client.disconnect();

        Device young = Device.of(house, "pump-8", Duration.ZERO);
        Mqtt5BlockingClient early = young.client5("eight");
        early.connect();
        Mqtt5Publish answer = ask(early, "pump-8", TestRequest.of("pump-8").der());
        assertThat(refusal(answer.getPayloadAsBytes())).containsEntry("code", "too_early");
        early.disconnect();
        assertThat(Authority.view(house.pki).items()).hasSize(before + 1);
    }
}
