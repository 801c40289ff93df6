package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.X509CRLHolder;

/** Writes an authority's revocation lists, as DER and PEM, with numbers that only grow. Stateless. */
final class RevocationLists {
    private RevocationLists() {}

    /** The number of a list (RFC 5280, 5.2.3); 0 if it has none. */
    static BigInteger number(X509CRL list) {
        byte[] extension = list.getExtensionValue(Extension.cRLNumber.getId());
        return extension == null
                ? BigInteger.ZERO
                : ASN1Integer.getInstance(ASN1OctetString.getInstance(extension).getOctets())
                        .getValue();
    }

    /**
     * Refuses a number that is not above that of the list which is there: whoever has that one would not take it, and
     * what it lists would be let in again.
     */
    static void requireNewer(AuthorityFolder folder, Profile kind, long number) throws PkiProblem {
        Path file = folder.revocationList(kind.word());
        if (!Files.exists(file)) {
            return;
        }
        BigInteger there;
        try (var in = Files.newInputStream(file)) {
            X509CRL list = (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(in);
            list.verify(folder.certificate(kind.word()).getPublicKey());
            there = number(list);
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, file + ": cannot be read: " + e.getMessage());
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return; // no list of this authority: it is written over
        }
        if (there.compareTo(BigInteger.valueOf(number)) >= 0) {
            throw new PkiProblem(Kind.CORRUPT, older(file, there, number - 1));
        }
    }

    /** What is wrong where a list has a number that the journal did not give. */
    static String older(Path file, BigInteger there, long last) {
        return file + ": its number is " + there + ", and the last in the journal is " + last
                + ": the journal is older than what was published, and lacks what was revoked since. Nothing is published"
                + " until the newest backup is restored, into another folder: gatehouse certs restore";
    }

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
            throw new PkiProblem(Kind.IO, der + ": cannot be written: " + FileFault.why(e));
        } catch (GeneralSecurityException e) {
            throw new PkiProblem(Kind.IO, "the revocation list cannot be made: " + e.getMessage());
        }
    }
}
