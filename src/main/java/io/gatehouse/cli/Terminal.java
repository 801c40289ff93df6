package io.gatehouse.cli;

import java.io.Console;
import java.util.Optional;

/** Whether there is somebody to ask and to show things to. Stateless. */
final class Terminal {
    private Terminal() {}

    /**
     * The terminal; empty where input or output is a file or a pipe. Since Java 22 there may be a console of either, which
     * says itself that it is none.
     */
    static Optional<Console> console() {
        Console console = System.console();
        if (console == null) {
            return Optional.empty();
        }
        try {
            boolean terminal =
                    Boolean.TRUE.equals(Console.class.getMethod("isTerminal").invoke(console));
            return terminal ? Optional.of(console) : Optional.empty();
        } catch (NoSuchMethodException before22) {
            return Optional.of(console);
        } catch (ReflectiveOperationException e) {
            return Optional.empty();
        }
    }
}
