package io.gatehouse.policy.language;

import io.gatehouse.config.Problem;
import io.gatehouse.policy.PolicySet;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Loads a folder of policies: reads, merges, compiles and tests it, all or nothing. Stateless.
 */
public final class PolicyLoader {
    private static final int MAX_PROBLEMS = 50;

    private PolicyLoader() {}

    /**
     * What loading came to.
     *
     * @param set present if there is no error among the problems
     * @param digest SHA-256 over names and contents, hex
     * @param run what the policy's own tests came to; empty if it did not come to them
     */
    public record Loaded(
            Optional<PolicySet> set,
            List<Problem> problems,
            Map<String, String> texts,
            String digest,
            Optional<TestRun> run) {

        /** {@code 3 files, 7 roles, 41 rules, 18 tests passed}. */
        public String summary() {
            Policy policy = set.map(PolicySet::policy).orElse(Policy.EMPTY);
            return texts.size() + " files, " + policy.roles().size() + " roles, " + rules(policy) + " rules"
                    + run.map(one -> ", " + one.tests() + " tests passed").orElse("");
        }

        /** How many rules a policy has. */
        public static int rules(Policy policy) {
            return Stream.concat(policy.roles().values().stream(), policy.everyone().stream())
                    .mapToInt(Loaded::rules)
                    .sum();
        }

        private static int rules(Role role) {
            return role.publish().size()
                    + role.subscribe().size()
                    + role.denyPublish().size()
                    + role.denySubscribe().size();
        }
    }

    /**
     * @param listeners the names in the configuration; empty: not known, and any name will do
     * @param runTests whether the policy's own tests decide, too
     */
    public static Loaded load(Path folder, Optional<Collection<String>> listeners, boolean runTests, Clock clock) {
        Report report = new Report();
        PolicyFolder files = PolicyFolder.read(folder, report);
        Map<String, String> texts = files.texts();
        String digest = files.digest();
        Policy policy = new PolicyReader(report, listeners).read(texts, files.digests());
        if (report.hasErrors()) {
            return new Loaded(Optional.empty(), first(report), texts, digest, Optional.empty());
        }
        PolicySet.Compilation compilation = PolicySet.compile(policy);
        compilation.problems().forEach(report::add);
        if (compilation.set().isEmpty() || !runTests) {
            return new Loaded(compilation.set(), first(report), texts, digest, Optional.empty());
        }
        TestRun run = TestRun.of(compilation.set().get(), clock);
        run.problems().forEach(report::add);
        Optional<PolicySet> set = report.hasErrors() ? Optional.empty() : compilation.set();
        return new Loaded(set, first(report), texts, digest, Optional.of(run));
    }

    private static List<Problem> first(Report report) {
        return report.sorted().stream().limit(MAX_PROBLEMS).toList();
    }

    /** The source line of a problem with carets under the word it is about; empty where there is none to show. */
    public static String excerpt(Problem problem, Map<String, String> texts) {
        return Excerpt.of(problem, texts);
    }
}
