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
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;

/**
 * Renews a listener's certificate from an authority of ours before it ends: the same names, a new key. Confined to the
 * thread that asks.
 *
 * <p>Certificate and key are two files and are replaced one after the other. A crash in between leaves the new certificate
 * beside the old one, and the next start puts it in its place.
 */
public final class ServerRenewal {
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
                Files.delete(key); // neither was in its place yet
                Files.deleteIfExists(certificate);
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
            if (!signed(authority.serverIssuer(), identity.certificate())) {
                throw new UnusableTls(settings.certificate() + ": not issued by the authority in " + renew.authority());
            }
            List<String> names = identity.names();
            List<String> addresses =
                    names.stream().filter(ServerRenewal::isAddress).toList();
            List<String> hosts = names.stream().filter(name -> !isAddress(name)).toList();
            String id = hosts.isEmpty() ? names.get(0) : hosts.get(0);
            Issued issued = authority.issue(Profile.SERVER, id, hosts, addresses, Profile.SERVER.defaultValidity());
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
        AtomicFiles.writePublic(
                beside(settings.certificate()),
                Pem.of(issued.certificate(), issued.issuer()).getBytes(StandardCharsets.US_ASCII));
        AtomicFiles.writePrivate(beside(settings.key()), Pem.of(issued.key().orElseThrow()));
        Files.move(beside(settings.key()), settings.key(), StandardCopyOption.ATOMIC_MOVE);
        Files.move(beside(settings.certificate()), settings.certificate(), StandardCopyOption.ATOMIC_MOVE);
    }

    private static boolean isAddress(String name) {
        return name.matches("[0-9.]+") || name.contains(":");
    }
}
