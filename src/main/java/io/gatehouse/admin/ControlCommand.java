package io.gatehouse.admin;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a running broker does when it is asked through its control socket. Called on a thread of the server's. */
@FunctionalInterface
public interface ControlCommand {

    /**
     * Does it and returns the answer: plain values, as {@link io.gatehouse.json.Json} writes them.
     *
     * @param arguments as the caller named them
     * @throws Refused if it is not done; the message tells the caller why, in one line
     */
    Map<String, @Nullable Object> run(Map<String, String> arguments) throws Refused;

    /** A command that was not done. */
    final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        public Refused(String message) {
            super(message, null, false, false);
        }
    }
}
