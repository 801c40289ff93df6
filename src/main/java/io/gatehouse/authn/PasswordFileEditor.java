package io.gatehouse.authn;

import io.gatehouse.protocol.Secret;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Changes a password file: for tools, never for the broker, which only reads it.
 *
 * <p>Other lines and comments stay as they are. The file is replaced at once, mode 0600, under a lock, so that two
 * commands at the same moment both take effect. Blocks.
 */
public final class PasswordFileEditor {
    private static final Object ONE_AT_A_TIME = new Object();

    private final Path file;
    private final SecureRandom random;

    public PasswordFileEditor(Path file, SecureRandom random) {
        this.file = file;
        this.random = random;
    }

    /** What {@link #set} did. */
    public enum Change {
        ADDED,
        CHANGED
    }

    /**
     * A user as a listing shows it.
     *
     * @param cost the scheme and its parameters
     * @param isWeak whether the password should be set anew to be stored in a stronger form
     */
    public record User(String name, PasswordScheme scheme, String cost, boolean isWeak, int line) {}

    /** The users of the file, in its order; weak entries are listed, not refused. */
    public List<User> users() throws Unusable {
        return PasswordFile.read(file, true).entries().stream()
                .map(entry -> new User(
                        entry.user(),
                        entry.hash().scheme(),
                        entry.hash().cost(),
                        entry.hash().isWeak(),
                        entry.line()))
                .toList();
    }

    /** Stores a password as Argon2id; makes the file if there is none. */
    public Change set(String user, Secret password) throws Unusable {
        return set(user, password, bytes -> PasswordHash.create(bytes, random));
    }

    /**
     * Stores a password for SCRAM-SHA-256, which a client can prove to know without sending it; Mosquitto cannot read
     * such an entry.
     *
     * @param iterations what each login costs the client, {@value ScramHash#MIN_ITERATIONS} or more
     */
    public Change setScram(String user, Secret password, int iterations) throws Unusable {
        if (iterations < ScramHash.MIN_ITERATIONS || iterations > ScramHash.MAX_ITERATIONS) {
            throw new Unusable("iterations are " + ScramHash.MIN_ITERATIONS + " to " + ScramHash.MAX_ITERATIONS
                    + ", not " + iterations);
        }
        return set(
                user,
                password,
                bytes -> ScramHash.create(bytes, iterations, random)
                        .orElseThrow(() -> new Unusable("the password holds characters that SCRAM clients do not"
                                + " agree about: controls, invisible ones or unusual spaces")));
    }

    /** Makes the stored form of a password. */
    private interface Storing {
        PasswordHash store(byte[] password) throws Unusable;
    }

    private Change set(String user, Secret password, Storing storing) throws Unusable {
        Optional<String> fault = UserName.fault(user, UserName.DEFAULT_MAX_BYTES)
                .or(() -> user.indexOf(':') >= 0 || !user.equals(user.strip())
                        ? Optional.of("holds a colon, or blanks at its ends")
                        : user.startsWith("#") ? Optional.of("begins with '#'") : Optional.empty());
        if (fault.isPresent()) {
            throw new Unusable("the user name '" + UserName.shown(user) + "' " + fault.get());
        }
        Optional<String> unfit = PasswordRule.fault(password);
        if (unfit.isPresent()) {
            throw new Unusable(unfit.get());
        }
        byte[] bytes = password.copy();
        String line;
        try {
            line = user + ":" + storing.store(bytes).encoded();
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
        return put(Map.of(user, line)) > 0 ? Change.CHANGED : Change.ADDED;
    }

    /** Puts whole lines in, by user, in place of theirs or at the end; returns how many were there already. */
    int put(Map<String, String> lines) throws Unusable {
        int[] found = {0};
        edit(old -> {
            Map<String, String> left = new LinkedHashMap<>(lines);
            List<String> result = new ArrayList<>();
            for (String line : old) {
                String replacement = user(line) == null ? null : left.remove(user(line));
                found[0] += replacement == null ? 0 : 1;
                result.add(replacement == null ? line : replacement);
            }
            result.addAll(left.values());
            return result;
        });
        return found[0];
    }

    boolean exists() {
        return Files.exists(file);
    }

    /** Takes a user out; false if it is not there. */
    public boolean delete(String user) throws Unusable {
        if (!Files.exists(file)) {
            throw new Unusable(file + ": there is no such file");
        }
        boolean[] found = {false};
        edit(lines -> {
            List<String> left =
                    lines.stream().filter(line -> !user.equals(user(line))).toList();
            found[0] = left.size() < lines.size();
            return left;
        });
        return found[0];
    }

    /** Whether this is the user's password; empty if there is no such user. */
    public Optional<Boolean> verify(String user, Secret password) throws Unusable {
        Optional<PasswordHash> hash = PasswordFile.read(file, true).hash(user);
        if (hash.isEmpty()) {
            return Optional.empty();
        }
        byte[] bytes = password.copy();
        try {
            return Optional.of(
                    PasswordRule.fault(password).isEmpty() && hash.get().matches(bytes));
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /** Whose line it is; null for a comment or an empty line. */
    private static @Nullable String user(String line) {
        int colon = line.indexOf(':');
        return colon < 0 || line.startsWith("#")
                ? null
                : line.substring(0, colon).strip();
    }

    private void edit(UnaryOperator<List<String>> change) throws Unusable {
        // the lock on the file keeps other processes out, this one other threads
        synchronized (ONE_AT_A_TIME) {
            try {
                PrivateFile.createIfMissing(file);
                try (Locked locked = Locked.of(file)) {
                    String text = PrivateFile.readText(locked.file(), PasswordFile.MAX_BYTES);
                    // a file that the broker would refuse is not made worse by half an edit
                    PasswordFile.parse(file.toString(), text, true);
                    write(change.apply(text.lines().toList()));
                }
            } catch (IOException e) {
                throw new Unusable(file + ": cannot be written: " + PrivateFile.reason(e));
            }
        }
    }

    private void write(List<String> lines) throws IOException {
        String text = lines.isEmpty() ? "" : String.join("\n", lines) + "\n";
        PrivateFile.replace(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /** A lock on the file that stands at the path now, not on one that somebody has replaced meanwhile. */
    private record Locked(Path file, FileChannel channel) implements AutoCloseable {
        static Locked of(Path file) throws IOException {
            Path real = file.toRealPath();
            while (true) {
                Object before = key(real);
                FileChannel channel = FileChannel.open(real, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
                FileLock lock = channel.lock();
                if (lock.isValid() && Objects.equals(before, key(real))) {
                    return new Locked(real, channel);
                }
                channel.close();
            }
        }

        private static Object key(Path file) throws IOException {
            Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
            return key == null ? file : key;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
