package io.gatehouse.cli;

import io.gatehouse.admin.ControlClient;
import io.gatehouse.admin.ControlCommand;
import io.gatehouse.json.Json;
import io.gatehouse.policy.diff.Change;
import io.gatehouse.policy.diff.PolicyDiff;
import io.gatehouse.policy.language.PolicyLoader.Loaded;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code policy diff}. */
@Command(
        name = "diff",
        description = "Say what two policies answer differently: what roles and principals lose and gain.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Rules that mean the same are no difference, however they are written. In a pattern, + is any other level than",
            "those listed beside it. Exit code 0: no difference; 1: there is one, or a policy has a mistake.",
            "",
            "Example: gatehouse policy diff /etc/gatehouse/policies policies.new --live -c /etc/gatehouse/gatehouse.yaml"
        })
final class PolicyDiffer implements Runnable {
    /** As many names as a line of text has room for. */
    private static final int MAX_NAMES = 5;

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "OLD", description = "A folder of policies.")
    private Path before = Path.of("");

    @Parameters(index = "1", paramLabel = "NEW", description = "Another one.")
    private Path after = Path.of("");

    @Option(
            names = "--live",
            description = "Ask the running broker of the configuration what NEW would do to its sessions.")
    private boolean live;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            defaultValue = "gatehouse.yaml",
            description = "The configuration of the broker to ask; default: ${DEFAULT-VALUE}.")
    private Path configuration = Path.of("gatehouse.yaml");

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Override
    public void run() {
        PrintWriter err = spec.commandLine().getErr();
        Loaded older = PolicyCommand.require(before, err);
        Loaded newer = PolicyCommand.require(after, err);
        PolicyDiff diff = PolicyDiff.of(older.policy(), newer.policy());
        Optional<Map<String, @Nullable Object>> impact = live ? Optional.of(ask()) : Optional.empty();
        if (json) {
            spec.commandLine().getOut().println(Json.pretty(fields(diff, older, newer, impact)));
        } else {
            print(diff, impact);
        }
        if (!diff.isEmpty()) {
            throw new PolicyExplain.Quiet(ExitCode.FINDINGS);
        }
    }

    private Map<String, @Nullable Object> ask() {
        return ask(
                configuration,
                "policy-impact",
                Map.of("folder", after.toAbsolutePath().normalize().toString()));
    }

    /** Asks the running broker of a configuration. */
    static Map<String, @Nullable Object> ask(Path configuration, String command, Map<String, String> arguments) {
        Path data = RunCommand.configuration(configuration).data();
        try {
            return ControlClient.ask(data, command, arguments);
        } catch (ControlCommand.Refused e) {
            throw Failure.findings(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw Failure.findings(e.getMessage() + ". Start it with: gatehouse run -c " + configuration);
        }
    }

    private void print(PolicyDiff diff, Optional<Map<String, @Nullable Object>> impact) {
        PrintWriter out = spec.commandLine().getOut();
        if (diff.isEmpty()) {
            out.println("no difference: every request is answered alike");
        }
        diff.roles().forEach((role, changes) -> changes.forEach(change -> out.printf("role %-15s %s%n", role, change)));
        diff.other().forEach(out::println);
        List<String> principals = new ArrayList<>();
        users(diff, "lose", PolicyDiff.Effect::loses, principals);
        users(diff, "gain", PolicyDiff.Effect::gains, principals);
        others(diff, "lose", PolicyDiff.Effect::loses, principals);
        others(diff, "gain", PolicyDiff.Effect::gains, principals);
        if (!principals.isEmpty()) {
            out.println("principals: " + String.join(", ", principals));
        }
        impact.ifPresent(told -> out.println("live impact: "
                + counted(told, "dormant", "subscription becomes dormant", "subscriptions become dormant")
                + ", " + counted(told, "disconnected", "disconnect", "disconnects") + ", "
                + counted(told, "retained_hidden", "retained message hidden", "retained messages hidden")));
    }

    private static String counted(Map<String, @Nullable Object> told, String key, String one, String more) {
        Object number = Objects.requireNonNullElse(told.get(key), 0);
        return number + " " + (number.equals(1) ? one : more);
    }

    private static void users(PolicyDiff diff, String verb, Predicate<PolicyDiff.Effect> which, List<String> into) {
        List<String> names = diff.principals().entrySet().stream()
                .filter(principal -> principal.getValue().user() && which.test(principal.getValue()))
                .map(Map.Entry::getKey)
                .toList();
        if (!names.isEmpty()) {
            String shown = String.join(", ", names.subList(0, Math.min(names.size(), MAX_NAMES)));
            into.add(names.size() + (names.size() == 1 ? " user " + verb + "s" : " users " + verb) + " (" + shown
                    + (names.size() > MAX_NAMES ? ", …)" : ")"));
        }
    }

    private static void others(PolicyDiff diff, String verb, Predicate<PolicyDiff.Effect> which, List<String> into) {
        diff.principals().entrySet().stream()
                .filter(principal -> !principal.getValue().user() && which.test(principal.getValue()))
                .forEach(principal -> into.add(
                        principal.getKey() + (principal.getKey().startsWith("group") ? " " + verb + "s" : " " + verb)));
    }

    private static Map<String, @Nullable Object> fields(
            PolicyDiff diff, Loaded older, Loaded newer, Optional<Map<String, @Nullable Object>> impact) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        all.put("equal", diff.isEmpty());
        all.put("old", older.digest());
        all.put("new", newer.digest());
        Map<String, Object> roles = new LinkedHashMap<>();
        diff.roles().forEach((role, changes) -> roles.put(role, fields(changes)));
        all.put("roles", roles);
        all.put("other", diff.other());
        List<Map<String, Object>> principals = new ArrayList<>();
        diff.principals().forEach((name, effect) -> {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("principal", name);
            one.put("user", effect.user());
            one.put("loses", effect.loses());
            one.put("gains", effect.gains());
            one.put("changes", fields(effect.changes()));
            principals.add(one);
        });
        all.put("principals", principals);
        impact.ifPresent(told -> all.put("live", told));
        return all;
    }

    private static List<Map<String, Object>> fields(List<Change> changes) {
        return changes.stream()
                .map(change -> {
                    Map<String, Object> fields = new LinkedHashMap<>();
                    fields.put("change", change.gained() ? "gained" : "lost");
                    fields.put("verb", change.verb());
                    fields.put(change.filter() ? "filter" : "pattern", change.pattern());
                    fields.put("witness", change.witness());
                    fields.put("detail", change.detail());
                    fields.put("where", change.where());
                    return fields;
                })
                .toList();
    }
}
