package io.gatehouse.cli;

import io.gatehouse.admin.ControlClient;
import io.gatehouse.admin.ControlCommand;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the commands have in common that ask a running broker: which one, and how the answer is printed. */
final class Asking {
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            defaultValue = "gatehouse.yaml",
            description = "The configuration of the broker to ask; default: ${DEFAULT-VALUE}.")
    private Path file = Path.of("gatehouse.yaml");

    @Option(names = "--json", description = "As JSON.")
    boolean json;

    /** Asks the broker of the configuration; what it refuses, and that none answers, is the failure. */
    Map<String, @Nullable Object> ask(String command, Map<String, String> arguments) {
        Path data = RunCommand.configuration(file).data();
        try {
            return ControlClient.ask(data, command, arguments);
        } catch (ControlCommand.Refused e) {
            throw Failure.findings(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw Failure.findings(e.getMessage() + ". Start it with: gatehouse run -c " + file);
        }
    }
}
