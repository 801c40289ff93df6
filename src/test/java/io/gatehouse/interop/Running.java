package io.gatehouse.interop;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;

/**
 * One of Mosquitto's programs while it runs, and its output afterwards.
 *
 * <p>Used by one test thread. Closing it ends the program the hard way where it still runs.
 */
abstract class Running implements AutoCloseable {
    /** Longer than any program of these tests has reason to run, so that a hang ends as a failure. */
    static final Duration LONGEST = Duration.ofSeconds(60);

    /** What a program left behind: its exit code and everything it wrote. */
    record Outcome(int exit, String out, String err) {
        List<String> lines() {
            return out.lines().toList();
        }
    }

    /** Everything written to standard output so far. */
    abstract String out();

    /** Everything written to standard error so far. */
    abstract String err();

    /** The exit code, once there is one. */
    abstract OptionalInt exit();

    /** Asks the program to end: it says goodbye to the broker. */
    abstract void terminate();

    /** Ends the program without a goodbye, as a power cut would. */
    abstract void kill();

    /** The lines of standard output that are complete. */
    final List<String> lines() {
        String text = out();
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }

    /** Waits until the program has ended by itself. */
    final Outcome outcome() {
        await("the program's end").atMost(LONGEST.plusSeconds(10)).until(() -> exit().isPresent());
        return new Outcome(exit().orElseThrow(), out(), err());
    }

    /** Waits until standard output holds this line. */
    final void awaitLine(String line) {
        await("the line '" + line + "'")
                .atMost(Duration.ofSeconds(20))
                .failFast("the program ended before its line", () -> exit().isPresent() && !lines().contains(line))
                .until(() -> lines().contains(line));
    }

    /** Asks the program to end and waits for it. */
    final Outcome stop() {
        terminate();
        return outcome();
    }

    @Override
    public void close() {
        if (exit().isEmpty()) {
            kill();
        }
    }
}
