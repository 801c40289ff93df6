package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** MQTT 5.0 over WebSocket (section 6); the byte by byte tests of the same door are with MQTT 3.1.1. */
@Conformance(Specification.MQTT_5)
class Mqtt5WebSocketTest {
    @RegisterExtension
    static final ConformanceHouse HOUSE = new ConformanceHouse();

    private final byte[] connect = Connect.v5(HOUSE.name()).bytes();

    @Test
    @Statement("MQTT-6.0.0-1")
    void mqtt_6_0_0_1_textFrame_closes() {
        try (RawWeb web = new RawWeb(HOUSE, "mqtt")) {
            web.frame(RawWeb.FIN | RawWeb.BINARY, connect);
            assertThat(web.read(1)[0]).isEqualTo((byte) 0x20);
            web.frame(RawWeb.FIN | RawWeb.TEXT, "text".getBytes(StandardCharsets.US_ASCII));
            web.closed();
        }
    }

    @Test
    @Statement({"MQTT-6.0.0-2", "MQTT-6.0.0-1"})
    void mqtt_6_0_0_2_packets_spanFramesAndShareThem() {
        try (RawWeb web = new RawWeb(HOUSE, "mqtt")) {
            int half = connect.length / 2;
            web.frame(RawWeb.FIN | RawWeb.BINARY, Arrays.copyOf(connect, half));
            web.frame(
                    RawWeb.FIN | RawWeb.BINARY,
                    new Bytes()
                            .raw(Arrays.copyOfRange(connect, half, connect.length))
                            .raw(Packets.PINGREQ)
                            .raw(Packets.PINGREQ)
                            .done());
            byte[] answers = web.read(2);
            assertThat(answers[0]).isEqualTo((byte) 0x20);
            int expected = 2 + answers[1] + 4;
            if (answers.length < expected) {
                answers = new Bytes()
                        .raw(answers)
                        .raw(web.read(expected - answers.length))
                        .done();
            }
            assertThat(answers).hasSize(expected).endsWith(0xD0, 0, 0xD0, 0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "chat"})
    @Statement("MQTT-6.0.0-3")
    void mqtt_6_0_0_3_withoutTheSubprotocol_isNotLetIn(String protocols) {
        try (RawWeb web = new RawWeb(HOUSE, protocols)) {
            assertThat(web.answer()).startsWith("HTTP/1.1 400");
        }
    }

    @Test
    @Statement("MQTT-6.0.0-4")
    void mqtt_6_0_0_4_theServer_selectsMqtt() {
        try (RawWeb web = new RawWeb(HOUSE, "chat, mqtt")) {
            assertThat(web.answer().toLowerCase(Locale.ROOT)).contains("sec-websocket-protocol: mqtt\r\n");
        }
    }
}
