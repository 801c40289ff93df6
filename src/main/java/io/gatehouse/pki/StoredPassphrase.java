package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.Set;

/**
 * A passphrase in a file, {@code passphrase} beside the authority unless told otherwise: what lets a quickstart ask no
 * question. Stateless.
 *
 * <p>It protects copies of the keys that are made without it, such as backups; it does not protect against who reads the
 * folder. Moving the file elsewhere, and giving it as {@code --passphrase-file}, does.
 */
public final class StoredPassphrase {
    /** The variable that holds one. */
    public static final String ENVIRONMENT = "GATEHOUSE_CA_PASSPHRASE";

    /** Its name in the authority's folder. */
    public static final String NAME = "passphrase";

    /** Without letters that look alike (Crockford's base 32); five bits each. */
    private static final String ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

    private StoredPassphrase() {}

    public static boolean exists(Path authority) {
        return Files.exists(authority.resolve(NAME));
    }

    /** Reads the one beside an authority; makes it, of 130 random bits, if there is none. */
    public static char[] beside(Path authority) throws PkiProblem {
        Path file = authority.resolve(NAME);
        if (Files.exists(file)) {
            return read(file);
        }
        try {
            AtomicFiles.makePrivateFolder(authority);
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, authority + ": cannot be made: " + FileFault.why(e));
        }
        return into(file);
    }

    /** Makes a passphrase and writes it into a file, 0600. */
    public static char[] into(Path file) throws PkiProblem {
        char[] fresh = random().toCharArray();
        try {
            AtomicFiles.writePrivate(file, (new String(fresh) + "\n").getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, file + ": cannot be written: " + FileFault.why(e));
        }
        return fresh;
    }

    /** 26 characters, 130 bits. */
    public static String random() {
        SecureRandom random = new SecureRandom();
        StringBuilder text = new StringBuilder(26);
        for (int i = 0; i < 26; i++) {
            text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return text.toString();
    }

    /**
     * A passphrase that nobody has to type: of the environment ({@link #ENVIRONMENT}), of the system's credentials
     * ({@code ca-pass}), or of the file beside the authority, whichever is there first.
     */
    public static Optional<char[]> unattended(Path authority) throws PkiProblem {
        String environment = System.getenv(ENVIRONMENT);
        if (environment != null) {
            return Optional.of(environment.toCharArray());
        }
        String credentials = System.getenv("CREDENTIALS_DIRECTORY");
        if (credentials != null && Files.exists(Path.of(credentials, "ca-pass"))) {
            return Optional.of(read(Path.of(credentials, "ca-pass")));
        }
        return exists(authority) ? Optional.of(beside(authority)) : Optional.empty();
    }

    /** The first line of a file that only its owner reads. */
    public static char[] read(Path file) throws PkiProblem {
        try {
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
            if (permissions.contains(PosixFilePermission.OTHERS_READ)
                    || permissions.contains(PosixFilePermission.GROUP_READ)
                    || permissions.contains(PosixFilePermission.GROUP_WRITE)
                    || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
                throw new PkiProblem(
                        Kind.INPUT, file + ": a passphrase that others can read or change. Run: chmod 600 " + file);
            }
            String line = Files.readString(file).lines().findFirst().orElse("");
            if (line.isEmpty()) {
                throw new PkiProblem(Kind.INPUT, file + ": no passphrase in its first line");
            }
            return line.toCharArray();
        } catch (java.nio.file.NoSuchFileException e) {
            throw new PkiProblem(Kind.NOT_FOUND, file + ": no such file");
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, file + ": cannot be read: " + FileFault.why(e));
        }
    }
}
