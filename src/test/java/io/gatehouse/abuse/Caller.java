package io.gatehouse.abuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** A client of MQTT 5.0 that says what it is told to. Used by one thread at a time. */
final class Caller implements AutoCloseable {
    final Socket socket;
    private final DataInputStream in;
    private int lastId;

    /** A packet of the broker's. */
    record Answer(int first, byte[] body) {
        int type() {
            return first >> 4 & 0x0F;
        }

        int qos() {
            return first >> 1 & 3;
        }

        int u16(int at) {
            return (body[at] & 0xFF) << 8 | body[at + 1] & 0xFF;
        }

        /** The last byte: the payload of what the well-behaved send, the reason of SUBACK. */
        int last() {
            return body[body.length - 1] & 0xFF;
        }

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }
    }

    Caller(Socket socket) {
        this.socket = socket;
        try {
            this.in = new DataInputStream(socket.getInputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] connect(String user, String clientId, boolean clean) {
        return packet(0x10, out -> {
            text(out, "MQTT");
            out.write(5);
            out.write(0xC0 | (clean ? 2 : 0));
            u16(out, 600);
            out.write(0);
            text(out, clientId);
            text(out, user);
            text(out, AbuseHouse.PASSWORD);
        });
    }

    static byte[] subscribe(int id, String filter, int qos) {
        return packet(0x82, out -> {
            u16(out, id);
            out.write(0);
            text(out, filter);
            out.write(qos);
        });
    }

    static byte[] publish(String topic, byte[] payload, int id, boolean retain) {
        return packet(0x30 | (id == 0 ? 0 : 2) | (retain ? 1 : 0), out -> {
            text(out, topic);
            if (id != 0) {
                u16(out, id);
            }
            out.write(0);
            out.writeBytes(payload);
        });
    }

    private static byte[] packet(int first, Consumer<ByteArrayOutputStream> body) {
        ByteArrayOutputStream inner = new ByteArrayOutputStream();
        body.accept(inner);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(first);
        int left = inner.size();
        do {
            out.write(left > 127 ? left & 127 | 128 : left);
            left >>>= 7;
        } while (left > 0);
        out.writeBytes(inner.toByteArray());
        return out.toByteArray();
    }

    private static void text(ByteArrayOutputStream out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        u16(out, bytes.length);
        out.writeBytes(bytes);
    }

    private static void u16(ByteArrayOutputStream out, int value) {
        out.write(value >> 8);
        out.write(value);
    }

    /** Sends; false if the broker has closed. */
    boolean send(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            socket.getOutputStream().flush();
            return true;
        } catch (SocketException | SSLException closed) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next packet; null: the broker has closed. */
    @Nullable
    Answer read() {
        try {
            int first = in.read();
            if (first < 0) {
                return null;
            }
            int length = 0;
            for (int shift = 0, digit = 0x80; digit >= 0x80; shift += 7) {
                digit = in.readUnsignedByte();
                length |= (digit & 0x7F) << shift;
            }
            byte[] body = new byte[length];
            in.readFully(body);
            return new Answer(first, body);
        } catch (EOFException | SocketException | SSLException closed) {
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next packet of a type; what comes before it is passed over, and acknowledged where it asks for that. */
    Answer take(int type) {
        while (true) {
            Answer answer = read();
            if (answer == null) {
                throw new AssertionError("the broker closed before a packet of type " + type);
            }
            if (answer.type() == 3 && answer.qos() == 1) {
                int id = answer.u16(2 + answer.u16(0));
                send(new byte[] {0x40, 2, (byte) (id >> 8), (byte) id});
            }
            if (answer.type() == type) {
                return answer;
            }
        }
    }

    /** Reads to the end: the broker closes. */
    void awaitClose() {
        while (read() != null) {
            // what it says before is looked at elsewhere
        }
    }

    Caller login(String user, String clientId, boolean clean) {
        send(connect(user, clientId, clean));
        Answer answer = take(2);
        assertThat(answer.body()[1] & 0xFF).as("reason of CONNACK").isZero();
        return this;
    }

    int nextId() {
        lastId = lastId % 65_535 + 1;
        return lastId;
    }

    /** Subscribes; the reason code. */
    int subscribe(String filter, int qos) {
        send(subscribe(nextId(), filter, qos));
        return take(9).last();
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
