package io.gatehouse.cli;

import io.gatehouse.authn.PasswordFileEditor;
import io.gatehouse.authn.Unusable;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gatehouse passwd verify FILE USER}: whether the broker would take the password. */
@Command(
        name = "verify",
        description = "Say whether a password is the user's; exit code 0 for yes, 1 for no.",
        mixinStandardHelpOptions = true)
final class PasswdVerify implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "FILE", description = "The password file.")
    private Path file;

    @Parameters(index = "1", paramLabel = "USER", description = "The user name.")
    private String user;

    @Mixin
    private SecretInput secret;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        try {
            Optional<Boolean> same =
                    new PasswordFileEditor(file, new SecureRandom()).verify(user, secret.password(user, false));
            if (same.isEmpty()) {
                throw Failure.findings("there is no user '" + user + "' in " + file);
            }
            if (!same.get()) {
                throw Failure.findings("that is not the password of '" + user + "'");
            }
            spec.commandLine().getOut().println("that is the password of '" + user + "'");
            return ExitCode.DONE;
        } catch (Unusable e) {
            throw Failure.usage(e.getMessage());
        }
    }
}
