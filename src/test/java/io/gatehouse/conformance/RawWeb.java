package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** A WebSocket whose request and frames a test puts together. Used by one test thread. */
final class RawWeb implements AutoCloseable {
    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;

    /** The bit of a frame that is the last of its message. */
    static final int FIN = 0x80;

    private final Socket socket;
    private final DataInputStream in;
    private final String answer;

    /** @param protocols what is offered; empty: the header is left out */
    RawWeb(ConformanceHouse house, String protocols) {
        try {
            socket = house.tls()
                    .getSocketFactory()
                    .createSocket(
                            "localhost",
                            Objects.requireNonNull(house.broker().ports().get("web")));
            socket.setSoTimeout(30_000);
            in = new DataInputStream(socket.getInputStream());
            String request = "GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                    + (protocols.isEmpty() ? "" : "Sec-WebSocket-Protocol: " + protocols + "\r\n") + "\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            StringBuilder head = new StringBuilder();
            for (int one = in.read(); one >= 0 && head.indexOf("\r\n\r\n") < 0; one = in.read()) {
                head.append((char) one);
                if (head.indexOf("\r\n\r\n") >= 0) {
                    break;
                }
            }
            answer = head.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The head of the answer to the request. */
    String answer() {
        return answer;
    }

    /** Sends a frame, masked with zeroes. */
    RawWeb frame(int first, byte[] payload) {
        Bytes frame = Bytes.of(first);
        if (payload.length < 126) {
            frame.u8(0x80 | payload.length);
        } else {
            frame.u8(0x80 | 126).u16(payload.length);
        }
        try {
            socket.getOutputStream().write(frame.u32(0).raw(payload).done());
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The payloads of binary frames, until there are so many bytes. */
    byte[] read(int bytes) {
        Bytes all = new Bytes();
        try {
            while (all.done().length < bytes) {
                assertThat(in.readUnsignedByte()).isEqualTo(FIN | BINARY);
                int length = in.readUnsignedByte();
                all.raw(in.readNBytes(length == 126 ? in.readUnsignedShort() : length));
            }
            return all.done();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The broker closes: a close frame, if it is one that says why, and the end. */
    void closed() {
        try {
            byte[] rest = in.readAllBytes();
            assertThat(rest.length == 0 || rest[0] == (byte) (FIN | CLOSE)).isTrue();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
