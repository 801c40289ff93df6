package io.gatehouse.cli;

import io.gatehouse.authn.PasswordFileEditor;
import io.gatehouse.authn.Unusable;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gatehouse passwd set FILE USER}. */
@Command(
        name = "set",
        description =
                "Add a user or change its password; makes the file, readable by its owner only, if there is none.",
        mixinStandardHelpOptions = true)
final class PasswdSet implements Callable<Integer> {
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
            PasswordFileEditor.Change change =
                    new PasswordFileEditor(file, new SecureRandom()).set(user, secret.password(user, true));
            spec.commandLine()
                    .getOut()
                    .println(
                            switch (change) {
                                case ADDED -> "user '" + user + "' added to " + file;
                                case CHANGED -> "password of '" + user + "' changed in " + file;
                            });
            return ExitCode.DONE;
        } catch (Unusable e) {
            throw Failure.usage(e.getMessage());
        }
    }
}
