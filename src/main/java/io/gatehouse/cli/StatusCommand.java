package io.gatehouse.cli;

import io.gatehouse.json.Json;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gatehouse status}. */
@Command(
        name = "status",
        description =
                "Ask a running broker how it is: ports, policy, clients, sessions, messages. It is asked through the"
                        + " socket in its data folder, so only who owns the folder may. Exit code 1: no broker answers.",
        mixinStandardHelpOptions = true)
final class StatusCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private Asking asking = new Asking();

    @Option(names = "--metrics", description = "Every figure, in the text format of Prometheus.")
    private boolean metrics;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        if (metrics) {
            out.print(asking.ask("metrics", Map.of()).get("text"));
            out.flush();
            return;
        }
        Map<String, @Nullable Object> status = asking.ask("status", Map.of());
        if (asking.json) {
            out.println(Json.pretty(status));
            return;
        }
        status.forEach((key, value) -> out.printf("%-18s %s%n", key.replace('_', ' '), shown(key, value)));
    }

    private static Object shown(String key, @Nullable Object value) {
        if (key.equals("uptime_seconds") && value instanceof Number seconds) {
            Duration up = Duration.ofSeconds(seconds.longValue());
            return "%d d %02d:%02d:%02d"
                    .formatted(up.toDays(), up.toHoursPart(), up.toMinutesPart(), up.toSecondsPart());
        }
        if (value instanceof Map<?, ?> map) {
            StringBuilder text = new StringBuilder();
            map.forEach((name, one) -> text.append(text.isEmpty() ? "" : ", ")
                    .append(name)
                    .append(' ')
                    .append(one));
            return text;
        }
        return String.valueOf(value);
    }
}
