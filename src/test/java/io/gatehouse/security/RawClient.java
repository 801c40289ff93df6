package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import javax.net.ssl.SSLException;

/** A client that sends the bytes it is given and reads whole packets. Used by one test thread. */
final class RawClient implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 30_000;

    private final Socket socket;
    private final DataInputStream in;
    private final int level;

    /** A packet of the broker's. */
    record Frame(int first, byte[] body) {
        int type() {
            return first >> 4;
        }

        int u8(int at) {
            return body[at] & 0xFF;
        }

        int u16(int at) {
            return u8(at) << 8 | u8(at + 1);
        }

        /** The topic of a PUBLISH. */
        String topic() {
            return new String(body, 2, u16(0), StandardCharsets.UTF_8);
        }

        int qos() {
            return first >> 1 & 3;
        }

        boolean retain() {
            return (first & 1) != 0;
        }

        boolean dup() {
            return (first & 8) != 0;
        }

        /** The packet identifier of a PUBLISH with QoS 1 or 2. */
        int publishId() {
            return u16(2 + u16(0));
        }

        /** What follows topic and identifier of a PUBLISH: properties and payload. */
        byte[] rest() {
            int at = 2 + u16(0) + (qos() > 0 ? 2 : 0);
            return java.util.Arrays.copyOfRange(body, at, body.length);
        }

        /** Whether the bytes stand in the body somewhere, as hexadecimal digits. */
        boolean holds(String hex) {
            return HexFormat.of().formatHex(body).contains(hex);
        }

        @Override
        public String toString() {
            return Integer.toHexString(first) + " " + HexFormat.of().formatHex(body);
        }
    }

    RawClient(Socket socket, int level) {
        try {
            this.socket = socket;
            this.level = level;
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.setTcpNoDelay(true);
            in = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    RawClient send(Raw bytes) {
        return send(bytes.bytes());
    }

    /** Sends one byte after another, with a pause, until the broker closes; what it said. */
    List<Frame> dribble(byte one, int pauseMillis) {
        List<Frame> said = new ArrayList<>();
        try {
            socket.setSoTimeout(pauseMillis);
            for (int times = 0; times < PATIENCE_MILLIS / pauseMillis; times++) {
                send(new byte[] {one});
                try {
                    said.add(readOrEnd());
                } catch (SocketTimeoutException e) {
                    continue; // the pause
                }
            }
            throw new AssertionError("the broker keeps the connection");
        } catch (EOFException | SocketException | SSLException e) {
            return said;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    RawClient send(byte[]... packets) {
        try {
            socket.getOutputStream().write(Raw.joined(packets));
            socket.getOutputStream().flush();
        } catch (SocketException | SSLException e) {
            // the broker may have closed already: what it says of it is read, and asserted, by the test
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    Frame read() {
        try {
            return readOrEnd();
        } catch (EOFException | SocketException | SSLException e) {
            throw new AssertionError("the broker closed the connection", e);
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the broker says nothing", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Frame readOrEnd() throws IOException {
        int first = in.readUnsignedByte();
        int length = 0;
        for (int shift = 0; ; shift += 7) {
            int digit = in.readUnsignedByte();
            length |= (digit & 0x7F) << shift;
            if (digit < 0x80) {
                break;
            }
        }
        byte[] body = new byte[length];
        in.readFully(body);
        return new Frame(first, body);
    }

    /** The next packet, which must be of that type. */
    Frame read(int type) {
        Frame frame = read();
        assertThat(frame.type()).as("type of %s", frame).isEqualTo(type);
        return frame;
    }

    /** Everything until the broker closes. */
    List<Frame> readToEnd() {
        List<Frame> frames = new ArrayList<>();
        try {
            while (true) {
                frames.add(readOrEnd());
            }
        } catch (EOFException | SocketException | SSLException e) {
            return frames;
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the broker does not close; it said " + frames, e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The broker says nothing more, and closes. */
    void assertClosedSilently() {
        assertThat(readToEnd()).isEmpty();
    }

    /** The broker's last packet is a DISCONNECT with that reason; packets may stand before it. */
    void assertDisconnected(int reason) {
        List<Frame> frames = readToEnd();
        assertThat(frames).isNotEmpty();
        Frame last = frames.get(frames.size() - 1);
        assertThat(last.type()).as("type of %s", last).isEqualTo(14);
        assertThat(last.u8(0)).as("reason of %s", last).isEqualTo(reason);
    }

    /** The CONNACK of a client that is let in; whether it says session present. */
    boolean connected() {
        Frame connack = read(2);
        assertThat(connack.u8(1)).as("reason of %s", connack).isZero();
        return connack.u8(0) == 1;
    }

    /** The broker answers with a CONNACK of that code, and closes. */
    void assertRefused(int code) {
        Frame connack = read(2);
        assertThat(connack.u8(0)).as("session present of %s", connack).isZero();
        assertThat(connack.u8(1)).as("reason of %s", connack).isEqualTo(code);
        assertClosedSilently();
    }

    /** Subscribes, and returns the reason code. */
    int subscribe(String filter, int options) {
        send(Raw.subscribe(level, 1, filter, options));
        Frame suback = read(9);
        return suback.u8(suback.body().length - 1);
    }

    RawClient publish(String topic, String payload) {
        return send(Raw.publish(level, topic, payload));
    }

    /** Everything that the broker has sent by now: what it sends to a ping comes after it. */
    List<Frame> heard() {
        send(Raw.ping());
        List<Frame> frames = new ArrayList<>();
        for (Frame frame = read(); frame.type() != 13; frame = read()) {
            frames.add(frame);
        }
        return frames;
    }

    /** The same as {@code topic payload}, of QoS 0 messages without properties. */
    List<String> heardMessages() {
        return heard().stream()
                .filter(frame -> frame.type() == 3)
                .map(this::shown)
                .toList();
    }

    private String shown(Frame frame) {
        byte[] rest = frame.rest();
        int skip = level == Raw.V5 ? 1 + rest[0] : 0;
        return frame.topic() + " " + new String(rest, skip, rest.length - skip, StandardCharsets.UTF_8);
    }

    /** What was sent before has been dealt with. */
    RawClient settle() {
        assertThat(heard()).isEmpty();
        return this;
    }

    /** Breaks the connection without a goodbye. */
    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
