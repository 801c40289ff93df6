package io.gatehouse.durability;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A broker that was killed with much in its queues is there again at once, in a heap of 512 MiB, and has all of it. {@code
 * bench/backlog.sh} does it with a million messages in ten thousand sessions.
 */
class BacklogTest {
    private static final int WINDOW = 200;
    private static final int CLIENTS = 4;

    private final int sessions = Integer.getInteger("gatehouse.backlog.sessions", 40);
    private final int messages = Integer.getInteger("gatehouse.backlog.messages", 50);

    @TempDir
    Path folder;

    @Test
    void start_withMuchThatWaits_isSoonThere_andHasIt() throws Exception {
        try (KilledBroker broker = new KilledBroker(folder, "{folder: data/store, durability: fsync}")) {
            broker.start();
            each(client -> {
                for (int i = client; i < sessions; i += CLIENTS) {
                    try (Line line = broker.connect()) {
                        line.connect("s-" + i, false, 86_400, 100);
                        assertThat(line.next().reason()).isZero();
                        line.subscribe(1, "q/" + i, 1);
                        assertThat(line.next().reason()).isEqualTo(1);
                        line.disconnect();
                    }
                }
            });
            each(client -> publish(broker, client));
            broker.kill();

            long began = System.nanoTime();
            broker.start();
            try (Line line = broker.connect()) {
                line.connect("s-0", false, 86_400, 65_535);
                Line.Packet answer = line.next();
                long millis = (System.nanoTime() - began) / 1_000_000;
                assertThat(answer.present()).isTrue();
                System.out.println(sessions * (long) messages + " messages wait in " + sessions
                        + " sessions; from the start of the process to the first CONNACK: " + millis
                        + " ms, heap at most 512 MiB");
                drain(line, 0);
            }
            for (int i : new int[] {1, sessions / 2, sessions - 1}) {
                try (Line line = broker.connect()) {
                    line.connect("s-" + i, false, 86_400, 65_535);
                    assertThat(line.next().present()).isTrue();
                    drain(line, i);
                }
            }
        }
    }

    private void publish(KilledBroker broker, int client) throws IOException {
        try (Line line = broker.connect()) {
            line.connect("p-" + client, true, 0, 100);
            assertThat(line.next().reason()).isZero();
            int open = 0;
            int id = 0;
            for (int round = 0; round < messages; round++) {
                for (int i = client; i < sessions; i += CLIENTS) {
                    id = id % 65_535 + 1;
                    line.publish("q/" + i, i + " " + round + " " + "x".repeat(48), 1, id, false, false, 0);
                    if (++open == WINDOW / CLIENTS) {
                        for (; open > 0; open--) {
                            assertThat(line.next().reason()).isZero();
                        }
                    }
                }
            }
            for (; open > 0; open--) {
                assertThat(line.next().reason()).isZero();
            }
            line.disconnect();
        }
    }

    private void drain(Line line, int session) throws IOException {
        for (int round = 0; round < messages; round++) {
            Line.Packet packet = line.next();
            assertThat(packet.type()).isEqualTo(Line.PUBLISH);
            assertThat(packet.payload()).startsWith(session + " " + round + " ");
            line.acknowledge(Line.PUBACK, packet.id());
        }
    }

    /** Something that one of the clients does. */
    private interface Work {
        void of(int client) throws Exception;
    }

    private static void each(Work work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Future<Void>> all = new ArrayList<>();
            for (int client = 0; client < CLIENTS; client++) {
                int number = client;
                Callable<Void> one = () -> {
                    work.of(number);
                    return null;
                };
                all.add(threads.submit(one));
            }
            for (Future<Void> one : all) {
                one.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
