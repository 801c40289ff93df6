package io.gatehouse.cli;

import io.gatehouse.json.Json;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
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

    @Override
    public void run() {
        Map<String, @Nullable Object> answer = asking.ask("reload", Map.of());
        spec.commandLine()
                .getOut()
                .println(asking.json ? Json.pretty(answer) : "loaded; policy: " + answer.get("policy"));
    }
}
