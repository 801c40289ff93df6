package io.gatehouse.cli;

import io.gatehouse.authn.PasswordFileEditor;
import io.gatehouse.authn.Unusable;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gatehouse passwd delete FILE USER}. */
@Command(name = "delete", description = "Take a user out of the file.", mixinStandardHelpOptions = true)
final class PasswdDelete implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "FILE", description = "The password file.")
    private Path file;

    @Parameters(index = "1", paramLabel = "USER", description = "The user name.")
    private String user;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        try {
            if (!new PasswordFileEditor(file, new SecureRandom()).delete(user)) {
                throw Failure.findings("there is no user '" + user + "' in " + file + "; nothing was changed");
            }
            spec.commandLine().getOut().println("user '" + user + "' deleted from " + file);
            return ExitCode.DONE;
        } catch (Unusable e) {
            throw Failure.usage(e.getMessage());
        }
    }
}
