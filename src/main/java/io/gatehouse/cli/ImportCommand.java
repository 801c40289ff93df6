package io.gatehouse.cli;

import io.gatehouse.authn.PasswordImport;
import io.gatehouse.authn.PasswordImport.Conflict;
import io.gatehouse.authn.Unusable;
import io.gatehouse.config.ConfigurationReader;
import io.gatehouse.config.Problem;
import io.gatehouse.migration.ConfImport;
import io.gatehouse.migration.NotImportable;
import io.gatehouse.migration.Note;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gatehouse import mosquitto.conf}. */
@Command(
        name = "import",
        description = {
            "Make a Gatehouse configuration, users and policies from a Mosquitto installation.",
            "",
            "Reads mosquitto.conf with its include_dir, its password file and its acl_file; changes nothing of them. The policy is"
                    + " tried out before it is written: its own tests pass, and it answers 10,000 random requests as Mosquitto"
                    + " does, but for the differences that the report announces. What could not be carried is listed line by"
                    + " line, also in REPORT.txt.",
            "",
            "Exit code 0: everything was carried; 1: written, and something is left to do; 2: nothing was written."
        },
        mixinStandardHelpOptions = true)
final class ImportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "MOSQUITTO_CONF", description = "The configuration to import.")
    private Path file = Path.of("");

    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "gatehouse-imported",
            description = "The folder to make; it must not exist, or be empty. Default: ${DEFAULT-VALUE}.")
    private Path folder = Path.of("");

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Of the random requests, to repeat a comparison. Default: another each time.")
    private long seed = new SecureRandom().nextLong();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (!Files.isRegularFile(file)) {
            throw Failure.usage("\"" + file + "\" is not a file");
        }
        requireEmpty();
        ConfImport.Imported imported;
        try {
            imported = ConfImport.run(file, seed);
        } catch (NotImportable e) {
            throw Failure.usage("nothing was written\n" + String.join("\n", e.lines()));
        }
        List<String> report = new ArrayList<>();
        try {
            write(imported, report);
        } catch (IOException e) {
            throw Failure.usage(folder + ": cannot be written: " + e.getMessage());
        } catch (Unusable e) {
            throw Failure.usage("the users cannot be taken over, nothing was written: " + e.getMessage());
        }
        report.forEach(out::println);
        boolean toDo = imported.notes().stream().anyMatch(note -> note.kind() == Note.Kind.TO_DO);
        out.println();
        out.println("written: " + folder + " (gatehouse.yaml, policies, users.pw if there were users, REPORT.txt)");
        out.println((toDo ? "do what the report says, then: " : "next: ") + "gatehouse check -c "
                + folder.resolve("gatehouse.yaml"));
        return toDo ? ExitCode.FINDINGS : ExitCode.DONE;
    }

    private void requireEmpty() {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.list(folder)) {
            if (files.findAny().isPresent()) {
                throw Failure.usage("\"" + folder + "\" has files in it; name another folder with --out");
            }
        } catch (IOException e) {
            throw Failure.usage("\"" + folder + "\" is not a folder that can be written");
        }
    }

    private void write(ConfImport.Imported imported, List<String> report) throws IOException, Unusable {
        Path policies = folder.resolve("policies");
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        // first what may fail for its content, so that nothing is left behind if it does
        String users = imported.passwordFile().isPresent()
                ? users(imported.passwordFile().get())
                : "no users";
        Files.createDirectory(policies);
        put(folder.resolve("gatehouse.yaml"), imported.configuration());
        for (Map.Entry<String, String> policy : imported.policies().entrySet()) {
            put(policies.resolve(policy.getKey()), policy.getValue());
        }
        for (Note.Kind kind : EnumSet.of(Note.Kind.TO_DO, Note.Kind.DIFFERENT, Note.Kind.DROPPED)) {
            imported.notes().stream()
                    .filter(note -> note.kind() == kind)
                    .map(Note::toString)
                    .forEach(report::add);
        }
        report.add(users);
        report.add(
                imported.requests() == 0
                        ? "no access list to compare"
                        : imported.requests() + " random requests (seed " + seed
                                + ") answered as Mosquitto answers them, but for " + imported.announced()
                                + " that are announced above");
        ConfigurationReader.read(folder.resolve("gatehouse.yaml")).problems().stream()
                .map(Problem::toString)
                .forEach(problem -> report.add("still wrong: " + problem));
        put(folder.resolve("REPORT.txt"), String.join("\n", report) + "\n");
    }

    private String users(Path passwords) throws IOException, Unusable {
        try {
            PasswordImport.Report users =
                    PasswordImport.run(passwords, folder.resolve("users.pw"), false, Conflict.KEEP, new SecureRandom());
            return users.added().size() + " users taken over"
                    + (users.weak().isEmpty()
                            ? ""
                            : "; set these passwords anew, their hashes are weak: "
                                    + users.weak().stream()
                                            .map(user -> user.replaceAll("\\p{Cntrl}", "?"))
                                            .collect(Collectors.joining(", ")));
        } catch (Unusable e) {
            Files.deleteIfExists(folder);
            throw e;
        }
    }

    private static void put(Path path, String text) throws IOException {
        Files.createFile(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.write(path, text.getBytes(StandardCharsets.UTF_8), StandardOpenOption.WRITE);
    }
}
