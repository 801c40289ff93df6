package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.policy.language.PolicyLoader.Loaded;
import io.gatehouse.policy.language.PolicyLoader.Options;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code policy check}. */
@Command(
        name = "check",
        description = "Read and compile policies, without running their tests.",
        mixinStandardHelpOptions = true,
        footer = {"", "Exit code 0: it would be loaded, if its tests pass; 1: it would not."})
final class PolicyCheck implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FOLDER", description = "Its *.yaml files are the policy.")
    private Path folder = Path.of("");

    @Option(
            names = "--verify-key",
            paramLabel = "FILE",
            description = "The public key that has to have signed them, as policy.verify_key names it.")
    private Optional<Path> verifyKey = Optional.empty();

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Override
    public void run() {
        Loaded loaded = PolicyCommand.load(
                folder,
                Options.WITHOUT_TESTS
                        .signedBy(verifyKey.map(PolicyCommand::verifying))
                        .withoutRules(),
                spec.commandLine().getErr());
        if (json) {
            Map<String, Object> all = new LinkedHashMap<>();
            all.put("ok", loaded.set().isPresent());
            all.put("summary", loaded.summary());
            all.put("digest", loaded.digest());
            loaded.revision().ifPresent(revision -> all.put("revision", revision));
            all.put("problems", PolicyCommand.fields(loaded.problems()));
            spec.commandLine().getOut().println(Json.pretty(all));
        }
        if (loaded.set().isEmpty()) {
            throw Failure.findings(PolicyCommand.mistakes(loaded) + "; this policy would not be loaded");
        }
        if (!json) {
            String warnings = loaded.problems().isEmpty() ? "" : ", " + loaded.warnings();
            spec.commandLine()
                    .getOut()
                    .println(loaded.summary() + ": ok" + warnings
                            + loaded.revision()
                                    .map(revision -> ", signed as revision " + revision)
                                    .orElse(""));
        }
    }
}
