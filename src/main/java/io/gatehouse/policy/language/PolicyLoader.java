package io.gatehouse.policy.language;

import io.gatehouse.config.Configuration;
import io.gatehouse.config.Place;
import io.gatehouse.config.Problem;
import io.gatehouse.policy.PolicySet;
import io.gatehouse.policy.model.Policy;
import java.nio.file.Path;
import java.security.PublicKey;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

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
     * @param policy as it was written; with errors, what could be read of it
     * @param texts of the files, by name as messages print it
     * @param digest SHA-256 over names and contents, hex
     * @param run what the policy's own tests came to; empty if it did not come to them
     * @param revision as it was signed; empty: nobody asked for a signature
     * @param claimedRevision as the manifest beside them says, of these files and no others; nobody may have signed that
     */
    public record Loaded(
            Optional<PolicySet> set,
            Policy policy,
            List<Problem> problems,
            Map<String, String> texts,
            String digest,
            Optional<TestRun> run,
            Optional<Long> revision,
            Optional<Long> claimedRevision) {

        /** {@code 3 files, 7 roles, 41 rules, 18 tests passed}. */
        public String summary() {
            return counted(texts.size(), "file") + ", " + counted(policy.roles().size(), "role") + ", "
                    + counted(set.map(PolicySet::ruleCount).orElseGet(policy::ruleCount), "rule")
                    + run.map(one -> ", " + counted(one.tests(), "test") + " passed")
                            .orElse("");
        }

        /** The same, kept out for these. */
        public Loaded refused(List<Problem> mistakes) {
            List<Problem> shown = mistakes.stream().limit(MAX_PROBLEMS).toList();
            return new Loaded(Optional.empty(), policy, shown, texts, digest, run, revision, claimedRevision);
        }

        /** The same, and what it was compiled from is let go of. */
        public Loaded withoutRules() {
            return new Loaded(set, policy.withoutRules(), problems, texts, digest, run, revision, claimedRevision);
        }

        /** {@code 2 warnings}. */
        public String warnings() {
            return counted(
                    (int) problems.stream()
                            .filter(problem -> !problem.isError())
                            .count(),
                    "warning");
        }

        private static String counted(int number, String what) {
            return number + " " + what + (number == 1 ? "" : "s");
        }
    }

    /**
     * How to load.
     *
     * @param listeners the names in the configuration; empty: not known, and any name will do
     * @param runTests whether the policy's own tests decide, too
     * @param requireTests whether every role must have one {@code can} and one {@code cannot} test
     * @param shadows whether shadow statements are taken as if they were in force, as nobody but a test does
     * @param rules whether what was written is kept beside what it was compiled to; a broker does not need it
     * @param verifyKey who must have signed the files; empty: anybody may have written them
     */
    public record Options(
            Optional<Collection<String>> listeners,
            boolean runTests,
            boolean requireTests,
            boolean shadows,
            boolean rules,
            Optional<PublicKey> verifyKey) {
        public Options(
                Optional<Collection<String>> listeners, boolean runTests, boolean requireTests, boolean shadows) {
            this(listeners, runTests, requireTests, shadows, true, Optional.empty());
        }

        /** As the broker of a configuration loads: with tests. */
        public static Options of(Configuration configuration) {
            return new Options(
                    Optional.of(configuration.listeners().stream()
                            .map(Configuration.Listener::name)
                            .toList()),
                    true,
                    configuration.requireTests() == Configuration.RequireTests.ROLE,
                    false);
        }

        /** The same, of files that whoever has the key must have signed. */
        public Options signedBy(Optional<PublicKey> key) {
            return new Options(listeners, runTests, requireTests, shadows, rules, key);
        }

        /** The same, and what was written is kept. */
        public Options withRules() {
            return new Options(listeners, runTests, requireTests, shadows, true, verifyKey);
        }

        /** The same, and a million rules are not there twice. */
        public Options withoutRules() {
            return new Options(listeners, runTests, requireTests, shadows, false, verifyKey);
        }

        public static final Options WITHOUT_TESTS = new Options(Optional.empty(), false, false, false);

        public static final Options WITH_TESTS = new Options(Optional.empty(), true, false, false);
    }

    /**
     * @param listeners the names in the configuration; empty: not known, and any name will do
     * @param runTests whether the policy's own tests decide, too
     */
    public static Loaded load(Path folder, Optional<Collection<String>> listeners, boolean runTests, Clock clock) {
        return load(folder, new Options(listeners, runTests, false, false), clock);
    }

    /** Loads a folder, all or nothing. */
    public static Loaded load(Path folder, Options options, Clock clock) {
        Report report = new Report();
        PolicyFolder files = PolicyFolder.read(folder, report);
        Map<String, String> texts = files.texts();
        String digest = files.digest();
        Optional<Long> revision = options.verifyKey().flatMap(key -> revision(folder, files, key, report));
        Optional<Long> claimed = files.manifest().flatMap(text -> Manifest.claimedRevision(text, files.digests()));
        if (options.verifyKey().isPresent() && revision.isEmpty()) {
            // what nobody we know has signed is not looked at
            return new Loaded(
                    Optional.empty(), Policy.EMPTY, first(report), texts, digest, Optional.empty(), revision, claimed);
        }
        Read read = read(files, options, report);
        Policy kept = read.kept();
        Optional<TestRun> none = Optional.empty();
        if (report.hasErrors()) {
            return new Loaded(Optional.empty(), kept, first(report), texts, digest, none, revision, claimed);
        }
        PolicySet.Compilation compilation = read.compiler().get();
        compilation.problems().forEach(report::add);
        if (compilation.set().isEmpty() || !options.runTests()) {
            return new Loaded(compilation.set(), kept, first(report), texts, digest, none, revision, claimed);
        }
        TestRun run = TestRun.of(compilation.set().get(), clock);
        run.problems().forEach(report::add);
        if (options.requireTests()) {
            run.missing(kept).forEach(report::add);
        }
        Optional<PolicySet> set = report.hasErrors() ? Optional.empty() : compilation.set();
        return new Loaded(set, kept, first(report), texts, digest, Optional.of(run), revision, claimed);
    }

    /**
     * What was read.
     *
     * @param kept of what was written
     * @param compiler has all of it, and lets go of each role's rules when it has them
     */
    private record Read(Policy kept, Supplier<PolicySet.Compilation> compiler) {}

    /** A method of its own: a million rules must not hang on to a name of its caller's while they are compiled. */
    private static Read read(PolicyFolder files, Options options, Report report) {
        Policy written = new PolicyReader(report, options.listeners()).read(files.texts(), files.digests());
        Policy policy = options.shadows() ? written.withShadows() : written;
        boolean keep = options.rules() || report.hasErrors();
        return new Read(keep ? policy : policy.withoutRules(), PolicySet.compiler(policy));
    }

    private static Optional<Long> revision(Path folder, PolicyFolder files, PublicKey key, Report report) {
        Place place = Place.whole(folder.resolve(Manifest.FILE).toString());
        if (files.manifest().isEmpty()) {
            report.error(
                    place,
                    "P160",
                    "the policy is not signed, and policy.verify_key wants it to be. Run: gatehouse policy sign "
                            + folder + " --key FILE");
            return Optional.empty();
        }
        try {
            Manifest manifest = Manifest.verified(files.manifest().get(), key);
            Optional<String> differences = manifest.differences(files.digests());
            differences.ifPresent(
                    words -> report.error(place, "P160", "signature does not match the files (" + words + ")."));
            return differences.isPresent() ? Optional.empty() : Optional.of(manifest.revision());
        } catch (Manifest.NotSigned e) {
            report.error(place, "P160", e.getMessage());
            return Optional.empty();
        }
    }

    private static List<Problem> first(Report report) {
        return report.sorted().stream().limit(MAX_PROBLEMS).toList();
    }

    /** The source line of a problem with carets under the word it is about; empty where there is none to show. */
    public static String excerpt(Problem problem, Map<String, String> texts) {
        return Excerpt.of(problem, texts);
    }
}
