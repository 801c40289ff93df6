package io.gatehouse.authn;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyType;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.Base64URL;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.HexFormat;
import org.bouncycastle.math.ec.rfc8032.Ed25519;
import org.jspecify.annotations.Nullable;

/**
 * One key of an issuer's set, good enough to believe a signature by. Immutable; any thread.
 *
 * <p>Checked when it is read: a key too small, off its curve, of low order or not for signatures never gets to see a
 * token.
 */
final class VerificationKey {
    static final int MAX_ID_BYTES = 128;
    private static final int MIN_RSA_BITS = 2048;
    private static final int MAX_RSA_BITS = 8192;
    private static final int MIN_SECRET_BYTES = 32;
    // SubjectPublicKeyInfo of an Ed25519 key up to its 32 bytes (RFC 8410)
    private static final byte[] ED25519_HEADER = HexFormat.of().parseHex("302a300506032b6570032100");

    private final JWK jwk;
    private final String thumbprint;

    private VerificationKey(JWK jwk, String thumbprint) {
        this.jwk = jwk;
        this.thumbprint = thumbprint;
    }

    /** Takes a key in if a signature may be believed by it. */
    static VerificationKey of(JWK jwk) throws Unusable {
        String id = jwk.getKeyID();
        String name = id == null ? "a key without kid" : "key '" + UserName.shown(id) + "'";
        if (id != null && id.getBytes(StandardCharsets.UTF_8).length > MAX_ID_BYTES) {
            throw new Unusable(name + ": its kid is longer than " + MAX_ID_BYTES + " bytes");
        }
        try {
            String fault = fault(jwk);
            if (fault != null) {
                throw new Unusable(name + ": " + fault);
            }
            return new VerificationKey(jwk, jwk.computeThumbprint().toString());
        } catch (JOSEException | RuntimeException e) {
            throw new Unusable(name + ": its numbers are no key");
        }
    }

    private static @Nullable String fault(JWK jwk) throws JOSEException {
        if (!(jwk instanceof OctetSequenceKey) && jwk.isPrivate()) {
            return "it is a private key; a key set holds public keys only";
        }
        if (jwk instanceof RSAKey rsa) {
            int bits = rsa.toRSAPublicKey().getModulus().bitLength();
            return bits < MIN_RSA_BITS || bits > MAX_RSA_BITS
                    ? "RSA of " + bits + " bits; " + MIN_RSA_BITS + " to " + MAX_RSA_BITS + " are taken"
                    : null;
        }
        if (jwk instanceof ECKey ec) {
            ec.toECPublicKey();
            return null;
        }
        if (jwk instanceof OctetKeyPair pair && Curve.Ed25519.equals(pair.getCurve())) {
            byte[] point = pair.getDecodedX();
            return point.length == 32 && Ed25519.validatePublicKeyFull(point, 0) ? null : "its point is not safe";
        }
        if (jwk instanceof OctetSequenceKey secret) {
            return secret.toByteArray().length < MIN_SECRET_BYTES
                    ? "a secret below " + MIN_SECRET_BYTES + " bytes"
                    : null;
        }
        return "a kind of key that is not taken";
    }

    @Nullable
    String id() {
        return jwk.getKeyID();
    }

    /** What identifies the key itself, whatever its id (RFC 7638). */
    String thumbprint() {
        return thumbprint;
    }

    boolean isSecret() {
        return jwk instanceof OctetSequenceKey;
    }

    /** Whether the key is one for this algorithm: kind, curve, {@code use} and {@code alg}. */
    boolean fits(JwtAlgorithm algorithm) {
        if (jwk.getKeyUse() != null && !KeyUse.SIGNATURE.equals(jwk.getKeyUse())) {
            return false;
        }
        if (jwk.getAlgorithm() != null && !jwk.getAlgorithm().getName().equals(algorithm.word())) {
            return false;
        }
        return switch (algorithm) {
            case EDDSA -> jwk instanceof OctetKeyPair;
            case ES256 -> jwk instanceof ECKey ec && Curve.P_256.equals(ec.getCurve());
            case ES384 -> jwk instanceof ECKey ec && Curve.P_384.equals(ec.getCurve());
            case ES512 -> jwk instanceof ECKey ec && Curve.P_521.equals(ec.getCurve());
            case RS256, RS384, RS512, PS256, PS384, PS512 -> KeyType.RSA.equals(jwk.getKeyType());
            case HS256, HS384, HS512 -> jwk instanceof OctetSequenceKey;
        };
    }

    /** Whether the signature is this key's; a signature that cannot even be read is not. */
    boolean verifies(JwtAlgorithm algorithm, byte[] signed, byte[] signature) {
        try {
            if (algorithm == JwtAlgorithm.EDDSA) {
                return verifiesEd25519(signed, signature);
            }
            JWSVerifier verifier = verifier();
            // built from the algorithm that was allowed, not from what the token says of itself
            JWSHeader header = new JWSHeader(JWSAlgorithm.parse(algorithm.word()));
            return verifier.verify(header, signed, Base64URL.encode(signature));
        } catch (JOSEException | GeneralSecurityException e) {
            return false;
        }
    }

    private JWSVerifier verifier() throws JOSEException {
        if (jwk instanceof RSAKey rsa) {
            return new RSASSAVerifier(rsa.toRSAPublicKey());
        }
        if (jwk instanceof ECKey ec) {
            return new ECDSAVerifier(ec.toECPublicKey());
        }
        if (jwk instanceof OctetSequenceKey secret) {
            return new MACVerifier(secret.toByteArray());
        }
        throw new JOSEException("no verifier for this key");
    }

    /** With the JDK: the library's own way needs another library for it. */
    private boolean verifiesEd25519(byte[] signed, byte[] signature) throws GeneralSecurityException {
        byte[] point = ((OctetKeyPair) jwk).getDecodedX();
        byte[] encoded = new byte[ED25519_HEADER.length + point.length];
        System.arraycopy(ED25519_HEADER, 0, encoded, 0, ED25519_HEADER.length);
        System.arraycopy(point, 0, encoded, ED25519_HEADER.length, point.length);
        PublicKey key = KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
        Signature verifier = Signature.getInstance("Ed25519");
        verifier.initVerify(key);
        verifier.update(signed);
        return signature.length == 64 && verifier.verify(signature);
    }

    @Override
    public String toString() {
        return jwk.getKeyType() + " " + jwk.getKeyID();
    }
}
