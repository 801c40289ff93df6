package io.gatehouse.authn;

import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Takes users over from another password file: for tools. Blocks, about a tenth of a second for each plain password.
 *
 * <p>Stored hashes are taken as they are, for nobody but their users can make stronger ones of them. Plain passwords, as
 * they stand in a file that {@code mosquitto_passwd -U} was meant for, are taken only when asked for, and hashed. One
 * line that cannot be read and nothing is taken.
 */
public final class PasswordImport {
    private PasswordImport() {}

    /** What to do with a user that both files have. */
    public enum Conflict {
        KEEP,
        REPLACE
    }

    /**
     * What came of it.
     *
     * @param kept users that were there already and stayed as they were
     * @param hashed how many of the taken ones had a plain password
     * @param weak users taken whose passwords should be set anew
     */
    public record Report(List<String> added, List<String> replaced, List<String> kept, int hashed, List<String> weak) {
        public Report {
            added = List.copyOf(added);
            replaced = List.copyOf(replaced);
            kept = List.copyOf(kept);
            weak = List.copyOf(weak);
        }
    }

    /**
     * Takes the users of one file over into another, which is made if there is none.
     *
     * @param plain whether the first file's passwords are not hashed
     */
    public static Report run(Path from, Path to, boolean plain, Conflict conflict, SecureRandom random)
            throws Unusable {
        String text = PrivateFile.readText(from, PasswordFile.MAX_BYTES);
        Map<String, PasswordHash> read = plain ? plain(from, text, random) : hashed(from, text);
        PasswordFileEditor editor = new PasswordFileEditor(to, random);
        List<String> present = editor.exists()
                ? editor.users().stream().map(PasswordFileEditor.User::name).toList()
                : List.of();
        List<String> added = new ArrayList<>();
        List<String> replaced = new ArrayList<>();
        List<String> kept = new ArrayList<>();
        List<String> weak = new ArrayList<>();
        Map<String, String> lines = new LinkedHashMap<>();
        read.forEach((user, hash) -> {
            boolean isThere = present.contains(user);
            if (isThere && conflict == Conflict.KEEP) {
                kept.add(user);
                return;
            }
            (isThere ? replaced : added).add(user);
            lines.put(user, user + ":" + hash.encoded());
            if (hash.isWeak()) {
                weak.add(user);
            }
        });
        editor.put(lines);
        return new Report(added, replaced, kept, plain ? lines.size() : 0, weak);
    }

    private static Map<String, PasswordHash> hashed(Path from, String text) throws Unusable {
        Map<String, PasswordHash> read = new LinkedHashMap<>();
        PasswordFile.parse(from.toString(), text, true)
                .entries()
                .forEach(entry -> read.put(entry.user(), entry.hash()));
        return read;
    }

    private static Map<String, PasswordHash> plain(Path from, String text, SecureRandom random) throws Unusable {
        Map<String, byte[]> passwords = PasswordFile.parsePlain(from.toString(), text);
        Map<String, PasswordHash> read = new LinkedHashMap<>();
        passwords.forEach((user, password) -> read.put(user, PasswordHash.create(password, random)));
        return read;
    }
}
