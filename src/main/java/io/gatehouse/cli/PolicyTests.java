package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.policy.language.PolicyLoader.Loaded;
import io.gatehouse.policy.language.PolicyLoader.Options;
import io.gatehouse.policy.language.TestRun;
import io.gatehouse.policy.language.TestRun.CoveredRule;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code policy test}. */
@Command(
        name = "test",
        description = "Run the policies' own tests, and say which rules none of them needs.",
        mixinStandardHelpOptions = true,
        footer = {"", "Exit code 0: all passed; 1: one failed, or the policy has a mistake."})
final class PolicyTests implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FOLDER", description = "Its *.yaml files are the policy.")
    private Path folder = Path.of("");

    @Option(
            names = "--require-tests",
            description = "Fail for every role without one 'can' and one 'cannot', as policy.require_tests: role does.")
    private boolean requireTests;

    @Option(names = "--shadow", description = "Take shadow statements as if they were in force.")
    private boolean shadow;

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Override
    public void run() {
        Options options = new Options(Optional.empty(), true, requireTests, shadow);
        Loaded loaded = PolicyCommand.load(folder, options, spec.commandLine().getErr());
        PrintWriter out = spec.commandLine().getOut();
        if (loaded.run().isEmpty()) {
            if (json) {
                out.println(Json.pretty(Map.of("problems", PolicyCommand.fields(loaded.problems()))));
            }
            throw Failure.findings(PolicyCommand.mistakes(loaded) + "; the tests were not run");
        }
        TestRun run = loaded.run().get();
        List<CoveredRule> all = TestRun.rules(loaded.policy());
        List<CoveredRule> missed =
                all.stream().filter(rule -> !run.exercised().contains(rule)).toList();
        if (json) {
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("passed", loaded.set().isPresent());
            answer.put("tests", run.tests());
            answer.put("checks", run.checks());
            answer.put("rules", all.size());
            answer.put("exercised", all.size() - missed.size());
            answer.put(
                    "notExercised", missed.stream().map(CoveredRule::toString).toList());
            answer.put("problems", PolicyCommand.fields(loaded.problems()));
            out.println(Json.pretty(answer));
        }
        if (loaded.set().isEmpty()) {
            int failed = run.problems().size();
            throw Failure.findings(
                    failed > 0
                            ? failed + " of " + run.checks() + " checks failed"
                            : "a role has no test that it needs");
        }
        if (!json) {
            int exercised = all.size() - missed.size();
            out.println(run.tests() + " tests, " + run.checks() + " checks: all passed.  Rules exercised: " + exercised
                    + " of " + all.size() + (all.isEmpty() ? "" : " (" + 100 * exercised / all.size() + " %)"));
            missed.forEach(rule -> out.println("  not exercised: " + rule));
        }
    }
}
