package io.gatehouse.authn;

import static io.gatehouse.authn.PasswordHashTest.PBKDF2;
import static io.gatehouse.authn.Presented.answer;
import static io.gatehouse.authn.Presented.password;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.tls.TestPeers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.crypto.digests.SHA512Digest;
import org.bouncycastle.crypto.generators.PKCS5S2ParametersGenerator;
import org.bouncycastle.crypto.params.KeyParameter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PasswordAuthenticatorTest {
    @TempDir
    Path folder;

    private final MutableClock clock = new MutableClock();
    private AuthenticationPool pool;
    private PasswordAuthenticator authenticator;
    private Path file;

    @BeforeEach
    void openFile() throws Exception {
        file = folder.resolve("users.pw");
        write("ann:" + PBKDF2 + "\nbob:" + PBKDF2 + "\n");
        pool = new AuthenticationPool("test-passwords", 2, 100);
        authenticator = PasswordAuthenticator.open(PasswordLogin.of(file), pool, clock);
    }

    @AfterEach
    void closePool() {
        pool.close();
    }

    @Test
    void authenticate_rightPassword_yieldsThePrincipal() {
        Authentication answer = answer(authenticator, password("ann", "password"));
        Principal principal = ((Authentication.Accepted) answer).principal();
        assertThat(principal.owner()).isEqualTo(new Owner("ann", "password"));
        assertThat(principal.subject().methods()).containsExactly(AuthMethod.PASSWORD);
        assertThat(principal.subject().listener()).isEqualTo("apps");
        assertThat(principal.expiresAt()).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "wrong password       | ann        | wrong",
                "unknown user         | nobody     | password",
                "other case           | Ann        | password",
                "empty password       | ann        | ''",
                "empty user           | ''         | password",
                "password and NUL     | ann        | password<NUL>x",
                "user and NUL         | ann<NUL>     | password",
                "user with wildcards  | +/#        | password"
            })
    void authenticate_wrongInAnyWay_isTheSameRefusalAtTheSameCost(String name, String user, String password) {
        Authentication known = answer(authenticator, password("bob", "wrong"));
        long before = authenticator.hashes();
        Authentication refused =
                answer(authenticator, password(user.replace("<NUL>", "\0"), password.replace("<NUL>", "\0")));
        assertThat(refused)
                .isEqualTo(known)
                .isEqualTo(new Authentication.Rejected(
                        ReasonCode.BAD_USER_NAME_OR_PASSWORD, "unknown user or wrong password"));
        assertThat(authenticator.hashes() - before).isEqualTo(1);
    }

    /** Somebody hashed it all the same: the rule is older than the file. */
    @Test
    void authenticate_passwordAgainstTheRules_isRefusedThoughItsHashIsThere() throws Exception {
        for (String wrong : List.of("", "x".repeat(513), "secret\0", "\0")) {
            write("ann:" + pbkdf2(wrong) + "\nbob:" + PBKDF2 + "\n");
            authenticator.reload();
            long before = authenticator.hashes();
            assertThat(answer(authenticator, password(TestPeers.tls("192.0.2.1"), "ann", wrong)))
                    .isEqualTo(Refusal.WRONG_PASSWORD);
            assertThat(authenticator.hashes() - before).isEqualTo(1);
        }
        write("ann:" + pbkdf2("x".repeat(512)) + "\n");
        authenticator.reload();
        assertThat(answer(authenticator, password("ann", "x".repeat(512)))).isInstanceOf(Authentication.Accepted.class);
    }

    private static String pbkdf2(String password) {
        PKCS5S2ParametersGenerator generator = new PKCS5S2ParametersGenerator(new SHA512Digest());
        byte[] salt = "salty water.".getBytes(StandardCharsets.US_ASCII);
        generator.init(password.getBytes(StandardCharsets.UTF_8), salt, 101);
        byte[] hash = ((KeyParameter) generator.generateDerivedParameters(512)).getKey();
        Base64.Encoder base64 = Base64.getEncoder();
        return "$7$101$" + base64.encodeToString(salt) + "$" + base64.encodeToString(hash);
    }

    @Test
    void authenticate_nullUserOrPassword_isRefused() {
        for (Credentials credentials :
                List.of(password(null, null), password("ann", null), password(null, "password"))) {
            assertThat(answer(authenticator, credentials)).isEqualTo(Refusal.WRONG_PASSWORD);
        }
    }

    @Test
    void authenticate_again_costsNoHash_untilAnHourLaterOrAReload() throws Exception {
        answer(authenticator, password("ann", "password"));
        assertThat(authenticator.hashes()).isEqualTo(1);
        answer(authenticator, password("ann", "password"));
        assertThat(authenticator.hashes()).isEqualTo(1);
        clock.advance(Duration.ofMinutes(61));
        answer(authenticator, password("ann", "password"));
        assertThat(authenticator.hashes()).isEqualTo(2);
        authenticator.reload();
        answer(authenticator, password("ann", "password"));
        assertThat(authenticator.hashes()).isEqualTo(3);
    }

    @Test
    void authenticate_wrongPasswordAgain_paysTheFullPriceEachTime() {
        answer(authenticator, password("ann", "wrong"));
        answer(authenticator, password("ann", "wrong"));
        assertThat(authenticator.hashes()).isEqualTo(2);
    }

    @Test
    void authenticate_afterFiveFailures_waitsBeforeAnyHash_andTwiceAsLongEachTime() {
        for (int i = 0; i < 5; i++) {
            assertThat(answer(authenticator, password("ann", "wrong" + i))).isEqualTo(Refusal.WRONG_PASSWORD);
        }
        long hashes = authenticator.hashes();
        assertThat(answer(authenticator, password("ann", "password"))).isEqualTo(Refusal.TOO_MANY);
        assertThat(Refusal.TOO_MANY.reason()).isEqualTo(ReasonCode.CONNECTION_RATE_EXCEEDED);
        assertThat(Refusal.TOO_MANY.reason().connectReturnCode()).isEqualTo(3);
        assertThat(authenticator.hashes()).isEqualTo(hashes);
        clock.advance(Duration.ofSeconds(1));
        assertThat(answer(authenticator, password("ann", "wrong"))).isEqualTo(Refusal.WRONG_PASSWORD);
        clock.advance(Duration.ofMillis(1_999));
        assertThat(answer(authenticator, password("ann", "password"))).isEqualTo(Refusal.TOO_MANY);
        clock.advance(Duration.ofMillis(1));
        assertThat(answer(authenticator, password("ann", "password"))).isInstanceOf(Authentication.Accepted.class);
    }

    @Test
    void authenticate_strangerFailsUnderAName_itsOwnerIsNotSlowed() {
        for (int i = 0; i < 30; i++) {
            answer(authenticator, password(TestPeers.tls("203.0.113.9"), "ann", "wrong" + i));
        }
        assertThat(answer(authenticator, password(TestPeers.tls("198.51.100.7"), "ann", "password")))
                .isInstanceOf(Authentication.Accepted.class);
    }

    @Test
    void authenticate_aThousandGuessesAtOnce_areNotAThousandHashes() {
        List<CompletableFuture<Authentication>> answers = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            answers.add(authenticator.authenticate(password("ann", "guess" + i)).toCompletableFuture());
        }
        CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new)).join();
        assertThat(authenticator.hashes()).isLessThanOrEqualTo(5);
    }

    @Test
    void authenticate_sprayOverManyUsers_isStoppedByTheAddress() {
        for (int i = 0; i < 200; i++) {
            answer(authenticator, password(TestPeers.tls("203.0.113.9"), "user" + i, "password1"));
        }
        assertThat(authenticator.hashes()).isEqualTo(LoginThrottle.FREE_PER_ADDRESS);
    }

    @Test
    void authenticate_equalLoginsAtOnce_shareOneHash() throws Exception {
        CountDownLatch hold = holdPool();
        List<CompletableFuture<Authentication>> answers = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            answers.add(authenticator.authenticate(password("ann", "password")).toCompletableFuture());
        }
        hold.countDown();
        assertThat(answers)
                .allSatisfy(answer ->
                        assertThat(answer.get(10, TimeUnit.SECONDS)).isInstanceOf(Authentication.Accepted.class));
        assertThat(authenticator.hashes()).isEqualTo(1);
    }

    @Test
    void authenticate_fullQueue_isServerBusy_andNoFailureOfTheUser() throws Exception {
        CountDownLatch hold = holdPool();
        List<CompletableFuture<Authentication>> answers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            answers.add(authenticator
                    .authenticate(password(TestPeers.tls("10.0.0." + i), "ann", "password"))
                    .toCompletableFuture());
        }
        Authentication busy = answer(authenticator, password(TestPeers.tls("10.1.0.1"), "bob", "password"));
        assertThat(((Authentication.Rejected) busy).reason()).isEqualTo(ReasonCode.SERVER_BUSY);
        for (int i = 0; i < 10; i++) {
            answer(authenticator, password(TestPeers.tls("10.1.0.1"), "bob", "password"));
        }
        hold.countDown();
        CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new)).get(10, TimeUnit.SECONDS);
        assertThat(answer(authenticator, password(TestPeers.tls("10.1.0.1"), "bob", "password")))
                .isInstanceOf(Authentication.Accepted.class);
    }

    @Test
    void close_whatWaits_isRefusedAndNotForgotten() throws Exception {
        holdPool();
        CompletableFuture<Authentication> waiting =
                authenticator.authenticate(password("ann", "password")).toCompletableFuture();
        pool.close();
        assertThat(((Authentication.Rejected) waiting.get(10, TimeUnit.SECONDS)).reason())
                .isEqualTo(ReasonCode.SERVER_UNAVAILABLE);
        assertThat(((Authentication.Rejected) answer(authenticator, password("bob", "password"))).reason())
                .isEqualTo(ReasonCode.SERVER_BUSY);
    }

    @Test
    void reload_brokenFile_changesNothing() throws Exception {
        write("ann:" + PBKDF2 + "\nbob\n");
        assertThatThrownBy(() -> authenticator.reload()).hasMessageContaining("users.pw:2: no colon");
        assertThat(answer(authenticator, password("bob", "password"))).isInstanceOf(Authentication.Accepted.class);
    }

    @Test
    void reload_removedUser_isRefusedAtOnce() throws Exception {
        Principal bob = principal("bob", "password");
        Principal ann = principal("ann", "password");
        write("ann:" + PBKDF2 + "\n");
        assertThat(authenticator.stands(bob)).isTrue();
        assertThat(authenticator.reload()).isEqualTo(1);
        assertThat(authenticator.stands(bob)).isFalse();
        assertThat(authenticator.stands(ann)).isTrue();
        assertThat(authenticator.stands(TestPrincipals.device("bob"))).isTrue();
        assertThat(answer(authenticator, password("bob", "password"))).isEqualTo(Refusal.WRONG_PASSWORD);
    }

    @Test
    void reload_changedPassword_endsWhatLoggedInWithTheOldOne() throws Exception {
        Principal before = principal("bob", "password");
        new PasswordFileEditor(file, new SecureRandom()).set("bob", Presented.secret("new"));
        authenticator.reload();
        assertThat(authenticator.stands(before)).isFalse();
        assertThat(authenticator.stands(principal("bob", "new"))).isTrue();
        assertThat(answer(authenticator, password("bob", "password"))).isEqualTo(Refusal.WRONG_PASSWORD);
    }

    @Test
    void reload_whileALoginWaits_decidesByTheNewFile() throws Exception {
        CountDownLatch hold = holdPool();
        CompletableFuture<Authentication> waiting =
                authenticator.authenticate(password("bob", "password")).toCompletableFuture();
        write("ann:" + PBKDF2 + "\n");
        authenticator.reload();
        hold.countDown();
        assertThat(waiting.get(10, TimeUnit.SECONDS)).isEqualTo(Refusal.WRONG_PASSWORD);
    }

    @Test
    void authenticate_passwordSetByTheTool_isTaken() throws Exception {
        new PasswordFileEditor(file, new SecureRandom()).set("cid", Presented.secret("s3cret"));
        authenticator.reload();
        assertThat(answer(authenticator, password("cid", "s3cret"))).isInstanceOf(Authentication.Accepted.class);
    }

    private Principal principal(String user, String password) {
        return ((Authentication.Accepted) answer(authenticator, password(user, password))).principal();
    }

    /** Keeps both of the pool's threads busy until the latch is counted down. */
    private CountDownLatch holdPool() throws InterruptedException {
        CountDownLatch held = new CountDownLatch(2);
        CountDownLatch hold = new CountDownLatch(1);
        for (int i = 0; i < 2; i++) {
            pool.submit(
                    () -> {
                        held.countDown();
                        try {
                            return hold.await(10, TimeUnit.SECONDS);
                        } catch (InterruptedException e) {
                            return false;
                        }
                    },
                    false,
                    false);
        }
        assertThat(held.await(10, TimeUnit.SECONDS)).isTrue();
        return hold;
    }

    private void write(String text) throws Exception {
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }
}
