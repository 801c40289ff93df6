package io.gatehouse.authn;

import static io.gatehouse.authn.Presented.answer;
import static io.gatehouse.authn.Presented.password;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.crypto.impl.ECDSA;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import io.gatehouse.json.Json;
import io.gatehouse.protocol.ReasonCode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
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
                Arguments.of(
                        "payload names an inner key twice",
                        header + "." + base64url("{\"cnf\":{\"a\":1,\"a\":2}}") + ".AAAA"),
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
    void authenticate_shapeAtItsBounds_isTaken() throws Exception {
        Map<String, Object> header = new LinkedHashMap<>();
        header.put("alg", "EdDSA");
        header.put("x", "");
        header.put(
                "x",
                "x".repeat(CompactToken.MAX_HEADER_BYTES - Json.line(header).length()));
        Map<String, Object> claims = claims();
        // seven lists in the payload, which is the eighth level
        Object deep = "x";
        for (int level = 1; level < CompactToken.MAX_DEPTH; level++) {
            deep = List.of(deep);
        }
        claims.put("deep", deep);
        claims.put("x", "");
        int now = key.sign(header, claims).length();
        claims.put("x", "x".repeat((CompactToken.MAX_BYTES - now) / 4 * 3));
        String token = key.sign(header, claims);
        assertThat(token.length()).isBetween(CompactToken.MAX_BYTES - 4, CompactToken.MAX_BYTES);
        assertThat(answer(open(), password(null, token))).isInstanceOf(Authentication.Accepted.class);
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

    /** Any byte of header, payload and signature, with its low bit, its high bit and all of its bits turned over. */
    @ParameterizedTest
    @EnumSource(names = {"EDDSA", "ES256", "RS256", "HS256"})
    void authenticate_anyFlippedByte_isRefused(JwtAlgorithm algorithm) throws Exception {
        String token = JwtAlgorithmTest.tokenAndSet(algorithm, folder.resolve("keys.json"));
        JwtAuthenticator authenticator = open(algorithm);
        assertThat(answer(authenticator, password(null, token))).isInstanceOf(Authentication.Accepted.class);
        String[] segments = token.split("\\.");
        int flips = 0;
        for (int segment = 0; segment < 3; segment++) {
            byte[] bytes = Base64.getUrlDecoder().decode(segments[segment]);
            for (int at = 0; at < bytes.length; at++) {
                for (int mask : new int[] {0x01, 0x80, 0xFF}) {
                    byte[] flipped = bytes.clone();
                    flipped[at] ^= (byte) mask;
                    String[] forged = segments.clone();
                    forged[segment] = base64url(flipped);
                    assertThat(answer(authenticator, password(null, String.join(".", forged))))
                            .describedAs("segment %d, byte %d, mask %02X", segment, at, mask)
                            .isInstanceOfSatisfying(
                                    Authentication.Rejected.class,
                                    rejected -> assertThat(rejected.reason())
                                            .isEqualTo(ReasonCode.BAD_USER_NAME_OR_PASSWORD));
                    flips++;
                }
            }
        }
        assertThat(flips).isGreaterThan(450); // three for each of 150 bytes and more
        // the token as it was is as good as before: what was refused was refused for its bytes
        assertThat(answer(authenticator, password(null, token))).isInstanceOf(Authentication.Accepted.class);
    }

    /** RFC 7518, section 3.4: two numbers of 32 bytes, from 1 to the order of the curve less one. */
    @Test
    void authenticate_ecdsaSignatureOutOfRange_isRefused() throws Exception {
        byte[] zero = new byte[32];
        byte[] one = new byte[32];
        one[31] = 1;
        byte[] order = HexFormat.of().parseHex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
        SigningKey signing = SigningKey.generate(JwtAlgorithm.ES256);
        Files.writeString(folder.resolve("keys.json"), signing.publicSet());
        JwtAuthenticator authenticator = open();
        String token = signing.sign(claims());
        String input = token.substring(0, token.lastIndexOf('.') + 1);
        byte[] good = Base64.getUrlDecoder().decode(token.substring(input.length()));
        byte[] r = Arrays.copyOf(good, 32);
        byte[] s = Arrays.copyOfRange(good, 32, 64);
        byte[] max = new byte[32];
        Arrays.fill(max, (byte) 0xFF);
        for (byte[][] pair : new byte[][][] {
            {zero, zero},
            {zero, s},
            {r, zero},
            {zero, one},
            {one, zero},
            {order, s},
            {r, order},
            {order, order},
            {max, max},
            {one, one},
            {s, r}
        }) {
            refused(authenticator, input + base64url(joined(pair[0], pair[1])), JwtCheck.SIGNATURE);
        }
        // the same numbers in the encoding of X.509, and one byte more or less
        byte[] der = ECDSA.transcodeSignatureToDER(good);
        refused(authenticator, input + base64url(der), JwtCheck.SIGNATURE);
        refused(authenticator, input + base64url(joined(good, new byte[1])), JwtCheck.SIGNATURE);
        refused(authenticator, input + base64url(Arrays.copyOf(good, 63)), JwtCheck.SIGNATURE);
        assertThat(answer(authenticator, password(null, token))).isInstanceOf(Authentication.Accepted.class);
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    @Test
    void authenticate_otherIssuerOrAlgorithm_isRefusedBeforeAnyKeyIsAskedFor() throws Exception {
        JwtAuthenticator authenticator = open();
        Map<String, Object> claims = claims();
        claims.put("iss", "https://evil.example");
        refused(authenticator, key.sign(claims), JwtCheck.ISSUER);
        refused(authenticator, forged(Map.of("alg", "RS256"), claims(), "AAAA"), JwtCheck.ALGORITHM);
        refused(authenticator, forged(Map.of("alg", "EdDSA", "crit", List.of()), claims(), "AAAA"), JwtCheck.HEADER);
        assertThat(authenticator.signatures()).isZero();
    }

    private static String signed(JWSHeader header, RSAKey rsa) throws Exception {
        String input = header.toBase64URL() + "." + base64url(Json.line(claims()));
        return input + "." + new RSASSASigner(rsa).sign(header, input.getBytes(StandardCharsets.US_ASCII));
    }
}
