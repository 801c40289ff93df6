package io.gatehouse.authn;

import io.gatehouse.protocol.Secret;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A password file in Mosquitto's format: {@code user:hash}, one a line, lines that begin with {@code #} and empty lines
 * are passed over. Immutable; any thread.
 *
 * <p>All or nothing: one line that cannot be read refuses the file. Mosquitto once took malformed lines for users
 * without a password (CVE-2018-12551), and today skips a line without a colon; here both are errors with their line.
 */
public final class PasswordFile {
    /** About 400,000 entries. */
    static final long MAX_BYTES = 64L << 20;

    // enough to see what is wrong with a file, few enough to read
    private static final int MOST_PROBLEMS_SHOWN = 20;

    private final Map<String, Entry> entries;
    private final @Nullable ScramHash firstScram;

    private PasswordFile(Map<String, Entry> entries) {
        this.entries = entries;
        this.firstScram = entries.values().stream()
                .map(Entry::hash)
                .filter(ScramHash.class::isInstance)
                .map(ScramHash.class::cast)
                .findFirst()
                .orElse(null);
    }

    /** A line of the file. */
    record Entry(String user, PasswordHash hash, int line) {}

    /** Reads a file that nobody else can read or write, as a login wants it. */
    static PasswordFile read(PasswordLogin login) throws Unusable {
        PasswordFile read = read(login.file(), login.allowWeakHashes());
        List<String> weaker = read.entries.values().stream()
                .filter(entry -> !login.allowWeakHashes()
                        && entry.hash().scheme().strength() < login.min().ordinal())
                .map(entry -> login.file() + ":" + entry.line() + ": the password of '" + UserName.shown(entry.user())
                        + "' is stored as " + entry.hash().scheme().word() + ", and password_login.min is "
                        + login.min().name().toLowerCase(Locale.ROOT) + ". Set it anew with 'gatehouse passwd set'")
                .limit(MOST_PROBLEMS_SHOWN)
                .toList();
        if (!weaker.isEmpty()) {
            throw new Unusable(String.join("\n", weaker));
        }
        return read;
    }

    /** Reads a file that nobody else can read or write. */
    static PasswordFile read(Path file, boolean allowWeakHashes) throws Unusable {
        return parse(file.toString(), PrivateFile.readText(file, MAX_BYTES), allowWeakHashes);
    }

    static PasswordFile parse(String name, String text, boolean allowWeakHashes) throws Unusable {
        Map<String, Entry> entries = new LinkedHashMap<>();
        eachLine(name, text, (line, number) -> {
            Entry entry = entry(line, number, allowWeakHashes);
            Entry first = entries.putIfAbsent(entry.user(), entry);
            if (first != null) {
                throw new BadHash("user '" + UserName.shown(entry.user()) + "' already stands in line " + first.line());
            }
        });
        return new PasswordFile(entries);
    }

    /**
     * Reads a file whose passwords are not hashed yet: {@code user:password}, where the password is all that follows the
     * first colon. A line with a hash in it is an error, for hashing it again would lose the password.
     */
    static Map<String, byte[]> parsePlain(String name, String text) throws Unusable {
        Map<String, byte[]> passwords = new LinkedHashMap<>();
        eachLine(name, text, (line, number) -> {
            String user = user(line);
            String password = line.substring(line.indexOf(':') + 1).replaceFirst("\r$", "");
            if (password.startsWith("$")) {
                throw new BadHash("the password begins with '$' and may be hashed already; import such users apart");
            }
            byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
            Optional<String> fault = PasswordRule.fault(Secret.wrap(bytes));
            if (fault.isPresent()) {
                throw new BadHash(fault.get());
            }
            if (passwords.putIfAbsent(user, bytes) != null) {
                throw new BadHash("user '" + UserName.shown(user) + "' stands there twice");
            }
        });
        return passwords;
    }

    /** Reads one line that is neither empty nor a comment. */
    private interface LineReader {
        void read(String line, int number) throws BadHash;
    }

    private static void eachLine(String name, String text, LineReader reader) throws Unusable {
        List<String> problems = new ArrayList<>();
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            if (line.isBlank() || line.charAt(0) == '#') {
                continue;
            }
            try {
                reader.read(line, number);
            } catch (BadHash e) {
                problems.add(name + ":" + number + ": " + e.getMessage());
            }
        }
        if (!problems.isEmpty()) {
            int more = problems.size() - MOST_PROBLEMS_SHOWN;
            List<String> shown = more > 0 ? problems.subList(0, MOST_PROBLEMS_SHOWN) : problems;
            throw new Unusable(String.join("\n", shown) + (more > 0 ? "\n" + name + ": " + more + " more" : ""));
        }
    }

    private static String user(String line) throws BadHash {
        int colon = line.indexOf(':');
        if (colon < 0) {
            throw new BadHash("no colon; a line is user:hash");
        }
        String user = line.substring(0, colon).strip();
        Optional<String> fault = UserName.fault(user, UserName.DEFAULT_MAX_BYTES);
        if (fault.isPresent()) {
            throw new BadHash("the user name " + fault.get());
        }
        return user;
    }

    private static Entry entry(String line, int number, boolean allowWeakHashes) throws BadHash {
        String user = user(line);
        String hash = line.substring(line.indexOf(':') + 1).strip();
        if (hash.indexOf(':') >= 0) {
            throw new BadHash("a second colon; a line is user:hash");
        }
        PasswordHash parsed = PasswordHash.parse(hash);
        if (parsed.scheme() == PasswordScheme.SHA512 && !allowWeakHashes) {
            throw new BadHash("the password of '" + UserName.shown(user) + "' is stored as one round of SHA-512."
                    + " Set it anew with 'gatehouse passwd set', or say 'allow_weak_hashes: true' for a while");
        }
        return new Entry(user, parsed, number);
    }

    Optional<PasswordHash> hash(String user) {
        return Optional.ofNullable(entries.get(user)).map(Entry::hash);
    }

    /** The verifier of a user who is stored for SCRAM. */
    Optional<ScramHash> scram(String user) {
        return hash(user).filter(ScramHash.class::isInstance).map(ScramHash.class::cast);
    }

    /** The first verifier of the file, which stands for its others: they are usually made alike. */
    Optional<ScramHash> commonScram() {
        return Optional.ofNullable(firstScram);
    }

    List<Entry> entries() {
        return List.copyOf(entries.values());
    }

    /** What an unknown user's password is tried on: costs what most of the file's entries cost. */
    PasswordHash dummy(SecureRandom random) {
        Map<String, Integer> counts = new HashMap<>();
        PasswordHash common = null;
        int most = 0;
        for (Entry entry : entries.values()) {
            int count = counts.merge(entry.hash().cost(), 1, Integer::sum);
            if (count > most) {
                most = count;
                common = entry.hash();
            }
        }
        return common == null ? Argon2Hash.standardDummy(random) : common.dummy(random);
    }

    public int size() {
        return entries.size();
    }

    @Override
    public String toString() {
        return entries.size() + " users";
    }
}
