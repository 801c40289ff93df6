package io.gatehouse.authn;

import static io.gatehouse.authn.Presented.answer;
import static io.gatehouse.authn.Presented.password;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.json.Json;
import io.gatehouse.protocol.ReasonCode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** An issuer with one key in a file, and tokens of all kinds. */
abstract class JwtFixture {
    static final String ISSUER = "https://id.example.com";
    static final long NOW = MutableClock.START.getEpochSecond();

    @TempDir
    Path folder;

    final MutableClock clock = new MutableClock();
    final SigningKey key = SigningKey.generate(JwtAlgorithm.EDDSA);
    AuthenticationPool pool;

    @BeforeEach
    void openPool() throws Exception {
        pool = new AuthenticationPool("test-tokens", 1, 100);
        Files.writeString(folder.resolve("keys.json"), key.publicSet());
    }

    @AfterEach
    void closePool() {
        pool.close();
    }

    JwtAuthenticator open() throws Unusable {
        return open(JwtAlgorithm.EDDSA, JwtAlgorithm.ES256);
    }

    JwtAuthenticator open(JwtAlgorithm... algorithms) throws Unusable {
        return JwtAuthenticator.open(
                new JwtLogin(List.of(JwtIssuer.of(ISSUER, file(), "mqtt", List.of(algorithms)))), pool, clock);
    }

    JwtIssuer issuer() {
        return JwtIssuer.of(ISSUER, file(), "mqtt", List.of(JwtAlgorithm.EDDSA, JwtAlgorithm.ES256));
    }

    KeySource file() {
        return new KeySource.File(folder.resolve("keys.json"));
    }

    static void refused(JwtAuthenticator authenticator, String token, JwtCheck check) {
        Authentication answer = answer(authenticator, password(null, token));
        assertThat(answer).isInstanceOf(Authentication.Rejected.class);
        Authentication.Rejected rejected = (Authentication.Rejected) answer;
        assertThat(rejected.detail()).startsWith("the token is refused: " + check.word() + ": ");
        assertThat(rejected.reason()).isEqualTo(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
        if (token.length() > 40) {
            assertThat(rejected.detail()).doesNotContain(token.substring(token.length() - 30));
        }
    }

    static Map<String, Object> claims() {
        Map<String, Object> claims = new LinkedHashMap<>();
        claims.put("iss", ISSUER);
        claims.put("sub", "ann");
        claims.put("aud", "mqtt");
        claims.put("iat", NOW);
        claims.put("nbf", NOW);
        claims.put("exp", NOW + 600);
        return claims;
    }

    static String onlyKey(String set) throws Exception {
        return Json.line(((List<?>) Json.object(set).get("keys")).get(0));
    }

    static String set(Map<String, Object> key) {
        return Json.line(Map.of("keys", List.of(key)));
    }

    static String forged(Map<String, ?> header, Map<String, ?> claims, String signature) {
        return base64url(Json.line(header)) + "." + base64url(Json.line(claims)) + "." + signature;
    }

    static String base64url(String text) {
        return base64url(text.getBytes(StandardCharsets.UTF_8));
    }

    static String base64url(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
