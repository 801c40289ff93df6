package io.gatehouse.security;

import static io.gatehouse.security.Raw.V311;
import static io.gatehouse.security.Raw.raw;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** MQTT over WebSocket, with frames put together by hand (MQTT 5.0, section 6; RFC 6455). */
class GotchasWebSocketTest {
    private static final int BINARY = 0x82;
    private static final int TEXT = 0x81;

    private static LiveBroker broker;

    @BeforeAll
    static void start(@TempDir Path folder) {
        broker = LiveBroker.start(folder);
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    /** A WebSocket over TLS. */
    private static final class Web implements AutoCloseable {
        private final SSLSocket socket = broker.tls("web");
        private final DataInputStream in = new DataInputStream(socket.getInputStream());
        private final OutputStream out = socket.getOutputStream();
        String answer = "";

        Web(String path, String headers) throws IOException {
            socket.setSoTimeout(30_000);
            out.write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                            + headers.replace(";", "\r\n") + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            StringBuilder head = new StringBuilder();
            for (int one = in.read(); one >= 0; one = in.read()) {
                head.append((char) one);
                if (head.toString().endsWith("\r\n\r\n")) {
                    break;
                }
            }
            answer = head.toString();
        }

        /** A masked frame; the mask is 0, which changes nothing. */
        void frame(int first, byte[] payload) throws IOException {
            Raw frame = raw().u8(first);
            if (payload.length < 126) {
                frame.u8(0x80 | payload.length);
            } else {
                frame.u8(0xFE).u16(payload.length);
            }
            out.write(frame.u32(0).bytes(payload).bytes());
            out.flush();
        }

        /** The next frame's payload, as {@code opcode payload} in numbers. */
        byte[] read(int opcode) throws IOException {
            int first = in.readUnsignedByte();
            assertThat(first).isEqualTo(0x80 | opcode);
            int length = in.readUnsignedByte();
            byte[] payload = new byte[length == 126 ? in.readUnsignedShort() : length];
            in.readFully(payload);
            return payload;
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static Web open() throws IOException {
        return new Web("/mqtt", "Sec-WebSocket-Protocol: mqtt");
    }

    // protocol-gotchas 35: the subprotocol is mqtt and is echoed [MQTT-6.0.0-3, -4]; path and origin are looked at
    @ParameterizedTest
    @CsvSource({
        "/mqtt,  Sec-WebSocket-Protocol: mqtt, 101, mqtt",
        "/mqtt,  Sec-WebSocket-Protocol: mqttv3.1, 101, mqttv3.1",
        "/mqtt,  'Sec-WebSocket-Protocol: chat, mqtt', 101, mqtt",
        "/mqtt,  Sec-WebSocket-Protocol: mqtt;Origin: https://app.example.com, 101, mqtt",
        "/mqtt,  Sec-WebSocket-Protocol: chat, 400, ''",
        "/mqtt,  X-Nothing: 1, 400, ''",
        "/other, Sec-WebSocket-Protocol: mqtt, 404, ''",
        "/mqttx, Sec-WebSocket-Protocol: mqtt, 404, ''",
        "/mqtt,  Sec-WebSocket-Protocol: mqtt;Origin: https://evil.example.com, 403, ''",
        "/mqtt,  Sec-WebSocket-Protocol: mqtt;Origin: null, 403, ''"
    })
    void gotcha_35_upgrade_isGrantedToWhomItIsMeantFor(String path, String headers, int status, String protocol)
            throws IOException {
        try (Web web = new Web(path, headers)) {
            assertThat(web.answer).startsWith("HTTP/1.1 " + status);
            if (status == 101) {
                assertThat(web.answer.toLowerCase(java.util.Locale.ROOT))
                        .contains("sec-websocket-protocol: " + protocol + "\r\n");
            }
        }
    }

    // protocol-gotchas 35: anything but binary closes [MQTT-6.0.0-1]
    @Test
    void gotcha_35_textFrame_closes() throws IOException {
        try (Web web = open()) {
            web.frame(TEXT, "CONNECT".getBytes(StandardCharsets.US_ASCII));
            assertThat(web.read(8)).startsWith(0x03, 0xEB); // 1003, unsupported data
            assertThat(web.in.read()).isEqualTo(-1);
        }
    }

    // protocol-gotchas 35: what breaks WebSocket itself is its sender's fault: closed and counted, no error of ours
    @ParameterizedTest
    @ValueSource(ints = {TEXT, 0xC2, 0x83, 0x00})
    void gotcha_35_brokenFrame_closesAndIsCounted(int first) throws IOException {
        long before = broker.metric("protocol_errors");
        try (Web web = open()) {
            web.frame(first, new byte[] {(byte) 0xC3, 0x28});
            web.in.readAllBytes();
        }
        await().untilAsserted(() -> assertThat(broker.metric("protocol_errors")).isEqualTo(before + 1));
    }

    // protocol-gotchas 35, CVE-2026-25627: packets span frames and share them [MQTT-6.0.0-2]; the frame's length says
    // nothing of the packet's
    @Test
    void cve_2026_25627_packets_spanAndShareFrames() throws IOException {
        byte[] connect = Raw.connect(V311, "ann", "web");
        byte[] rest = Raw.joined(Raw.subscribe(V311, 1, "a/web", 0), Raw.publish(V311, "a/web", "x"), Raw.ping());
        try (Web web = open()) {
            for (byte one : Arrays.copyOf(connect, connect.length - 3)) {
                web.frame(BINARY, new byte[] {one});
            }
            web.frame(0x89, new byte[] {7}); // a ping in between
            assertThat(web.read(10)).containsExactly(7);
            web.frame(
                    BINARY,
                    Raw.joined(
                            Arrays.copyOfRange(connect, connect.length - 3, connect.length),
                            Arrays.copyOf(rest, rest.length - 1)));
            web.frame(0x02, Arrays.copyOfRange(rest, rest.length - 1, rest.length)); // a fragment, and its end
            web.frame(0x80, new byte[0]);
            byte[] answers = new byte[0];
            while (answers.length == 0 || answers[answers.length - 2] != (byte) 0xD0) {
                answers = Raw.joined(answers, web.read(2));
            }
            assertThat(answers)
                    .isEqualTo(raw().u8(0x20, 2, 0, 0)
                            .u8(0x90, 3, 0, 1, 0)
                            .bytes(Raw.publish(V311, "a/web", "x"))
                            .u8(0xD0, 0)
                            .bytes());
        }
    }

    // CVE-2026-25627: a packet that says it is larger than allowed is refused on its length, whatever the frame's
    @Test
    void cve_2026_25627_declaredLengthBeyondTheLimit_isRefusedUnread() throws IOException {
        try (Web web = open()) {
            web.frame(BINARY, raw().u8(0x10, 0xFF, 0xFF, 0xFF, 0x7F).bytes());
            assertThat(web.in.readAllBytes()[0])
                    .as("a close frame, and no other")
                    .isEqualTo((byte) 0x88);
        }
    }

    // RFC 6455, 5.1 and 5.5: a client's frames are masked; control frames are short and whole
    @ParameterizedTest
    @CsvSource({"130, 2", "137, 254", "9, 128", "136, 129"})
    void frame_againstTheProtocol_closes(int first, int length) throws IOException {
        try (Web web = open()) {
            web.out.write(raw().u8(first, length).bytes(new byte[200]).bytes());
            web.out.flush();
            assertThat(web.in.readAllBytes()[0])
                    .as("a close frame, and no other")
                    .isEqualTo((byte) 0x88);
        }
    }

    @Test
    void upgrade_offeringCompression_isGrantedWithoutIt() throws IOException {
        try (Web web = new Web("/mqtt", "Sec-WebSocket-Protocol: mqtt;Sec-WebSocket-Extensions: permessage-deflate")) {
            assertThat(web.answer).startsWith("HTTP/1.1 101");
            assertThat(web.answer.toLowerCase(java.util.Locale.ROOT)).doesNotContain("sec-websocket-extensions");
            web.frame(BINARY, Raw.connect(V311, "ann", "plain"));
            assertThat(web.read(2)).isEqualTo(raw().u8(0x20, 2, 0, 0).bytes());
            web.frame(BINARY | 0x40, Raw.ping()); // the bit of a compressed message
            assertThat(web.in.readAllBytes()[0]).isEqualTo((byte) 0x88);
        }
    }

    @Test
    void upgrade_withOversizedHeaders_isRefused() throws IOException {
        try (Web web = new Web("/mqtt", "Sec-WebSocket-Protocol: mqtt;X-Pad: " + "x".repeat(9 << 10))) {
            assertThat(web.answer).startsWith("HTTP/1.1 4");
            assertThat(web.in.read()).isEqualTo(-1);
        }
    }

    @Test
    void upgrade_withAnOversizedBody_isRefused() throws IOException {
        try (Web web = new Web("/mqtt", "Sec-WebSocket-Protocol: mqtt;Content-Length: 100000")) {
            assertThat(web.answer).startsWith("HTTP/1.1 413");
        }
    }

    @Test
    void frame_beyondTheLimit_isRefusedOnItsLength() throws IOException {
        try (Web web = open()) {
            web.frame(BINARY, Raw.connect(V311, "ann", "frames"));
            assertThat(web.read(2)).isEqualTo(raw().u8(0x20, 2, 0, 0).bytes());
            web.out.write(raw().u8(BINARY, 0xFF).u32(0).u32((1 << 20) + 1).bytes());
            web.out.flush();
            assertThat(web.read(8)).startsWith(0x03, 0xF1); // 1009, too big
            web.in.readAllBytes(); // it closes, and no payload was sent
        }
    }

    // a message is never put together: what is limited is a frame, and a packet
    @Test
    void message_ofManyFrames_hasNoSizeOfItsOwn() throws IOException {
        byte[] publish = Raw.publish(V311, 1, 7, "a/web", "x".repeat(60_000));
        try (Web web = open()) {
            web.frame(0x02, Raw.connect(V311, "ann", "message"));
            assertThat(web.read(2)).isEqualTo(raw().u8(0x20, 2, 0, 0).bytes());
            for (int i = 0; i < 20; i++) { // more than a frame may have, in one message
                web.frame(0x00, publish);
                assertThat(web.read(2)).isEqualTo(raw().u8(0x40, 2, 0, 7).bytes());
            }
            web.frame(0x80, Raw.ping());
            assertThat(web.read(2)).isEqualTo(raw().u8(0xD0, 0).bytes());
        }
    }

    @Test
    void close_isAnsweredAndCloses() throws IOException {
        try (Web web = open()) {
            web.frame(BINARY, Raw.connect(V311, "ann", "closing"));
            assertThat(web.read(2)).isEqualTo(raw().u8(0x20, 2, 0, 0).bytes());
            web.frame(0x88, new byte[] {0x03, (byte) 0xE8});
            assertThat(web.read(8)).containsExactly(0x03, 0xE8);
            assertThat(web.in.read()).isEqualTo(-1);
        }
    }
}
