package io.gatehouse.authn;

import static io.gatehouse.authn.Presented.answer;
import static io.gatehouse.authn.Presented.password;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import io.gatehouse.json.Json;
import io.gatehouse.protocol.ReasonCode;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HttpsKeySetTest extends JwtFixture {
    /** Long enough for an honest server on a machine that is busy with other things. */
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    /** For a server that says nothing, or too slowly; it has to do when the server is well again, too. */
    private static final Duration SHORT = Duration.ofSeconds(3);

    private FakeKeyServer server;

    @BeforeEach
    void startServer() throws Exception {
        server = new FakeKeyServer("127.0.0.1");
        server.serve(key);
    }

    @AfterEach
    void stopServer() {
        server.close();
    }

    @Test
    void authenticate_keysFromTheServer_areFetchedOnce() throws Exception {
        JwtAuthenticator authenticator = remote();
        for (int i = 0; i < 5; i++) {
            assertAccepted(authenticator, fresh(key, i));
        }
        assertThat(server.requests()).isEqualTo(1);
        assertThat(authenticator.signatures()).isEqualTo(5);
    }

    @Test
    void authenticate_manyAtOnceBeforeTheFirstFetch_shareIt() throws Exception {
        JwtAuthenticator authenticator = remote();
        List<CompletableFuture<Authentication>> answers = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            answers.add(
                    authenticator.authenticate(password(null, fresh(key, i))).toCompletableFuture());
        }
        assertThat(answers)
                .allSatisfy(answer ->
                        assertThat(answer.get(30, TimeUnit.SECONDS)).isInstanceOf(Authentication.Accepted.class));
        assertThat(server.requests()).isEqualTo(1);
    }

    static Stream<String> lies() {
        return Stream.of(
                "stalls",
                "trickles",
                "status 404",
                "status 500",
                "redirects",
                "HTML",
                "no type",
                "not JSON",
                "empty",
                "too large",
                "too many keys",
                "no keys",
                "hangs up",
                "a list",
                "a number of pages",
                "a small key only",
                "private keys only");
    }

    @ParameterizedTest(name = "a server that answers: {0}")
    @MethodSource("lies")
    void authenticate_serverOfNoUse_closesTheDoorWithUnavailable_andBlocksNobody(String lie) throws Exception {
        server.behaviour = behaviour(lie);
        boolean waits = lie.equals("stalls") || lie.equals("trickles");
        JwtAuthenticator authenticator = remote(server, false, waits ? SHORT : DEADLINE);
        CompletableFuture<Authentication> answer =
                authenticator.authenticate(password(null, key.sign(claims()))).toCompletableFuture();
        if (waits) {
            // whoever asked goes on, and so does the pool: it has one thread, and that is free
            CompletableFuture<Boolean> other =
                    pool.submit(() -> answer.isDone(), false, false).toCompletableFuture();
            assertThat(other.get(30, TimeUnit.SECONDS)).isFalse();
        }
        Authentication.Rejected rejected = (Authentication.Rejected) answer.get(30, TimeUnit.SECONDS);
        assertThat(rejected.reason()).isEqualTo(ReasonCode.SERVER_UNAVAILABLE);
        assertThat(rejected.detail()).startsWith("the token cannot be checked: the issuer's keys are not known: ");
        // the back-off: the next login is answered at once, without a request
        int requests = server.requests();
        assertThat(((Authentication.Rejected) answer(authenticator, password(null, fresh(key, 1)))).reason())
                .isEqualTo(ReasonCode.SERVER_UNAVAILABLE);
        assertThat(server.requests()).isEqualTo(requests);
        // and when it is well again, so is the door
        server.serve(key);
        clock.advance(Duration.ofSeconds(1));
        assertAccepted(authenticator, fresh(key, 2));
    }

    private FakeKeyServer.Behaviour behaviour(String lie) throws Exception {
        String set = key.publicSet();
        return switch (lie) {
            case "stalls" -> server::stall;
            case "trickles" -> server::trickle;
            case "status 404" -> exchange -> server.answer(exchange, 404, "application/json", set);
            case "status 500" -> exchange -> server.answer(exchange, 500, "application/json", set);
            case "redirects" ->
                exchange -> {
                    exchange.getResponseHeaders().set("Location", server.address() + "/other");
                    server.answer(exchange, 302, "application/json", set);
                };
            case "HTML" -> exchange -> server.answer(exchange, 200, "text/html", set);
            case "no type" -> exchange -> server.answer(exchange, 200, "", set);
            case "not JSON" -> exchange -> server.answer(exchange, 200, "application/json", "<html>");
            case "empty" -> exchange -> server.answer(exchange, 200, "application/json", " ");
            case "too large" ->
                exchange ->
                        server.answer(exchange, 200, "application/json", set + " ".repeat(VerificationKeys.MAX_BYTES));
            case "too many keys" -> {
                String many = "{\"keys\": [" + (onlyKey(set) + ",").repeat(100) + onlyKey(set) + "]}";
                yield exchange -> server.answer(exchange, 200, "application/json", many);
            }
            case "no keys" -> exchange -> server.answer(exchange, 200, "application/json", "{\"keys\": []}");
            case "a list" -> exchange -> server.answer(exchange, 200, "application/json", "[" + set + "]");
            case "a number of pages" -> exchange -> server.answer(exchange, 206, "application/json", set);
            case "hangs up" -> exchange -> exchange.close();
            case "a small key only" -> {
                Map<String, Object> small =
                        new RSAKeyGenerator(1024, true).generate().toPublicJWK().toJSONObject();
                yield exchange ->
                        server.answer(exchange, 200, "application/json", Json.line(Map.of("keys", List.of(small))));
            }
            case "private keys only" -> {
                Map<String, Object> rsa = new RSAKeyGenerator(2048).generate().toJSONObject();
                yield exchange ->
                        server.answer(exchange, 200, "application/json", Json.line(Map.of("keys", List.of(rsa))));
            }
            default -> throw new IllegalArgumentException(lie);
        };
    }

    @Test
    void authenticate_serverWithAnotherName_isNotBelieved() throws Exception {
        try (FakeKeyServer other = new FakeKeyServer("id.example.com")) {
            other.serve(key);
            JwtAuthenticator authenticator = remote(other);
            assertThat(((Authentication.Rejected) answer(authenticator, password(null, key.sign(claims())))).reason())
                    .isEqualTo(ReasonCode.SERVER_UNAVAILABLE);
            assertThat(other.requests()).isZero();
        }
    }

    @Test
    void authenticate_serverOfAnotherAuthority_isNotBelieved() throws Exception {
        JwtIssuer issuer =
                JwtIssuer.of(ISSUER, new KeySource.Https(server.address()), "mqtt", List.of(JwtAlgorithm.EDDSA));
        assertUnavailable(issuer, "of no authority that is trusted here; \"jwks_ca\" names another");
        assertThat(server.requests()).isZero();
    }

    @Test
    void authenticate_serverThatIsNotThere_saysWhatIsAmiss() throws Exception {
        server.close();
        for (URI address : List.of(server.address(), URI.create("https://no-such-host.invalid/keys"))) {
            JwtIssuer issuer = JwtIssuer.of(ISSUER, new KeySource.Https(address), "mqtt", List.of(JwtAlgorithm.EDDSA));
            assertUnavailable(
                    issuer, address + (address.getPort() < 0 ? ": there is no such host" : ": nothing answers there"));
        }
    }

    private void assertUnavailable(JwtIssuer issuer, String why) throws Exception {
        JwtAuthenticator authenticator = JwtAuthenticator.open(new JwtLogin(List.of(issuer)), pool, clock, DEADLINE);
        Authentication.Rejected rejected =
                (Authentication.Rejected) answer(authenticator, password(null, key.sign(claims())));
        assertThat(rejected.reason()).isEqualTo(ReasonCode.SERVER_UNAVAILABLE);
        assertThat(rejected.detail()).contains(why);
    }

    @Test
    void authenticate_rotatedKey_isTakenAtOnce_andTheOldOneIsNotBelievedAnyMore() throws Exception {
        JwtAuthenticator authenticator = remote();
        String old = key.sign(claims());
        assertAccepted(authenticator, old);
        SigningKey next = SigningKey.generate(JwtAlgorithm.EDDSA);
        server.serve(next);
        assertAccepted(authenticator, next.sign(claims()));
        assertThat(server.requests()).isEqualTo(2);
        // remembered, but under other keys
        refused(authenticator, old, JwtCheck.KEY);
    }

    @Test
    void authenticate_unknownKeys_askOnceInThirtySeconds() throws Exception {
        JwtAuthenticator authenticator = remote();
        assertAccepted(authenticator, key.sign(claims()));
        for (int i = 0; i < 100; i++) {
            refused(authenticator, SigningKey.generate(JwtAlgorithm.EDDSA).sign(claims()), JwtCheck.KEY);
        }
        assertThat(server.requests()).isEqualTo(2);
        clock.advance(Duration.ofSeconds(30));
        refused(authenticator, SigningKey.generate(JwtAlgorithm.EDDSA).sign(claims()), JwtCheck.KEY);
        assertThat(server.requests()).isEqualTo(3);
        assertAccepted(authenticator, fresh(key, 1));
    }

    @Test
    void authenticate_maxAge_decidesWhenToAskAgain_withinBounds() throws Exception {
        server.cacheControl = "public, max-age=1";
        JwtAuthenticator authenticator = remote();
        assertAccepted(authenticator, fresh(key, 0));
        clock.advance(Duration.ofMinutes(3));
        assertAccepted(authenticator, fresh(key, 1));
        assertThat(server.requests()).isEqualTo(1);
        clock.advance(Duration.ofMinutes(2));
        assertAccepted(authenticator, fresh(key, 2));
        assertThat(server.requests()).isEqualTo(2);
    }

    @Test
    void authenticate_serverGone_lastKeysServeForADay_thenNobodyGetsIn() throws Exception {
        JwtAuthenticator authenticator = remote();
        assertAccepted(authenticator, fresh(key, 0));
        server.behaviour = exchange -> server.answer(exchange, 503, "application/json", "{}");
        clock.advance(Duration.ofHours(23));
        assertAccepted(authenticator, fresh(key, 1));
        clock.advance(Duration.ofMinutes(61));
        Authentication.Rejected rejected =
                (Authentication.Rejected) answer(authenticator, password(null, fresh(key, 2)));
        assertThat(rejected.reason()).isEqualTo(ReasonCode.SERVER_UNAVAILABLE);
        assertThat(rejected.detail()).contains("too long ago").contains("status 503");
    }

    @Test
    void authenticate_maxAgeBeyondADay_isCutToADay() throws Exception {
        server.cacheControl = "max-age=999999999";
        JwtAuthenticator authenticator = remote();
        assertAccepted(authenticator, fresh(key, 0));
        clock.advance(Duration.ofHours(24));
        assertAccepted(authenticator, fresh(key, 1));
        assertThat(server.requests()).isEqualTo(2);
    }

    /** Among keys that are good, bad ones are passed over; two of one name are nobody's. */
    @Test
    void authenticate_setWithBadKeysAmongGoodOnes_usesTheGoodOnesOnly() throws Exception {
        SigningKey other = SigningKey.generate(JwtAlgorithm.EDDSA);
        Map<String, Object> twin = Json.object(onlyKey(other.publicSet()));
        twin.put("kid", other.id());
        Map<String, Object> impostor =
                Json.object(onlyKey(SigningKey.generate(JwtAlgorithm.EDDSA).publicSet()));
        impostor.put("kid", other.id());
        Map<String, Object> weak = new RSAKeyGenerator(1024, true)
                .keyID("weak")
                .generate()
                .toPublicJWK()
                .toJSONObject();
        Map<String, Object> secret = Map.of("kty", "oct", "kid", "secret", "k", base64url(new byte[16]));
        Map<String, Object> unknown = Map.of("kty", "XYZ", "kid", "odd");
        String body = Json.line(Map.of(
                "keys",
                List.of(weak, secret, unknown, Json.object(onlyKey(key.publicSet())), twin, impostor, Map.of())));
        server.behaviour = exchange -> server.answer(exchange, 200, "application/jwk-set+json", body);
        JwtAuthenticator authenticator = remote();
        assertAccepted(authenticator, fresh(key, 0));
        refused(authenticator, other.sign(claims()), JwtCheck.KEY);
    }

    @Test
    void tend_fetchesWhereConnectionsDependOnIt_andARemovedKeyNoLongerStands() throws Exception {
        server.cacheControl = "max-age=300";
        for (boolean revokes : new boolean[] {true, false}) {
            server.serve(key);
            JwtAuthenticator authenticator = remote(server, revokes);
            Principal principal =
                    ((Authentication.Accepted) answer(authenticator, password(null, fresh(key, 0)))).principal();
            long before = authenticator.tend();
            int requests = server.requests();
            server.serve(SigningKey.generate(JwtAlgorithm.EDDSA));
            authenticator.tend();
            assertThat(server.requests()).isEqualTo(requests);
            assertThat(authenticator.stands(principal)).isTrue();
            clock.advance(Duration.ofMinutes(5));
            authenticator.tend();
            if (revokes) {
                Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> authenticator.tend() != before);
            } else {
                assertThat(authenticator.tend()).isEqualTo(before);
                refused(authenticator, fresh(key, 1), JwtCheck.KEY);
            }
            assertThat(authenticator.stands(principal)).isEqualTo(!revokes);
            assertThat(authenticator.stands(TestPrincipals.user("ann"))).isTrue();
        }
    }

    @Test
    void reload_otherAuthorities_areBelievedFromThenOn_andABrokenFileChangesNothing() throws Exception {
        JwtAuthenticator authenticator = remote();
        assertAccepted(authenticator, fresh(key, 0));
        Path file = folder.resolve("idp.pem");
        String good = Files.readString(file);
        for (String broken : List.of("", "no PEM", good.substring(0, 200))) {
            Files.writeString(file, broken);
            assertThatThrownBy(authenticator::reload)
                    .isInstanceOf(Unusable.class)
                    .hasMessageStartingWith(file.toString());
        }
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
        assertThatThrownBy(authenticator::reload).hasMessageContaining("chmod 644");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        try (FakeKeyServer other = new FakeKeyServer("127.0.0.1")) {
            other.writeCertificate(file);
            authenticator.reload();
            clock.advance(Duration.ofHours(23));
            assertAccepted(authenticator, fresh(key, 1));
            assertThat(server.requests()).isEqualTo(1);
            clock.advance(Duration.ofMinutes(61));
            assertThat(((Authentication.Rejected) answer(authenticator, password(null, fresh(key, 2)))).reason())
                    .isEqualTo(ReasonCode.SERVER_UNAVAILABLE);
        }
        Files.writeString(file, good);
        authenticator.reload();
        assertAccepted(authenticator, fresh(key, 3));
        assertThat(server.requests()).isEqualTo(2);
    }

    @Test
    void authenticate_failures_areTriedAgainEverMoreSlowly() throws Exception {
        server.behaviour = exchange -> server.answer(exchange, 503, "application/json", "{}");
        JwtAuthenticator authenticator = remote();
        int n = 0;
        for (int wait : new int[] {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300}) {
            int before = ++n;
            answer(authenticator, password(null, fresh(key, n)));
            Awaitility.await().untilAsserted(() -> assertThat(server.requests()).isEqualTo(before));
            answer(authenticator, password(null, fresh(key, n)));
            assertThat(server.requests()).isEqualTo(before);
            clock.advance(Duration.ofSeconds(wait).minusMillis(1));
            answer(authenticator, password(null, fresh(key, n)));
            assertThat(server.requests()).isEqualTo(before);
            clock.advance(Duration.ofMillis(1));
        }
    }

    @Test
    void source_thatIsNotHttps_isRefused() {
        for (String address : List.of("http://id.example.com/keys", "https:///keys", "https://u:p@id.example.com/k")) {
            assertThatThrownBy(() -> new KeySource.Https(URI.create(address))).hasMessageContaining("https://HOST");
        }
    }

    private JwtAuthenticator remote() throws Exception {
        return remote(server);
    }

    private JwtAuthenticator remote(FakeKeyServer from) throws Exception {
        return remote(from, false);
    }

    private JwtAuthenticator remote(FakeKeyServer from, boolean revokes) throws Exception {
        return remote(from, revokes, DEADLINE);
    }

    private JwtAuthenticator remote(FakeKeyServer from, boolean revokes, Duration deadline) throws Exception {
        from.writeCertificate(folder.resolve("idp.pem"));
        KeySource source = new KeySource.Https(from.address(), folder.resolve("idp.pem"), revokes);
        JwtIssuer issuer = JwtIssuer.of(ISSUER, source, "mqtt", List.of(JwtAlgorithm.EDDSA));
        return JwtAuthenticator.open(new JwtLogin(List.of(issuer)), pool, clock, deadline);
    }

    /** A token that was not seen before and is good now. */
    private String fresh(SigningKey signing, int number) {
        Map<String, Object> claims = claims();
        long now = clock.instant().getEpochSecond();
        claims.put("jti", number);
        claims.put("iat", now);
        claims.put("exp", now + 3_600);
        return signing.sign(claims);
    }

    private static void assertAccepted(JwtAuthenticator authenticator, String token) {
        assertThat(answer(authenticator, password(null, token))).isInstanceOf(Authentication.Accepted.class);
    }
}
