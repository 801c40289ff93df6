package io.gatehouse.authn;

import static io.gatehouse.authn.Presented.answer;
import static io.gatehouse.authn.Presented.password;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import io.gatehouse.json.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JwtForgeryTest extends JwtFixture {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "none",
                "None",
                "NONE",
                "nOnE",
                "none ",
                " none",
                "",
                "HS256",
                "RS256",
                "eddsa",
                "EDDSA",
                "EdDSA\u0000"
            })
    void authenticate_otherAlgorithm_isRefused_withAndWithoutSignature(String algorithm) throws Exception {
        JwtAuthenticator authenticator = open();
        String good = key.sign(claims());
        for (String signature : List.of("", good.substring(good.lastIndexOf('.') + 1))) {
            String token = forged(Map.of("alg", algorithm, "kid", key.id()), claims(), signature);
            refused(authenticator, token, JwtCheck.ALGORITHM);
        }
    }

    @Test
    void authenticate_algorithmThatIsNoText_isRefused() throws Exception {
        refused(open(), forged(Map.of("alg", List.of("EdDSA")), claims(), "AAAA"), JwtCheck.ALGORITHM);
        refused(open(), forged(Map.of("kid", key.id()), claims(), "AAAA"), JwtCheck.ALGORITHM);
    }

    @Test
    void authenticate_emptySignature_isRefused() throws Exception {
        refused(open(), forged(Map.of("alg", "EdDSA", "kid", key.id()), claims(), ""), JwtCheck.SIGNATURE);
    }

    @Test
    void authenticate_publicKeyUsedAsSecret_isRefused() throws Exception {
        // the classic confusion: HS256 over the text of the RSA key that everybody can read
        RSAKey rsa = new RSAKeyGenerator(2048).keyID("r1").generate();
        Files.writeString(folder.resolve("keys.json"), set(rsa.toPublicJWK().toJSONObject()));
        JwtAuthenticator authenticator = open(JwtAlgorithm.RS256);
        String honest =
                signed(new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("r1").build(), rsa);
        assertThat(answer(authenticator, password(null, honest))).isInstanceOf(Authentication.Accepted.class);
        String input = base64url(Json.line(Map.of("alg", "HS256", "kid", "r1"))) + "." + base64url(Json.line(claims()));
        for (byte[] secret : List.of(
                rsa.toRSAPublicKey().getEncoded(),
                ("-----BEGIN PUBLIC KEY-----\n"
                                + Base64.getMimeEncoder()
                                        .encodeToString(rsa.toRSAPublicKey().getEncoded())
                                + "\n-----END PUBLIC KEY-----\n")
                        .getBytes(StandardCharsets.US_ASCII))) {
            String mac = new MACSigner(secret)
                    .sign(new JWSHeader(JWSAlgorithm.HS256), input.getBytes(StandardCharsets.US_ASCII))
                    .toString();
            refused(authenticator, input + "." + mac, JwtCheck.ALGORITHM);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"jku", "x5u", "jwk", "x5c"})
    void authenticate_headerThatBringsItsOwnKey_isNotBelieved(String name) throws Exception {
        SigningKey attacker = SigningKey.generate(JwtAlgorithm.EDDSA);
        Map<String, Object> header = new LinkedHashMap<>();
        header.put("alg", "EdDSA");
        header.put("kid", key.id());
        header.put(name, name.equals("jwk") ? Json.object(attacker.publicSet()) : "https://evil.example/keys");
        String token = attacker.sign(claims());
        refused(open(), forged(header, claims(), token.substring(token.lastIndexOf('.') + 1)), JwtCheck.SIGNATURE);
    }

    static Stream<Arguments> malformed() {
        String header = base64url("{\"alg\":\"EdDSA\"}");
        String claims = base64url("{\"iss\":\"" + ISSUER + "\"}");
        return Stream.of(
                Arguments.of("one segment", header),
                Arguments.of("two segments", header + "." + claims),
                Arguments.of("four segments", header + "." + claims + ".AAAA.AAAA"),
                Arguments.of("encrypted", header + ".AAAA.AAAA.AAAA.AAAA"),
                Arguments.of("only dots", ".."),
                Arguments.of("padding", header + "." + claims + ".AAA="),
                Arguments.of("space before", " " + header + "." + claims + ".AAAA"),
                Arguments.of("newline after", header + "." + claims + ".AAAA\n"),
                Arguments.of("plus and slash", header + "." + claims + ".+//+"),
                Arguments.of("stray bits", header + "." + claims + ".AB"),
                Arguments.of("header is no JSON", base64url("x") + "." + claims + ".AAAA"),
                Arguments.of("header is a list", base64url("[]") + "." + claims + ".AAAA"),
                Arguments.of(
                        "header names a key twice",
                        base64url("{\"alg\":\"none\",\"alg\":\"EdDSA\"}") + "." + claims + ".AAAA"),
                Arguments.of(
                        "payload names a key twice",
                        header + "." + base64url("{\"iss\":\"a\",\"iss\":\"" + ISSUER + "\"}") + ".AAAA"),
                Arguments.of(
                        "payload is deep",
                        header + "." + base64url("{\"a\":" + "[".repeat(8) + "]".repeat(8) + "}") + ".AAAA"),
                Arguments.of(
                        "payload is very deep",
                        header + "." + base64url("{\"a\":" + "[".repeat(2000) + "]".repeat(2000) + "}") + ".AAAA"),
                Arguments.of(
                        "payload is not UTF-8",
                        header + "."
                                + Base64.getUrlEncoder()
                                        .withoutPadding()
                                        .encodeToString(new byte[] {'{', '"', (byte) 0xC3, '"', ':', '1', '}'})
                                + ".AAAA"),
                Arguments.of("two payloads", header + "." + base64url("{}{}") + ".AAAA"),
                Arguments.of(
                        "large header",
                        base64url("{\"alg\":\"EdDSA\",\"x\":\"" + "x".repeat(1024) + "\"}") + "." + claims + ".AAAA"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("malformed")
    void authenticate_whatIsNoToken_isRefused(String name, String token) throws Exception {
        refused(open(), token, JwtCheck.SHAPE);
    }

    @Test
    void authenticate_largeToken_isRefusedUnread() throws Exception {
        Map<String, Object> claims = claims();
        claims.put("x", "x".repeat(8_000));
        JwtAuthenticator authenticator = open();
        Authentication answer = answer(authenticator, password(null, key.sign(claims)));
        assertThat(((Authentication.Rejected) answer).detail()).contains("longer than 8192");
        assertThat(authenticator.signatures()).isZero();
    }

    @Test
    void authenticate_anyChangedCharacter_isRefused() throws Exception {
        JwtAuthenticator authenticator = open();
        String token = key.sign(claims());
        for (int i = 0; i < token.length(); i++) {
            for (char other : new char[] {'A', 'B', '_', '.'}) {
                if (token.charAt(i) != other) {
                    String changed = token.substring(0, i) + other + token.substring(i + 1);
                    assertThat(answer(authenticator, password(null, changed)))
                            .describedAs("character %d", i)
                            .isInstanceOf(Authentication.Rejected.class);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EDDSA", "ES256"})
    void authenticate_anyFlippedBitOfTheSignature_isRefused(JwtAlgorithm algorithm) throws Exception {
        SigningKey signing = SigningKey.generate(algorithm);
        Files.writeString(folder.resolve("keys.json"), signing.publicSet());
        JwtAuthenticator authenticator = open();
        String token = signing.sign(claims());
        String input = token.substring(0, token.lastIndexOf('.') + 1);
        byte[] signature = Base64.getUrlDecoder().decode(token.substring(input.length()));
        for (int bit = 0; bit < signature.length * 8; bit++) {
            byte[] flipped = signature.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            refused(authenticator, input + base64url(flipped), JwtCheck.SIGNATURE);
        }
        // CVE-2022-21449: a signature of zeros
        refused(authenticator, input + base64url(new byte[64]), JwtCheck.SIGNATURE);
        refused(authenticator, input + base64url(new byte[63]), JwtCheck.SIGNATURE);
    }

    private static String signed(JWSHeader header, RSAKey rsa) throws Exception {
        String input = header.toBase64URL() + "." + base64url(Json.line(claims()));
        return input + "." + new RSASSASigner(rsa).sign(header, input.getBytes(StandardCharsets.US_ASCII));
    }
}
