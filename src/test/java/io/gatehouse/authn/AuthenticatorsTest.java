package io.gatehouse.authn;

import static io.gatehouse.authn.Presented.answer;
import static io.gatehouse.authn.Presented.enhanced;
import static io.gatehouse.authn.Presented.password;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.tls.Peer;
import io.gatehouse.tls.TestPeers;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class AuthenticatorsTest extends JwtFixture {
    private static final Peer ANN = TestPeers.tls(Certificates.cn("ann").make());
    private static final Peer ZOE = TestPeers.tls(Certificates.cn("zoe").make());
    private static final Peer NAMELESS =
            TestPeers.tls(Certificates.subject().email("x@y.z").make());
    private static final Peer NONE = TestPeers.tls("127.0.0.1");

    private static final LoginPlan CERTIFICATE = new LoginPlan.One(AuthMethod.CERTIFICATE);
    private static final LoginPlan PASSWORD = new LoginPlan.One(AuthMethod.PASSWORD);
    private static final LoginPlan JWT = new LoginPlan.One(AuthMethod.JWT);
    private static final LoginPlan ANONYMOUS = new LoginPlan.One(AuthMethod.ANONYMOUS);
    private static final LoginPlan ANY_SECRET = new LoginPlan.Any(EnumSet.of(AuthMethod.JWT, AuthMethod.PASSWORD));
    private static final LoginPlan ANY_CERT =
            new LoginPlan.Any(EnumSet.of(AuthMethod.CERTIFICATE, AuthMethod.PASSWORD));
    private static final LoginPlan BOTH =
            new LoginPlan.All(EnumSet.of(AuthMethod.PASSWORD, AuthMethod.CERTIFICATE), true);
    private static final LoginPlan BOTH_ANY_USER =
            new LoginPlan.All(EnumSet.of(AuthMethod.PASSWORD, AuthMethod.CERTIFICATE), false);
    private static final LoginPlan CERT_AND_TOKEN =
            new LoginPlan.All(EnumSet.of(AuthMethod.CERTIFICATE, AuthMethod.JWT), true);

    private Map<AuthMethod, Authenticator> methods;

    @BeforeEach
    void openMethods() throws Exception {
        var users = folder.resolve("users.pw");
        Files.writeString(users, "ann:" + PasswordHashTest.PBKDF2 + "\n");
        Files.setPosixFilePermissions(users, PosixFilePermissions.fromString("rw-------"));
        methods = Map.of(
                AuthMethod.CERTIFICATE, new CertificateAuthenticator(CertificateLogin.DEFAULT),
                AuthMethod.PASSWORD, PasswordAuthenticator.open(PasswordLogin.of(users), pool, clock),
                AuthMethod.JWT, open());
    }

    static Stream<Arguments> table() {
        return Stream.of(
                // plan, peer, user, password (T: a good token, t: a token of a stranger), who gets in or which code
                row(CERTIFICATE, ANN, null, null, "ann (certificate)"),
                row(CERTIFICATE, ANN, "bob", "anything", "ann (certificate)"),
                row(CERTIFICATE, NONE, "ann", "password", "86"),
                row(CERTIFICATE, NAMELESS, null, null, "86"),
                row(PASSWORD, NONE, "ann", "password", "ann (password)"),
                row(PASSWORD, ZOE, "ann", "password", "ann (password)"),
                row(PASSWORD, NONE, "ann", "wrong", "86"),
                row(PASSWORD, ANN, null, null, "86"),
                row(PASSWORD, NONE, "ann", "T", "86"),
                row(JWT, NONE, null, "T", "ann (jwt:https://id.example.com)"),
                row(JWT, NONE, "ann", "password", "86"),
                row(JWT, ANN, null, null, "86"),
                row(ANONYMOUS, NONE, null, null, " (anonymous)"),
                row(ANONYMOUS, NONE, "root", "wrong", " (anonymous)"),
                row(ANY_SECRET, NONE, null, "T", "ann (jwt:https://id.example.com)"),
                row(ANY_SECRET, NONE, "ann", "password", "ann (password)"),
                row(ANY_SECRET, NONE, "ann", "t", "86"),
                row(ANY_SECRET, NONE, "ann", "wrong", "86"),
                row(ANY_SECRET, NONE, null, null, "86"),
                row(ANY_SECRET, NONE, "ann", null, "86"),
                row(ANY_SECRET, ANN, null, null, "86"),
                row(ANY_CERT, ANN, null, null, "ann (certificate)"),
                row(ANY_CERT, ANN, "ann", null, "ann (certificate)"),
                row(ANY_CERT, NONE, "ann", "password", "ann (password)"),
                row(ANY_CERT, ANN, "ann", "wrong", "86"),
                row(ANY_CERT, NAMELESS, "ann", "password", "86"),
                row(ANY_CERT, ZOE, "ann", "password", "zoe (certificate)"),
                row(ANY_CERT, NONE, null, null, "86"),
                row(BOTH, ANN, "ann", "password", "ann (certificate)"),
                row(BOTH, ANN, "ann", "wrong", "86"),
                row(BOTH, ANN, null, null, "86"),
                row(BOTH, NONE, "ann", "password", "86"),
                row(BOTH, ZOE, "ann", "password", "86"),
                row(BOTH_ANY_USER, ZOE, "ann", "password", "zoe (certificate)"),
                row(CERT_AND_TOKEN, ANN, null, "T", "ann (certificate)"),
                row(CERT_AND_TOKEN, ZOE, null, "T", "86"),
                row(CERT_AND_TOKEN, ANN, null, null, "86"));
    }

    @ParameterizedTest(name = "{0}: {1}, user {2}, password {3}: {4}")
    @MethodSource("table")
    void authenticate_whatIsPresented_decidesAndIsFinal(
            LoginPlan plan, Peer peer, @Nullable String user, @Nullable String secret, String expected) {
        String sent = "T".equals(secret)
                ? key.sign(claims())
                : "t".equals(secret) ? SigningKey.generate(JwtAlgorithm.EDDSA).sign(claims()) : secret;
        Authentication answer = answer(Authenticators.of(plan, methods), password(peer, user, sent));
        if (expected.endsWith(")")) {
            assertThat(answer).isInstanceOf(Authentication.Accepted.class);
            assertThat(((Authentication.Accepted) answer).principal().toString())
                    .isEqualTo(expected);
        } else {
            assertThat(answer).isInstanceOf(Authentication.Rejected.class);
            assertThat(String.format(
                            "%02X", ((Authentication.Rejected) answer).reason().code()))
                    .isEqualTo(expected);
        }
    }

    @Test
    void authenticate_all_hasTheAttributesOfAll_andTheEarliestEnd() {
        Authentication answer =
                answer(Authenticators.of(CERT_AND_TOKEN, methods), password(ANN, null, key.sign(claims())));
        Principal principal = ((Authentication.Accepted) answer).principal();
        assertThat(principal.subject().methods()).containsExactlyInAnyOrder(AuthMethod.CERTIFICATE, AuthMethod.JWT);
        assertThat(principal.subject().values("cert.cn")).containsExactly("ann");
        assertThat(principal.subject().values("jwt.sub")).containsExactly("ann");
        assertThat(((JwtAuthenticator) methods.get(AuthMethod.JWT)).stands(principal))
                .isTrue();
        assertThat(principal.proofs()).containsOnlyKeys(AuthMethod.JWT);
        assertThat(principal.expiresAt()).contains(Instant.ofEpochSecond(NOW + 600));
    }

    @Test
    void authenticate_secretsOnPlaintext_areRefusedOffLoopbackBeforeTheyAreLookedAt() {
        PasswordAuthenticator passwords = (PasswordAuthenticator) methods.get(AuthMethod.PASSWORD);
        for (LoginPlan plan : List.of(PASSWORD, JWT, ANY_SECRET)) {
            Authentication answer = answer(
                    Authenticators.of(plan, methods), password(TestPeers.plaintext("192.0.2.1"), "ann", "password"));
            assertThat(((Authentication.Rejected) answer).reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
            assertThat(((Authentication.Rejected) answer).detail()).contains("unencrypted");
        }
        assertThat(passwords.hashes()).isZero();
        assertThat(answer(
                        Authenticators.of(PASSWORD, methods),
                        password(TestPeers.plaintext("127.0.0.1"), "ann", "password")))
                .isInstanceOf(Authentication.Accepted.class);
    }

    @Test
    void authenticate_enhancedToken_isTakenWhereTokensAre() {
        String token = key.sign(claims());
        for (LoginPlan plan : List.of(JWT, ANY_SECRET)) {
            assertThat(answer(Authenticators.of(plan, methods), enhanced("JWT", token)))
                    .isInstanceOf(Authentication.Accepted.class);
        }
        for (LoginPlan plan : List.of(CERTIFICATE, PASSWORD, ANONYMOUS, BOTH)) {
            Authentication answer = answer(Authenticators.of(plan, methods), enhanced(ANN, "JWT", token));
            assertThat(((Authentication.Rejected) answer).reason()).isEqualTo(ReasonCode.BAD_AUTHENTICATION_METHOD);
        }
        for (String unknown : List.of("jwt", "", "SCRAM-SHA-1", "GSSAPI", "JWT\0")) {
            Authentication answer = answer(Authenticators.of(ANY_SECRET, methods), enhanced(unknown, token));
            assertThat(((Authentication.Rejected) answer).reason()).isEqualTo(ReasonCode.BAD_AUTHENTICATION_METHOD);
        }
    }

    @Test
    void authenticate_enhancedAndPassword_failureOfTheFirstIsFinal() {
        Credentials both = new Credentials(
                "apps", NONE, "client", "ann", Presented.secret("password"), "JWT", Presented.secret("not a token"));
        assertThat(answer(Authenticators.of(ANY_SECRET, methods), both)).isInstanceOf(Authentication.Rejected.class);
    }

    @Test
    void of_planWithoutItsMethod_isRefused() {
        assertThatThrownBy(() -> Authenticators.of(JWT, Map.of())).hasMessageContaining("jwt_login");
    }

    @Test
    void plan_thatWouldUndoItself_isRefused() {
        assertThatThrownBy(() -> new LoginPlan.Any(Set.of(AuthMethod.PASSWORD, AuthMethod.ANONYMOUS)))
                .hasMessageContaining("stands alone");
        assertThatThrownBy(() -> new LoginPlan.All(Set.of(AuthMethod.PASSWORD, AuthMethod.JWT), true))
                .hasMessageContaining("one password field");
        assertThatThrownBy(() -> new LoginPlan.Any(Set.of())).hasMessageContaining("needs a method");
    }

    private static Arguments row(
            LoginPlan plan, Peer peer, @Nullable String user, @Nullable String secret, String expected) {
        return Arguments.of(plan, peer, user, secret, expected);
    }
}
