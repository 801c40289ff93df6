package io.gatehouse.pki;

import java.io.IOException;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.DERTaggedObject;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/**
 * What a device is told to ask for: a key on P-256, its id as the common name, one alternative name. Stateless.
 *
 * <p>As a template to be filled in (RFC 9908, 3.4), and beside it, for clients that know no templates, as attributes and
 * identifiers (RFC 7030, 4.5.2): whoever understands the template ignores the rest.
 */
public final class CsrTemplate {
    private static final ASN1ObjectIdentifier REQUEST_TEMPLATE = new ASN1ObjectIdentifier("1.2.840.113549.1.9.16.2.61");
    private static final ASN1ObjectIdentifier EXTENSION_TEMPLATE =
            new ASN1ObjectIdentifier("1.2.840.113549.1.9.16.2.62");

    private CsrTemplate() {}

    /** {@code CsrAttrs}, DER. */
    public static byte[] device() {
        ASN1Encodable commonName = new DERSet(new DERSequence(BCStyle.CN)); // its value is the device's to fill in
        ASN1Encodable key = new DERSequence(
                new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, SECObjectIdentifiers.secp256r1));
        ASN1Encodable names = sequence(
                EXTENSION_TEMPLATE, new DERSet(new DERSequence(new DERSequence(Extension.subjectAlternativeName))));
        ASN1Encodable template = sequence(
                new ASN1Integer(0),
                new DERSequence(commonName),
                new DERTaggedObject(false, 0, key),
                new DERTaggedObject(false, 1, new DERSet(names)));
        ASN1Encodable all = sequence(
                sequence(REQUEST_TEMPLATE, new DERSet(template)),
                sequence(X9ObjectIdentifiers.id_ecPublicKey, new DERSet(SECObjectIdentifiers.secp256r1)),
                X9ObjectIdentifiers.ecdsa_with_SHA256);
        try {
            return all.toASN1Primitive().getEncoded("DER");
        } catch (IOException e) {
            throw new IllegalStateException("a constant that cannot be encoded", e);
        }
    }

    private static DERSequence sequence(ASN1Encodable... parts) {
        ASN1EncodableVector vector = new ASN1EncodableVector();
        vector.addAll(parts);
        return new DERSequence(vector);
    }
}
