package io.gatehouse.cli;

import io.gatehouse.migration.AclImport;
import io.gatehouse.migration.NotImportable;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gatehouse policy import}. */
@Command(
        name = "import",
        description = {
            "Print a policy that says what a Mosquitto acl_file says; what differs is told on standard error.",
            "It has loaded, passed its own tests, and answered 10,000 random requests as Mosquitto does before it is printed."
        },
        mixinStandardHelpOptions = true)
final class PolicyImport implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "ACL_FILE", description = "Mosquitto's access list.")
    private Path file = Path.of("");

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Of the random requests, to repeat a comparison. Default: another each time.")
    private long seed = new SecureRandom().nextLong();

    @Override
    public void run() {
        if (!Files.isRegularFile(file)) {
            throw Failure.usage("\"" + file + "\" is not a file");
        }
        AclImport.Imported imported;
        try {
            imported = AclImport.run(file, seed);
        } catch (NotImportable e) {
            throw Failure.usage("nothing was made of it\n" + String.join("\n", e.lines()));
        }
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        out.print(imported.policy());
        out.flush();
        imported.notes().forEach(err::println);
        err.println(imported.requests() + " random requests (seed " + seed
                + ") answered as Mosquitto answers them, but for " + imported.announced()
                + " that are announced above");
        err.flush();
    }
}
