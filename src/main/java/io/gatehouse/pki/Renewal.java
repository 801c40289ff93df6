package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.jspecify.annotations.Nullable;

/** Makes the next certificate of a holder, with the names of the last one. Confined to its authority's thread. */
public final class Renewal {
    private final Authority authority;

    public Renewal(Authority authority) {
        this.authority = authority;
    }

    /**
     * Renews; the old certificate is accepted until it ends or is revoked.
     *
     * @param sameKey certify the old key again, instead of making a new one
     */
    public Issued renew(Inventory.Item old, Duration validity, boolean sameKey) throws PkiProblem {
        if (old.isHeld()) {
            throw new PkiProblem(
                    Kind.POLICY,
                    "\"" + old.id() + "\" is on hold and is not renewed. Lift that with: gatehouse certs release "
                            + old.id());
        }
        if (old.revokedAt() != null) {
            throw new PkiProblem(
                    Kind.POLICY, "\"" + old.id() + "\" was revoked and is not renewed; make a new certificate instead");
        }
        X509Certificate certificate = certificate(authority.folder(), old);
        List<String> dns = names(certificate, 2);
        List<String> ips = names(certificate, 7);
        Draft draft = new Draft(
                old.id(), dns, ips, validity, deviceSerial(certificate), true, Labels.NONE); // what it had, it may have
        if (!sameKey) {
            return authority.issue(old.profile(), draft, null, true);
        }
        Permit permit = old.profile().permit(draft.with(certificate.getPublicKey()), authority.profiles());
        return authority.certify(permit, true);
    }

    /** The certificate itself, from the journal. */
    public static X509Certificate certificate(AuthorityFolder folder, Inventory.Item item) throws PkiProblem {
        String serial = item.serial().toString(16);
        List<String> found = new ArrayList<>(1);
        Journal.view(folder.journal(), entry -> {
            boolean made = entry.action().equals("issue") || entry.action().equals("enrol");
            if (made && entry.serial().equals(serial)) {
                found.add(entry.detail());
            }
        });
        if (found.isEmpty()) {
            throw new PkiProblem(Kind.NOT_FOUND, "no certificate with the serial number " + serial);
        }
        try {
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(
                            new ByteArrayInputStream(Base64.getDecoder().decode(found.get(0))));
        } catch (CertificateException | IllegalArgumentException e) {
            throw new PkiProblem(Kind.CORRUPT, "the journal's certificate " + serial + " cannot be read");
        }
    }

    private static List<String> names(X509Certificate certificate, int type) throws PkiProblem {
        try {
            Collection<List<?>> names = Optional.ofNullable(certificate.getSubjectAlternativeNames())
                    .orElse(List.of());
            return names.stream()
                    .filter(name -> name.get(0).equals(type))
                    .map(name -> String.valueOf(name.get(1)))
                    .toList();
        } catch (CertificateParsingException e) {
            throw new PkiProblem(Kind.CORRUPT, "the names of the old certificate cannot be read");
        }
    }

    static @Nullable String deviceSerial(X509Certificate certificate) {
        RDN[] numbers = X500Name.getInstance(
                        certificate.getSubjectX500Principal().getEncoded())
                .getRDNs(BCStyle.SERIALNUMBER);
        return numbers.length == 0
                ? null
                : IETFUtils.valueToString(numbers[0].getFirst().getValue());
    }
}
