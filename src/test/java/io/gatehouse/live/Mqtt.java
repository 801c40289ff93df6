package io.gatehouse.live;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A client of MQTT 3.1.1 (level 4) or 5.0 (level 5) over a plain socket, with no code of the broker in it. Used by one test
 * thread; a thread of its own reads.
 */
final class Mqtt implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 30;
    static final int CONNACK = 2;
    static final int PUBLISH = 3;
    static final int PUBACK = 4;
    static final int PUBREC = 5;
    static final int PUBREL = 6;
    static final int PUBCOMP = 7;
    static final int SUBACK = 9;
    static final int UNSUBACK = 11;
    static final int PINGRESP = 13;
    static final int DISCONNECT = 14;
    static final int AUTH = 15;

    /** What a CONNECT says. */
    static final class Options {
        int level = 5;

        @Nullable
        String user = "ann";

        byte @Nullable [] password = "pw".getBytes(StandardCharsets.UTF_8);
        String clientId = "";
        boolean cleanStart = true;
        long expirySeconds;

        @Nullable
        String willTopic;

        String willPayload = "will";
        int willQos;
        boolean willRetain;
        long willDelaySeconds;
        int receiveMaximum = 65_535;

        @Nullable
        String method;

        byte @Nullable [] data;
        boolean acknowledges = true;

        Options level(int value) {
            level = value;
            return this;
        }

        Options user(String name) {
            user = name;
            return this;
        }

        Options password(String text) {
            password = text.getBytes(StandardCharsets.UTF_8);
            return this;
        }

        Options client(String id) {
            clientId = id;
            return this;
        }

        /** A session that is kept: not a clean start, an hour or, before MQTT 5.0, until it is deleted. */
        Options kept() {
            cleanStart = false;
            expirySeconds = 3600;
            return this;
        }

        Options will(String topic) {
            willTopic = topic;
            return this;
        }

        /** Enhanced authentication with this method and data, and neither user name nor password. */
        Options enhanced(String name, String token) {
            user = null;
            password = null;
            method = name;
            data = token.getBytes(StandardCharsets.UTF_8);
            return this;
        }

        /** Acknowledges nothing, so that everything stays in flight. */
        Options silent() {
            acknowledges = false;
            return this;
        }
    }

    /** One packet as it came, its fields taken out. */
    record Packet(int type, int flags, int id, int reason, String topic, byte[] payload) {
        int qos() {
            return flags >> 1 & 3;
        }

        boolean isRetained() {
            return (flags & 1) != 0;
        }

        String text() {
            return topic + " " + new String(payload, StandardCharsets.UTF_8);
        }
    }

    private final Options options;
    private final Socket socket;
    private final OutputStream out;
    private final Thread reader;
    private final BlockingQueue<Packet> answers = new LinkedBlockingQueue<>();
    private final List<Packet> messages = new ArrayList<>(); // guarded by itself
    private volatile boolean gone;
    private volatile int disconnectReason = -1;
    private int nextId = 1;

    /** CONNACK's reason (level 5) or return code (level 4). */
    final int connack;

    final boolean sessionPresent;

    private Mqtt(int port, Options options) throws IOException {
        this.options = options;
        this.socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        this.out = socket.getOutputStream();
        this.reader = new Thread(this::read, "test-client-" + options.clientId);
        reader.setDaemon(true);
        reader.start();
        send(0x10, connect());
        Packet answer = answer(packet -> packet.type() == CONNACK || packet.type() == AUTH);
        this.connack = answer == null || answer.type() == AUTH ? -1 : answer.reason();
        this.sessionPresent = answer != null && answer.flags() == 1;
    }

    /** Connects, and returns when the answer is there; see {@link #connack}. */
    static Mqtt connect(int port, Options options) {
        try {
            return new Mqtt(port, options);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean isFive() {
        return options.level == 5;
    }

    private Bytes connect() {
        int flags = (options.cleanStart ? 2 : 0)
                | (options.willTopic == null ? 0 : 4 | options.willQos << 3 | (options.willRetain ? 0x20 : 0))
                | (options.password == null ? 0 : 0x40)
                | (options.user == null ? 0 : 0x80);
        Bytes body = new Bytes().text("MQTT").byte1(options.level).byte1(flags).short2(60);
        if (isFive()) {
            Bytes properties = new Bytes().byte1(0x11).int4(options.expirySeconds);
            if (options.receiveMaximum < 65_535) {
                properties.byte1(0x21).short2(options.receiveMaximum);
            }
            if (options.method != null) {
                properties.byte1(0x15).text(options.method);
                properties.byte1(0x16).binary(Objects.requireNonNull(options.data));
            }
            body.block(properties);
        }
        body.text(options.clientId);
        if (options.willTopic != null) {
            if (isFive()) {
                body.block(new Bytes().byte1(0x18).int4(options.willDelaySeconds));
            }
            body.text(options.willTopic).text(options.willPayload);
        }
        if (options.user != null) {
            body.text(options.user);
        }
        if (options.password != null) {
            body.binary(options.password);
        }
        return body;
    }

    private synchronized void send(int first, Bytes body) {
        try {
            out.write(new Bytes().byte1(first).block(body).toArray());
            out.flush();
        } catch (IOException e) {
            gone = true;
        }
    }

    // what comes

    private void read() {
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()))) {
            while (true) {
                int first = in.readUnsignedByte();
                int length = 0;
                int shift = 0;
                int digit;
                do {
                    digit = in.readUnsignedByte();
                    length |= (digit & 0x7F) << shift;
                    shift += 7;
                } while (digit >= 0x80);
                byte[] body = new byte[length];
                in.readFully(body);
                take(first, ByteBuffer.wrap(body));
            }
        } catch (IOException e) {
            gone = true;
            answers.add(new Packet(0, 0, 0, -1, "", new byte[0]));
        }
    }

    private void take(int first, ByteBuffer body) {
        int type = first >> 4;
        switch (type) {
            case CONNACK -> {
                int flags = body.get();
                answers.add(new Packet(type, flags, 0, body.get() & 0xFF, "", new byte[0]));
            }
            case PUBLISH -> publish(first & 15, body);
            case PUBREL -> {
                int id = body.getShort() & 0xFFFF;
                if (options.acknowledges) {
                    send(PUBCOMP << 4, new Bytes().short2(id));
                }
            }
            case DISCONNECT -> disconnectReason = body.hasRemaining() ? body.get() & 0xFF : 0;
            case PINGRESP -> answers.add(new Packet(type, 0, 0, 0, "", new byte[0]));
            case AUTH ->
                answers.add(new Packet(type, 0, 0, body.hasRemaining() ? body.get() & 0xFF : 0, "", new byte[0]));
            default -> {
                int id = body.getShort() & 0xFFFF;
                if (isFive() && (type == SUBACK || type == UNSUBACK)) {
                    skipProperties(body);
                }
                int reason = body.hasRemaining() ? body.get() & 0xFF : 0;
                answers.add(new Packet(type, 0, id, reason, "", new byte[0]));
            }
        }
    }

    private void publish(int flags, ByteBuffer body) {
        byte[] topic = new byte[body.getShort() & 0xFFFF];
        body.get(topic);
        int qos = flags >> 1 & 3;
        int id = qos == 0 ? 0 : body.getShort() & 0xFFFF;
        if (isFive()) {
            skipProperties(body);
        }
        byte[] payload = new byte[body.remaining()];
        body.get(payload);
        synchronized (messages) {
            messages.add(new Packet(PUBLISH, flags, id, 0, new String(topic, StandardCharsets.UTF_8), payload));
        }
        if (options.acknowledges && qos > 0) {
            send(qos == 1 ? PUBACK << 4 : PUBREC << 4, new Bytes().short2(id));
        }
    }

    private static void skipProperties(ByteBuffer body) {
        int length = 0;
        int shift = 0;
        int digit;
        do {
            digit = body.get() & 0xFF;
            length |= (digit & 0x7F) << shift;
            shift += 7;
        } while (digit >= 0x80);
        body.position(body.position() + length);
    }

    /** The next answer that is wanted; null when the connection ended before it came. */
    private @Nullable Packet answer(Predicate<Packet> wanted) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        try {
            while (true) {
                Packet next = answers.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                if (next == null) {
                    throw new AssertionError("no answer in " + PATIENCE_SECONDS + " s");
                }
                if (next.type() == 0) {
                    answers.add(next);
                    return null;
                }
                if (wanted.test(next)) {
                    return next;
                }
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private int reason(int type, int id) {
        Packet answer = answer(packet -> packet.type() == type && packet.id() == id);
        return answer == null ? -1 : answer.reason();
    }

    // what it does

    private int id() {
        nextId = nextId == 65_535 ? 1 : nextId + 1;
        return nextId;
    }

    /** The reason code that the SUBACK has; -1: the connection ended. */
    int subscribe(String filter, int qos) {
        int id = id();
        Bytes body = new Bytes().short2(id);
        if (isFive()) {
            body.variable(0);
        }
        send(0x82, body.text(filter).byte1(qos));
        return reason(SUBACK, id);
    }

    int unsubscribe(String filter) {
        int id = id();
        Bytes body = new Bytes().short2(id);
        if (isFive()) {
            body.variable(0);
        }
        send(0xA2, body.text(filter));
        return reason(UNSUBACK, id);
    }

    int publish(String topic, String payload, int qos) {
        return publish(topic, payload, qos, false);
    }

    /** The reason code of PUBACK or PUBREC; of QoS 0, 0 when the broker has read it. -1: the connection ended. */
    int publish(String topic, String payload, int qos, boolean retain) {
        return publish(topic, payload.getBytes(StandardCharsets.UTF_8), qos, retain, new Bytes());
    }

    int publish(String topic, byte[] payload, int qos, boolean retain, Bytes properties) {
        int id = send(topic, payload, qos, retain, properties);
        if (qos == 0) {
            return sync() ? 0 : -1;
        }
        int reason = reason(qos == 1 ? PUBACK : PUBREC, id);
        if (qos == 2 && reason >= 0 && reason < 0x80) {
            release(id);
        }
        return reason;
    }

    /** Sends a PUBLISH and waits for nothing; returns its identifier. */
    int send(String topic, byte[] payload, int qos, boolean retain, Bytes properties) {
        int id = qos == 0 ? 0 : id();
        Bytes body = new Bytes().text(topic);
        if (qos > 0) {
            body.short2(id);
        }
        if (isFive()) {
            body.block(properties);
        }
        send(0x30 | qos << 1 | (retain ? 1 : 0), body.raw(payload));
        return id;
    }

    /** Sends a PUBLISH of QoS 2 and waits for its PUBREC only. */
    int publishWithoutRelease(String topic, String payload) {
        int id = send(topic, payload.getBytes(StandardCharsets.UTF_8), 2, false, new Bytes());
        reason(PUBREC, id);
        return id;
    }

    /** Sends a PUBLISH of QoS 2 again, with its identifier, and waits for its PUBREC. */
    int repeat(int id, String topic, String payload) {
        Bytes body = new Bytes().text(topic).short2(id);
        if (isFive()) {
            body.variable(0);
        }
        send(0x3C, body.raw(payload.getBytes(StandardCharsets.UTF_8)));
        return reason(PUBREC, id);
    }

    /** The reason of the PUBACK or PUBREC of what {@link #send} sent; answers are asked for in their order. */
    int acknowledgement(int qos, int id) {
        return reason(qos == 1 ? PUBACK : PUBREC, id);
    }

    /** Sends the header of a PUBLISH of so many bytes, and none of them. */
    void announce(int bytes) {
        try {
            out.write(new Bytes().byte1(0x30).variable(bytes).toArray());
            out.flush();
        } catch (IOException e) {
            gone = true;
        }
    }

    int release(int id) {
        send(0x62, new Bytes().short2(id));
        return reason(PUBCOMP, id);
    }

    /** Proves itself anew (MQTT 5.0, section 4.12.1); the reason of the AUTH that answers, -1: the connection ended. */
    int reauthenticate(String method, String token) {
        Bytes properties = new Bytes().byte1(0x15).text(method);
        properties.byte1(0x16).binary(token.getBytes(StandardCharsets.UTF_8));
        send(0xF0, new Bytes().byte1(0x19).block(properties));
        Packet answer = answer(packet -> packet.type() == AUTH);
        return answer == null ? -1 : answer.reason();
    }

    /** Waits until the broker has answered everything that was sent, and has sent what came before that; false: it ended. */
    boolean sync() {
        send(0xC0, new Bytes());
        return answer(packet -> packet.type() == PINGRESP) != null;
    }

    /** What has come since the last time, as {@code topic payload}. */
    List<String> heard() {
        return received().stream().map(Packet::text).toList();
    }

    List<Packet> received() {
        sync();
        synchronized (messages) {
            List<Packet> all = List.copyOf(messages);
            messages.clear();
            return all;
        }
    }

    /** What has come since the last time, left where it is. */
    List<String> peek() {
        synchronized (messages) {
            return messages.stream().map(Packet::text).toList();
        }
    }

    boolean isGone() {
        return gone;
    }

    /** The reason of the broker's DISCONNECT; -1: there was none. */
    int disconnectReason() {
        return disconnectReason;
    }

    /** Says goodbye, which deletes the will, and waits for the end. */
    void leave() {
        send(0xE0, new Bytes());
        end();
    }

    /** The connection breaks. */
    void drop() {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            gone = true;
        }
        end();
    }

    private void end() {
        try {
            reader.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        if (!gone) {
            drop();
        }
    }
}
