package io.gatehouse.pki;

import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.DERTaggedObject;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/**
 * What a device is told to ask for: the key that the authority's profile of devices names, its id as the common name, and,
 * where its certificate has one, an alternative name. Stateless.
 *
 * <p>As a template to be filled in (RFC 9908, 3.4), and beside it, for clients that know no templates, as attributes and
 * identifiers (RFC 7030, 4.5.2): whoever understands the template ignores the rest.
 */
final class CsrTemplate {
    private static final ASN1ObjectIdentifier REQUEST_TEMPLATE = new ASN1ObjectIdentifier("1.2.840.113549.1.9.16.2.61");
    private static final ASN1ObjectIdentifier EXTENSION_TEMPLATE =
            new ASN1ObjectIdentifier("1.2.840.113549.1.9.16.2.62");
    private static final BigInteger F4 = BigInteger.valueOf(65_537);

    private CsrTemplate() {}

    /**
     * {@code CsrAttrs}, DER.
     *
     * @param key what the profile makes, and so asks for
     * @param named whether there is an alternative name; its value is the device's to fill in
     */
    static byte[] of(KeyKind key, boolean named) {
        ASN1Encodable commonName = new DERSet(new DERSequence(BCStyle.CN)); // its value is the device's to fill in
        DERSet attributes = named
                ? new DERSet(sequence(
                        EXTENSION_TEMPLATE,
                        new DERSet(new DERSequence(new DERSequence(Extension.subjectAlternativeName)))))
                : new DERSet();
        ASN1Encodable template = sequence(
                new ASN1Integer(0),
                new DERSequence(commonName),
                new DERTaggedObject(false, 0, keyTemplate(key)),
                new DERTaggedObject(false, 1, attributes));
        List<ASN1Encodable> all = new ArrayList<>();
        all.add(sequence(REQUEST_TEMPLATE, new DERSet(template)));
        all.addAll(plain(key));
        try {
            return sequence(all.toArray(ASN1Encodable[]::new)).getEncoded("DER");
        } catch (IOException e) {
            throw new IllegalStateException("a constant that cannot be encoded", e);
        }
    }

    /** {@code SubjectPublicKeyInfoTemplate}: only of RSA a key, which holds the place of one of its length. */
    private static DERSequence keyTemplate(KeyKind key) {
        return switch (key) {
            case P256 -> sequence(ellipticCurve(SECObjectIdentifiers.secp256r1));
            case P384 -> sequence(ellipticCurve(SECObjectIdentifiers.secp384r1));
            case RSA2048 -> rsa(2048);
            case RSA3072 -> rsa(3072);
            case RSA4096 -> rsa(4096);
            case ED25519 -> sequence(new AlgorithmIdentifier(EdECObjectIdentifiers.id_Ed25519));
        };
    }

    private static AlgorithmIdentifier ellipticCurve(ASN1ObjectIdentifier curve) {
        return new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, curve);
    }

    private static DERSequence rsa(int bits) {
        BigInteger placeholder = BigInteger.ONE.shiftLeft(bits).subtract(BigInteger.ONE);
        try {
            return sequence(
                    new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE),
                    new DERBitString(new RSAPublicKey(placeholder, F4)));
        } catch (IOException e) {
            throw new IllegalStateException("a constant that cannot be encoded", e);
        }
    }

    private static List<ASN1Encodable> plain(KeyKind key) {
        return switch (key) {
            case P256 -> ecdsa(SECObjectIdentifiers.secp256r1, X9ObjectIdentifiers.ecdsa_with_SHA256);
            case P384 -> ecdsa(SECObjectIdentifiers.secp384r1, X9ObjectIdentifiers.ecdsa_with_SHA384);
            case RSA2048 -> rsaPlain(2048);
            case RSA3072 -> rsaPlain(3072);
            case RSA4096 -> rsaPlain(4096);
            case ED25519 -> List.of(EdECObjectIdentifiers.id_Ed25519);
        };
    }

    private static List<ASN1Encodable> ecdsa(ASN1ObjectIdentifier curve, ASN1ObjectIdentifier signature) {
        return List.of(sequence(X9ObjectIdentifiers.id_ecPublicKey, new DERSet(curve)), signature);
    }

    private static List<ASN1Encodable> rsaPlain(int bits) {
        return List.of(
                sequence(PKCSObjectIdentifiers.rsaEncryption, new DERSet(new ASN1Integer(bits))),
                PKCSObjectIdentifiers.sha256WithRSAEncryption);
    }

    private static DERSequence sequence(ASN1Encodable... parts) {
        ASN1EncodableVector vector = new ASN1EncodableVector();
        vector.addAll(parts);
        return new DERSequence(vector);
    }
}
