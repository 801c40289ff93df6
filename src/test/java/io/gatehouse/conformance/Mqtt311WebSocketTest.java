package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** MQTT 3.1.1 over WebSocket (section 6). */
@Conformance(Specification.MQTT_3_1_1)
class Mqtt311WebSocketTest {
    private static final byte[] ACCEPTED = {0x20, 2, 0, 0};

    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse();

    private final byte[] connect = Connect.v311(HOUSE.name()).bytes();

    @ParameterizedTest
    @ValueSource(ints = {RawWeb.FIN | RawWeb.TEXT, RawWeb.TEXT})
    @Statement("MQTT-6.0.0-1")
    void mqtt_6_0_0_1_textFrame_closes(int first) {
        try (RawWeb web = new RawWeb(HOUSE, "mqtt")) {
            web.frame(RawWeb.FIN | RawWeb.BINARY, connect);
            assertThat(web.read(4)).isEqualTo(ACCEPTED);
            web.frame(first, "text".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                    .closed();
        }
    }

    @Test
    @Statement({"MQTT-6.0.0-2", "MQTT-6.0.0-1"})
    void mqtt_6_0_0_2_packets_spanFramesAndShareThem() {
        byte[] rest = new Bytes()
                .raw(Packets.subscribe(4, 1, Props.none(), HOUSE.name(), 0))
                .raw(Packets.PINGREQ)
                .done();
        try (RawWeb web = new RawWeb(HOUSE, "mqtt")) {
            for (byte one : Arrays.copyOf(connect, connect.length - 1)) {
                web.frame(RawWeb.FIN | RawWeb.BINARY, new byte[] {one});
            }
            web.frame(
                    RawWeb.BINARY,
                    new Bytes()
                            .raw(Arrays.copyOfRange(connect, connect.length - 1, connect.length))
                            .raw(Arrays.copyOf(rest, 3))
                            .done());
            web.frame(RawWeb.FIN | RawWeb.CONTINUATION, Arrays.copyOfRange(rest, 3, rest.length));
            assertThat(web.read(11))
                    .isEqualTo(new Bytes()
                            .raw(ACCEPTED)
                            .raw(Bytes.of(0x90, 3, 0, 1, 0, 0xD0, 0).done())
                            .done());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "chat", "MQTT5, other"})
    @Statement("MQTT-6.0.0-3")
    void mqtt_6_0_0_3_withoutTheSubprotocol_isNotLetIn(String protocols) {
        try (RawWeb web = new RawWeb(HOUSE, protocols)) {
            assertThat(web.answer()).startsWith("HTTP/1.1 400");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mqtt", "chat, mqtt", "mqtt, mqttv3.1"})
    @Statement("MQTT-6.0.0-4")
    void mqtt_6_0_0_4_theServer_selectsMqtt(String protocols) {
        try (RawWeb web = new RawWeb(HOUSE, protocols)) {
            assertThat(web.answer().toLowerCase(Locale.ROOT)).contains("sec-websocket-protocol: mqtt\r\n");
        }
    }
}
