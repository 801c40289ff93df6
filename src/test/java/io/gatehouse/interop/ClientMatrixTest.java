package io.gatehouse.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Client libraries against the broker: each library and version, over TLS and over WebSocket, with every quality of
 * service, retained messages, a will and a session that is kept.
 */
class ClientMatrixTest {
    private interface Library {
        MatrixClient client(MatrixClient.Way way, String clientId) throws Exception;
    }

    /** Held, so that its level stays: Paho tells of every packet of QoS 2. */
    private static final Logger PAHO = Logger.getLogger("org.eclipse.paho");

    private static MatrixHouse house;
    private static int lastName;

    private final List<AutoCloseable> opened = new ArrayList<>();

    @BeforeAll
    static void open(@TempDir Path folder) {
        PAHO.setLevel(Level.WARNING);
        house = new MatrixHouse(folder);
    }

    @AfterAll
    static void shut() {
        house.close();
    }

    @AfterEach
    void closeClients() throws Exception {
        for (AutoCloseable one : opened) {
            one.close();
        }
    }

    static Stream<Arguments> clients() {
        List<Named<Library>> libraries = List.of(
                Named.of("Paho, 3.1", (way, id) -> new PahoClient(way, id, 3)),
                Named.of("Paho, 3.1.1", (way, id) -> new PahoClient(way, id, 4)),
                Named.of("Paho, 5.0", Paho5Client::new),
                Named.of("HiveMQ, 3.1.1", HiveMqClient::new),
                Named.of("HiveMQ, 5.0", HiveMq5Client::new));
        return libraries.stream()
                .flatMap(library -> Stream.of(false, true)
                        .map(web -> Arguments.of(library, Named.of(web ? "WebSocket" : "TLS", web))));
    }

    private record Client(MatrixClient mqtt, Relay network) {}

    private Client client(Library library, boolean web) throws Exception {
        return client(library, web, "matrix-" + ++lastName);
    }

    private Client client(Library library, boolean web, String clientId) throws Exception {
        Relay network = new Relay(web ? house.webPort : house.tlsPort);
        MatrixClient mqtt =
                library.client(new MatrixClient.Way(network.port(), web, house.origin(), house.trust()), clientId);
        opened.add(mqtt);
        opened.add(network);
        return new Client(mqtt, network);
    }

    private static String topic() {
        return "m/" + ++lastName;
    }

    @ParameterizedTest(name = "{0} over {1}")
    @MethodSource("clients")
    void publish_ofEachQos_arrivesWithItInOrder(Library library, boolean web) throws Exception {
        MatrixClient subscriber = client(library, web).mqtt();
        MatrixClient publisher = client(library, web).mqtt();
        subscriber.connect();
        publisher.connect();
        for (int qos = 0; qos <= 2; qos++) {
            String topic = topic();
            subscriber.subscribe(topic, qos);
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                publisher.publish(topic, qos, false, "m" + i);
                expected.add(topic + "|" + qos + "|false|m" + i);
            }
            awaitReceived(subscriber, expected);
            subscriber.received.clear();
        }
    }

    @ParameterizedTest(name = "{0} over {1}")
    @MethodSource("clients")
    void retained_isReplayedUntilItIsCleared(Library library, boolean web) throws Exception {
        MatrixClient publisher = client(library, web).mqtt();
        MatrixClient early = client(library, web).mqtt();
        MatrixClient late = client(library, web).mqtt();
        String topic = topic();
        publisher.connect();
        publisher.publish(topic, 1, true, "kept");

        early.connect();
        early.subscribe(topic, 1);
        awaitReceived(early, List.of(topic + "|1|true|kept"));
        publisher.publish(topic, 1, true, "");
        awaitReceived(early, List.of(topic + "|1|true|kept", topic + "|1|false|"));

        late.connect();
        late.subscribe(topic, 1);
        publisher.publish(topic, 1, false, "live");
        awaitReceived(late, List.of(topic + "|1|false|live"));
    }

    @ParameterizedTest(name = "{0} over {1}")
    @MethodSource("clients")
    void will_isSentWhenTheNetworkFailsAndNotAfterAGoodbye(Library library, boolean web) throws Exception {
        String topic = topic();
        MatrixClient watcher = client(library, web).mqtt();
        watcher.connect();
        watcher.subscribe(topic, 1);
        MatrixClient polite = client(library, web).mqtt();
        polite.connect(false, topic);
        polite.disconnect();
        Client unlucky = client(library, web);
        unlucky.mqtt().connect(false, topic);
        assertThat(watcher.received).isEmpty();

        unlucky.network().cut();

        awaitReceived(watcher, List.of(topic + "|1|false|gone"));
    }

    @ParameterizedTest(name = "{0} over {1}")
    @MethodSource("clients")
    void session_thatIsKept_receivesWhatItMissed(Library library, boolean web) throws Exception {
        String topic = topic();
        MatrixClient publisher = client(library, web).mqtt();
        publisher.connect();
        Client kept = client(library, web);
        assertThat(kept.mqtt().connect(true, "")).isFalse();
        kept.mqtt().subscribe(topic, 2);
        kept.mqtt().disconnect();
        publisher.publish(topic, 1, false, "missed");
        publisher.publish(topic, 2, false, "too");

        MatrixClient again = client(library, web, kept.mqtt().clientId).mqtt();
        boolean present = again.connect(true, "");

        // MQTT 3.1 has no place to say it
        assertThat(present || isMqtt31(again)).isTrue();
        awaitReceived(again, List.of(topic + "|1|false|missed", topic + "|2|false|too"));
    }

    private static boolean isMqtt31(MatrixClient client) {
        return client instanceof PahoClient paho && paho.isMqtt31();
    }

    private static void awaitReceived(MatrixClient client, List<String> expected) {
        await("what " + client.clientId + " receives")
                .atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(client.received).containsExactlyElementsOf(expected));
    }
}
