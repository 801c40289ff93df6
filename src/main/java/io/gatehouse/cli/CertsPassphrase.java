package io.gatehouse.cli;

import java.io.Console;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Where the passphrase of an authority comes from: a file, the environment, the system's credentials, a file beside the
 * authority, or a prompt. Never an argument.
 */
final class CertsPassphrase {
    static final String ENVIRONMENT = "GATEHOUSE_CA_PASSPHRASE";

    /** Beside the authority's own files: what a quickstart leaves, so that no question is asked. */
    static final String BESIDE = "passphrase";

    @Option(
            names = "--passphrase-file",
            paramLabel = "FILE",
            description = "The authority's passphrase: the first line of a file that only its owner reads. Else the"
                    + " environment (GATEHOUSE_CA_PASSPHRASE), the system's credential \"ca-pass\", the file \"passphrase\" in"
                    + " the authority's folder, or a prompt.")
    private @Nullable Path file;

    /** Asks for the passphrase of an authority that is there. */
    char[] existing(Path folder) {
        return given(folder).orElseGet(() -> prompt("Passphrase of the authority in " + folder + ": "));
    }

    /** Asks for a new one, twice where a person types it. */
    char[] fresh(Path folder) {
        return given(folder).orElseGet(() -> {
            char[] first = prompt("New passphrase for the authority, 12 characters or more: ");
            char[] second = prompt("Once more: ");
            if (!Arrays.equals(first, second)) {
                throw Failure.usage("the two passphrases are not the same");
            }
            Arrays.fill(second, '\0');
            return first;
        });
    }

    private Optional<char[]> given(Path folder) {
        if (file != null) {
            return Optional.of(read(file));
        }
        String environment = System.getenv(ENVIRONMENT);
        if (environment != null) {
            return Optional.of(environment.toCharArray());
        }
        String credentials = System.getenv("CREDENTIALS_DIRECTORY");
        if (credentials != null && Files.exists(Path.of(credentials, "ca-pass"))) {
            return Optional.of(read(Path.of(credentials, "ca-pass")));
        }
        Path beside = folder.resolve(BESIDE);
        return Files.exists(beside) ? Optional.of(read(beside)) : Optional.empty();
    }

    private static char[] prompt(String text) {
        Console console = System.console();
        if (console == null) {
            throw Failure.usage(
                    "no terminal to ask for the passphrase on. Give --passphrase-file, or set " + ENVIRONMENT);
        }
        char[] typed = console.readPassword("%s", text);
        if (typed == null) {
            throw Failure.usage("no passphrase was typed");
        }
        return typed;
    }

    private static char[] read(Path file) {
        try {
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
            if (permissions.contains(PosixFilePermission.OTHERS_READ)
                    || permissions.contains(PosixFilePermission.GROUP_WRITE)
                    || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
                throw Failure.usage(file + ": a passphrase that others can read or change. Run: chmod 600 " + file);
            }
            return Files.readString(file, StandardCharsets.UTF_8)
                    .lines()
                    .findFirst()
                    .orElse("")
                    .toCharArray();
        } catch (IOException e) {
            throw Failure.usage(file + ": cannot be read: " + e.getMessage());
        }
    }
}
