package io.gatehouse.interop;

import java.util.List;

/**
 * Where mosquitto_pub, mosquitto_sub and mosquitto_rr run.
 *
 * <p>A backend sees the files of the folder it was made with under the same paths as the test does, and reaches the
 * test's broker as {@link #host()}.
 */
interface MosquittoClients extends AutoCloseable {
    /** The name under which the programs reach a broker that listens on this machine's loopback. */
    String host();

    /** What these programs are and where they run, for the test's output. */
    String description();

    /** Starts a program and does not wait for it. */
    Running start(String program, List<String> arguments);

    /** Runs a program to its end. */
    default Running.Outcome run(String program, List<String> arguments) {
        try (Running running = start(program, arguments)) {
            return running.outcome();
        }
    }

    @Override
    void close();
}
