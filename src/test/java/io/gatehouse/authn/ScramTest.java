package io.gatehouse.authn;

import static io.gatehouse.authn.Presented.answer;
import static io.gatehouse.authn.Presented.enhanced;
import static io.gatehouse.authn.Presented.password;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.Secret;
import io.gatehouse.tls.TestPeers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScramTest {
    private static final String METHOD = "SCRAM-SHA-256";

    @TempDir
    Path folder;

    private final MutableClock clock = new MutableClock();
    private AuthenticationPool pool;
    private Path file;
    private PasswordAuthenticator passwords;
    private Authenticator listener;

    @BeforeEach
    void openFile() throws Exception {
        file = folder.resolve("users.pw");
        Files.writeString(file, "old:" + PasswordHashTest.PBKDF2 + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        new PasswordFileEditor(file, new SecureRandom()).setScram("ann", Presented.secret("péncil"), 4_096);
        pool = new AuthenticationPool("test-scram", 1, 10);
        passwords = PasswordAuthenticator.open(PasswordLogin.of(file), pool, clock);
        listener = Authenticators.of(new LoginPlan.One(AuthMethod.PASSWORD), Map.of(AuthMethod.PASSWORD, passwords));
    }

    @AfterEach
    void closePool() {
        pool.close();
    }

    @Test
    void exchange_ofRfc7677_isReproduced() {
        ScramHash stored = ScramHash.of(
                "pencil".getBytes(StandardCharsets.UTF_8),
                Base64.getDecoder().decode("W22ZaJ0SNY7soEsUEjb6gQ=="),
                4_096);
        ScramExchange exchange = ScramExchange.begin(bytes("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"))
                .orElseThrow()
                .answered("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", stored.salt(), stored.iterations());
        assertThat(exchange.user()).isEqualTo("user");
        assertThat(exchange.serverFirst())
                .isEqualTo("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        ScramExchange.Proof proof = exchange.end(bytes("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                        + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="))
                .orElseThrow();
        assertThat(stored.isProof(proof.proof(), proof.authMessage())).isTrue();
        assertThat(Base64.getEncoder().encodeToString(stored.serverSignature(proof.authMessage())))
                .isEqualTo("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    @ParameterizedTest
    @ValueSource(strings = {"n,,", "y,,", "n,a=ann,"})
    void authenticate_whoKnowsThePassword_isLetIn_andSoIsTheServer(String header) throws Exception {
        ScramClient client = new ScramClient(header, "ann", "péncil", "clientnonce");
        Authentication.Challenge challenge = begin(client.first());
        ScramClient.Last last = client.last(text(challenge.data()));
        Authentication.Accepted accepted = (Authentication.Accepted) reply(challenge, last.message());
        assertThat(accepted.principal().owner()).isEqualTo(new Owner("ann", "password"));
        assertThat(text(accepted.data())).isEqualTo(last.expectedAnswer());
        assertThat(passwords.hashes()).isZero();
    }

    @Test
    void authenticate_wrongUnknownOrOtherwiseStored_cannotBeToldApart() throws Exception {
        String shape = null;
        for (String user : new String[] {"ann", "old", "nobody", "x=2Cy", "+/#"}) {
            ScramClient client = new ScramClient(user, "wrong", "clientnonce");
            Authentication.Challenge challenge = begin(client.first());
            String first = text(challenge.data());
            String seen = first.replaceAll("r=[^,]{35},s=[A-Za-z0-9+/]{22}==", "R,S");
            shape = shape == null ? seen : shape;
            assertThat(seen).isEqualTo(shape).isEqualTo("R,S,i=4096");
            // asked again, the same name has the same salt, as a stored one has
            assertThat(salt(text(begin(client.first()).data()))).isEqualTo(salt(first));
            assertThat(reply(challenge, client.last(first).message())).isEqualTo(Refusal.WRONG_PASSWORD);
        }
        assertThat(passwords.hashes()).isZero();
    }

    @Test
    void authenticate_userWithoutVerifier_isRefusedWithTheRightPasswordToo() throws Exception {
        ScramClient client = new ScramClient("old", "password", "clientnonce");
        Authentication.Challenge challenge = begin(client.first());
        assertThat(reply(challenge, client.last(text(challenge.data())).message()))
                .isEqualTo(Refusal.WRONG_PASSWORD);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "n",
                "n,,",
                "n,,n=ann",
                "n,,r=x,n=ann",
                "n,,n=ann,r=",
                "n,,n=ann,r=a b",
                "p=tls-exporter,,n=ann,r=x",
                "n,a=root,n=ann,r=x",
                "n,,m=ext,n=ann,r=x",
                "n,,n=a=2Xn,r=x",
                "n,,n=ann=,r=x",
                "x,,n=ann,r=x",
                "n,,n=ann\0,r=\0"
            })
    void authenticate_firstMessageThatIsNone_isRefused(String message) {
        assertThat(answer(listener, enhanced(METHOD, message))).isInstanceOf(Authentication.Rejected.class);
        assertThat(answer(listener, enhanced(METHOD, null))).isInstanceOf(Authentication.Rejected.class);
        assertThat(answer(listener, enhanced(METHOD, "n,,n=ann,r=" + "x".repeat(5_000))))
                .isInstanceOf(Authentication.Rejected.class);
    }

    @Test
    void authenticate_lastMessageOfAnotherExchange_isRefused() throws Exception {
        ScramClient client = new ScramClient("ann", "péncil", "clientnonce");
        Authentication.Challenge first = begin(client.first());
        String replayed = client.last(text(first.data())).message();
        Authentication.Challenge second = begin(client.first());
        assertThat(reply(second, replayed)).isEqualTo(Refusal.WRONG_PASSWORD);
        // the second's own nonce around the first's proof
        String nonce = text(second.data()).split(",")[0];
        assertThat(reply(second, replayed.replaceFirst("r=[^,]*", nonce.replace("$", "\\$"))))
                .isEqualTo(Refusal.WRONG_PASSWORD);
    }

    @Test
    void authenticate_bindingThatIsNotTheFirstMessages_isRefused() throws Exception {
        ScramClient client = new ScramClient("y,,", "ann", "péncil", "clientnonce");
        Authentication.Challenge challenge = begin(client.first());
        // "biws" is "n,,": somebody in between has taken the client's word for it away
        assertThat(reply(challenge, client.last(text(challenge.data()), "biws").message()))
                .isEqualTo(Refusal.WRONG_PASSWORD);
    }

    @Test
    void authenticate_anyFlippedBitOfTheProof_isRefused() throws Exception {
        ScramHash stored = passwords.file().scram("ann").orElseThrow();
        ScramClient client = new ScramClient("ann", "péncil", "clientnonce");
        Authentication.Challenge challenge = begin(client.first());
        String message = client.last(text(challenge.data())).message();
        ScramExchange exchange = ScramExchange.begin(bytes(client.first())).orElseThrow();
        ScramExchange answered = new ScramExchange(
                exchange.user(),
                exchange.gs2Header(),
                exchange.clientFirstBare(),
                text(challenge.data()).split(",")[0].substring(2),
                text(challenge.data()));
        ScramExchange.Proof proof = answered.end(bytes(message)).orElseThrow();
        assertThat(stored.isProof(proof.proof(), proof.authMessage())).isTrue();
        for (int bit = 0; bit < 256; bit++) {
            byte[] flipped = proof.proof().clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(stored.isProof(flipped, proof.authMessage())).isFalse();
        }
        assertThat(stored.isProof(new byte[0], proof.authMessage())).isFalse();
    }

    @Test
    void authenticate_afterFiveFailures_hasToWait() throws Exception {
        for (int i = 0; i < 5; i++) {
            ScramClient client = new ScramClient("ann", "wrong", "n" + i);
            Authentication.Challenge challenge = begin(client.first());
            assertThat(reply(challenge, client.last(text(challenge.data())).message()))
                    .isEqualTo(Refusal.WRONG_PASSWORD);
        }
        assertThat(answer(listener, enhanced(METHOD, new ScramClient("ann", "péncil", "n").first())))
                .isEqualTo(Refusal.TOO_MANY);
    }

    @Test
    void authenticate_reloadBetweenTheMessages_decidesByTheNewFile() throws Exception {
        ScramClient client = new ScramClient("ann", "péncil", "clientnonce");
        Authentication.Challenge challenge = begin(client.first());
        new PasswordFileEditor(file, new SecureRandom()).delete("ann");
        passwords.reload();
        assertThat(reply(challenge, client.last(text(challenge.data())).message()))
                .isEqualTo(Refusal.WRONG_PASSWORD);
    }

    @Test
    void authenticate_passwordInTheConnect_worksForAVerifierToo() {
        assertThat(answer(listener, password("ann", "péncil"))).isInstanceOf(Authentication.Accepted.class);
        assertThat(answer(listener, password("ann", "pencil"))).isEqualTo(Refusal.WRONG_PASSWORD);
    }

    @Test
    void authenticate_withCertificateAsWell_bothMustNameTheUser() throws Exception {
        Authenticator both = Authenticators.of(
                new LoginPlan.All(java.util.Set.of(AuthMethod.CERTIFICATE, AuthMethod.PASSWORD), true),
                Map.of(
                        AuthMethod.PASSWORD,
                        passwords,
                        AuthMethod.CERTIFICATE,
                        new CertificateAuthenticator(CertificateLogin.DEFAULT)));
        for (String name : new String[] {"ann", "zoe"}) {
            var peer = TestPeers.tls(Certificates.cn(name).make());
            ScramClient client = new ScramClient("ann", "péncil", "clientnonce");
            Authentication.Challenge challenge =
                    (Authentication.Challenge) answer(both, enhanced(peer, METHOD, client.first()));
            ScramClient.Last last = client.last(text(challenge.data()));
            Authentication end = answer(challenge.next(), enhanced(peer, METHOD, last.message()));
            if (name.equals("ann")) {
                assertThat(((Authentication.Accepted) end).principal().owner())
                        .isEqualTo(new Owner("ann", "certificate"));
                assertThat(text(((Authentication.Accepted) end).data())).isEqualTo(last.expectedAnswer());
            } else {
                assertThat(((Authentication.Rejected) end).reason()).isEqualTo(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\u00A0b", "a\u00ADb", "a\u0007b", "a\u200Bb", "a\uE000b"})
    void setScram_passwordThatClientsPrepareDifferently_isRefused(String password) {
        assertThatThrownBy(() -> new PasswordFileEditor(file, new SecureRandom())
                        .setScram("bob", Presented.secret(password), 4_096))
                .isInstanceOf(Unusable.class)
                .hasMessageContaining("do not agree");
    }

    @Test
    void prepared_compatibilityForms_areOne() {
        // RFC 4013, section 3: examples 4 and 5, as far as they are in no doubt
        assertThat(ScramHash.prepared(bytes("\u00AA"))).contains(bytes("a"));
        assertThat(ScramHash.prepared(bytes("\u2168"))).contains(bytes("IX"));
        assertThat(ScramHash.prepared(new byte[] {(byte) 0xFF})).isEmpty();
    }

    private Authentication.Challenge begin(String first) {
        return (Authentication.Challenge) answer(listener, enhanced(METHOD, first));
    }

    private static Authentication reply(Authentication.Challenge challenge, String message) {
        return answer(challenge.next(), enhanced(METHOD, message));
    }

    private static String salt(String serverFirst) {
        return serverFirst.split(",")[1];
    }

    private static String text(Secret secret) {
        return new String(secret.copy(), StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
