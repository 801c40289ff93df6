package io.gatehouse.authn;

import static io.gatehouse.authn.PasswordHashTest.PBKDF2;
import static io.gatehouse.authn.Presented.answer;
import static io.gatehouse.authn.Presented.password;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where the work of a login is done, and that how much of it there is tells nothing. */
class LoginWorkTest extends JwtFixture {
    /** {@code -Dgatehouse.timing=2000} compares as many answers of each kind, for a calm machine. */
    private static final int ANSWERS = Integer.getInteger("gatehouse.timing", 400);

    /** A difference that chance makes once in a million runs. */
    private static final double CHANCE = 1e-6;

    private PasswordAuthenticator passwords;
    private JwtAuthenticator tokens;

    @BeforeEach
    void openLogins() throws Exception {
        Path file = Files.writeString(folder.resolve("users.pw"), "ann:" + PBKDF2 + "\nbob:" + PBKDF2 + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        passwords = PasswordAuthenticator.open(PasswordLogin.of(file), pool, clock);
        tokens = JwtAuthenticator.open(new JwtLogin(List.of(issuer())), pool, clock);
    }

    /** While the pool's only thread is held, nothing of a login happens: whoever asks, an event loop, only asks. */
    @Test
    void i28_passwordsAndTokens_areCheckedByThePool_neverByWhoAsks() throws Exception {
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(1);
        pool.submit(() -> {
            begun.countDown();
            try {
                held.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return AuthenticationPool.BUSY;
        });
        begun.await();

        List<CompletableFuture<Authentication>> answers = List.of(
                passwords.authenticate(password("ann", "password")).toCompletableFuture(),
                passwords.authenticate(password("nobody", "password")).toCompletableFuture(),
                tokens.authenticate(password(null, key.sign(claims()))).toCompletableFuture());
        assertThat(answers).noneMatch(CompletableFuture::isDone);
        assertThat(passwords.hashes()).isZero();
        assertThat(tokens.signatures()).isZero();

        held.countDown();
        assertThat(answers.get(0).get(30, TimeUnit.SECONDS)).isInstanceOf(Authentication.Accepted.class);
        assertThat(answers.get(1).get(30, TimeUnit.SECONDS)).isInstanceOf(Authentication.Rejected.class);
        assertThat(answers.get(2).get(30, TimeUnit.SECONDS)).isInstanceOf(Authentication.Accepted.class);
        assertThat(passwords.hashes()).isEqualTo(2);
        assertThat(tokens.signatures()).isEqualTo(1);
    }

    /** In turns, so that whatever else the machine does is the same for both. */
    @Test
    void i31_unknownUserAndWrongPassword_cannotBeToldApartByTheirTimes() {
        long seed = Long.getLong("seed", new Random().nextLong());
        Random random = new Random(seed);
        for (int i = 0; i < 100; i++) {
            nanos(random, true);
            nanos(random, false);
        }
        long[] known = new long[ANSWERS];
        long[] unknown = new long[ANSWERS];
        for (int i = 0; i < ANSWERS; i++) {
            boolean knownFirst = random.nextBoolean();
            known[i] = knownFirst ? nanos(random, true) : 0;
            unknown[i] = nanos(random, false);
            known[i] = knownFirst ? known[i] : nanos(random, true);
        }
        double distance = distance(known, unknown);
        // two-sided Kolmogorov-Smirnov for samples of one size
        double allowed = Math.sqrt(-Math.log(CHANCE / 2) / ANSWERS);
        assertThat(distance).as("distance of the distributions, seed %d", seed).isLessThan(allowed);
        assertThat(passwords.hashes()).isEqualTo(2L * (ANSWERS + 100));
    }

    private long nanos(Random random, boolean known) {
        clock.advance(Duration.ofHours(1)); // nobody is slowed down for what came before
        String user = known ? "bob" : "u" + random.nextInt(100, 1000);
        Credentials credentials = password(user, "wrong" + random.nextInt());
        long start = System.nanoTime();
        Authentication refused = answer(passwords, credentials);
        long nanos = System.nanoTime() - start;
        assertThat(refused).isSameAs(Refusal.WRONG_PASSWORD);
        return nanos;
    }

    /** The largest difference of the two empirical distribution functions. */
    private static double distance(long[] one, long[] other) {
        long[] a = one.clone();
        long[] b = other.clone();
        Arrays.sort(a);
        Arrays.sort(b);
        double most = 0;
        int i = 0;
        int k = 0;
        while (i < a.length && k < b.length) {
            long at = Math.min(a[i], b[k]);
            while (i < a.length && a[i] == at) {
                i++;
            }
            while (k < b.length && b[k] == at) {
                k++;
            }
            most = Math.max(most, Math.abs((double) i / a.length - (double) k / b.length));
        }
        return most;
    }
}
