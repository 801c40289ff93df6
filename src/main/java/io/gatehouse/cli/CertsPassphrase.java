package io.gatehouse.cli;

import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.StoredPassphrase;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Where the passphrase of an authority comes from: a file, the environment, the system's credentials, a file beside the
 * authority, or a prompt. Never an argument.
 */
final class CertsPassphrase {
    static final String ENVIRONMENT = StoredPassphrase.ENVIRONMENT;

    @Option(
            names = "--passphrase-file",
            paramLabel = "FILE",
            description = "The authority's passphrase: the first line of a file that only its owner reads. Else the"
                    + " environment (GATEHOUSE_CA_PASSPHRASE), the system's credential \"ca-pass\", the file \"passphrase\" in"
                    + " the authority's folder, or a prompt.")
    private @Nullable Path file;

    @Option(
            names = "--passphrase-fd",
            paramLabel = "N",
            description = "Or: the first line of what this open file descriptor gives.")
    private @Nullable Integer descriptor;

    @Option(
            names = "--passphrase-env",
            paramLabel = "VARIABLE",
            description = "Or: what this variable of the environment holds.")
    private @Nullable String variable;

    /** Whether the command line says where it is. */
    boolean isNamed() {
        return file != null || descriptor != null || variable != null;
    }

    /** Asks for the passphrase of an authority that is there. */
    char[] existing(Path folder) throws PkiProblem {
        Optional<char[]> given = given(folder);
        return given.isPresent() ? given.get() : prompt("Passphrase of the authority in " + folder + ": ");
    }

    /** Asks for a new one, twice where a person types it; or makes it. */
    char[] fresh(Path folder, boolean generate) throws PkiProblem {
        if (generate) {
            if (isNamed()) {
                throw Failure.usage("--generate-passphrase makes one, and no other is to be given");
            }
            return StoredPassphrase.beside(folder);
        }
        Optional<char[]> given = given(folder);
        if (given.isPresent()) {
            return given.get();
        }
        char[] first = prompt("New passphrase for the authority, 12 characters or more: ");
        char[] second = prompt("Once more: ");
        if (!Arrays.equals(first, second)) {
            throw Failure.usage("the two passphrases are not the same");
        }
        Arrays.fill(second, '\0');
        return first;
    }

    /** One that is given, or lies where nobody has to type it; asks nobody. */
    Optional<char[]> given(Path folder) throws PkiProblem {
        if (Stream.of(file, descriptor, variable).filter(Objects::nonNull).count() > 1) {
            throw Failure.usage("--passphrase-file, --passphrase-fd and --passphrase-env: give one of them");
        }
        if (variable != null) {
            String value = System.getenv(variable);
            if (value == null) {
                throw Failure.usage("--passphrase-env: there is no variable \"" + variable + "\" in the environment");
            }
            return Optional.of(value.toCharArray());
        }
        if (file != null) {
            return Optional.of(StoredPassphrase.read(file));
        }
        if (descriptor != null) {
            return Optional.of(fromDescriptor(descriptor));
        }
        return StoredPassphrase.unattended(folder);
    }

    private static char[] prompt(String text) {
        Console console = Terminal.console()
                .orElseThrow(() -> Failure.usage(
                        "no terminal to ask for the passphrase on. Give --passphrase-file, or set " + ENVIRONMENT));
        char[] typed = console.readPassword("%s", text);
        if (typed == null) {
            throw Failure.usage("no passphrase was typed");
        }
        return typed;
    }

    /** A pipe has no mode to check: whoever opened it for us decided who writes to it. */
    private static char[] fromDescriptor(int number) {
        Path pipe = Path.of("/dev/fd/" + number);
        try (BufferedReader reader = Files.newBufferedReader(pipe)) {
            String line = reader.readLine();
            if (line == null) {
                throw Failure.usage("file descriptor " + number + " gives no passphrase");
            }
            return line.toCharArray();
        } catch (IOException e) {
            throw Failure.usage("file descriptor " + number + " cannot be read: " + e.getMessage());
        }
    }
}
