package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.Pem;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Profile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Optional;

/** What is looked at in the folder of a holder's files before anything is issued for it. Stateless. */
final class CertsPlace {
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
