package io.gatehouse.interop;

import java.nio.charset.StandardCharsets;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttCallback;
import org.eclipse.paho.mqttv5.client.MqttClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.MqttDisconnectResponse;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;

/** Eclipse Paho for MQTT 5.0. */
final class Paho5Client extends MatrixClient {
    private final MqttClient client;

    Paho5Client(Way way, String clientId) throws MqttException {
        super(way, clientId);
        client = new MqttClient(PahoClient.address(way), clientId, new MemoryPersistence());
        client.setTimeToWait(30_000);
        client.setCallback(new MqttCallback() {
            @Override
            public void disconnected(MqttDisconnectResponse response) {
                // the tests cut connections
            }

            @Override
            public void mqttErrorOccurred(MqttException exception) {
                // what was asked for fails then, and says so
            }

            @Override
            public void messageArrived(String topic, MqttMessage message) {
                took(topic, message.getQos(), message.isRetained(), message.getPayload());
            }

            @Override
            public void deliveryComplete(IMqttToken token) {
                // publish waits for it
            }

            @Override
            public void connectComplete(boolean reconnect, String serverUri) {
                // connect waits for it
            }

            @Override
            public void authPacketArrived(int reasonCode, MqttProperties properties) {
                // no enhanced authentication here
            }
        });
    }

    @Override
    boolean connect(boolean keep, String willTopic) throws Exception {
        MqttConnectionOptions options = new MqttConnectionOptions();
        options.setCleanStart(!keep);
        options.setSessionExpiryInterval(keep ? 3600L : 0L);
        options.setUserName(MatrixHouse.USER);
        options.setPassword(MatrixHouse.PASSWORD.getBytes(StandardCharsets.UTF_8));
        options.setSocketFactory(PahoClient.sockets(way));
        if (!willTopic.isEmpty()) {
            options.setWill(willTopic, new MqttMessage("gone".getBytes(StandardCharsets.UTF_8), 1, false, null));
        }
        return client.connectWithResult(options).getSessionPresent();
    }

    @Override
    void subscribe(String filter, int qos) throws MqttException {
        client.subscribe(filter, qos);
    }

    @Override
    void publish(String topic, int qos, boolean retain, String payload) throws MqttException {
        client.publish(topic, payload.getBytes(StandardCharsets.UTF_8), qos, retain);
    }

    @Override
    void disconnect() throws MqttException {
        client.disconnect();
    }

    @Override
    public void close() throws MqttException {
        if (client.isConnected()) {
            client.disconnect();
        }
        client.close();
    }
}
