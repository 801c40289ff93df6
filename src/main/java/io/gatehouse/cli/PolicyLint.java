package io.gatehouse.cli;

import io.gatehouse.ShadowHistory;
import io.gatehouse.config.Configuration;
import io.gatehouse.config.Problem;
import io.gatehouse.json.Json;
import io.gatehouse.policy.language.PolicyLoader.Loaded;
import io.gatehouse.policy.language.PolicyLoader.Options;
import io.gatehouse.policy.lint.ConfiguredPolicy;
import io.gatehouse.policy.lint.Lint;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code policy lint}. */
@Command(
        name = "lint",
        description = "Say what a valid policy may not mean: L01 to L21, listed in docs/policy.md.",
        mixinStandardHelpOptions = true,
        footer = {"", "Exit code 0: nothing found; 1: something was, or the policy has a mistake."})
final class PolicyLint implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FOLDER", description = "Its *.yaml files are the policy.")
    private Path folder = Path.of("");

    @Option(names = "--hardened", description = "L05, L10 and L15 are mistakes.")
    private boolean hardened;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description =
                    "The configuration of the broker that runs them: its data folder knows since when each shadow is"
                            + " there (L13), else the date of its file counts; and it says how many authorities its"
                            + " listeners trust (L21).")
    private Optional<Path> configuration = Optional.empty();

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        Loaded loaded = PolicyCommand.load(
                folder, Options.WITH_TESTS, spec.commandLine().getErr());
        if (loaded.set().isEmpty()) {
            throw Failure.findings(PolicyCommand.mistakes(loaded) + "; mend them first");
        }
        Optional<Configuration> broker = configuration.map(RunCommand::configuration);
        Lint.Context context = new Lint.Context(
                Clock.systemUTC(),
                loaded.run(),
                changed(loaded),
                broker.map(one -> new ShadowHistory(one.data()).since()).orElse(Map.of()),
                broker.map(ConfiguredPolicy::authorities).orElse(Map.of()));
        List<Problem> findings = Lint.of(loaded.policy(), context, hardened);
        if (json) {
            Map<String, Object> all = new LinkedHashMap<>();
            all.put("ok", findings.isEmpty());
            all.put("findings", PolicyCommand.fields(findings));
            out.println(Json.pretty(all));
        } else if (findings.isEmpty()) {
            out.println(loaded.summary() + ": nothing found");
        } else {
            PolicyCommand.print(findings, loaded, out);
        }
        if (!findings.isEmpty()) {
            long errors = findings.stream().filter(Problem::isError).count();
            throw Failure.findings(findings.size()
                    + (findings.size() == 1 ? " finding" : " findings")
                    + (errors > 0 ? ", " + errors + " of them mistakes" : ""));
        }
    }

    private static Map<String, Instant> changed(Loaded loaded) {
        Map<String, Instant> changed = new HashMap<>();
        for (String file : loaded.texts().keySet()) {
            try {
                changed.put(file, Files.getLastModifiedTime(Path.of(file)).toInstant());
            } catch (IOException e) {
                throw Failure.usage("\"" + file + "\" is gone: " + e.getMessage());
            }
        }
        return changed;
    }
}
