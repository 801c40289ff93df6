package io.gatehouse.cli;

import io.gatehouse.authn.PasswordImport;
import io.gatehouse.authn.PasswordImport.Conflict;
import io.gatehouse.authn.Unusable;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gatehouse passwd import FROM FILE}. */
@Command(
        name = "import",
        description = {
            "Take the users of another password file over, such as Mosquitto's.",
            "Hashes are taken as they are. One line that cannot be read, and nothing is taken."
        },
        mixinStandardHelpOptions = true)
final class PasswdImport implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "FROM", description = "The file to take users from.")
    private Path from;

    @Parameters(index = "1", paramLabel = "FILE", description = "The password file; made if there is none.")
    private Path file;

    @Option(names = "--plain", description = "The passwords in FROM are not hashed; hash them.")
    private boolean plain;

    @Option(names = "--replace", description = "Replace users that FILE has already; without it they stay as they are.")
    private boolean replace;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        try {
            PasswordImport.Report report = PasswordImport.run(
                    from, file, plain, replace ? Conflict.REPLACE : Conflict.KEEP, new SecureRandom());
            PrintWriter out = spec.commandLine().getOut();
            out.println(report.added().size() + " added, " + report.replaced().size() + " replaced, "
                    + report.kept().size() + " kept as they were in " + file);
            report.kept().forEach(user -> out.println("kept: " + user + " (--replace takes it over)"));
            report.weak().forEach(user -> out.println("weak: " + user + " (set its password anew)"));
            if (plain && report.hashed() > 0) {
                out.println("The passwords still stand readable in " + from + ": delete it.");
            }
            return ExitCode.DONE;
        } catch (Unusable e) {
            throw Failure.usage(e.getMessage());
        }
    }
}
