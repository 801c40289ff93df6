package io.gatehouse.pki;

import java.math.BigInteger;
import java.security.Key;
import java.security.interfaces.ECKey;
import java.security.interfaces.RSAKey;
import java.security.spec.ECFieldFp;

/** Says which key it is. Stateless; compares the curve itself, because a field of 256 bits is secp256k1's too. */
final class Curves {
    private static final BigInteger P256 =
            new BigInteger("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", 16);
    private static final BigInteger P384 = new BigInteger(
            "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff", 16);

    private Curves() {}

    static String name(ECKey key) {
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

    static String describe(Key key) {
        if (key instanceof ECKey ec) {
            return "EC " + name(ec);
        }
        return key instanceof RSAKey rsa ? "RSA of " + rsa.getModulus().bitLength() + " bits" : key.getAlgorithm();
    }
}
