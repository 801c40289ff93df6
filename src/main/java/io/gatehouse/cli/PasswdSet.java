package io.gatehouse.cli;

import io.gatehouse.authn.PasswordFileEditor;
import io.gatehouse.authn.Unusable;
import io.gatehouse.protocol.Secret;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gatehouse passwd set FILE USER}. */
@Command(
        name = "set",
        description =
                "Add a user or change its password; makes the file, readable by its owner only, if there is none.",
        mixinStandardHelpOptions = true)
final class PasswdSet implements Callable<Integer> {
    private static final int DEFAULT_ITERATIONS = 600_000;

    @Parameters(index = "0", paramLabel = "FILE", description = "The password file.")
    private Path file;

    @Parameters(index = "1", paramLabel = "USER", description = "The user name.")
    private String user;

    @Option(
            names = "--scram",
            description = "Store it for SCRAM-SHA-256, with which a client does not send its password.")
    private boolean scram;

    @Option(
            names = "--iterations",
            paramLabel = "N",
            description = "With --scram: what a login costs the client (default 600000; at least 4096).")
    private @Nullable Integer iterations;

    @Mixin
    private SecretInput secret;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (iterations != null && !scram) {
            throw Failure.usage("--iterations goes with --scram; Argon2id has no choice of cost");
        }
        try {
            PasswordFileEditor editor = new PasswordFileEditor(file, new SecureRandom());
            Secret password = secret.password(user, true);
            PasswordFileEditor.Change change = scram
                    ? editor.setScram(user, password, iterations == null ? DEFAULT_ITERATIONS : iterations)
                    : editor.set(user, password);
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
