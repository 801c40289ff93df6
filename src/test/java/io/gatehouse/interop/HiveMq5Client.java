package io.gatehouse.interop;

import com.hivemq.client.mqtt.MqttClientState;
import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.message.connect.Mqtt5ConnectBuilder;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAck;
import java.nio.charset.StandardCharsets;

/** The HiveMQ client for MQTT 5.0. */
final class HiveMq5Client extends MatrixClient {
    private final Mqtt5Client client;

    HiveMq5Client(Way way, String clientId) {
        super(way, clientId);
        client = HiveMqClient.builder(way, clientId).useMqttVersion5().build();
        client.toAsync()
                .publishes(
                        MqttGlobalPublishFilter.ALL,
                        publish -> took(
                                publish.getTopic().toString(),
                                publish.getQos().getCode(),
                                publish.isRetain(),
                                publish.getPayloadAsBytes()));
    }

    @Override
    boolean connect(boolean keep, String willTopic) {
        Mqtt5ConnectBuilder.Send<Mqtt5ConnAck> connect = client.toBlocking()
                .connectWith()
                .cleanStart(!keep)
                .sessionExpiryInterval(keep ? 3600 : 0)
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
        client.toBlocking()
                .subscribeWith()
                .topicFilter(filter)
                .qos(HiveMqClient.qos(qos))
                .send();
    }

    @Override
    void publish(String topic, int qos, boolean retain, String payload) {
        client.toBlocking()
                .publishWith()
                .topic(topic)
                .qos(HiveMqClient.qos(qos))
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
