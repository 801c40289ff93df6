package io.gatehouse.authn;

import static io.gatehouse.authn.Presented.answer;
import static io.gatehouse.authn.Presented.password;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JwtChecklistTest extends JwtFixture {
    static Stream<Arguments> refusedClaims() {
        return Stream.of(
                row("no iss", JwtCheck.ISSUER, c -> c.remove("iss")),
                row("iss is a number", JwtCheck.ISSUER, c -> c.put("iss", 7)),
                row("iss with a slash more", JwtCheck.ISSUER, c -> c.put("iss", ISSUER + "/")),
                row("iss in other case", JwtCheck.ISSUER, c -> c.put("iss", "https://ID.example.com")),
                row("no aud", JwtCheck.AUDIENCE, c -> c.remove("aud")),
                row("aud of another service", JwtCheck.AUDIENCE, c -> c.put("aud", "mqtt2")),
                row("aud list without ours", JwtCheck.AUDIENCE, c -> c.put("aud", List.of("a", "b"))),
                row("aud list empty", JwtCheck.AUDIENCE, c -> c.put("aud", List.of())),
                row("aud list with a number", JwtCheck.AUDIENCE, c -> c.put("aud", List.of("mqtt", 1))),
                row("aud is an object", JwtCheck.AUDIENCE, c -> c.put("aud", Map.of("mqtt", 1))),
                row("no exp", JwtCheck.EXPIRY, c -> c.remove("exp")),
                row("exp is text", JwtCheck.EXPIRY, c -> c.put("exp", "" + (NOW + 600))),
                row("exp is null", JwtCheck.EXPIRY, c -> c.put("exp", null)),
                row("exp is negative", JwtCheck.EXPIRY, c -> c.put("exp", -1)),
                row("exp is huge", JwtCheck.EXPIRY, c -> c.put("exp", 1e300)),
                row("exp is now", JwtCheck.EXPIRY, c -> c.put("exp", NOW)),
                row("exp was a second ago", JwtCheck.EXPIRY, c -> c.put("exp", NOW - 1)),
                row("nbf beyond the skew", JwtCheck.NOT_BEFORE, c -> c.put("nbf", NOW + 31)),
                row("nbf is text", JwtCheck.NOT_BEFORE, c -> c.put("nbf", "0")),
                row("iat beyond the skew", JwtCheck.ISSUED_AT, c -> c.put("iat", NOW + 31)),
                row("iat is text", JwtCheck.ISSUED_AT, c -> c.put("iat", "0")),
                row("lives too long", JwtCheck.LIFETIME, c -> c.put("exp", NOW + 86_401)),
                row("lives too long without iat", JwtCheck.LIFETIME, c -> {
                    c.remove("iat");
                    c.put("exp", NOW + 86_401);
                }),
                row("two claims of one name", JwtCheck.CLAIMS, c -> {
                    c.put("a", Map.of("b", "1"));
                    c.put("a.b", "2");
                }),
                row("no sub", JwtCheck.USER, c -> c.remove("sub")),
                row("sub is a number", JwtCheck.USER, c -> c.put("sub", 7)),
                row("sub is empty", JwtCheck.USER, c -> c.put("sub", "")),
                row("sub with NUL", JwtCheck.USER, c -> c.put("sub", "ann\0")),
                row("sub with control character", JwtCheck.USER, c -> c.put("sub", "ann\n")),
                row("sub reserved", JwtCheck.USER, c -> c.put("sub", "$sys")),
                row("sub too long", JwtCheck.USER, c -> c.put("sub", "x".repeat(129))),
                row("sub decomposed", JwtCheck.USER, c -> c.put("sub", "e\u0301")),
                row("bound by a key", JwtCheck.BINDING, c -> c.put("cnf", Map.of("jkt", "x"))),
                row("bound by text", JwtCheck.BINDING, c -> c.put("cnf", "x")),
                row("bound twice", JwtCheck.BINDING, c -> c.put("cnf", Map.of("x5t#S256", "x", "jkt", "y"))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refusedClaims")
    void authenticate_claimsThatFailTheChecklist_areRefused(
            String name, JwtCheck check, Consumer<Map<String, Object>> change) throws Exception {
        Map<String, Object> claims = claims();
        change.accept(claims);
        String token = key.sign(claims);
        refused(open(), token, check);
        TokenReport report = TokenReport.of(issuer(), Presented.secret(token), clock);
        assertThat(report.accepted()).isFalse();
        JwtStep last = report.steps().get(report.steps().size() - 1);
        assertThat(last.check()).isEqualTo(check);
        assertThat(last.passed()).isFalse();
    }

    static Stream<Arguments> acceptedClaims() {
        return Stream.of(
                row("aud is a list with ours", null, c -> c.put("aud", List.of("other", "mqtt"))),
                row("no nbf, no iat", null, c -> {
                    c.remove("nbf");
                    c.remove("iat");
                }),
                row("nbf within the skew", null, c -> c.put("nbf", NOW + 30)),
                row("iat within the skew", null, c -> c.put("iat", NOW + 30)),
                row("exp with a fraction", null, c -> c.put("exp", NOW + 1.5)),
                row("exactly the longest life", null, c -> c.put("exp", NOW + 86_400)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("acceptedClaims")
    void authenticate_claimsAtTheEdge_areTaken(
            String name, @Nullable JwtCheck none, Consumer<Map<String, Object>> change) throws Exception {
        Map<String, Object> claims = claims();
        change.accept(claims);
        assertThat(answer(open(), password(null, key.sign(claims)))).isInstanceOf(Authentication.Accepted.class);
    }

    @Test
    void issuer_thatMixesSecretsAndPublicKeys_isRefused() {
        assertThatThrownBy(() -> JwtIssuer.of(ISSUER, file(), "mqtt", List.of(JwtAlgorithm.HS256, JwtAlgorithm.RS256)))
                .hasMessageContaining("mixes HS");
    }

    @ParameterizedTest
    @ValueSource(strings = {"crit", "b64", "enc", "zip"})
    void authenticate_headerThatAsksForMore_isRefused(String name) throws Exception {
        refused(
                open(),
                forged(Map.of("alg", "EdDSA", "kid", key.id(), name, List.of("b64")), claims(), "AAAA"),
                JwtCheck.HEADER);
    }

    @Test
    void authenticate_kid_selectsOneKeyOrNone() throws Exception {
        SigningKey second = SigningKey.generate(JwtAlgorithm.EDDSA);
        Map<String, Object> claims = claims();
        String signature = "A".repeat(86);
        refused(open(), forged(Map.of("alg", "EdDSA", "kid", "other"), claims, signature), JwtCheck.KEY);
        refused(open(), forged(Map.of("alg", "ES256", "kid", key.id()), claims, signature), JwtCheck.KEY);
        refused(open(), forged(Map.of("alg", "EdDSA", "kid", ""), claims, signature), JwtCheck.HEADER);
        refused(open(), forged(Map.of("alg", "EdDSA", "kid", 1), claims, signature), JwtCheck.HEADER);
        refused(open(), forged(Map.of("alg", "EdDSA", "kid", "k".repeat(129)), claims, signature), JwtCheck.HEADER);
        refused(open(), forged(Map.of("alg", "EdDSA", "kid", "\u00e4".repeat(65)), claims, signature), JwtCheck.HEADER);
        refused(open(), forged(Map.of("alg", "EdDSA", "kid", "k".repeat(128)), claims, signature), JwtCheck.KEY);
        // without kid: fine with one key, refused with two
        assertThat(answer(open(), password(null, withoutKid(claims)))).isInstanceOf(Authentication.Accepted.class);
        Files.writeString(
                folder.resolve("keys.json"),
                "{\"keys\": [" + onlyKey(key.publicSet()) + "," + onlyKey(second.publicSet()) + "]}");
        refused(open(), withoutKid(claims), JwtCheck.KEY);
        assertThat(answer(open(), password(null, second.sign(claims)))).isInstanceOf(Authentication.Accepted.class);
    }

    @Test
    void authenticate_typ_mustBeTheConfiguredOne() throws Exception {
        JwtIssuer strict = new JwtIssuer(
                ISSUER,
                file(),
                Set.of("mqtt"),
                List.of(JwtAlgorithm.EDDSA),
                "sub",
                "at+jwt",
                JwtIssuer.DEFAULT_SKEW,
                JwtIssuer.DEFAULT_MAX_LIFETIME);
        JwtAuthenticator authenticator = JwtAuthenticator.open(new JwtLogin(List.of(strict)), pool, clock);
        refused(authenticator, key.sign(claims()), JwtCheck.HEADER);
        for (Object wrong : List.of("JWT", "", "at+jw", 7)) {
            refused(
                    authenticator,
                    key.sign(Map.of("alg", "EdDSA", "kid", key.id(), "typ", wrong), claims()),
                    JwtCheck.HEADER);
        }
        for (String right : List.of("at+jwt", "AT+JWT", "application/at+jwt")) {
            String token = key.sign(Map.of("alg", "EdDSA", "kid", key.id(), "typ", right), claims());
            assertThat(answer(authenticator, password(null, token))).isInstanceOf(Authentication.Accepted.class);
        }
    }

    @Test
    void issuer_skewBeyondAMinute_isRefused() {
        assertThatThrownBy(() -> new JwtIssuer(
                        ISSUER,
                        file(),
                        Set.of("mqtt"),
                        List.of(JwtAlgorithm.EDDSA),
                        "sub",
                        null,
                        java.time.Duration.ofSeconds(61),
                        JwtIssuer.DEFAULT_MAX_LIFETIME))
                .hasMessageContaining("0 to 60 seconds");
    }

    @Test
    void authenticate_sameJtiAgain_isTaken_forAReconnectIsNoReplay() throws Exception {
        Map<String, Object> claims = claims();
        claims.put("jti", "one");
        JwtAuthenticator authenticator = open();
        for (String user : List.of("ann", "ann", "bob")) {
            claims.put("sub", user);
            assertThat(answer(authenticator, password(null, key.sign(claims))))
                    .isInstanceOf(Authentication.Accepted.class);
        }
    }

    private String withoutKid(Map<String, Object> claims) {
        return key.sign(Map.of("alg", "EdDSA"), claims);
    }

    private static Arguments row(String name, @Nullable JwtCheck check, Consumer<Map<String, Object>> change) {
        return Arguments.of(name, check, change);
    }
}
