package io.gatehouse.cli;

import io.gatehouse.config.Problem;
import io.gatehouse.policy.language.ManifestKeys;
import io.gatehouse.policy.language.PolicyLoader;
import io.gatehouse.policy.language.PolicyLoader.Loaded;
import io.gatehouse.policy.language.PolicyLoader.Options;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code gatehouse policy}: looks at policies with the code that decides for real clients. */
@Command(
        name = "policy",
        description = "Check, test, explain, compare, lint, sign and import policies; print the schema for editors.",
        mixinStandardHelpOptions = true,
        subcommands = {
            PolicyCheck.class,
            PolicyTests.class,
            PolicyExplain.class,
            PolicyDiffer.class,
            PolicyLint.class,
            PolicySign.class,
            PolicyKeygen.class,
            PolicyImport.class,
            PolicySchemaPrint.class
        })
final class PolicyCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** Loads a folder, and prints every problem with its source. */
    static Loaded load(Path folder, Options options, PrintWriter err) {
        if (!Files.isDirectory(folder)) {
            throw Failure.usage("\"" + folder + "\" is not a folder of policies");
        }
        Loaded loaded = PolicyLoader.load(folder, options, Clock.systemUTC());
        print(loaded.problems(), loaded, err);
        return loaded;
    }

    /** Loads a folder; with a mistake in it, prints all and fails. */
    static Loaded require(Path folder, PrintWriter err) {
        return require(folder, Options.WITHOUT_TESTS, err);
    }

    static Loaded require(Path folder, Options options, PrintWriter err) {
        Loaded loaded = load(folder, options, err);
        if (loaded.set().isEmpty()) {
            throw Failure.findings(mistakes(loaded) + "; this policy would not be loaded");
        }
        return loaded;
    }

    /** Reads the key that has to have signed a policy. */
    static PublicKey verifying(Path file) {
        try {
            return ManifestKeys.verifying(file);
        } catch (ManifestKeys.UnusableKey e) {
            throw Failure.findings(e.getMessage());
        }
    }

    static void print(List<Problem> problems, Loaded loaded, PrintWriter to) {
        problems.forEach(problem -> {
            to.println(problem);
            String excerpt = PolicyLoader.excerpt(problem, loaded.texts());
            if (!excerpt.isEmpty()) {
                to.println(excerpt);
            }
        });
        to.flush();
    }

    static String mistakes(Loaded loaded) {
        long count = loaded.problems().stream().filter(Problem::isError).count();
        return count + (count == 1 ? " mistake" : " mistakes");
    }

    /** Problems as a program reads them. */
    static List<Map<String, Object>> fields(List<Problem> problems) {
        return problems.stream()
                .map(problem -> {
                    Map<String, Object> fields = new LinkedHashMap<>();
                    fields.put("file", problem.place().file());
                    fields.put("line", problem.place().line());
                    fields.put("column", problem.place().column());
                    fields.put("severity", problem.isError() ? "error" : "warning");
                    fields.put("code", problem.code());
                    fields.put("message", problem.message());
                    return fields;
                })
                .toList();
    }
}
