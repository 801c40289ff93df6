package io.gatehouse.authn;

import static io.gatehouse.authn.Presented.answer;
import static io.gatehouse.authn.Presented.password;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.OctetSequenceKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import io.gatehouse.json.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every algorithm with a key of its own; every key with every other algorithm. */
class JwtAlgorithmTest extends JwtFixture {

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "EDDSA")
    void authenticate_eachAlgorithm_isTakenWithItsKey_andRefusedWhereItIsNotAllowed(JwtAlgorithm algorithm)
            throws Exception {
        JWK signing = key(algorithm, KeyUse.SIGNATURE);
        write(signing);
        String token = sign(signing, algorithm);
        JwtAuthenticator allowed = open(algorithm);
        assertThat(answer(allowed, password(null, token))).isInstanceOf(Authentication.Accepted.class);
        String damaged =
                token.substring(0, token.length() - 8) + (token.endsWith("AAAAAAAA") ? "BBBBBBBB" : "AAAAAAAA");
        assertThat(answer(allowed, password(null, damaged))).isInstanceOf(Authentication.Rejected.class);
        for (JwtAlgorithm other : EnumSet.complementOf(EnumSet.of(algorithm))) {
            refused(open(other), token, JwtCheck.ALGORITHM);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "EDDSA")
    void authenticate_keyForEncryption_isNotUsedForSignatures(JwtAlgorithm algorithm) throws Exception {
        JWK signing = key(algorithm, KeyUse.ENCRYPTION);
        write(signing);
        refused(open(algorithm), sign(signing, algorithm), JwtCheck.KEY);
    }

    /** A key whose {@code alg} or curve is another than the token's is not its key, whatever its {@code kid}. */
    @Test
    void authenticate_keyForAnotherAlgorithm_isNotUsed() throws Exception {
        RSAKey rsa = new RSAKeyGenerator(2048)
                .keyID("k")
                .algorithm(JWSAlgorithm.RS512)
                .generate();
        write(rsa);
        refused(open(JwtAlgorithm.RS256), sign(rsa, JwtAlgorithm.RS256), JwtCheck.KEY);
        assertThat(answer(open(JwtAlgorithm.RS512), password(null, sign(rsa, JwtAlgorithm.RS512))))
                .isInstanceOf(Authentication.Accepted.class);
        write(new ECKeyGenerator(Curve.P_384).keyID("k").generate());
        ECKey other = new ECKeyGenerator(Curve.P_256).keyID("k").generate();
        refused(open(JwtAlgorithm.ES256), sign(other, JwtAlgorithm.ES256), JwtCheck.KEY);
        write(new OctetSequenceKeyGenerator(512).keyID("k").generate());
        refused(open(JwtAlgorithm.ES256), sign(other, JwtAlgorithm.ES256), JwtCheck.KEY);
    }

    @Test
    void open_secretThatOthersCanRead_isRefused() throws Exception {
        write(key(JwtAlgorithm.HS256, KeyUse.SIGNATURE));
        Files.setPosixFilePermissions(folder.resolve("keys.json"), PosixFilePermissions.fromString("rw-r--r--"));
        Assertions.assertThatThrownBy(() -> open(JwtAlgorithm.HS256)).hasMessageContaining("chmod 600");
    }

    /** A new key's good token; the key set is in the file then. */
    static String tokenAndSet(JwtAlgorithm algorithm, Path file) throws Exception {
        if (algorithm == JwtAlgorithm.EDDSA) {
            SigningKey signing = SigningKey.generate(algorithm);
            Files.writeString(file, signing.publicSet());
            return signing.sign(claims());
        }
        JWK signing = key(algorithm, KeyUse.SIGNATURE);
        write(signing, file);
        return sign(signing, algorithm);
    }

    private void write(JWK jwk) throws Exception {
        write(jwk, folder.resolve("keys.json"));
    }

    private static void write(JWK jwk, Path file) throws Exception {
        JWK shared = jwk instanceof OctetSequenceKey ? jwk : jwk.toPublicJWK();
        Files.writeString(file, set(shared.toJSONObject()));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    private static JWK key(JwtAlgorithm algorithm, KeyUse use) throws Exception {
        return switch (algorithm) {
            case RS256, RS384, RS512, PS256, PS384, PS512 ->
                new RSAKeyGenerator(2048).keyID("k").keyUse(use).generate();
            case ES256 -> new ECKeyGenerator(Curve.P_256).keyID("k").keyUse(use).generate();
            case ES384 -> new ECKeyGenerator(Curve.P_384).keyID("k").keyUse(use).generate();
            case ES512 -> new ECKeyGenerator(Curve.P_521).keyID("k").keyUse(use).generate();
            case HS256, HS384, HS512 ->
                new OctetSequenceKeyGenerator(512).keyID("k").keyUse(use).generate();
            case EDDSA -> throw new IllegalArgumentException("made by SigningKey");
        };
    }

    private static String sign(JWK jwk, JwtAlgorithm algorithm) throws Exception {
        JWSSigner signer = jwk instanceof RSAKey rsa
                ? new RSASSASigner(rsa)
                : jwk instanceof ECKey ec ? new ECDSASigner(ec) : new MACSigner((OctetSequenceKey) jwk);
        JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.parse(algorithm.word()))
                .keyID("k")
                .build();
        String input = header.toBase64URL() + "." + base64url(Json.line(claims()));
        return input + "." + signer.sign(header, input.getBytes(StandardCharsets.US_ASCII));
    }
}
