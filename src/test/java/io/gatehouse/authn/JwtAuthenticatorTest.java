package io.gatehouse.authn;

import static io.gatehouse.authn.Presented.answer;
import static io.gatehouse.authn.Presented.password;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.tls.TestPeers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JwtAuthenticatorTest extends JwtFixture {
    @ParameterizedTest
    @EnumSource(names = {"EDDSA", "ES256"})
    void authenticate_goodToken_yieldsPrincipalWithClaimsAndEnd(JwtAlgorithm algorithm) throws Exception {
        SigningKey signing = SigningKey.generate(algorithm);
        Files.writeString(folder.resolve("keys.json"), signing.publicSet());
        Map<String, Object> claims = claims();
        claims.put("scope", "mqtt:device  mqtt:x");
        claims.put("tenant", "acme");
        claims.put("realm_access", Map.of("roles", List.of("reader", "writer")));
        claims.put("level", 7);
        claims.put("staff", true);
        Authentication answer = answer(open(), password(null, signing.sign(claims)));
        Principal principal = ((Authentication.Accepted) answer).principal();
        assertThat(principal.owner()).isEqualTo(new Owner("ann", "jwt:" + ISSUER));
        assertThat(principal.subject().methods()).containsExactly(AuthMethod.JWT);
        assertThat(principal.expiresAt()).contains(Instant.ofEpochSecond(NOW + 600));
        assertThat(principal.subject().attributes())
                .containsEntry("jwt.iss", List.of(ISSUER))
                .containsEntry("jwt.sub", List.of("ann"))
                .containsEntry("jwt.scope", List.of("mqtt:device", "mqtt:x"))
                .containsEntry("jwt.tenant", List.of("acme"))
                .containsEntry("jwt.realm_access.roles", List.of("reader", "writer"))
                .containsEntry("jwt.level", List.of("7"))
                .containsEntry("jwt.staff", List.of("true"));
    }

    @Test
    void authenticate_userNameBesideTheToken_mustBeEmptyOrEqual() throws Exception {
        JwtAuthenticator authenticator = open();
        String token = key.sign(claims());
        assertThat(answer(authenticator, password("", token))).isInstanceOf(Authentication.Accepted.class);
        assertThat(answer(authenticator, password("ann", token))).isInstanceOf(Authentication.Accepted.class);
        Authentication other = answer(authenticator, password("bob", token));
        assertThat(((Authentication.Rejected) other).detail()).contains("beside the token");
    }

    @Test
    void authenticate_boundToken_isTakenWithItsCertificateOnly() throws Exception {
        X509Certificate certificate = Certificates.cn("press7").make();
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
        Map<String, Object> claims = claims();
        claims.put("cnf", Map.of("x5t#S256", base64url(hash)));
        JwtAuthenticator authenticator = open();
        String token = key.sign(claims);
        assertThat(answer(authenticator, password(TestPeers.tls(certificate), null, token)))
                .isInstanceOf(Authentication.Accepted.class);
        // remembered by now, and refused all the same
        assertThat(answer(authenticator, password(null, token))).isInstanceOf(Authentication.Rejected.class);
        X509Certificate other = Certificates.cn("press8").make();
        assertThat(answer(authenticator, password(TestPeers.tls(other), null, token)))
                .isInstanceOf(Authentication.Rejected.class);
    }

    @Test
    void authenticate_sameTokenAgain_costsNoSignature_untilItEnds() throws Exception {
        JwtAuthenticator authenticator = open();
        String token = key.sign(claims());
        for (int i = 0; i < 3; i++) {
            assertThat(answer(authenticator, password(null, token))).isInstanceOf(Authentication.Accepted.class);
        }
        assertThat(authenticator.signatures()).isEqualTo(1);
        clock.advance(Duration.ofSeconds(600));
        refused(authenticator, token, JwtCheck.EXPIRY);
    }

    /** The caller's thread, which is an event loop, does none of it; what does not find room is told so. */
    @Test
    void authenticate_isOffTheCallersThread_andAFullQueueIsServerBusy() throws Exception {
        JwtAuthenticator authenticator = open();
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch hold = new CountDownLatch(1);
        pool.submit(
                () -> {
                    held.countDown();
                    try {
                        return hold.await(30, TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        return false;
                    }
                },
                false,
                false);
        assertThat(held.await(30, TimeUnit.SECONDS)).isTrue();
        List<CompletableFuture<Authentication>> waiting = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Map<String, Object> claims = claims();
            claims.put("jti", i);
            waiting.add(
                    authenticator.authenticate(password(null, key.sign(claims))).toCompletableFuture());
        }
        assertThat(waiting).noneMatch(CompletableFuture::isDone);
        assertThat(authenticator.signatures()).isZero();
        Authentication busy = answer(authenticator, password(null, key.sign(claims())));
        assertThat(((Authentication.Rejected) busy).reason()).isEqualTo(ReasonCode.SERVER_BUSY);
        hold.countDown();
        assertThat(waiting)
                .allSatisfy(answer ->
                        assertThat(answer.get(30, TimeUnit.SECONDS)).isInstanceOf(Authentication.Accepted.class));
        assertThat(authenticator.signatures()).isEqualTo(100);
    }

    @Test
    void reload_removedKey_isNotBelievedAnyMore_norItsRememberedTokens() throws Exception {
        JwtAuthenticator authenticator = open();
        String token = key.sign(claims());
        Principal principal = ((Authentication.Accepted) answer(authenticator, password(null, token))).principal();
        assertThat(authenticator.stands(principal)).isTrue();
        SigningKey next = SigningKey.generate(JwtAlgorithm.EDDSA);
        Files.writeString(folder.resolve("keys.json"), "{\"keys\":");
        assertThatThrownBy(authenticator::reload).hasMessageContaining("keys.json: it is not JSON");
        assertThat(answer(authenticator, password(null, token))).isInstanceOf(Authentication.Accepted.class);
        Files.writeString(folder.resolve("keys.json"), next.publicSet());
        authenticator.reload();
        refused(authenticator, token, JwtCheck.KEY);
        assertThat(authenticator.stands(principal)).isFalse();
        assertThat(authenticator.stands(TestPrincipals.user("ann"))).isTrue();
        assertThat(answer(authenticator, password(null, next.sign(claims()))))
                .isInstanceOf(Authentication.Accepted.class);
    }

    @Test
    void open_keyThatIsNotSafe_isRefusedWithTheFile() throws Exception {
        RSAKey small = new RSAKeyGenerator(1024, true).keyID("small").generate();
        Map<String, String> sets = new LinkedHashMap<>();
        sets.put("RSA of 1024 bits", set(small.toPublicJWK().toJSONObject()));
        sets.put("private key", "{\"keys\": [" + privateKey() + "]}");
        sets.put(
                "two keys have the kid",
                "{\"keys\": [" + onlyKey(key.publicSet()) + "," + onlyKey(key.publicSet()) + "]}");
        sets.put("not safe", set(Map.of("kty", "OKP", "crv", "Ed25519", "x", base64url(new byte[32]))));
        sets.put("below 32 bytes", set(Map.of("kty", "oct", "k", base64url(new byte[31]))));
        sets.put("no key that can verify", "{\"keys\": []}");
        sets.put("no list 'keys'", "{}");
        sets.put("not a key that can be read", set(Map.of("kty", "XYZ")));
        for (Map.Entry<String, String> row : sets.entrySet()) {
            Files.writeString(folder.resolve("keys.json"), row.getValue());
            assertThatThrownBy(this::open)
                    .isInstanceOf(Unusable.class)
                    .hasMessageStartingWith(folder.resolve("keys.json").toString())
                    .hasMessageContaining(row.getKey());
        }
    }

    @Test
    void open_keyFileThatOthersCanWrite_isRefused() throws Exception {
        Files.setPosixFilePermissions(folder.resolve("keys.json"), PosixFilePermissions.fromString("rw-rw-r--"));
        assertThatThrownBy(this::open).hasMessageContaining("chmod 644");
    }

    @Test
    void signingKey_written_isPrivateAndReadBack() throws Exception {
        Path secret = folder.resolve("signing.json");
        Path shared = folder.resolve("public.json");
        key.write(secret, shared);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(secret)))
                .isEqualTo("rw-------");
        assertThat(Files.readString(shared)).doesNotContain("\"d\"");
        assertThat(SigningKey.read(secret).id()).isEqualTo(key.id());
        assertThat(answer(open(), password(null, SigningKey.read(secret).sign(claims()))))
                .isInstanceOf(Authentication.Accepted.class);
        assertThatThrownBy(() -> key.write(secret, folder.resolve("x.json"))).hasMessageContaining("is there already");
        assertThatThrownBy(() -> SigningKey.read(shared)).hasMessageContaining("chmod");
    }

    private String privateKey() throws Exception {
        Path file = folder.resolve("private-" + System.nanoTime());
        key.write(file, folder.resolve("public-" + System.nanoTime()));
        return Files.readString(file);
    }
}
