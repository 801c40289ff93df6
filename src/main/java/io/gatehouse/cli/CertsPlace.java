package io.gatehouse.cli;

import io.gatehouse.pki.AtomicFiles;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.FileFault;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.Issued;
import io.gatehouse.pki.Pem;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Profile;
import io.gatehouse.pki.RevocationReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Optional;

/** What is looked at in the folder of a holder's files before anything is issued for it. Stateless. */
final class CertsPlace {
    /** For a key, its certificate and what it may be written as besides. */
    private static final int ROOM = 128 * 1024;

    private CertsPlace() {}

    /**
     * Refuses to write over the key and the certificate of another: nobody can make that key again.
     *
     * @param named whether somebody named the folder; if not, it is this holder's by its name
     */
    static void requireOwn(Authority authority, Profile profile, String id, Path folder, boolean named) {
        Path certificate = folder.resolve("cert.pem");
        Path key = folder.resolve("key.pem");
        if (Files.exists(certificate)) {
            Optional<Inventory.Item> item = issued(authority, certificate);
            if (item.isEmpty()) {
                throw taken(certificate, "not a certificate of this authority's");
            }
            Profile of = item.get().profile();
            boolean same = of == profile || of.isClient() && profile.isClient(); // clients have one set of names
            if (!same || !item.get().id().equals(id)) {
                throw taken(
                        certificate,
                        "that of the " + of.word() + " \"" + item.get().id() + "\"");
            }
        } else if (named && Files.exists(key)) {
            throw taken(key, "a key, and nothing beside it says whose");
        }
    }

    /** Refuses what could not be written: a key that is nowhere cannot be made again. */
    static void requireRoom(Path folder) {
        try {
            AtomicFiles.requireRoom(folder, ROOM);
        } catch (IOException e) {
            throw Failure.of(
                    1,
                    folder + ": cannot be written: " + FileFault.why(e)
                            + ". Nothing was issued. Make room there, or name another folder");
        }
    }

    /**
     * What came to nothing all the same: a certificate that nobody has a key to is revoked, and the failure says so.
     *
     * @param file what could not be written
     */
    static Failure unwritten(Authority authority, Issued issued, Path file, IOException why) {
        String text =
                file + ": cannot be written: " + FileFault.why(why) + ". The certificate, serial " + issued.serial();
        try {
            authority.revoke(
                    authority.inventory().bySerial(issued.certificate().getSerialNumber()).stream()
                            .toList(),
                    RevocationReason.SUPERSEDED);
        } catch (PkiProblem e) {
            return Failure.of(
                    1,
                    text + ", is in the journal and could not be revoked: " + e.getMessage() + ". Make room, and"
                            + " then: gatehouse certs revoke --serial " + issued.serial() + " --reason superseded");
        }
        return Failure.of(1, text + ", was revoked, since nobody has it. Make room, and give the same command again");
    }

    private static Failure taken(Path file, String what) {
        return Failure.of(
                4,
                file + ": " + what
                        + "; it is never overwritten. Name another folder with --out, or move it away first");
    }

    /** The number alone says little: another authority may have given it too. */
    private static Optional<Inventory.Item> issued(Authority authority, Path certificate) {
        try {
            X509Certificate leaf = Pem.certificates(certificate).get(0);
            Optional<Inventory.Item> item = authority.inventory().bySerial(leaf.getSerialNumber());
            if (item.isPresent()) {
                boolean server = item.get().profile().isServer();
                leaf.verify((server ? authority.serverIssuer() : authority.deviceIssuer()).getPublicKey());
            }
            return item;
        } catch (PkiProblem | GeneralSecurityException e) {
            return Optional.empty();
        }
    }
}
