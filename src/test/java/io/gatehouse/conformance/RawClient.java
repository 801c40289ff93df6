package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * A client that writes what a test wants and says what comes back; it does nothing of its own accord. Used by one test
 * thread.
 *
 * <p>That nothing came is shown by {@link #received}: a PINGRESP comes after all that the broker had for the client
 * before its PINGREQ, and what a session has in the store is out of it before that. So no test waits to see that nothing
 * happens.
 */
final class RawClient implements AutoCloseable {
    private final Socket socket;
    private final DataInputStream in;
    private final int level;
    private final Runnable settled;
    private final Deque<Received> kept = new ArrayDeque<>();
    private int lastId;
    private @Nullable Received connAck;

    RawClient(Socket socket, int level) {
        this(socket, level, () -> {});
    }

    /** @param settled returns when the broker has read, and stored, all that it was asked for before */
    RawClient(Socket socket, int level, Runnable settled) {
        this.socket = socket;
        this.level = level;
        this.settled = settled;
        try {
            socket.setSoTimeout(30_000);
            socket.setTcpNoDelay(true);
            this.in = new DataInputStream(socket.getInputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // bytes

    /** Writes all of it at once. */
    RawClient send(byte[]... packets) {
        Bytes all = new Bytes();
        for (byte[] packet : packets) {
            all.raw(packet);
        }
        try {
            socket.getOutputStream().write(all.done());
            socket.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    private @Nullable Received read() {
        try {
            int first = in.read();
            if (first < 0) {
                return null;
            }
            int length = 0;
            int headerBytes = 1;
            for (int shift = 0, digit = 0x80; digit >= 0x80; shift += 7) {
                digit = in.readUnsignedByte();
                length |= (digit & 0x7F) << shift;
                headerBytes++;
            }
            return new Received(first, in.readNBytes(length), headerBytes + length, level);
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the broker said nothing for 30 s", e);
        } catch (EOFException | SSLException | SocketException e) {
            return null; // closed, with or without a TLS goodbye
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next packet, of any type. */
    Received next() {
        if (!kept.isEmpty()) {
            return kept.removeFirst();
        }
        Received packet = read();
        if (packet == null) {
            throw new AssertionError("the broker closed the connection");
        }
        return packet;
    }

    /** The next packet, which is of this type. */
    Received next(int type) {
        Received packet = next();
        assertThat(packet.type()).as(packet.toString()).isEqualTo(type);
        return packet;
    }

    /** The next packet of this type; what comes before it is kept for {@link #next}. */
    Received take(int type) {
        for (java.util.Iterator<Received> held = kept.iterator(); held.hasNext(); ) {
            Received packet = held.next();
            if (packet.type() == type) {
                held.remove();
                return packet;
            }
        }
        while (true) {
            Received packet = read();
            if (packet == null) {
                throw new AssertionError("the broker closed the connection; before, it sent " + kept);
            }
            if (packet.type() == type) {
                return packet;
            }
            kept.add(packet);
        }
    }

    /** Everything that the broker had for the client up to now. */
    List<Received> received() {
        settled.run();
        send(Packets.PINGREQ);
        List<Received> all = new ArrayList<>();
        for (Received packet = next(); packet.type() != Received.PINGRESP; packet = next()) {
            all.add(packet);
        }
        return all;
    }

    /** The payloads of everything that the broker had for the client up to now. */
    List<String> heard() {
        return received().stream()
                .filter(packet -> packet.type() == Received.PUBLISH)
                .map(Received::payload)
                .toList();
    }

    // ends

    /** The broker closes without another packet. */
    void closed() {
        assertThat(kept).isEmpty();
        assertThat(read()).as("a packet where there should be none").isNull();
    }

    /** The broker says why, and closes. */
    Received disconnected(int reason) {
        Received last = next(Received.DISCONNECT);
        assertThat(last.reason()).as(last.toString()).isEqualTo(reason);
        closed();
        return last;
    }

    /** The broker does not let it in, says why, and closes. */
    Received refused(int reason) {
        Received answer = next(Received.CONNACK);
        assertThat(answer.reason()).as(answer.toString()).isEqualTo(reason);
        assertThat(answer.sessionPresent()).isFalse();
        closed();
        return answer;
    }

    /** The broker does not let it in and says why in the form of MQTT 3; the return code. */
    int refusedByOldVersion() {
        try {
            byte[] answer = in.readNBytes(4);
            assertThat(answer).hasSize(4).startsWith(0x20, 2, 0);
            closed();
            return answer[3];
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Goes without a word. */
    void drop() {
        close();
    }

    /** Goes with DISCONNECT, and waits until the broker has closed. */
    void leave() {
        send(Packets.DISCONNECT);
        closed();
        close();
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // a dialogue that goes well

    RawClient admitted() {
        Received answer = next(Received.CONNACK);
        assertThat(answer.reason()).as(answer.toString()).isZero();
        connAck = answer;
        return this;
    }

    Received connAck() {
        return java.util.Objects.requireNonNull(connAck);
    }

    /** A packet identifier that this client has not used yet. */
    int nextId() {
        return ++lastId;
    }

    /** Subscribes and returns what it was granted. */
    int subscribe(String filter, int options) {
        return subscribe(filter, options, Props.none());
    }

    int subscribe(String filter, int options, Props properties) {
        int id = nextId();
        send(Packets.subscribe(level, id, properties, filter, options));
        Received answer = take(Received.SUBACK);
        assertThat(answer.packetId()).isEqualTo(id);
        assertThat(answer.reasons()).hasSize(1);
        return answer.reason();
    }

    void unsubscribe(String filter) {
        int id = nextId();
        send(Packets.unsubscribe(level, id, filter));
        assertThat(take(Received.UNSUBACK).packetId()).isEqualTo(id);
    }

    /** Publishes, to the end of the exchange; returns the reason code of PUBACK or PUBREC, 0 for QoS 0. */
    int publish(String topic, String payload, int qos) {
        return publish(topic, payload, qos, false, Props.none());
    }

    int retain(String topic, String payload) {
        return publish(topic, payload, 1, true, Props.none());
    }

    int publish(String topic, String payload, int qos, boolean retain, Props properties) {
        int id = qos == 0 ? 0 : nextId();
        send(Packets.publish(level, topic, payload, qos, id, retain ? 1 : 0, properties));
        if (qos == 0) {
            // the broker reads in order: when it has answered this, it has routed that
            send(Packets.PINGREQ);
            take(Received.PINGRESP);
            return 0;
        }
        Received answer = take(qos == 1 ? Received.PUBACK : Received.PUBREC);
        assertThat(answer.packetId()).isEqualTo(id);
        if (qos == 2 && answer.reason() < 0x80) {
            send(Packets.ack(0x62, id));
            assertThat(take(Received.PUBCOMP).packetId()).isEqualTo(id);
        }
        return answer.reason();
    }

    /** The next PUBLISH, acknowledged to the end of its exchange. */
    Received accept() {
        Received message = next(Received.PUBLISH);
        if (message.qos() == 1) {
            send(Packets.ack(0x40, message.packetId()));
        } else if (message.qos() == 2) {
            send(Packets.ack(0x50, message.packetId()));
            assertThat(take(Received.PUBREL).packetId()).isEqualTo(message.packetId());
            send(Packets.ack(0x70, message.packetId()));
        }
        return message;
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
