package io.gatehouse.abuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.codec.Mutation;
import io.gatehouse.codec.PacketEncoder;
import io.gatehouse.codec.RandomPackets;
import io.gatehouse.protocol.ProtocolVersion;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Streams of random and of mutated bytes against a broker's sockets. Afterwards no connection is stuck, no buffer is
 * lost, nothing but the codec has complained, and a well-behaved pair has not noticed.
 */
class SocketFuzzTest {
    private static final long SEED = Long.getLong("seed", 20261128L);
    private static final int STREAMS = Integer.getInteger("gatehouse.fuzz.streams", 1500);

    private final Random random = new Random(SEED);
    private final RandomPackets packets = new RandomPackets(SEED);

    @Test
    void broker_onAnyBytes_closesAndServesTheOthers(@TempDir Path folder) throws Exception {
        try (AbuseHouse house = new AbuseHouse(folder, "connects_per_second_per_address: 100000", "max_queued: 100")) {
            try (Pair pair = new Pair(house)) {
                for (int i = 0; i < STREAMS; i++) {
                    throwAt(house, i);
                    pair.assertUnharmed();
                }
                int trips = pair.trips();
                await().atMost(Duration.ofSeconds(30)).until(() -> pair.trips() > trips);
                house.awaitConnections(2);
            }
            house.awaitConnections(0);
            try (Caller later = house.client("good", "later", 0, 1)) {
                assertThat(later.subscribe("good/#", 0)).isZero();
            }
            house.assertNoComplaints();
        }
    }

    private void throwAt(AbuseHouse house, int number) throws IOException {
        boolean web = number % 4 == 3;
        String listener = web ? "plainweb" : number % 20 == 0 ? "apps" : "plain";
        try (Socket socket = house.tcp(listener, 1, 1 + number % 200)) {
            byte[] stream = web ? webStream(number) : stream(number);
            write(socket, stream);
            if (random.nextInt(4) == 0) {
                socket.setSoLinger(true, 0); // goes with a reset
                return;
            }
            socket.shutdownOutput();
            readToTheEnd(socket, number);
        }
    }

    private void write(Socket socket, byte[] stream) throws IOException {
        try {
            for (int at = 0; at < stream.length; ) {
                int end = random.nextBoolean() ? stream.length : Math.min(stream.length, at + 1 + random.nextInt(100));
                socket.getOutputStream().write(stream, at, end - at);
                at = end;
            }
        } catch (SocketException closed) {
            // the broker has seen enough
        }
    }

    /** A connection that is not closed within half a minute is stuck: the read fails. */
    private static void readToTheEnd(Socket socket, int number) throws IOException {
        try {
            socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
        } catch (SocketException reset) {
            // closed with our bytes unread
        } catch (java.net.SocketTimeoutException stuck) {
            throw new AssertionError("seed " + SEED + ", stream " + number + " is not closed", stuck);
        }
    }

    /** Nothing like MQTT, or a broken CONNECT, or a login and then a broken packet among good ones. */
    private byte[] stream(int number) {
        ProtocolVersion version = ProtocolVersion.values()[random.nextInt(3)];
        switch (random.nextInt(5)) {
            case 0 -> {
                byte[] noise = new byte[random.nextInt(300)];
                random.nextBytes(noise);
                return noise;
            }
            case 1 -> {
                return Mutation.of(bytes(version, packets.connect(version)), random);
            }
            default -> {
                ByteBuf out = Unpooled.buffer();
                out.writeBytes(Caller.connect("bad", "fuzz-" + number % 50, random.nextBoolean()));
                for (int i = random.nextInt(20); i >= 0; i--) {
                    byte[] packet = bytes(ProtocolVersion.MQTT_5, packets.next(true));
                    out.writeBytes(random.nextInt(5) == 0 ? Mutation.of(packet, random) : packet);
                }
                byte[] all = ByteBufUtil.getBytes(out);
                return random.nextInt(4) == 0 ? Arrays.copyOf(all, random.nextInt(all.length)) : all;
            }
        }
    }

    /** The request for a WebSocket, or a broken one, and frames with a stream in them, some of them broken. */
    private byte[] webStream(int number) {
        byte[] request = ("GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Protocol: mqtt\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        if (random.nextInt(4) == 0) {
            request[random.nextInt(request.length)] = (byte) random.nextInt(256);
        }
        ByteBuf out = Unpooled.buffer().writeBytes(request);
        byte[] stream = stream(number);
        for (int at = 0; at < stream.length; ) {
            int length = Math.min(stream.length - at, 1 + random.nextInt(125));
            int first = random.nextInt(10) == 0 ? random.nextInt(256) : 0x82;
            out.writeByte(first).writeByte(0x80 | (random.nextInt(30) == 0 ? random.nextInt(128) : length));
            out.writeInt(0).writeBytes(stream, at, length); // a mask of 0 changes nothing
            at += length;
        }
        return ByteBufUtil.getBytes(out);
    }

    private static byte[] bytes(ProtocolVersion version, io.gatehouse.protocol.Packet packet) {
        ByteBuf out = Unpooled.buffer();
        PacketEncoder.encode(packet, version, out);
        return ByteBufUtil.getBytes(out);
    }
}
