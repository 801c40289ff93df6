package io.gatehouse.pki;

import java.math.BigInteger;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECFieldFp;

/** Says which key it is. Stateless; compares the curve itself, because a field of 256 bits is secp256k1's too. */
final class Curves {
    private static final BigInteger P256 =
            new BigInteger("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", 16);
    private static final BigInteger P384 = new BigInteger(
            "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff", 16);

    private Curves() {}

    static String name(ECPublicKey key) {
        if (key.getParams().getCurve().getField() instanceof ECFieldFp field) {
            if (field.getP().equals(P256)) {
                return "P-256";
            }
            if (field.getP().equals(P384)) {
                return "P-384";
            }
            return "of " + field.getFieldSize() + " bits that is neither P-256 nor P-384";
        }
        return "over a binary field";
    }

    static String describe(PublicKey key) {
        if (key instanceof ECPublicKey ec) {
            return "EC " + name(ec);
        }
        return key instanceof RSAPublicKey rsa
                ? "RSA of " + rsa.getModulus().bitLength() + " bits"
                : key.getAlgorithm();
    }
}
