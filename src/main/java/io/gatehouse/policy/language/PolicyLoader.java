package io.gatehouse.policy.language;

import io.gatehouse.config.Place;
import io.gatehouse.config.Problem;
import io.gatehouse.policy.PolicySet;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Loads a folder of policies: reads, merges, compiles and tests it, all or nothing. Stateless.
 *
 * <p>Its {@code *.yaml} files, not those below, not hidden ones, sorted by name; links must stay inside the folder, as those
 * of Kubernetes do. A file that others can write is refused.
 */
public final class PolicyLoader {
    private static final int MAX_PROBLEMS = 50;
    private static final long MAX_FILE_BYTES = 4L << 20;

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
        Map<String, String> texts = new TreeMap<>();
        Map<String, String> digests = new TreeMap<>();
        read(folder, texts, digests, report);
        String digest = sha256(digests.toString().getBytes(StandardCharsets.UTF_8));
        Policy policy = new PolicyReader(report, listeners).read(texts, digests);
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

    private static void read(Path folder, Map<String, String> texts, Map<String, String> digests, Report report) {
        List<Path> files;
        try (Stream<Path> listing = Files.list(folder)) {
            files = listing.filter(PolicyLoader::isPolicy).sorted().toList();
        } catch (IOException e) {
            report.error(Place.start(folder + "/"), "P101", "the folder cannot be read: " + e.getMessage());
            return;
        }
        if (files.isEmpty()) {
            report.error(
                    Place.start(folder + "/"),
                    "P101",
                    "no policy files found. The broker stays closed: create " + folder.resolve("10-main.yaml") + ".");
            return;
        }
        for (Path file : files) {
            try {
                requireOurs(folder, file, report);
                if (Files.size(file) > MAX_FILE_BYTES) {
                    report.error(Place.start(file.toString()), "P102", "not valid YAML: larger than 4 MiB.");
                    continue;
                }
                byte[] bytes = Files.readAllBytes(file);
                texts.put(
                        file.toString(),
                        StandardCharsets.UTF_8
                                .newDecoder()
                                .decode(java.nio.ByteBuffer.wrap(bytes))
                                .toString());
                digests.put(file.getFileName().toString(), sha256(bytes));
            } catch (CharacterCodingException e) {
                report.error(Place.start(file.toString()), "P102", "not valid YAML: it is not UTF-8 text.");
            } catch (IOException e) {
                report.error(Place.start(file.toString()), "P102", "it cannot be read: " + e.getMessage());
            }
        }
    }

    private static boolean isPolicy(Path file) {
        String name = file.getFileName().toString();
        return name.endsWith(".yaml") && !name.startsWith(".") && Files.isRegularFile(file);
    }

    private static void requireOurs(Path folder, Path file, Report report) throws IOException {
        Path real = file.toRealPath();
        if (!real.startsWith(folder.toRealPath())) {
            report.error(Place.start(file.toString()), "P162", "the link leads out of the folder, to " + real + ".");
        }
        try {
            Set<PosixFilePermission> modes = Files.getPosixFilePermissions(real);
            if (modes.contains(PosixFilePermission.OTHERS_WRITE) || modes.contains(PosixFilePermission.GROUP_WRITE)) {
                report.error(
                        Place.start(file.toString()),
                        "P162",
                        "file is writable by others (mode " + PosixFilePermissions.toString(modes)
                                + "). Run: chmod 640 " + file);
            }
        } catch (UnsupportedOperationException e) {
            return; // a file system without modes has its own protection
        }
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The source line of a problem with a caret under its column; empty where there is none to show. */
    public static String excerpt(Problem problem, Map<String, String> texts) {
        String text = new LinkedHashMap<>(texts).getOrDefault(problem.place().file(), "");
        String line = text.lines().skip(problem.place().line() - 1L).findFirst().orElse("");
        if (line.isBlank()) {
            return "";
        }
        int column = Math.min(problem.place().column(), line.length() + 1);
        return line + System.lineSeparator() + " ".repeat(column - 1) + "^";
    }
}
