package io.gatehouse.cli;

import io.gatehouse.json.Json;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gatehouse reload}. */
@Command(
        name = "reload",
        description =
                "Make a running broker load policy, passwords, keys and certificates again, and wait until they are in"
                        + " force. Exit code 1: something was refused, and the last good state of it stays.",
        mixinStandardHelpOptions = true)
final class ReloadCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private Asking asking = new Asking();

    @Option(
            names = "--allow-rollback",
            description = "Take a signed policy though its revision is older than that in force.")
    private boolean allowRollback;

    @Override
    public void run() {
        Map<String, @Nullable Object> answer =
                asking.ask("reload", allowRollback ? Map.of("allow_rollback", "true") : Map.of());
        spec.commandLine()
                .getOut()
                .println(asking.json ? Json.pretty(answer) : "loaded; policy: " + answer.get("policy"));
    }
}
