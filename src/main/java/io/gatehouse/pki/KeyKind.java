package io.gatehouse.pki;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;

/**
 * The kinds of keys that are certified, and how each signs. Immutable.
 *
 * <p>P-256 is what every device and every TLS stack knows. Ed25519 is small and fast, and mbedTLS and BoringSSL's server do not
 * take it; RSA below 3072 bits is for devices that know nothing else. Both are never in a profile of ours, and stand here for
 * profiles of those who need them.
 */
public enum KeyKind {
    P256("secp256r1", "SHA256withECDSA"),
    P384("secp384r1", "SHA384withECDSA"),
    RSA2048("2048", "SHA256withRSA"),
    RSA3072("3072", "SHA256withRSA"),
    RSA4096("4096", "SHA384withRSA"),
    ED25519("Ed25519", "Ed25519");

    private final String parameter;
    private final String signature;

    KeyKind(String parameter, String signature) {
        this.parameter = parameter;
        this.signature = signature;
    }

    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<KeyKind> ofWord(String word) {
        return Arrays.stream(values()).filter(kind -> kind.word().equals(word)).findFirst();
    }

    static String words() {
        return Arrays.stream(values()).map(KeyKind::word).collect(Collectors.joining(", "));
    }

    /** The kind of a key; empty for one that is never certified. RSA keys are of the largest kind they reach. */
    static Optional<KeyKind> of(PublicKey key) {
        if (key instanceof ECPublicKey ec) {
            return switch (Curves.name(ec)) {
                case "P-256" -> Optional.of(P256);
                case "P-384" -> Optional.of(P384);
                default -> Optional.empty();
            };
        }
        if (key instanceof RSAKey rsa) {
            int bits = rsa.getModulus().bitLength();
            return bits >= 4096
                    ? Optional.of(RSA4096)
                    : bits >= 3072 ? Optional.of(RSA3072) : bits >= 2048 ? Optional.of(RSA2048) : Optional.empty();
        }
        return key.getAlgorithm().equals("Ed25519") || key.getAlgorithm().equals("EdDSA")
                ? Optional.of(ED25519)
                : Optional.empty();
    }

    /** A new pair. */
    KeyPair generate(SecureRandom random) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(family(), provider());
            if (family().equals("EC")) {
                generator.initialize(new ECGenParameterSpec(parameter), random);
            } else if (family().equals("RSA")) {
                generator.initialize(Integer.parseInt(parameter), random);
            }
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("no keys of the kind " + word() + " here", e);
        }
    }

    private String family() {
        return name().startsWith("P") ? "EC" : name().startsWith("RSA") ? "RSA" : "Ed25519";
    }

    /** A private key that was written, for whoever signs with it or writes it again. */
    static PrivateKey read(PrivateKeyInfo info) throws GeneralSecurityException {
        ASN1ObjectIdentifier algorithm = info.getPrivateKeyAlgorithm().getAlgorithm();
        try {
            PKCS8EncodedKeySpec encoded = new PKCS8EncodedKeySpec(info.getEncoded());
            try {
                Provider provider =
                        algorithm.equals(EdECObjectIdentifiers.id_Ed25519) ? BouncyCastle.PROVIDER : BoringSsl.orJava();
                return KeyFactory.getInstance(algorithm.getId(), provider).generatePrivate(encoded);
            } catch (GeneralSecurityException e) {
                // BoringSSL knows no version 2 of PKCS#8 and no curve but NIST's: the other reads them, or says why not
            }
            return KeyFactory.getInstance(algorithm.getId(), BouncyCastle.PROVIDER)
                    .generatePrivate(encoded);
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    /** Who makes keys of this kind, and signs with them. */
    Provider provider() {
        return this == ED25519 ? BouncyCastle.PROVIDER : BoringSsl.orJava();
    }

    /** The name of the algorithm with which an authority of this kind signs. */
    String signature() {
        return signature;
    }

    /** The kind of an authority's key, told by its certificate's key. */
    static KeyKind ofAuthority(PublicKey authority) throws PkiProblem {
        return of(authority)
                .orElseThrow(() -> new PkiProblem(
                        PkiProblem.Kind.POLICY,
                        "an authority's key is " + describe(authority) + ", which signs nothing here"));
    }

    /** Whether a private key is that of a public one: what it signs is verified. */
    static boolean belong(PrivateKey key, PublicKey publicKey) {
        Optional<KeyKind> kind = of(publicKey);
        if (kind.isEmpty()) {
            return false;
        }
        try {
            byte[] probe = {1, 2, 3, 4};
            Signature signer =
                    Signature.getInstance(kind.get().signature, kind.get().provider());
            signer.initSign(key);
            signer.update(probe);
            byte[] signed = signer.sign();
            Signature verifier =
                    Signature.getInstance(kind.get().signature, kind.get().provider());
            verifier.initVerify(publicKey);
            verifier.update(probe);
            return verifier.verify(signed);
        } catch (GeneralSecurityException e) {
            return false; // a key of another kind is not its key
        }
    }

    private static String describe(Key key) {
        return key instanceof PublicKey known ? Curves.describe(known) : key.getAlgorithm();
    }
}
