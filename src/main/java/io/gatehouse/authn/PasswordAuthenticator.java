package io.gatehouse.authn;

import io.gatehouse.protocol.Secret;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Logs users of a password file in. Any thread; hashes on its pool only.
 *
 * <p>An unknown user and a wrong password take the same path: the same queue, the same work on a hash of the file's
 * usual cost, the same answer. The order is limits, throttle, cache, hash: what is cheap and closes comes first. Equal
 * logins that arrive while the first of them is being checked wait for its outcome instead of hashing again.
 */
public final class PasswordAuthenticator implements Authenticator {
    static final String REALM = "password";

    private final PasswordLogin settings;
    private final AuthenticationPool pool;
    private final LoginThrottle throttle;
    private final VerifiedCredentials verified;
    private final SecureRandom random;
    private final ConcurrentMap<String, CompletionStage<Authentication>> running = new ConcurrentHashMap<>();

    private final LongAdder hashes = new LongAdder();

    private final ScramLogin scram;
    private final ScramHash scramModel;

    private volatile Users users;

    /** What one state of the file says. */
    private record Users(PasswordFile file, PasswordHash dummy) {}

    private PasswordAuthenticator(
            PasswordLogin settings, AuthenticationPool pool, Clock clock, SecureRandom random, Users users) {
        this.settings = settings;
        this.pool = pool;
        this.throttle = new LoginThrottle(clock);
        this.verified = new VerifiedCredentials(clock, random);
        this.random = random;
        this.scram = new ScramLogin(this, throttle, random);
        this.scramModel = new ScramHash(
                ScramHash.STRONG_ITERATIONS,
                EncodedBytes.random(16, random),
                EncodedBytes.random(32, random),
                EncodedBytes.random(32, random));
        this.users = users;
    }

    /** Reads the file. */
    public static PasswordAuthenticator open(PasswordLogin settings, AuthenticationPool pool, Clock clock)
            throws Unusable {
        SecureRandom random = new SecureRandom();
        return new PasswordAuthenticator(settings, pool, clock, random, load(settings, random));
    }

    private static Users load(PasswordLogin settings, SecureRandom random) throws Unusable {
        PasswordFile file = PasswordFile.read(settings);
        return new Users(file, file.dummy(random));
    }

    /**
     * Reads the file anew, as a whole: after an error the users stay as they are. Blocks.
     *
     * @return how many users there are now
     */
    public int reload() throws Unusable {
        Users fresh = load(settings, random);
        users = fresh;
        verified.clear();
        return fresh.file().size();
    }

    /**
     * Whether a principal that logged in with a password still could: asked about connected clients after a reload, when
     * a user that is gone, or whose password was set anew, loses the connection. True for one that did not use a password.
     */
    public boolean stands(Principal principal) {
        String proof = principal.proofs().get(AuthMethod.PASSWORD);
        return proof == null
                || users.file()
                        .hash(principal.user())
                        .filter(hash -> fingerprint(hash).equals(proof))
                        .isPresent();
    }

    /** Of a stored hash, so that a principal need not carry it. */
    private static String fingerprint(PasswordHash stored) {
        return Fingerprint.of(stored.encoded().getBytes(StandardCharsets.US_ASCII));
    }

    PasswordFile file() {
        return users.file();
    }

    /** What an unknown user of SCRAM is answered with where the file has no verifier at all. */
    ScramHash scramModel() {
        return scramModel;
    }

    /** How many hashes were computed. */
    public long hashes() {
        return hashes.sum();
    }

    @Override
    public CompletionStage<Authentication> authenticate(Credentials credentials) {
        if (credentials.authenticationMethod() != null) {
            return CompletableFuture.completedFuture(scram.begin(credentials));
        }
        String user = credentials.userName();
        Secret password = credentials.password();
        if (user == null || password == null) {
            return CompletableFuture.completedFuture(Refusal.WRONG_PASSWORD);
        }
        InetAddress address = credentials.peer().address().getAddress();
        // of a name that no file can hold nothing is remembered but its address
        String counted = UserName.fault(user, UserName.DEFAULT_MAX_BYTES).isPresent() ? "" : user;
        if (throttle.isBlocked(address, counted)) {
            return CompletableFuture.completedFuture(Refusal.TOO_MANY);
        }
        Users now = users;
        PasswordHash stored = now.file().hash(user).orElse(now.dummy());
        byte[] bytes = password.copy();
        String code = verified.code(user, bytes, stored);
        if (verified.knows(code)) {
            Arrays.fill(bytes, (byte) 0);
            return CompletableFuture.completedFuture(accepted(user, stored, credentials, null));
        }
        boolean possible =
                PasswordRule.fault(password).isEmpty() && now.file().hash(user).isPresent();
        Check check = new Check(user, counted, address, stored, possible, code);
        return checkOnce(check, bytes)
                .thenApply(outcome -> outcome == SAME ? accepted(user, stored, credentials, null) : outcome);
    }

    // stands for "the password is right" until each login that waited for it gets a principal of its own
    private static final Authentication SAME = Refusal.bad("not to be seen");

    /** One password against one stored hash. */
    private record Check(
            String user, String counted, InetAddress address, PasswordHash stored, boolean possible, String code) {}

    private CompletionStage<Authentication> checkOnce(Check check, byte[] password) {
        CompletableFuture<Authentication> mine = new CompletableFuture<>();
        // of the same address only: each address answers for its own failures
        String turn = check.code() + " " + check.address().getHostAddress();
        CompletionStage<Authentication> first = running.putIfAbsent(turn, mine);
        if (first != null) {
            Arrays.fill(password, (byte) 0);
            return first;
        }
        throttle.attempt(check.address(), check.counted());
        pool.submit(() -> compare(check, password)).whenComplete((outcome, impossible) -> {
            Arrays.fill(password, (byte) 0);
            if (outcome != SAME && outcome != Refusal.WRONG_PASSWORD) {
                throttle.undecided(check.address(), check.counted());
            }
            running.remove(turn);
            mine.complete(outcome);
        });
        return mine;
    }

    private Authentication compare(Check check, byte[] password) {
        if (throttle.isBlocked(check.address())) {
            // others from there have failed while this one waited in the queue
            return Refusal.TOO_MANY;
        }
        hashes.increment();
        boolean same = check.stored().matches(password) && check.possible() && isCurrent(check);
        if (!same) {
            throttle.failed(check.address());
            return Refusal.WRONG_PASSWORD;
        }
        throttle.succeeded(check.address(), check.counted());
        verified.remember(check.code());
        return SAME;
    }

    /** Whether the file, which may have been read anew meanwhile, still says the same of the user. */
    private boolean isCurrent(Check check) {
        String stored = check.stored().encoded();
        return users.file()
                .hash(check.user())
                .filter(hash -> hash.encoded().equals(stored))
                .isPresent();
    }

    static Authentication accepted(String user, PasswordHash stored, Credentials credentials, @Nullable Secret data) {
        Subject subject = new Subject(
                user,
                Set.of(AuthMethod.PASSWORD),
                credentials.listener(),
                credentials.peer().address().getAddress(),
                Map.of());
        return new Authentication.Accepted(
                new Principal(subject, REALM, null, Map.of(AuthMethod.PASSWORD, fingerprint(stored))), data);
    }
}
