package io.gatehouse.pki;

import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/** A device's key and what it asks for: made with a library, as devices do. */
public final class TestRequest {
    private final KeyPair pair;
    private final String subject;
    private final ExtensionsGenerator extensions = new ExtensionsGenerator();

    private TestRequest(KeyPair pair, String subject) {
        this.pair = pair;
        this.subject = subject;
    }

    public static TestRequest of(String id) throws Exception {
        return new TestRequest(pair("EC", new ECGenParameterSpec("secp256r1")), id.isEmpty() ? "" : "CN=" + id);
    }

    public static TestRequest rsa(String id, int bits) throws Exception {
        return new TestRequest(pair("RSA", new RSAKeyGenParameterSpec(bits, RSAKeyGenParameterSpec.F4)), "CN=" + id);
    }

    static TestRequest of(KeyPair pair, String id) {
        return new TestRequest(pair, "CN=" + id);
    }

    /** The same key, for another name. */
    public TestRequest as(String id) {
        return new TestRequest(pair, "CN=" + id);
    }

    private static KeyPair pair(String algorithm, AlgorithmParameterSpec parameters) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        generator.initialize(parameters);
        return generator.generateKeyPair();
    }

    public TestRequest with(org.bouncycastle.asn1.ASN1ObjectIdentifier oid, org.bouncycastle.asn1.ASN1Encodable value)
            throws Exception {
        extensions.addExtension(oid, true, value);
        return this;
    }

    TestRequest withName(int type, String name) throws Exception {
        return with(Extension.subjectAlternativeName, new GeneralNames(new GeneralName(type, name)));
    }

    public KeyPair pair() {
        return pair;
    }

    public byte[] der() throws Exception {
        JcaPKCS10CertificationRequestBuilder builder =
                new JcaPKCS10CertificationRequestBuilder(new X500Name(subject), pair.getPublic());
        if (!extensions.isEmpty()) {
            builder.addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate());
        }
        String algorithm = pair.getPrivate().getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
        return builder.build(new JcaContentSignerBuilder(algorithm).build(pair.getPrivate()))
                .getEncoded();
    }

    /** The same, but nobody signed this: the last bytes of the signature are others. */
    public byte[] unproven() throws Exception {
        byte[] der = der();
        der[der.length - 3] ^= 0x55;
        return der;
    }
}
