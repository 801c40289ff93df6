package io.gatehouse.tls;

import io.gatehouse.config.Configuration.Renew;
import io.gatehouse.config.Configuration.Tls;
import io.gatehouse.pki.AtomicFiles;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Issued;
import io.gatehouse.pki.Pem;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Profile;
import io.gatehouse.pki.StoredPassphrase;
import io.gatehouse.pki.TornTail;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renews a listener's certificate from an authority of ours before it ends: the same names, a new key. Confined to the
 * thread that asks.
 *
 * <p>Certificate and key are two files and are replaced one after the other. The new key is the first to be written beside
 * the old one and the first to take its place. So a new key that lies there means that nothing was replaced yet, and a new
 * certificate without it, that the key was: the next start takes away the one, and puts the other in its place.
 */
public final class ServerRenewal {
    private static final Logger LOG = LoggerFactory.getLogger(ServerRenewal.class);
    private static final String FRESH = ".renewed";

    private final Tls settings;
    private final Renew renew;
    private final Clock clock;

    public ServerRenewal(Tls settings, Renew renew, Clock clock) {
        this.settings = settings;
        this.renew = renew;
        this.clock = clock;
    }

    /** Ends what a crash interrupted; to be called before the files are read. */
    public void finish() throws UnusableTls {
        Path certificate = beside(settings.certificate());
        Path key = beside(settings.key());
        try {
            if (Files.exists(key)) {
                Files.deleteIfExists(certificate); // first: alone it would mean that the key is in its place
                sync(certificate);
                Files.delete(key);
            } else if (Files.exists(certificate)) {
                Files.move(certificate, settings.certificate(), StandardCopyOption.ATOMIC_MOVE);
            }
        } catch (IOException e) {
            throw new UnusableTls(certificate + ": a renewal cannot be finished: " + e.getMessage());
        }
    }

    private static Path beside(Path file) {
        return file.resolveSibling(file.getFileName() + FRESH);
    }

    /**
     * Renews if it is time to.
     *
     * @return whether there is a new certificate
     * @throws UnusableTls saying why there is none
     */
    public boolean renewIfDue() throws UnusableTls {
        ServerIdentity identity = ServerIdentity.read(settings.certificate(), settings.key());
        Instant end = identity.certificate().getNotAfter().toInstant();
        if (clock.instant().plus(renew.before()).isBefore(end)) {
            return false;
        }
        if (Files.isSymbolicLink(settings.certificate()) || Files.isSymbolicLink(settings.key())) {
            throw new UnusableTls(settings.certificate() + ": a link, so somebody else renews it");
        }
        try (Authority authority =
                Authority.open(renew.authority(), StoredPassphrase.read(renew.passphraseFile()), clock)) {
            authority.takeAside().ifPresent(torn -> LOG.warn("{}", TornTail.setAside(torn)));
            if (!signed(authority.serverIssuer(), identity.certificate())) {
                throw new UnusableTls(settings.certificate() + ": not issued by the authority in " + renew.authority());
            }
            Duration validity = authority.validityOf(Profile.SERVER);
            boolean dueAtOnce = renew.before().compareTo(validity) >= 0;
            if (dueAtOnce && clock.instant().plus(validity.dividedBy(3)).isBefore(end)) {
                return false; // else the next one would be due as soon as it is there
            }
            List<String> names = identity.names();
            List<String> addresses =
                    names.stream().filter(ServerRenewal::isAddress).toList();
            List<String> hosts = names.stream().filter(name -> !isAddress(name)).toList();
            String id = hosts.isEmpty() ? names.get(0) : hosts.get(0);
            Issued issued = authority.issue(Profile.SERVER, id, hosts, addresses, validity);
            write(issued);
            return true;
        } catch (PkiProblem e) {
            throw new UnusableTls(settings.certificate() + ": cannot be renewed: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new UnusableTls(settings.certificate() + ": the renewed one cannot be written: " + e.getMessage(), e);
        }
    }

    /** Names alone do not tell: every authority of ours is called alike. */
    private static boolean signed(X509Certificate authority, X509Certificate certificate) {
        try {
            certificate.verify(authority.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private void write(Issued issued) throws IOException {
        AtomicFiles.writePrivate(beside(settings.key()), Pem.of(issued.key().orElseThrow()));
        AtomicFiles.writePublic(
                beside(settings.certificate()),
                Pem.of(issued.certificate(), issued.issuer()).getBytes(StandardCharsets.US_ASCII));
        Files.move(beside(settings.key()), settings.key(), StandardCopyOption.ATOMIC_MOVE);
        sync(settings.key());
        Files.move(beside(settings.certificate()), settings.certificate(), StandardCopyOption.ATOMIC_MOVE);
    }

    /** What was done in a file's folder comes before what is done next, after a loss of power too. */
    private static void sync(Path file) throws IOException {
        AtomicFiles.syncFolder(Objects.requireNonNull(file.toAbsolutePath().getParent(), "a file is in a folder"));
    }

    private static boolean isAddress(String name) {
        return name.matches("[0-9.]+") || name.contains(":");
    }
}
