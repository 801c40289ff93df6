package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Set;

/**
 * A certificate authority in a folder: one root, and under it one authority for devices and one for servers, so that no
 * device can ever pose as the broker. Confined to one thread, and to one process by its lock; closed after use.
 *
 * <p>The folder: {@code ca/root.crt}, {@code ca/root.key}, the same for {@code device} and {@code server},
 * {@code journal} and {@code lock}. What was issued is journalled before it is handed out.
 */
public final class Authority implements AutoCloseable {
    private static final Duration ROOT_VALIDITY = Duration.ofDays(20 * 365);
    private static final Duration ISSUING_VALIDITY = Duration.ofDays(10 * 365);

    private final Path folder;
    private final Clock clock;
    private final Signer signer;
    private final FileChannel lockChannel;
    private final Journal journal;
    private final char[] passphrase;
    private final X509Certificate root;
    private final X509Certificate deviceIssuer;
    private final X509Certificate serverIssuer;

    private Authority(Path folder, char[] passphrase, Clock clock, FileChannel lockChannel) throws PkiProblem {
        this.folder = folder;
        this.clock = clock;
        this.signer = new Signer(clock);
        this.lockChannel = lockChannel;
        this.passphrase = passphrase.clone();
        this.journal = Journal.open(folder.resolve("journal"), clock);
        this.root = certificate(ca(folder, "root.crt"));
        this.deviceIssuer = certificate(ca(folder, "device.crt"));
        this.serverIssuer = certificate(ca(folder, "server.crt"));
    }

    private static Path ca(Path folder, String name) {
        return folder.resolve("ca").resolve(name);
    }

    /** Whether a folder holds an authority. */
    public static boolean exists(Path folder) {
        return Files.exists(ca(folder, "server.crt"));
    }

    /** Makes a new authority; the folder must not hold one. */
    public static Authority create(Path folder, String organisation, char[] passphrase, Clock clock) throws PkiProblem {
        if (exists(folder)) {
            throw new PkiProblem(Kind.INPUT, folder + ": holds an authority already; it is never overwritten");
        }
        if (organisation.isBlank() || organisation.length() > 64) {
            throw new PkiProblem(Kind.INPUT, "the organisation has 1 to 64 characters");
        }
        if (passphrase.length < 12) {
            throw new PkiProblem(Kind.INPUT, "the passphrase of an authority has 12 characters or more");
        }
        try {
            AtomicFiles.makePrivateFolder(folder);
            requirePrivate(folder);
            FileChannel lock = lock(folder);
            try {
                AtomicFiles.makePrivateFolder(folder.resolve("ca"));
                Signer signer = new Signer(clock);
                KeyPair rootPair = signer.keyPair("secp384r1");
                X509Certificate root = signer.root(rootPair, organisation, ROOT_VALIDITY);
                save(folder, "root", root, rootPair.getPrivate(), passphrase);
                for (String kind : List.of("device", "server")) { // the server's last: exists() asks for it
                    KeyPair pair = signer.keyPair("secp256r1");
                    String name = kind.equals("device") ? "Gatehouse Device CA" : "Gatehouse Server CA";
                    save(
                            folder,
                            kind,
                            signer.issuing(pair, name, organisation, ISSUING_VALIDITY, root, rootPair.getPrivate()),
                            pair.getPrivate(),
                            passphrase);
                }
                return new Authority(folder, passphrase, clock, lock);
            } catch (IOException | GeneralSecurityException | PkiProblem e) {
                lock.close();
                throw e;
            }
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, folder + ": cannot be written: " + e.getMessage());
        } catch (GeneralSecurityException e) {
            throw new PkiProblem(Kind.IO, "the authority's certificates cannot be made: " + e.getMessage());
        }
    }

    private static void save(Path folder, String name, X509Certificate certificate, PrivateKey key, char[] passphrase)
            throws IOException {
        KeyVault.write(ca(folder, name + ".key"), key, passphrase);
        AtomicFiles.writePublic(ca(folder, name + ".crt"), Pem.of(certificate).getBytes(StandardCharsets.US_ASCII));
    }

    /** Opens the authority of a folder; nobody else can until it is closed. */
    public static Authority open(Path folder, char[] passphrase, Clock clock) throws PkiProblem {
        if (!exists(folder)) {
            throw new PkiProblem(Kind.NOT_FOUND, folder + ": no authority here. Make one with: gatehouse certs init");
        }
        try {
            requirePrivate(folder);
            FileChannel lock = lock(folder);
            try {
                return new Authority(folder, passphrase, clock, lock);
            } catch (PkiProblem e) {
                lock.close();
                throw e;
            }
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, folder + ": cannot be read: " + e.getMessage());
        }
    }

    private static FileChannel lock(Path folder) throws IOException, PkiProblem {
        FileChannel channel = FileChannel.open(
                folder.resolve("lock"),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                AtomicFiles.attribute("rw-------"));
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            channel.close();
            throw new PkiProblem(Kind.LOCKED, folder + ": another process is using this authority");
        }
        return channel;
    }

    private static void requirePrivate(Path folder) throws IOException, PkiProblem {
        var permissions = Files.getPosixFilePermissions(folder);
        if (permissions.contains(java.nio.file.attribute.PosixFilePermission.GROUP_WRITE)
                || permissions.contains(java.nio.file.attribute.PosixFilePermission.OTHERS_WRITE)) {
            throw new PkiProblem(Kind.POLICY, folder + ": others can write here. Run: chmod 700 " + folder);
        }
    }

    /** Makes a key and a certificate for it. */
    public Issued issue(Profile profile, String id, List<String> dnsNames, List<String> ipAddresses, Duration validity)
            throws PkiProblem {
        KeyPair pair = signer.keyPair("secp256r1");
        Permit permit = profile.permit(id, pair.getPublic(), dnsNames, ipAddresses, validity);
        if (!profile.isServer() && isActive(id)) {
            throw new PkiProblem(
                    Kind.POLICY, "\"" + id + "\" has a certificate that is valid. A second one is made with --replace");
        }
        return sign(permit, pair.getPrivate());
    }

    /** Makes another certificate for a client that has one: what {@code --replace} does. */
    public Issued replace(Profile profile, String id, Duration validity) throws PkiProblem {
        KeyPair pair = signer.keyPair("secp256r1");
        return sign(profile.permit(id, pair.getPublic(), List.of(), List.of(), validity), pair.getPrivate());
    }

    private Issued sign(Permit permit, PrivateKey key) throws PkiProblem {
        boolean server = permit.profile().isServer();
        X509Certificate issuer = server ? serverIssuer : deviceIssuer;
        PrivateKey issuerKey = KeyVault.read(ca(folder, server ? "server.key" : "device.key"), passphrase);
        try {
            X509Certificate certificate = signer.leaf(permit, organisation(), issuer, issuerKey);
            journal.append(List.of(new Journal.Entry(
                    journal.nextNumber(),
                    clock.instant().toString(),
                    "issue",
                    permit.profile().word(),
                    permit.id(),
                    certificate.getSerialNumber().toString(16),
                    certificate.getNotAfter().toInstant().toString(),
                    Base64.getEncoder().encodeToString(certificate.getEncoded()))));
            return new Issued(permit.profile(), permit.id(), certificate, issuer, root, key);
        } catch (GeneralSecurityException e) {
            throw new PkiProblem(Kind.IO, "the certificate cannot be made: " + e.getMessage());
        }
    }

    private boolean isActive(String id) {
        return journal.entries().stream()
                .anyMatch(entry -> entry.id().equals(id)
                        && !entry.profile().equals(Profile.SERVER.word())
                        && Instant.parse(entry.end()).isAfter(clock.instant()));
    }

    private String organisation() {
        String name = root.getSubjectX500Principal().getName();
        int at = name.indexOf("O=");
        String rest = name.substring(at + 2);
        int end = rest.indexOf(',');
        return (end < 0 ? rest : rest.substring(0, end)).replace("\\", "");
    }

    private static X509Certificate certificate(Path file) throws PkiProblem {
        try {
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(file)));
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, file + ": cannot be read: " + e.getMessage());
        } catch (CertificateException e) {
            throw new PkiProblem(Kind.CORRUPT, file + ": not a certificate");
        }
    }

    /** What devices and other clients trust. */
    public X509Certificate root() {
        return root;
    }

    /** What a broker trusts for its clients: this authority and no other, so that no server certificate logs in. */
    public X509Certificate deviceIssuer() {
        return deviceIssuer;
    }

    public X509Certificate serverIssuer() {
        return serverIssuer;
    }

    /** How many certificates were issued. */
    public int issuedCount() {
        return journal.entries().size();
    }

    @Override
    public void close() {
        java.util.Arrays.fill(passphrase, '\0');
        try {
            lockChannel.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
