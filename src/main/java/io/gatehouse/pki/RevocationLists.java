package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.bouncycastle.cert.X509CRLHolder;

/** Writes an authority's revocation list, as DER and PEM. Stateless. */
final class RevocationLists {
    private RevocationLists() {}

    static List<Path> publish(
            AuthorityFolder folder,
            Signer signer,
            Signer.Issuer issuer,
            Profile kind,
            Inventory inventory,
            long number,
            Duration validity)
            throws PkiProblem {
        Path der = folder.revocationList(kind.word());
        Path pem = folder.revocationListPem(kind.word());
        try {
            AtomicFiles.makePrivateFolder(folder.path().resolve("crl"));
            Instant now = signer.now();
            List<Inventory.Item> revoked = inventory.items().stream()
                    .filter(item -> item.profile().isServer() == kind.isServer() && item.revokedAt() != null)
                    .filter(item -> item.notAfter().isAfter(now))
                    .toList();
            X509CRLHolder list = signer.revocations(issuer, revoked, number, validity);
            AtomicFiles.writePublic(der, list.getEncoded());
            AtomicFiles.writePublic(pem, Authority.ascii(Pem.block("X509 CRL", list.getEncoded())));
            return List.of(der, pem);
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, der + ": cannot be written: " + e.getMessage());
        } catch (GeneralSecurityException e) {
            throw new PkiProblem(Kind.IO, "the revocation list cannot be made: " + e.getMessage());
        }
    }
}
