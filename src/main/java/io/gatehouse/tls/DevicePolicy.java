package io.gatehouse.tls;

import io.gatehouse.bounds.BoundedMap;
import io.gatehouse.config.Configuration.Validity;
import io.gatehouse.config.Quantity;
import io.gatehouse.tls.CertificateRefused.Code;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXReason;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which client certificates are accepted: ours to say, because the platform's path validation accepts SHA-1, RSA-1024,
 * version 1, missing usages, odd serials and NUL in names. Any thread.
 *
 * <p>Asked by the TLS engine during a full handshake, again after every handshake, because a resumed one does not ask
 * the engine's trust manager, again at CONNECT, and of connections that are up whenever trust changes.
 */
final class DevicePolicy {
    private static final int MAX_CHAIN = 4;
    private static final int MAX_REMEMBERED = 16_384;

    private final List<X509Certificate> authorities;
    private final CertificateRules rules;
    private final Revocation revocation;
    private final Validity validity;
    private final Clock clock;

    /** Chains whose signatures were verified, and whose keys are sound, by their hash: what a resumed handshake need not pay for again. */
    private final Map<String, Path> verified;

    /** A verified path: its certificates, leaf first, and the authority that issued the last of them. */
    private record Path(List<X509Certificate> certificates, X509Certificate authority) {
        List<X509Certificate> whole() {
            List<X509Certificate> all = new ArrayList<>(certificates);
            all.add(authority);
            return all;
        }
    }

    DevicePolicy(
            List<X509Certificate> authorities,
            CertificateRules rules,
            Revocation revocation,
            Validity validity,
            Clock clock) {
        this(List.copyOf(authorities), rules, revocation, validity, clock, new BoundedMap<>(MAX_REMEMBERED));
    }

    private DevicePolicy(
            List<X509Certificate> authorities,
            CertificateRules rules,
            Revocation revocation,
            Validity validity,
            Clock clock,
            Map<String, Path> verified) {
        this.authorities = authorities;
        this.rules = rules;
        this.revocation = revocation;
        this.validity = validity;
        this.clock = clock;
        this.verified = verified;
    }

    /** The same authorities, and who of theirs is revoked now; signatures that were verified stay verified. */
    DevicePolicy with(Revocation fresh) {
        return new DevicePolicy(authorities, rules, fresh, validity, clock, verified);
    }

    /**
     * Accepts a chain, leaf first, or says why not.
     *
     * @return until when: the first end of a certificate from the leaf to its authority
     */
    Instant require(List<X509Certificate> chain) throws CertificateRefused {
        return require(chain, validity.clockSkew());
    }

    /** The same of who is connected already, and may stay a while after an end; of all else nothing is let pass. */
    void requireStays(List<X509Certificate> chain) throws CertificateRefused {
        require(chain, validity.clockSkew().plus(validity.expiryGrace()));
    }

    /** @param late how long after an end a certificate is accepted still */
    private Instant require(List<X509Certificate> chain, Duration late) throws CertificateRefused {
        if (chain.isEmpty()) {
            throw new CertificateRefused(Code.CERT_NONE, null, "no certificate was sent");
        }
        X509Certificate leaf = chain.get(0);
        if (chain.size() > MAX_CHAIN) {
            throw new CertificateRefused(Code.CERT_CHAIN, leaf, "a chain of " + chain.size() + " certificates");
        }
        requireDates(leaf, leaf, late);
        requireShort(leaf);
        rules.requireProfile(leaf);
        rules.requireSignature(leaf, leaf);
        rules.requireLeafKey(leaf);
        Path path = path(chain, leaf, late);
        Instant end = Instant.MAX;
        for (X509Certificate certificate : path.whole()) {
            requireDates(certificate, leaf, late);
            Instant notAfter = certificate.getNotAfter().toInstant();
            end = notAfter.isBefore(end) ? notAfter : end;
        }
        rules.requireUsage(leaf);
        rules.requireNames(leaf);
        revocation.require(path.certificates(), path.authority());
        return end.plus(validity.clockSkew());
    }

    /** The path that was verified: what OCSP asks about. */
    List<X509Certificate> pathOf(List<X509Certificate> chain) throws CertificateRefused {
        return path(chain, chain.get(0), validity.clockSkew().plus(validity.expiryGrace()))
                .whole();
    }

    private void requireDates(X509Certificate certificate, X509Certificate leaf, Duration late)
            throws CertificateRefused {
        Instant now = clock.instant();
        String which = certificate.equals(leaf)
                ? ""
                : "its authority \"" + certificate.getSubjectX500Principal().getName() + "\" ";
        Instant notAfter = certificate.getNotAfter().toInstant();
        if (now.isAfter(notAfter.plus(late))) {
            throw new CertificateRefused(Code.CERT_EXPIRED, leaf, which + "expired " + notAfter);
        }
        Instant notBefore = certificate.getNotBefore().toInstant();
        if (now.isBefore(notBefore.minus(validity.clockSkew()))) {
            throw new CertificateRefused(Code.CERT_NOT_YET_VALID, leaf, which + "is not valid before " + notBefore);
        }
    }

    /** Its whole time, however much of it is left: who stole a key has it for as long. */
    private void requireShort(X509Certificate leaf) throws CertificateRefused {
        if (validity.max().isEmpty()) {
            return;
        }
        Duration max = validity.max().get();
        Instant notBefore = leaf.getNotBefore().toInstant();
        Instant notAfter = leaf.getNotAfter().toInstant();
        if (Duration.between(notBefore, notAfter).compareTo(max) > 0) {
            throw new CertificateRefused(
                    Code.CERT_VALIDITY,
                    leaf,
                    "valid from " + notBefore + " to " + notAfter + ", longer than max_validity "
                            + Quantity.print(max));
        }
    }

    private Path path(List<X509Certificate> chain, X509Certificate leaf, Duration late) throws CertificateRefused {
        String key = hash(chain, leaf);
        synchronized (verified) {
            Path known = verified.get(key);
            if (known != null) {
                return known;
            }
        }
        Path path = upToAnAnchor(chain);
        if (path == null) {
            throw new CertificateRefused(
                    Code.CERT_CHAIN,
                    leaf,
                    "issued by \"" + leaf.getIssuerX500Principal().getName()
                            + "\", which no authority of client_ca vouches for. Was it issued by another authority, or is an"
                            + " intermediate missing from what the client sends?");
        }
        for (X509Certificate certificate :
                path.certificates().subList(1, path.certificates().size())) {
            rules.requireSignature(certificate, leaf);
            rules.requireAuthorityKey(certificate, leaf);
        }
        validate(path, leaf, late);
        for (X509Certificate certificate : path.certificates()) {
            rules.requireSoundKey(certificate, leaf);
        }
        synchronized (verified) {
            verified.put(key, path);
        }
        return path;
    }

    private void validate(Path path, X509Certificate leaf, Duration late) throws CertificateRefused {
        try {
            PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(path.authority(), null)));
            parameters.setRevocationEnabled(false); // ours to check, on every handshake
            parameters.setDate(Date.from(dateFor(path, late)));
            CertPathValidator.getInstance("PKIX")
                    .validate(
                            CertificateFactory.getInstance("X.509").generateCertPath(path.certificates()), parameters);
        } catch (CertPathValidatorException e) {
            throw new CertificateRefused(code(e.getReason()), leaf, String.valueOf(e.getMessage()));
        } catch (GeneralSecurityException e) {
            throw new CertificateRefused(Code.CERT_CHAIN, leaf, String.valueOf(e.getMessage()));
        }
    }

    /** Now, or where so much is let pass, the nearest moment at which all of the path is valid. */
    private Instant dateFor(Path path, Duration late) {
        Instant date = clock.instant();
        for (X509Certificate certificate : path.certificates()) {
            Instant notBefore = certificate.getNotBefore().toInstant();
            Instant notAfter = certificate.getNotAfter().toInstant();
            if (date.isBefore(notBefore) && !date.plus(validity.clockSkew()).isBefore(notBefore)) {
                date = notBefore;
            }
            if (date.isAfter(notAfter) && !date.minus(late).isAfter(notAfter)) {
                date = notAfter;
            }
        }
        return date;
    }

    private static Code code(CertPathValidatorException.Reason reason) {
        if (reason == BasicReason.EXPIRED) {
            return Code.CERT_EXPIRED;
        }
        if (reason == BasicReason.NOT_YET_VALID) {
            return Code.CERT_NOT_YET_VALID;
        }
        if (reason == BasicReason.ALGORITHM_CONSTRAINED) {
            return Code.CERT_WEAK_SIG;
        }
        return reason == PKIXReason.UNRECOGNIZED_CRIT_EXT ? Code.CERT_PROFILE : Code.CERT_CHAIN;
    }

    /** The chain up to the certificate that an anchor issued, with that anchor; null if none did. */
    private @Nullable Path upToAnAnchor(List<X509Certificate> chain) {
        for (int i = 0; i < chain.size(); i++) {
            X509Certificate certificate = chain.get(i);
            for (X509Certificate authority : authorities) {
                if (certificate.getIssuerX500Principal().equals(authority.getSubjectX500Principal())
                        && !certificate.equals(authority)
                        && signedBy(certificate, authority)) {
                    return new Path(List.copyOf(chain.subList(0, i + 1)), authority);
                }
            }
        }
        return null;
    }

    private static boolean signedBy(X509Certificate certificate, X509Certificate authority) {
        try {
            certificate.verify(authority.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false; // an authority of the same name with another key
        }
    }

    private static String hash(List<X509Certificate> path, X509Certificate leaf) throws CertificateRefused {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (X509Certificate certificate : path) {
                digest.update(certificate.getEncoded());
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException | CertificateEncodingException e) {
            throw new CertificateRefused(Code.CERT_CHAIN, leaf, String.valueOf(e.getMessage()));
        }
    }
}
