package io.gatehouse.cli;

import io.gatehouse.protocol.Secret;
import java.io.Console;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Where a command gets a secret from: a file, standard input, the environment or a question; never an argument, which
 * every other user of the machine can read in the list of processes and which stays in the shell's history.
 */
final class SecretInput {
    /** The environment variable that holds a password. */
    static final String VARIABLE = "GATEHOUSE_PASSWORD";

    private static final int MAX_BYTES = 64 * 1024;

    @Option(
            names = "--password-file",
            paramLabel = "FILE",
            description = "Take the password from the first line of a file; - is standard input.")
    private @Nullable Path file;

    private final InputStream input;
    private final Map<String, String> environment;

    SecretInput() {
        this(null, System.in, System.getenv());
    }

    SecretInput(@Nullable Path file, InputStream input, Map<String, String> environment) {
        this.file = file;
        this.input = input;
        this.environment = environment;
    }

    /**
     * The password.
     *
     * @param user whose, for the question
     * @param twice whether to ask again, so that a slip of the finger is not stored
     */
    Secret password(String user, boolean twice) {
        if (file != null) {
            return firstLine(file.toString().equals("-") ? read(input) : read(file));
        }
        String variable = environment.get(VARIABLE);
        if (variable != null) {
            return Secret.wrap(variable.getBytes(StandardCharsets.UTF_8));
        }
        Console console = Terminal.console()
                .orElseThrow(() ->
                        Failure.usage("there is no terminal to ask for the password on; give --password-file FILE,"
                                + " --password-file - for standard input, or the variable " + VARIABLE));
        Secret password = ask(console, "Password of '" + user + "': ");
        if (twice) {
            Secret again = ask(console, "Again: ");
            if (!again.matches(password.copy())) {
                throw Failure.usage("the two are not the same; nothing was changed");
            }
        }
        return password;
    }

    /** A token: the only line of a file, or of standard input without one. */
    static Secret token(Optional<Path> file, InputStream input) {
        return firstLine(file.filter(path -> !path.toString().equals("-"))
                .map(SecretInput::read)
                .orElseGet(() -> read(input)));
    }

    private static Secret ask(Console console, String question) {
        char[] typed = console.readPassword("%s", question);
        if (typed == null) {
            throw Failure.usage("no password was given");
        }
        ByteBuffer encoded = StandardCharsets.UTF_8.encode(CharBuffer.wrap(typed));
        Arrays.fill(typed, '\0');
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        Arrays.fill(encoded.array(), (byte) 0);
        return Secret.wrap(bytes);
    }

    private static byte[] read(Path file) {
        try (InputStream stream = Files.newInputStream(file)) {
            return stream.readNBytes(MAX_BYTES);
        } catch (IOException e) {
            throw Failure.usage("'" + file + "' cannot be read: " + e.getClass().getSimpleName());
        }
    }

    private static byte[] read(InputStream input) {
        try {
            return input.readNBytes(MAX_BYTES);
        } catch (IOException e) {
            throw Failure.usage("standard input cannot be read: " + e.getMessage());
        }
    }

    private static Secret firstLine(byte[] bytes) {
        int end = 0;
        while (end < bytes.length && bytes[end] != '\n') {
            end++;
        }
        if (end > 0 && bytes[end - 1] == '\r') {
            end--;
        }
        Secret secret = Secret.wrap(Arrays.copyOf(bytes, end));
        Arrays.fill(bytes, (byte) 0);
        return secret;
    }
}
