package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** Where an authority keeps what. Immutable. */
public record AuthorityFolder(Path path) {
    /** What Java calls a user that has no name. */
    private static final String UNKNOWN = "?";

    /** What a secret key's file must not have. */
    private static final Set<PosixFilePermission> OF_OTHERS = Set.of(
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.OTHERS_WRITE);

    /** The last is of the file system. */
    private static final Set<String> OWN =
            Set.of("journal", "lock", "ca", "trust", "crl", "profiles", "out", "passphrase", "lost+found");

    public Path certificateOf(String authority) {
        return path.resolve("ca").resolve(authority + ".crt");
    }

    public Path keyOf(String authority) {
        return path.resolve("ca").resolve(authority + ".key");
    }

    Path journal() {
        return path.resolve("journal");
    }

    /** What devices and other clients trust. */
    public Path trustedRoot() {
        return path.resolve("trust").resolve("root.pem");
    }

    /** What a broker trusts for its clients ({@code client_ca}). */
    public Path trustedDeviceIssuer() {
        return path.resolve("trust").resolve("device-ca.pem");
    }

    /** A revocation list in DER; beside it lies the same as PEM. */
    public Path revocationList(String authority) {
        return path.resolve("crl").resolve(authority + ".crl");
    }

    public Path revocationListPem(String authority) {
        return path.resolve("crl").resolve(authority + ".pem");
    }

    /** Where a command leaves what it made for a holder, unless it was told another place. */
    public Path outputOf(String id) {
        return path.resolve("out").resolve(id);
    }

    /** What lies in it and is no part of an authority; hidden files do not count. */
    public List<String> others() throws PkiProblem {
        if (!Files.isDirectory(path)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(path)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> !OWN.contains(name)
                            && !name.startsWith(".")
                            && !name.startsWith("journal.")
                            && !name.startsWith("audit."))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, path + ": cannot be read: " + FileFault.why(e));
        }
    }

    /** The server's authority is written last, so whoever finds it finds all. */
    boolean isWhole() {
        return Files.exists(certificateOf("server"));
    }

    X509Certificate certificate(String authority) throws PkiProblem {
        return Pem.certificates(certificateOf(authority)).get(0);
    }

    /** Takes the lock as soon as it is free, within a time. */
    AuthorityLock lockWithin(Duration patience) throws IOException, PkiProblem {
        long end = System.nanoTime() + patience.toNanos();
        while (true) {
            try {
                return lock();
            } catch (PkiProblem e) {
                if (e.kind() != Kind.LOCKED || System.nanoTime() - end > 0) {
                    throw e;
                }
                LockSupport.parkNanos(5_000_000);
            }
        }
    }

    /** Takes the lock, which the system gives back even if this process is killed. */
    AuthorityLock lock() throws IOException, PkiProblem {
        return AuthorityLock.take(path)
                .orElseThrow(() -> new PkiProblem(
                        Kind.LOCKED, path + ": another process is using this authority. Try again when it ended"));
    }

    void requireWhole() throws PkiProblem {
        if (!isWhole()) {
            throw new PkiProblem(Kind.NOT_FOUND, path + ": no authority here. Make one with: gatehouse certs init");
        }
    }

    /** For who only reads, also as another user than the owner: what others can write says nothing. */
    void requireTrusted() throws PkiProblem {
        requireWhole();
        try {
            requireNotWritten(Files.getPosixFilePermissions(path));
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, path + ": cannot be read: " + FileFault.why(e));
        } catch (UnsupportedOperationException e) {
            return; // a file system without modes has its own protection
        }
    }

    private void requireNotWritten(Set<PosixFilePermission> permissions) throws PkiProblem {
        if (permissions.contains(PosixFilePermission.GROUP_WRITE)
                || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new PkiProblem(Kind.POLICY, path + ": others can write here. Run: chmod 700 " + path);
        }
    }

    /** For who signs: a key that others can read is no longer the authority's alone. */
    void requireSecretKeys() throws IOException, PkiProblem {
        for (String authority : List.of("root", "device", "server")) {
            Path key = keyOf(authority);
            if (Files.exists(key) && !Collections.disjoint(Files.getPosixFilePermissions(key), OF_OTHERS)) {
                throw new PkiProblem(
                        Kind.POLICY, key + ": a secret key that others can read or write. Run: chmod 600 " + key);
            }
        }
    }

    void requirePrivate() throws IOException, PkiProblem {
        if (Files.isSymbolicLink(path)) {
            throw new PkiProblem(Kind.POLICY, path + ": a link; name the folder of the authority itself");
        }
        requireNotWritten(Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS));
        String owner = Files.getOwner(path, LinkOption.NOFOLLOW_LINKS).getName();
        String user = System.getProperty("user.name", UNKNOWN);
        // root may, and who has no name, as in some containers, cannot be compared
        if (!user.equals(owner) && !user.equals("root") && !user.equals(UNKNOWN) && !owner.matches("[0-9]+")) {
            throw new PkiProblem(
                    Kind.POLICY,
                    path + ": belongs to \"" + owner + "\", who can change what is in it; run this as that user");
        }
    }
}
