package io.gatehouse.authn;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.util.Base64URL;
import io.gatehouse.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.text.ParseException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A key that signs tokens, for development and for plants that issue their own. Immutable; any thread.
 *
 * <p>The broker never needs one: it verifies with the public set that {@link #publicSet} yields.
 */
public final class SigningKey {
    private static final int MAX_FILE_BYTES = 64 * 1024;

    private final JWK jwk;
    private final JwtAlgorithm algorithm;

    private SigningKey(JWK jwk, JwtAlgorithm algorithm) {
        this.jwk = jwk;
        this.algorithm = algorithm;
    }

    /** A fresh key; its id is its thumbprint (RFC 7638). */
    public static SigningKey generate(JwtAlgorithm algorithm) {
        try {
            return switch (algorithm) {
                case EDDSA -> new SigningKey(ed25519(), algorithm);
                case ES256 -> new SigningKey(p256(), algorithm);
                default ->
                    throw new IllegalArgumentException("keys are made for EdDSA and ES256, not for " + algorithm);
            };
        } catch (GeneralSecurityException | JOSEException e) {
            throw new IllegalStateException("this Java runtime cannot make a key for " + algorithm, e);
        }
    }

    private static JWK ed25519() throws GeneralSecurityException, JOSEException {
        KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        byte[] secret = ((EdECPrivateKey) pair.getPrivate()).getBytes().orElseThrow();
        byte[] encoded = pair.getPublic().getEncoded();
        // the last 32 bytes of the SubjectPublicKeyInfo are the point (RFC 8410, section 4)
        byte[] point = Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length);
        return new OctetKeyPair.Builder(Curve.Ed25519, Base64URL.encode(point))
                .d(Base64URL.encode(secret))
                .keyUse(KeyUse.SIGNATURE)
                .algorithm(JWSAlgorithm.EdDSA)
                .keyIDFromThumbprint()
                .build();
    }

    private static JWK p256() throws GeneralSecurityException, JOSEException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        KeyPair pair = generator.generateKeyPair();
        return new ECKey.Builder(Curve.P_256, (ECPublicKey) pair.getPublic())
                .privateKey(pair.getPrivate())
                .keyUse(KeyUse.SIGNATURE)
                .algorithm(JWSAlgorithm.ES256)
                .keyIDFromThumbprint()
                .build();
    }

    /** Reads a private key file, as {@link #write} made it. */
    public static SigningKey read(Path file) throws Unusable {
        String text = PrivateFile.readText(file, MAX_FILE_BYTES);
        try {
            Map<String, Object> object = Json.object(text);
            if (object.containsKey("keys")) {
                throw new Unusable(file + ": is a set of public keys; what signs is the private key file");
            }
            JWK jwk = JWK.parse(text);
            if (!jwk.isPrivate()) {
                throw new Unusable(file + ": holds no private key");
            }
            if (jwk instanceof OctetKeyPair pair && Curve.Ed25519.equals(pair.getCurve())) {
                return new SigningKey(jwk, JwtAlgorithm.EDDSA);
            }
            if (jwk instanceof ECKey ec && Curve.P_256.equals(ec.getCurve())) {
                return new SigningKey(jwk, JwtAlgorithm.ES256);
            }
            throw new Unusable(file + ": is neither an Ed25519 nor a P-256 key");
        } catch (Json.NotJson | ParseException e) {
            throw new Unusable(file + ": is no JWK (RFC 7517)");
        }
    }

    /**
     * Writes the private key, readable by its owner only, and the set with its public part.
     *
     * @throws Unusable if one of the files is there already: a key that is overwritten is lost
     */
    public void write(Path privateFile, Path publicFile) throws Unusable {
        for (Path file : List.of(privateFile, publicFile)) {
            if (Files.exists(file)) {
                throw new Unusable(file + ": is there already; move it away, or name another file");
            }
        }
        try {
            PrivateFile.replace(privateFile, (privateJson() + "\n").getBytes(StandardCharsets.UTF_8));
            PrivateFile.create(publicFile, (publicSet() + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (FileAlreadyExistsException e) {
            throw new Unusable(e.getMessage() + ": is there already");
        } catch (IOException e) {
            throw new Unusable("the key cannot be written: " + PrivateFile.reason(e));
        }
    }

    public JwtAlgorithm algorithm() {
        return algorithm;
    }

    /** {@code kid} of its tokens. */
    public String id() {
        return String.valueOf(jwk.getKeyID());
    }

    /** The JWK set for {@code jwks:}: this key's public part. */
    public String publicSet() {
        return Json.pretty(Map.of("keys", List.of(jwk.toPublicJWK().toJSONObject())));
    }

    private String privateJson() {
        return Json.pretty(jwk.toJSONObject());
    }

    /** Signs claims. Nothing is checked: what the broker refuses can be made with it, to see it refused. */
    public String sign(Map<String, ?> claims) {
        Map<String, Object> header = new LinkedHashMap<>();
        header.put("alg", algorithm.word());
        header.put("typ", "JWT");
        header.put("kid", id());
        return sign(header, claims);
    }

    String sign(Map<String, ?> header, Map<String, ?> claims) {
        String signed = base64url(Json.line(header)) + "." + base64url(Json.line(claims));
        byte[] input = signed.getBytes(StandardCharsets.US_ASCII);
        return signed + "." + signature(input);
    }

    private Base64URL signature(byte[] input) {
        try {
            if (jwk instanceof ECKey ec) {
                return new ECDSASigner(ec).sign(new JWSHeader(JWSAlgorithm.ES256), input);
            }
            byte[] secret = ((OctetKeyPair) jwk).getDecodedD();
            Signature signer = Signature.getInstance("Ed25519");
            signer.initSign(KeyFactory.getInstance("Ed25519")
                    .generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, secret)));
            signer.update(input);
            return Base64URL.encode(signer.sign());
        } catch (GeneralSecurityException | JOSEException e) {
            throw new IllegalStateException("the key cannot sign", e);
        }
    }

    private static String base64url(String text) {
        return Base64URL.encode(text).toString();
    }

    @Override
    public String toString() {
        return algorithm + " " + id();
    }
}
