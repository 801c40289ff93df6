package io.gatehouse.interop;

import com.hivemq.client.mqtt.MqttClientBuilder;
import com.hivemq.client.mqtt.MqttClientState;
import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.MqttWebSocketConfig;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt3.Mqtt3Client;
import com.hivemq.client.mqtt.mqtt3.message.connect.Mqtt3ConnectBuilder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;

/** The HiveMQ client for MQTT 3.1.1. */
final class HiveMqClient extends MatrixClient {
    private final Mqtt3Client client;

    HiveMqClient(Way way, String clientId) {
        super(way, clientId);
        client = builder(way, clientId).useMqttVersion3().build();
        client.toAsync()
                .publishes(
                        MqttGlobalPublishFilter.ALL,
                        publish -> took(
                                publish.getTopic().toString(),
                                publish.getQos().getCode(),
                                publish.isRetain(),
                                publish.getPayloadAsBytes()));
    }

    static MqttClientBuilder builder(Way way, String clientId) {
        MqttClientBuilder builder = com.hivemq.client.mqtt.MqttClient.builder()
                .identifier(clientId)
                .serverHost("localhost")
                .serverPort(way.port())
                .sslConfig()
                .trustManagerFactory(way.trust())
                .applySslConfig();
        return way.web()
                ? builder.webSocketConfig(MqttWebSocketConfig.builder()
                        .serverPath("mqtt")
                        // unless it is told, it says the broker's own address, as a page from there would
                        .httpHeaders(Map.of("Origin", way.origin()))
                        .build())
                : builder;
    }

    @Override
    boolean connect(boolean keep, String willTopic) {
        Mqtt3ConnectBuilder.Send<com.hivemq.client.mqtt.mqtt3.message.connect.connack.Mqtt3ConnAck> connect =
                client.toBlocking()
                        .connectWith()
                        .cleanSession(!keep)
                        .simpleAuth()
                        .username(MatrixHouse.USER)
                        .password(MatrixHouse.PASSWORD.getBytes(StandardCharsets.UTF_8))
                        .applySimpleAuth();
        if (!willTopic.isEmpty()) {
            connect = connect.willPublish()
                    .topic(willTopic)
                    .qos(MqttQos.AT_LEAST_ONCE)
                    .payload("gone".getBytes(StandardCharsets.UTF_8))
                    .applyWillPublish();
        }
        return connect.send().isSessionPresent();
    }

    @Override
    void subscribe(String filter, int qos) {
        client.toBlocking().subscribeWith().topicFilter(filter).qos(qos(qos)).send();
    }

    static MqttQos qos(int level) {
        return Objects.requireNonNull(MqttQos.fromCode(level));
    }

    @Override
    void publish(String topic, int qos, boolean retain, String payload) {
        client.toBlocking()
                .publishWith()
                .topic(topic)
                .qos(qos(qos))
                .retain(retain)
                .payload(payload.getBytes(StandardCharsets.UTF_8))
                .send();
    }

    @Override
    void disconnect() {
        client.toBlocking().disconnect();
    }

    @Override
    public void close() {
        if (client.getState() == MqttClientState.CONNECTED) {
            client.toBlocking().disconnect();
        }
    }
}
