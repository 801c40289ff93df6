package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.policy.PolicySet;
import io.gatehouse.policy.language.PolicyLoader;
import io.gatehouse.policy.language.PolicyLoader.Loaded;
import io.gatehouse.policy.language.TestRun;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Pattern;
import io.gatehouse.policy.model.Role;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gatehouse policy}: looks at policies with the code that decides for real clients. */
@Command(
        name = "policy",
        description = "Check, test and explain policies.",
        mixinStandardHelpOptions = true,
        subcommands = {
            PolicyCommand.CheckPolicy.class,
            PolicyCommand.TestPolicy.class,
            PolicyExplain.class,
            PolicyImport.class
        })
final class PolicyCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** Loads a folder, or prints every mistake and fails. */
    static Loaded load(Path folder, boolean tests, PrintWriter err) {
        if (!Files.isDirectory(folder)) {
            throw Failure.usage("\"" + folder + "\" is not a folder of policies");
        }
        Loaded loaded = PolicyLoader.load(folder, Optional.empty(), tests, Clock.systemUTC());
        loaded.problems().forEach(problem -> {
            err.println(problem);
            String excerpt = PolicyLoader.excerpt(problem, loaded.texts());
            if (!excerpt.isEmpty()) {
                err.println(excerpt);
            }
        });
        err.flush();
        return loaded;
    }

    /** {@code policy check}. */
    @Command(
            name = "check",
            description = "Read and compile policies, without running their tests.",
            mixinStandardHelpOptions = true)
    static final class CheckPolicy implements Runnable {
        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "FOLDER", description = "Its *.yaml files are the policy.")
        private Path folder = Path.of("");

        @Option(names = "--json", description = "As JSON.")
        private boolean json;

        @Override
        public void run() {
            Loaded loaded = load(folder, false, spec.commandLine().getErr());
            if (json) {
                Map<String, Object> all = new LinkedHashMap<>();
                all.put("ok", loaded.set().isPresent());
                all.put("summary", loaded.summary());
                all.put("digest", loaded.digest());
                all.put(
                        "problems",
                        loaded.problems().stream().map(Object::toString).toList());
                spec.commandLine().getOut().println(Json.pretty(all));
            }
            if (loaded.set().isEmpty()) {
                throw Failure.findings(loaded.problems().size() + " mistakes; this policy would not be loaded");
            }
            if (!json) {
                spec.commandLine().getOut().println(loaded.summary() + ": ok");
            }
        }
    }

    /** {@code policy test}. */
    @Command(
            name = "test",
            description = "Run the policies' own tests, and say which rules none of them needs.",
            mixinStandardHelpOptions = true)
    static final class TestPolicy implements Runnable {
        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "FOLDER", description = "Its *.yaml files are the policy.")
        private Path folder = Path.of("");

        @Option(names = "--json", description = "As JSON.")
        private boolean json;

        @Override
        public void run() {
            Loaded loaded = load(folder, true, spec.commandLine().getErr());
            if (loaded.run().isEmpty()) {
                throw Failure.findings(loaded.problems().size() + " mistakes; the tests were not run");
            }
            TestRun run = loaded.run().get();
            if (loaded.set().isEmpty()) {
                throw Failure.findings(run.problems().size() + " of " + run.checks() + " checks failed");
            }
            Map<String, String> all = rules(loaded.set().get());
            List<String> missed = all.entrySet().stream()
                    .filter(rule -> !run.exercised().contains(rule.getKey()))
                    .map(rule -> rule.getKey() + " " + rule.getValue())
                    .toList();
            int exercised = all.size() - missed.size();
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                Map<String, Object> answer = new LinkedHashMap<>();
                answer.put("tests", run.tests());
                answer.put("checks", run.checks());
                answer.put("rules", all.size());
                answer.put("exercised", exercised);
                answer.put("notExercised", missed);
                out.println(Json.pretty(answer));
                return;
            }
            out.println(run.tests() + " tests, " + run.checks() + " checks: all passed.  Rules exercised: " + exercised
                    + " of " + all.size() + (all.isEmpty() ? "" : " (" + 100 * exercised / all.size() + " %)"));
            missed.forEach(rule -> out.println("  not exercised: " + rule));
        }

        /** What stands at each place where a rule is. */
        private static Map<String, String> rules(PolicySet set) {
            Map<String, String> rules = new TreeMap<>();
            for (Role role : set.policy().roles().values()) {
                collect(rules, role);
            }
            set.policy().everyone().forEach(role -> collect(rules, role));
            return rules;
        }

        private static void collect(Map<String, String> rules, Role role) {
            role.publish().stream().map(Item::topic).forEach(topic -> put(rules, role, "publish", topic));
            role.subscribe().stream().map(Item::topic).forEach(topic -> put(rules, role, "subscribe", topic));
            role.denyPublish().forEach(topic -> put(rules, role, "deny publish", topic));
            role.denySubscribe().forEach(topic -> put(rules, role, "deny subscribe", topic));
        }

        private static void put(Map<String, String> rules, Role role, String verb, Pattern topic) {
            String text = "role \"" + role.name() + "\" " + verb + " " + topic;
            rules.merge(topic.place().fileAndLine(), text, (a, b) -> a.equals(b) ? a : a + "; " + b);
        }
    }
}
