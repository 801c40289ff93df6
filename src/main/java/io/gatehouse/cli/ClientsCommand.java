package io.gatehouse.cli;

import io.gatehouse.json.Json;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gatehouse clients}. */
@Command(
        name = "clients",
        description =
                "List the clients of a running broker: who they are, how they logged in, from where, with which roles."
                        + " Up to 1000 are listed; the number of all is told.",
        mixinStandardHelpOptions = true)
final class ClientsCommand implements Runnable {
    private static final String ROW = "%-24s %-20s %-12s %-10s %-16s %5s %7s  %s%n";

    @Spec
    private CommandSpec spec;

    @Mixin
    private Asking asking = new Asking();

    @Option(names = "--client", paramLabel = "ID", description = "Only the client with this identifier.")
    private @Nullable String client;

    @Option(
            names = "--disconnect",
            paramLabel = "ID",
            description =
                    "End this client's connection (MQTT 5 is told 0x98). It may come back: to keep it out, take away"
                            + " its role, its certificate or its password.")
    private @Nullable String disconnect;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        if (disconnect != null) {
            Map<String, @Nullable Object> answer = asking.ask("disconnect", Map.of("client", disconnect));
            out.println(asking.json ? Json.pretty(answer) : "disconnected: " + disconnect);
            return;
        }
        Map<String, String> arguments = new LinkedHashMap<>();
        if (client != null) {
            arguments.put("client", client);
        }
        Map<String, @Nullable Object> answer = asking.ask("clients", arguments);
        if (asking.json) {
            out.println(Json.pretty(answer));
            return;
        }
        out.printf(ROW, "client", "user", "login", "listener", "address", "subs", "waiting", "roles");
        if (answer.get("clients") instanceof List<?> clients) {
            for (Object each : clients) {
                if (each instanceof Map<?, ?> one) {
                    out.printf(
                            ROW,
                            shown(one.get("client")),
                            shown(one.get("user")),
                            one.get("login"),
                            one.get("listener"),
                            one.get("address"),
                            one.get("subscriptions"),
                            one.get("queued"),
                            one.get("roles") instanceof List<?> roles
                                    ? String.join(
                                            ",",
                                            roles.stream().map(String::valueOf).toList())
                                    : "");
                }
            }
        }
        out.println(answer.get("connected") + " connected");
    }

    /** Clients choose these texts: what a terminal would act on is not printed. */
    private static String shown(@Nullable Object text) {
        return String.valueOf(text).replaceAll("\\p{Cntrl}", "?");
    }
}
