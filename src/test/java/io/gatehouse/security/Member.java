package io.gatehouse.security;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLContext;

/**
 * A device of a fleet, connected with its certificate: it hears numbered messages, acknowledges them, and remembers the last one, whether one
 * was missing, and when and how its connection ended. It listens on a thread of its own; any thread looks.
 */
final class Member implements AutoCloseable {
    private static final int PAYLOAD_BYTES = 4;

    private final String id;
    private final TlsClient client;
    private volatile int first = -1;
    private volatile int last = -1;
    private volatile boolean missed;
    private volatile int reason = -1;
    private volatile long goneNanos;
    private volatile boolean leaving;

    /** Logs in, subscribes, and listens. */
    Member(String id, SSLContext context, int port, String filter, int qos) throws IOException {
        this.id = id;
        this.client =
                TlsClient.connect(context, port, "TLSv1.3", parameters -> {}).in(id);
        client.subscribe(filter, qos);
        client.socket().setSoTimeout(0); // how long it is quiet is its publisher's affair
        Thread thread = new Thread(null, this::listen, "member-" + id, 256 << 10);
        thread.setDaemon(true);
        thread.start();
    }

    private void listen() {
        try {
            for (byte[] packet = client.packet(); packet != null; packet = client.packet()) {
                int type = packet[0] >> 4 & 0x0F;
                if (type == 3) {
                    hear(packet);
                } else if (type == 14) {
                    reason = packet[1] & 0xFF;
                }
            }
        } catch (SocketException reset) {
            // as good an end as another
        } catch (IOException e) {
            reason = leaving ? reason : -2;
        }
        goneNanos = System.nanoTime();
    }

    private void hear(byte[] packet) throws IOException {
        int number = ByteBuffer.wrap(packet, packet.length - PAYLOAD_BYTES, PAYLOAD_BYTES)
                .getInt();
        missed |= last >= 0 && number != last + 1;
        first = first < 0 ? number : first;
        last = number;
        if ((packet[0] & 6) != 0) {
            int at = 3 + (packet[2] & 0xFF); // behind the topic, whose length is one byte here
            client.send(new byte[] {0x40, 2, packet[at], packet[at + 1]});
        }
    }

    /** @param packetId 0: QoS 0 */
    static byte[] publish(String topic, int packetId, int number) {
        byte[] name = topic.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(packetId == 0 ? 0x30 : 0x32);
        out.write(2 + name.length + (packetId == 0 ? 0 : 2) + 1 + PAYLOAD_BYTES);
        out.write(0);
        out.write(name.length);
        out.writeBytes(name);
        if (packetId != 0) {
            out.write(packetId >> 8);
            out.write(packetId);
        }
        out.write(0);
        out.writeBytes(ByteBuffer.allocate(PAYLOAD_BYTES).putInt(number).array());
        return out.toByteArray();
    }

    String id() {
        return id;
    }

    /** The first number that it heard; -1: none. */
    int first() {
        return first;
    }

    /** The last number that it heard; -1: none. */
    int last() {
        return last;
    }

    /** Whether a number did not follow the one before. */
    boolean missed() {
        return missed;
    }

    boolean isGone() {
        return goneNanos != 0;
    }

    /** When the connection ended, by {@link System#nanoTime}. */
    long goneNanos() {
        return goneNanos;
    }

    /** Of the DISCONNECT that came; -1: none. */
    int reason() {
        return reason;
    }

    @Override
    public void close() {
        leaving = true;
        client.close();
    }
}
