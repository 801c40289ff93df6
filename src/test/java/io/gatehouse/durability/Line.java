package io.gatehouse.durability;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * One connection of MQTT 5 over mutual TLS, by our own few lines: packets out, packets in, nothing remembered. One thread takes
 * what comes; any writes.
 */
final class Line implements AutoCloseable {
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

    private final SSLSocket socket;
    private final DataInputStream in;
    private final OutputStream out;
    private final BlockingQueue<Packet> came = new LinkedBlockingQueue<>();

    /** Stands at the end of what came. */
    private static final Packet END = new Packet(0, 0, 0, 0, false, "", "");

    /** What came: fields are of the types that have them. */
    record Packet(int type, int flags, int id, int reason, boolean present, String topic, String payload) {
        int qos() {
            return flags >> 1 & 3;
        }

        boolean dup() {
            return (flags & 8) != 0;
        }

        boolean retained() {
            return (flags & 1) != 0;
        }
    }

    Line(SSLContext tls, int port) throws IOException {
        Socket plain = new Socket();
        plain.setTcpNoDelay(true);
        plain.connect(new InetSocketAddress("127.0.0.1", port), 5_000);
        socket = (SSLSocket) tls.getSocketFactory().createSocket(plain, "localhost", port, true);
        socket.setSoTimeout(30_000);
        socket.startHandshake();
        socket.setSoTimeout(0);
        in = new DataInputStream(socket.getInputStream());
        out = new BufferedOutputStream(socket.getOutputStream());
        Thread reader = new Thread(this::read, "line");
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        try {
            while (true) {
                came.add(decode());
            }
        } catch (IOException gone) {
            came.add(END);
        }
    }

    // out

    void connect(String clientId, boolean cleanStart, int expirySeconds, int receiveMaximum) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        text(body, "MQTT");
        body.write(5);
        body.write(cleanStart ? 2 : 0);
        shorty(body, 0);
        ByteArrayOutputStream properties = new ByteArrayOutputStream();
        properties.write(0x11);
        shorty(properties, expirySeconds >>> 16);
        shorty(properties, expirySeconds);
        properties.write(0x21);
        shorty(properties, receiveMaximum);
        length(body, properties.size());
        body.write(properties.toByteArray());
        text(body, clientId);
        send(0x10, body);
    }

    void publish(String topic, String payload, int qos, int id, boolean dup, boolean retain, int expirySeconds)
            throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        text(body, topic);
        if (qos > 0) {
            shorty(body, id);
        }
        if (expirySeconds > 0) {
            body.write(5);
            body.write(2);
            shorty(body, expirySeconds >>> 16);
            shorty(body, expirySeconds);
        } else {
            body.write(0);
        }
        body.write(payload.getBytes(StandardCharsets.UTF_8));
        send(0x30 | (dup ? 8 : 0) | qos << 1 | (retain ? 1 : 0), body);
    }

    void acknowledge(int type, int id) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        shorty(body, id);
        send(type << 4 | (type == PUBREL ? 2 : 0), body);
    }

    void subscribe(int id, String filter, int qos) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        shorty(body, id);
        body.write(0);
        text(body, filter);
        body.write(qos);
        send(0x82, body);
    }

    void unsubscribe(int id, String filter) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        shorty(body, id);
        body.write(0);
        text(body, filter);
        send(0xA2, body);
    }

    void disconnect() throws IOException {
        send(0xE0, new ByteArrayOutputStream());
    }

    void ping() throws IOException {
        send(0xC0, new ByteArrayOutputStream());
    }

    private synchronized void send(int first, ByteArrayOutputStream body) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        head.write(first);
        length(head, body.size());
        out.write(head.toByteArray());
        out.write(body.toByteArray());
        out.flush();
    }

    private static void length(ByteArrayOutputStream to, int value) {
        int rest = value;
        do {
            int digit = rest & 0x7F;
            rest >>= 7;
            to.write(rest > 0 ? digit | 0x80 : digit);
        } while (rest > 0);
    }

    private static void shorty(ByteArrayOutputStream to, int value) {
        to.write(value >> 8);
        to.write(value);
    }

    private static void text(ByteArrayOutputStream to, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        shorty(to, bytes.length);
        to.writeBytes(bytes);
    }

    // in

    /** The next packet, waited for; throws when the connection is gone. */
    Packet next() throws IOException {
        Packet packet = poll(60_000);
        if (packet == null) {
            throw new IOException("nothing came for a minute");
        }
        return packet;
    }

    /** The next packet, or null if none came in time; throws when the connection is gone. */
    @Nullable
    Packet poll(int millis) throws IOException {
        try {
            Packet packet = came.poll(millis, TimeUnit.MILLISECONDS);
            if (packet == END) {
                came.add(END);
                throw new IOException("the connection is gone");
            }
            return packet;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private Packet decode() throws IOException {
        int first = in.readUnsignedByte();
        byte[] body = in.readNBytes(varint(in));
        int type = first >> 4;
        DataInputStream rest = new DataInputStream(new java.io.ByteArrayInputStream(body));
        int id = 0;
        int reason = 0;
        boolean present = false;
        String topic = "";
        String payload = "";
        switch (type) {
            case CONNACK -> {
                present = rest.readUnsignedByte() == 1;
                reason = rest.readUnsignedByte();
            }
            case PUBLISH -> {
                topic = new String(rest.readNBytes(rest.readUnsignedShort()), StandardCharsets.UTF_8);
                id = (first >> 1 & 3) > 0 ? rest.readUnsignedShort() : 0;
                rest.skipBytes(varint(rest));
                payload = new String(rest.readAllBytes(), StandardCharsets.UTF_8);
            }
            case PUBACK, PUBREC, PUBREL, PUBCOMP -> {
                id = rest.readUnsignedShort();
                reason = body.length > 2 ? rest.readUnsignedByte() : 0;
            }
            case SUBACK, UNSUBACK -> {
                id = rest.readUnsignedShort();
                rest.skipBytes(varint(rest));
                reason = rest.readUnsignedByte();
            }
            case PINGRESP -> {}
            case DISCONNECT -> reason = body.length > 0 ? rest.readUnsignedByte() : 0;
            default -> throw new IOException("a packet of type " + type);
        }
        return new Packet(type, first & 15, id, reason, present, topic, payload);
    }

    private static int varint(DataInputStream from) throws IOException {
        int value = 0;
        for (int shift = 0, digit = 0x80; digit >= 0x80; shift += 7) {
            digit = from.readUnsignedByte();
            value |= (digit & 0x7F) << shift;
        }
        return value;
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException gone) {
            // by the broker's death, as intended
        }
    }
}
