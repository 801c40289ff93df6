package io.gatehouse.security;

import static io.gatehouse.security.Raw.V311;
import static io.gatehouse.security.Raw.V5;
import static io.gatehouse.security.Raw.raw;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.security.RawClient.Frame;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The {@code $SYS} topics as clients see them, beside those of Mosquitto. */
class SysTopicsAtTheBorderTest {
    /** Of Mosquitto 2.1, which has them beyond those of 2.0. */
    private static final Set<String> NEWER = Set.of(
            "$SYS/broker/packet/out/count", "$SYS/broker/packet/out/bytes", "$SYS/broker/connections/socket/count");

    private static LiveBroker broker;

    @BeforeAll
    static void start(@TempDir Path folder) {
        broker = LiveBroker.start(folder, """
                version: 1
                roles:
                  member: {publish: ["#", "$SYS/#"], subscribe: ["#"]}
                  reader: {subscribe: ["$SYS/broker/#"]}
                users: {ann: [member], reader: [reader]}
                """, new String[] {"sys: {interval: 1s}"});
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    private static String payload(Frame frame, int level) {
        byte[] rest = frame.rest();
        int skip = level == V5 ? 1 + rest[0] : 0;
        return new String(rest, skip, rest.length - skip, StandardCharsets.US_ASCII);
    }

    /** What is retained: each topic once, before anything live. */
    private static TreeMap<String, Frame> retained(RawClient client, int count) {
        TreeMap<String, Frame> all = new TreeMap<>();
        while (all.size() < count) {
            Frame frame = client.read(3);
            if (frame.retain()) {
                all.put(frame.topic(), frame);
            }
            if (frame.qos() == 2) {
                client.send(Raw.ack(0x50, frame.publishId()));
                client.read(6);
                client.send(Raw.ack(0x70, frame.publishId()));
            }
        }
        return all;
    }

    private static Set<String> recorded() throws IOException {
        try (var in = SysTopicsAtTheBorderTest.class.getResourceAsStream("/sys/mosquitto-2.0.11.txt")) {
            String text = new String(java.util.Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
            return new TreeSet<>(
                    text.lines().filter(line -> line.startsWith("$SYS/")).toList());
        }
    }

    @Test
    void topics_areThoseOfMosquitto_retained() throws IOException {
        Set<String> expected = recorded();
        assertThat(expected).hasSizeGreaterThan(50);
        expected.addAll(NEWER);
        RawClient reader = broker.client(V311, "reader", "names");
        reader.subscribe("$SYS/broker/#", 0);

        TreeMap<String, Frame> all = retained(reader, expected.size());

        assertThat(all.keySet()).isEqualTo(expected);
        assertThat(payload(all.get("$SYS/broker/version"), V311)).startsWith("gatehouse version ");
        assertThat(payload(all.get("$SYS/broker/uptime"), V311)).matches("\\d+ seconds");
        assertThat(payload(all.get("$SYS/broker/clients/connected"), V311)).matches("\\d+");
        assertThat(payload(all.get("$SYS/broker/load/messages/received/1min"), V311))
                .matches("\\d+\\.\\d\\d");
        assertThat(payload(all.get("$SYS/broker/heap/current"), V311)).matches("[1-9]\\d+");
    }

    @Test
    void topics_haveQos2_andComeAgainWhenTheyChange() {
        RawClient reader = broker.client("reader", "changes");
        Raw both = raw().text("$SYS/broker/uptime")
                .u8(2)
                .text("$SYS/broker/version")
                .u8(2);
        reader.send(Raw.subscribe(V5, 1, raw(), both)).read(9);
        List<Frame> live = new ArrayList<>();
        while (live.size() < 3) {
            Frame frame = reader.read();
            if (frame.type() == 3) {
                assertThat(frame.qos()).isEqualTo(2);
                reader.send(Raw.ack(0x50, frame.publishId()));
                if (!frame.retain()) {
                    live.add(frame);
                }
            }
        }
        assertThat(live).allMatch(frame -> frame.topic().equals("$SYS/broker/uptime"));
        assertThat(live.stream().map(frame -> payload(frame, V5))).doesNotHaveDuplicates();
    }

    @Test
    void clientFigures_followWhatHappens() {
        RawClient reader = broker.client("reader", "follows");
        reader.subscribe("$SYS/broker/subscriptions/count", 0);
        int before = Integer.parseInt(payload(reader.read(3), V5));
        RawClient ann = broker.client("ann", "follower");
        for (int i = 0; i < 5; i++) {
            ann.subscribe("a/" + i, 0);
        }
        int now = before;
        while (now < before + 5) {
            now = Integer.parseInt(payload(reader.read(3), V5));
        }
    }

    @Test
    void others_neitherReadNorWriteThem_whateverTheirPolicySays() {
        RawClient ann = broker.client("ann", "outsider");
        assertThat(ann.subscribe("#", 0)).isZero();
        for (String filter : List.of("$SYS/#", "$SYS/broker/#", "$SYS/broker/uptime", "$share/g/$SYS/#")) {
            assertThat(ann.subscribe(filter, 0)).as(filter).isEqualTo(0x87);
        }
        for (String payload : List.of("forged", "")) {
            ann.send(Raw.publish(V5, 0x33, "$SYS/broker/version", 1, raw(), payload));
            Frame puback = ann.read();
            assertThat(puback.type()).as("nothing of $SYS comes by #").isEqualTo(4);
            assertThat(puback.u8(2)).isEqualTo(0x87);
        }
        RawClient reader = broker.client("reader", "witness");
        assertThat(reader.subscribe("#", 0)).isEqualTo(0x87);
        reader.subscribe("$SYS/broker/version", 0);
        assertThat(payload(reader.read(3), V5)).startsWith("gatehouse version ");
    }

    // Mosquitto itself, where this machine has it

    private static Optional<Path> mosquitto() {
        String path = java.util.Objects.requireNonNullElse(System.getenv("PATH"), "") + ":/usr/sbin:/usr/local/sbin";
        return Stream.of(path.split(":"))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, "mosquitto"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    @Test
    void topics_ofARunningMosquitto_areAllHere(@TempDir Path folder) throws Exception {
        Optional<Path> program = mosquitto();
        Assumptions.assumeTrue(program.isPresent(), "no mosquitto on this machine");
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Path configuration = Files.writeString(
                folder.resolve("mosquitto.conf"),
                "listener " + port + " 127.0.0.1\nallow_anonymous true\nsys_interval 1\n");
        Process process = new ProcessBuilder(program.orElseThrow().toString(), "-c", configuration.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        try {
            Set<String> theirs = new TreeSet<>();
            Awaitility.await()
                    .atMost(java.time.Duration.ofSeconds(30))
                    .ignoreExceptions()
                    .until(() -> {
                        try (RawClient client = new RawClient(new Socket("127.0.0.1", port), V311)) {
                            client.send(Raw.connect(V311, 2, 60, raw(), "c", raw(), null, null));
                            client.connected();
                            client.send(Raw.subscribe(V311, 1, "$SYS/#", 0));
                            List<Frame> frames = client.heard();
                            frames.stream()
                                    .filter(frame -> frame.type() == 3)
                                    .forEach(frame -> theirs.add(frame.topic()));
                            return theirs.contains("$SYS/broker/load/sockets/15min");
                        }
                    });
            Set<String> ours = recorded();
            ours.addAll(NEWER);
            assertThat(ours).containsAll(theirs);
        } finally {
            process.destroy();
        }
    }
}
