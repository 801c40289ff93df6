package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;

/**
 * Makes the root and the two issuing authorities of a new authority, once. Confined to one thread, under the lock.
 *
 * <p>A crash in the midst leaves a folder that is no authority yet, and that the next attempt fills anew: nothing was
 * signed with its keys.
 */
final class Foundation {
    private final AuthorityFolder folder;
    private final AuthorityOptions options;
    private final Clock clock;

    Foundation(AuthorityFolder folder, AuthorityOptions options, Clock clock) {
        this.folder = folder;
        this.options = options;
        this.clock = clock;
    }

    /** Everything that can be refused, while nothing is made. */
    void require() throws PkiProblem {
        requireNothingToLose();
        ProfileBook.of(folder.path());
        ImportedRoot imported = options.root();
        if (imported != null) {
            imported.require(clock.instant());
        }
    }

    void lay(char[] passphrase) throws IOException, GeneralSecurityException, PkiProblem {
        require(); // again, under the lock
        Signer signer = new Signer(clock);
        ProfileBook book = ProfileBook.of(folder.path());
        ProfileSettings rootProfile = book.of(ProfileKind.ROOT);
        ImportedRoot imported = options.root();
        X509Certificate root;
        PrivateKey rootPrivate;
        if (imported == null) {
            KeyPair pair = signer.keyPair(options.keys() == null ? rootProfile.key() : options.keys());
            root = signer.root(pair, name("Gatehouse Root CA"), options.rootValidity(), rootProfile);
            rootPrivate = pair.getPrivate();
        } else {
            root = imported.certificate();
            rootPrivate = imported.key();
        }
        AtomicFiles.makePrivateFolder(folder.path().resolve("ca"));
        AtomicFiles.makePrivateFolder(folder.path().resolve("trust"));
        if (imported == null) { // the key of one that was there already stays where it is
            Path offline = options.rootKeyFolder();
            Path rootKey = offline == null ? folder.keyOf("root") : offline.resolve("root.key");
            if (offline != null) {
                AtomicFiles.makePrivateFolder(offline);
            }
            KeyVault.write(rootKey, rootPrivate, passphrase, options.derivation());
        }
        AtomicFiles.writePublic(folder.certificateOf("root"), Authority.ascii(Pem.of(root)));
        AtomicFiles.writePublic(folder.trustedRoot(), Authority.ascii(Pem.of(root)));
        Journal.begin(folder.journal(), clock, entry -> {})
                .append(List.of(new Scribe(clock)
                        .entry(
                                Journal.CREATE,
                                options.organisation(),
                                options.uriTemplate().isEmpty() ? Journal.NOTHING : options.uriTemplate())));
        for (String kind : List.of("device", "server")) { // the server's last: isWhole() asks for it
            ProfileSettings issuingProfile = book.of(ProfileKind.ISSUING);
            KeyPair pair = signer.keyPair(options.keys() == null ? issuingProfile.key() : options.keys());
            String name = kind.equals("device") ? "Gatehouse Device CA" : "Gatehouse Server CA";
            X509Certificate issuing = signer.issuing(
                    pair,
                    name(name),
                    issuingProfile,
                    root,
                    rootPrivate,
                    kind.equals("server") ? options.hosts() : null);
            KeyVault.write(folder.keyOf(kind), pair.getPrivate(), passphrase, options.derivation());
            if (kind.equals("device")) {
                AtomicFiles.writePublic(folder.trustedDeviceIssuer(), Authority.ascii(Pem.of(issuing)));
            }
            AtomicFiles.writePublic(folder.certificateOf(kind), Authority.ascii(Pem.of(issuing)));
        }
    }

    /** Keys that something may have been signed with are never written over. */
    private void requireNothingToLose() throws PkiProblem {
        Path offline = options.rootKeyFolder();
        Path rootKey = offline == null ? null : offline.resolve("root.key");
        if (rootKey != null && Files.exists(rootKey, LinkOption.NOFOLLOW_LINKS)) {
            throw new PkiProblem(
                    Kind.INPUT,
                    rootKey + ": is there already, and a root's key is never overwritten. Name another folder; if it is"
                            + " left of an init that was interrupted, remove it");
        }
        boolean[] used = new boolean[1];
        Journal journal = Journal.begin(
                folder.journal(), clock, entry -> used[0] |= !entry.action().equals(Journal.CREATE));
        if (journal.count() == 0 && isBeyondTheJournal()) {
            throw new PkiProblem(
                    Kind.CORRUPT,
                    folder.path() + ": an authority was made here, and its journal and "
                            + folder.certificateOf("server") + " are missing; its keys are not overwritten. Restore it"
                            + " from a backup, or name another folder");
        }
        if (used[0]) {
            throw new PkiProblem(
                    Kind.CORRUPT,
                    folder.path() + ": the journal is of an authority that issued something, and "
                            + folder.certificateOf("server") + " is missing; its keys are not overwritten. Restore it"
                            + " from a backup, or name another folder");
        }
    }

    /** Whether there is what is made only after the first line of the journal. */
    private boolean isBeyondTheJournal() {
        return Files.exists(folder.keyOf("device"))
                || Files.exists(folder.keyOf("server"))
                || Files.exists(folder.path().resolve("crl"));
    }

    private X500Name name(String commonName) {
        return Signer.authorityName(options.country(), options.organisation(), commonName);
    }
}
