package io.gatehouse.pki;

import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.ocsp.OCSPObjectIdentifiers;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.OCSPException;
import org.bouncycastle.cert.ocsp.OCSPReqBuilder;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.bouncycastle.cert.ocsp.SingleResp;
import org.bouncycastle.cert.ocsp.UnknownStatus;
import org.bouncycastle.operator.DigestCalculatorProvider;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.jspecify.annotations.Nullable;

/** One question to an OCSP responder, and what may count as its answer (RFC 6960, RFC 9654). Immutable; any thread. */
public final class OcspQuery {
    private static final Duration SKEW = Duration.ofMinutes(5);
    private static final Set<String> WEAK = Set.of(
            "1.2.840.113549.1.1.5", // sha1WithRSAEncryption
            "1.2.840.113549.1.1.4", // md5WithRSAEncryption
            "1.2.840.10045.4.1"); // ecdsa-with-SHA1

    private final X509Certificate issuer;
    private final BigInteger serial;
    private final DigestCalculatorProvider digests;
    private final byte[] nonce;
    private final byte[] encoded;

    /** What a responder says of a certificate. */
    public enum Status {
        GOOD,
        REVOKED,
        UNKNOWN
    }

    /**
     * An answer whose signature and dates are right.
     *
     * @param until when a newer one may be had
     */
    public record Answer(
            Status status, Instant until, @Nullable Instant revokedAt) {}

    private OcspQuery(X509Certificate certificate, X509Certificate issuer)
            throws OperatorCreationException, OCSPException, IOException, CertificateException {
        this.issuer = issuer;
        this.serial = certificate.getSerialNumber();
        this.digests = new JcaDigestCalculatorProviderBuilder().build();
        this.nonce = new byte[32];
        new SecureRandom().nextBytes(nonce);
        // SHA-1 names the issuer here and protects nothing; it is what every responder knows (RFC 5019, 2.1.1)
        this.encoded = new OCSPReqBuilder()
                .addRequest(new CertificateID(
                        digests.get(CertificateID.HASH_SHA1), new JcaX509CertificateHolder(issuer), serial))
                .setRequestExtensions(new Extensions(new Extension(
                        OCSPObjectIdentifiers.id_pkix_ocsp_nonce, false, new DEROctetString(nonce).getEncoded())))
                .build()
                .getEncoded();
    }

    /** Asks about a certificate. */
    public static OcspQuery about(X509Certificate certificate, X509Certificate issuer) throws PkiProblem {
        try {
            return new OcspQuery(certificate, issuer);
        } catch (OperatorCreationException | OCSPException | IOException | CertificateException e) {
            throw new PkiProblem(PkiProblem.Kind.IO, "no OCSP request can be made: " + e.getMessage());
        }
    }

    /** Where a certificate says that its responder is. */
    public static Optional<URI> responderOf(X509Certificate certificate) {
        byte[] wrapped = certificate.getExtensionValue(Extension.authorityInfoAccess.getId());
        if (wrapped == null) {
            return Optional.empty();
        }
        try {
            AuthorityInformationAccess access = AuthorityInformationAccess.getInstance(
                    ASN1OctetString.getInstance(wrapped).getOctets());
            for (AccessDescription one : access.getAccessDescriptions()) {
                if (one.getAccessMethod().equals(AccessDescription.id_ad_ocsp)
                        && one.getAccessLocation().getTagNo() == GeneralName.uniformResourceIdentifier) {
                    URI uri = URI.create(one.getAccessLocation().getName().toString());
                    boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
                    return http && uri.getHost() != null ? Optional.of(uri) : Optional.empty();
                }
            }
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // an address that is none
        }
    }

    /** The request, DER. */
    public byte[] encoded() {
        return encoded.clone();
    }

    /**
     * Reads an answer.
     *
     * @throws PkiProblem if it is not one to this question, not signed by whom it must be, or not of now
     */
    public Answer read(byte[] response, Instant now) throws PkiProblem {
        try {
            OCSPResp whole = new OCSPResp(response);
            if (whole.getStatus() != OCSPResp.SUCCESSFUL) {
                throw wrong("it answered with status " + whole.getStatus());
            }
            if (!(whole.getResponseObject() instanceof BasicOCSPResp basic)) {
                throw wrong("it sent an answer of another kind");
            }
            requireSigned(basic, now);
            Extension echoed = basic.getExtension(OCSPObjectIdentifiers.id_pkix_ocsp_nonce);
            if (echoed != null
                    && !Arrays.equals(
                            ASN1OctetString.getInstance(echoed.getParsedValue()).getOctets(), nonce)) {
                throw wrong("it answered another question (the nonce differs)");
            }
            X509CertificateHolder holder = new JcaX509CertificateHolder(issuer);
            for (SingleResp one : basic.getResponses()) {
                if (one.getCertID().getSerialNumber().equals(serial)
                        && one.getCertID().matchesIssuer(holder, digests)) {
                    return answer(one, now);
                }
            }
            throw wrong("it says nothing of this certificate");
        } catch (IOException | OCSPException | CertificateException | OperatorCreationException | RuntimeException e) {
            throw wrong("its answer cannot be read: " + e.getMessage());
        }
    }

    private static Answer answer(SingleResp one, Instant now) throws PkiProblem {
        Instant thisUpdate = one.getThisUpdate().toInstant();
        Date next = one.getNextUpdate();
        if (thisUpdate.isAfter(now.plus(SKEW))) {
            throw wrong("its answer is from the future: " + thisUpdate);
        }
        // without a next update there is always a newer answer to be had
        Instant until = next == null ? thisUpdate.plus(SKEW) : next.toInstant();
        if (now.isAfter(until.plus(SKEW))) {
            throw wrong("its answer is too old: " + until);
        }
        if (one.getCertStatus() instanceof RevokedStatus revoked) {
            return new Answer(Status.REVOKED, until, revoked.getRevocationTime().toInstant());
        }
        return new Answer(one.getCertStatus() instanceof UnknownStatus ? Status.UNKNOWN : Status.GOOD, until, null);
    }

    /** By the issuer itself, or by whom the issuer certified for it (RFC 6960, 4.2.2.2). */
    private void requireSigned(BasicOCSPResp basic, Instant now)
            throws OCSPException, OperatorCreationException, CertificateException, PkiProblem {
        if (WEAK.contains(basic.getSignatureAlgOID().getId())) {
            throw wrong("its answer is signed with SHA-1 or MD5");
        }
        JcaContentVerifierProviderBuilder verifiers = new JcaContentVerifierProviderBuilder();
        if (verifies(basic, verifiers, new JcaX509CertificateHolder(issuer))) {
            return;
        }
        for (X509CertificateHolder delegate : basic.getCerts()) {
            ExtendedKeyUsage usage = ExtendedKeyUsage.fromExtensions(delegate.getExtensions());
            if (usage != null
                    && usage.hasKeyPurposeId(KeyPurposeId.id_kp_OCSPSigning)
                    && delegate.isValidOn(Date.from(now))
                    && issuedHere(delegate, verifiers)
                    && verifies(basic, verifiers, delegate)) {
                return;
            }
        }
        throw wrong("its answer is not signed by the certificate's authority, nor by whom that named for it");
    }

    private boolean issuedHere(X509CertificateHolder delegate, JcaContentVerifierProviderBuilder verifiers)
            throws OperatorCreationException, CertificateException {
        try {
            return !WEAK.contains(
                            delegate.getSignatureAlgorithm().getAlgorithm().getId())
                    && delegate.isSignatureValid(verifiers.build(issuer.getPublicKey()));
        } catch (org.bouncycastle.cert.CertException e) {
            return false;
        }
    }

    private static boolean verifies(
            BasicOCSPResp basic, JcaContentVerifierProviderBuilder verifiers, X509CertificateHolder signer)
            throws OperatorCreationException, CertificateException {
        try {
            return basic.isSignatureValid(verifiers.build(signer));
        } catch (OCSPException e) {
            return false; // a key of another kind than the signature's
        }
    }

    private static PkiProblem wrong(String why) {
        return new PkiProblem(PkiProblem.Kind.INPUT, why);
    }
}
