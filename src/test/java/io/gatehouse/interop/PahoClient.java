package io.gatehouse.interop;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;
import org.eclipse.paho.client.mqttv3.IMqttDeliveryToken;
import org.eclipse.paho.client.mqttv3.MqttCallback;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.MqttMessage;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;

/** Eclipse Paho for MQTT 3.1 and 3.1.1. */
final class PahoClient extends MatrixClient {
    private final int version;
    private final MqttClient client;

    /** @param version 3 or 4 */
    PahoClient(Way way, String clientId, int version) throws MqttException {
        super(way, clientId);
        this.version = version;
        client = new MqttClient(address(way), clientId, new MemoryPersistence());
        client.setTimeToWait(30_000);
        client.setCallback(new MqttCallback() {
            @Override
            public void connectionLost(Throwable cause) {
                // the tests cut connections
            }

            @Override
            public void messageArrived(String topic, MqttMessage message) {
                took(topic, message.getQos(), message.isRetained(), message.getPayload());
            }

            @Override
            public void deliveryComplete(IMqttDeliveryToken token) {
                // publish waits for it
            }
        });
    }

    boolean isMqtt31() {
        return version == 3;
    }

    static String address(Way way) {
        return way.web() ? "wss://localhost:" + way.port() + "/mqtt" : "ssl://localhost:" + way.port();
    }

    static SocketFactory sockets(Way way) throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, way.trust().getTrustManagers(), null);
        return context.getSocketFactory();
    }

    @Override
    boolean connect(boolean keep, String willTopic) throws Exception {
        MqttConnectOptions options = new MqttConnectOptions();
        options.setMqttVersion(version);
        options.setCleanSession(!keep);
        options.setUserName(MatrixHouse.USER);
        options.setPassword(MatrixHouse.PASSWORD.toCharArray());
        options.setSocketFactory(sockets(way));
        if (!willTopic.isEmpty()) {
            options.setWill(willTopic, "gone".getBytes(StandardCharsets.UTF_8), 1, false);
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
