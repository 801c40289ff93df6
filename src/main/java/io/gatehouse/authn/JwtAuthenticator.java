package io.gatehouse.authn;

import io.gatehouse.protocol.Secret;
import java.nio.file.Path;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Logs holders of signed tokens in. Any thread; signatures are checked on its pool only.
 *
 * <p>A token that was believed is remembered by its hash until it ends or its issuer's keys change. What depends on the
 * connection and not on the token, the user name beside it and the certificate it is bound to, is checked every time.
 */
public final class JwtAuthenticator implements Authenticator {
    private static final int MOST_REMEMBERED = 100_000;
    private static final JwtVerdict BUSY = new JwtVerdict.Busy();
    private static final JwtVerdict FAILED = new JwtVerdict.Unknown("the check failed; the broker's log says why");

    private final Map<String, JwtIssuer> issuers;
    private final Map<String, KeySet> keys;
    private final AuthenticationPool pool;
    private final Clock clock;
    private final RecentMap<String, Remembered> believed = new RecentMap<>(MOST_REMEMBERED);
    private final LongAdder signatures = new LongAdder();

    private record Remembered(JwtVerdict.Verified verdict, long generation) {}

    private JwtAuthenticator(
            Map<String, JwtIssuer> issuers, Map<String, KeySet> keys, AuthenticationPool pool, Clock clock) {
        this.issuers = Map.copyOf(issuers);
        this.keys = Map.copyOf(keys);
        this.pool = pool;
        this.clock = clock;
    }

    /** Reads the key sets that are files, and begins to fetch the others. */
    public static JwtAuthenticator open(JwtLogin settings, AuthenticationPool pool, Clock clock) throws Unusable {
        return open(settings, pool, clock, HttpsKeySet.DEADLINE);
    }

    /** As above, with another deadline for what is fetched. */
    static JwtAuthenticator open(JwtLogin settings, AuthenticationPool pool, Clock clock, Duration deadline)
            throws Unusable {
        Map<String, JwtIssuer> issuers = new HashMap<>();
        Map<String, KeySet> keys = new HashMap<>();
        for (JwtIssuer issuer : settings.issuers()) {
            issuers.put(issuer.issuer(), issuer);
            if (issuer.keys() instanceof KeySource.Https https) {
                Path authorities = https.authorities();
                KeyServerTrust trust = authorities == null ? null : KeyServerTrust.read(authorities);
                HttpsKeySet set = new HttpsKeySet(
                        new KeyFetch(https.address(), deadline, trust), clock, https.revokesOnRemoval());
                set.warmUp();
                keys.put(issuer.issuer(), set);
            } else if (issuer.keys() instanceof KeySource.File file) {
                keys.put(issuer.issuer(), FileKeySet.open(file.path()));
            }
        }
        return new JwtAuthenticator(issuers, keys, pool, clock);
    }

    /** Reads the files of keys and of authorities anew, as a whole: after an error all stay as they are. Blocks. */
    public void reload() throws Unusable {
        Map<FileKeySet, VerificationKeys> fresh = new LinkedHashMap<>();
        Map<HttpsKeySet, KeyFetch> fetches = new LinkedHashMap<>();
        for (JwtIssuer issuer : issuers.values()) {
            KeySet set = keys.get(issuer.issuer());
            if (set instanceof FileKeySet file) {
                fresh.put(file, FileKeySet.read(file.file()));
            } else if (set instanceof HttpsKeySet remote
                    && issuer.keys() instanceof KeySource.Https https
                    && https.authorities() != null) {
                KeyFetch before = remote.fetch();
                KeyServerTrust now = KeyServerTrust.read(https.authorities());
                if (!before.trusts(now)) {
                    fetches.put(remote, before.trusting(now));
                }
            }
        }
        fresh.forEach(FileKeySet::replace);
        fetches.forEach(HttpsKeySet::replace);
    }

    /**
     * Begins to fetch the key sets anew that connections depend on, where it is time. Never blocks.
     *
     * @return a number that grows when one of the key sets behind addresses has become another
     */
    public long tend() {
        long generations = 0;
        for (KeySet set : keys.values()) {
            if (set instanceof HttpsKeySet remote) {
                remote.tend();
                generations += Math.max(0, remote.generation() - 1); // the first keys are no change
            }
        }
        return generations;
    }

    @Override
    public CompletionStage<Authentication> authenticate(Credentials credentials) {
        Secret token =
                credentials.authenticationMethod() == null ? credentials.password() : credentials.authenticationData();
        if (token == null || token.sizeBytes() == 0) {
            return CompletableFuture.completedFuture(Refusal.bad("no token was presented"));
        }
        if (token.sizeBytes() > CompactToken.MAX_BYTES) {
            return CompletableFuture.completedFuture(
                    Refusal.bad("the token is longer than " + CompactToken.MAX_BYTES + " bytes"));
        }
        byte[] bytes = token.copy();
        String hash = Fingerprint.of(bytes);
        Remembered known = believed.get(hash);
        if (known != null) {
            if (isGood(known)) {
                Arrays.fill(bytes, (byte) 0);
                return CompletableFuture.completedFuture(admit(known.verdict(), credentials));
            }
            believed.remove(hash);
        }
        return verify(bytes, hash).thenApply(verdict -> {
            Arrays.fill(bytes, (byte) 0);
            return admit(verdict, credentials);
        });
    }

    private boolean isGood(Remembered known) {
        KeySet set = keys.get(known.verdict().issuer());
        return set != null
                && set.generation() == known.generation()
                && clock.instant().isBefore(known.verdict().expiresAt());
    }

    private CompletionStage<JwtVerdict> verify(byte[] token, String hash) {
        JwtVerifier verifier = new JwtVerifier(issuers, clock);
        return pool.submit(
                        () -> begin(verifier, token, hash),
                        CompletableFuture.completedFuture(BUSY),
                        CompletableFuture.completedFuture(FAILED))
                .thenCompose(Function.identity());
    }

    private CompletionStage<JwtVerdict> begin(JwtVerifier verifier, byte[] token, String hash) {
        JwtVerifier.Opening opening = verifier.open(token);
        JwtVerifier.Opened opened = opening.opened();
        if (opened == null) {
            return CompletableFuture.completedFuture(Objects.requireNonNull(opening.refused()));
        }
        KeySet set = Objects.requireNonNull(keys.get(opened.issuer().issuer()));
        // before the choice: a key that changes meanwhile makes what is remembered old, never what is old remembered
        long generation = set.generation();
        CompletableFuture<KeyChoice> choice =
                set.choose(opened.keyId(), opened.algorithm()).toCompletableFuture();
        if (choice.isDone()) {
            return CompletableFuture.completedFuture(end(verifier, opened, choice.join(), generation, hash));
        }
        return choice.thenCompose(key -> pool.submit(() -> end(verifier, opened, key, generation, hash), BUSY, FAILED));
    }

    private JwtVerdict end(
            JwtVerifier verifier, JwtVerifier.Opened opened, KeyChoice choice, long generation, String hash) {
        JwtVerdict verdict = verifier.close(opened, choice);
        signatures.increment();
        if (verdict instanceof JwtVerdict.Verified verified) {
            believed.put(hash, new Remembered(verified, generation));
        }
        return verdict;
    }

    private Authentication admit(JwtVerdict verdict, Credentials credentials) {
        if (verdict instanceof JwtVerdict.Verified verified) {
            return admit(verified, credentials);
        }
        if (verdict instanceof JwtVerdict.Refused refused) {
            return Refusal.bad("the token is refused: " + refused.check().word() + ": " + refused.why());
        }
        if (verdict instanceof JwtVerdict.Unknown unknown) {
            return Refusal.unavailable("the token cannot be checked: " + unknown.why());
        }
        return AuthenticationPool.BUSY;
    }

    private static Authentication admit(JwtVerdict.Verified verified, Credentials credentials) {
        String beside = credentials.userName();
        if (beside != null && !beside.isEmpty() && !beside.equals(verified.user())) {
            return Refusal.bad("the user name '" + UserName.shown(beside) + "' beside the token is not the token's '"
                    + UserName.shown(verified.user()) + "'");
        }
        X509Certificate certificate = credentials.peer().certificate().orElse(null);
        if (verified.thumbprint() != null && !isBoundTo(certificate, verified.thumbprint())) {
            return Refusal.bad("the token is bound to another certificate than the connection's");
        }
        Subject subject = new Subject(
                verified.user(),
                Set.of(AuthMethod.JWT),
                credentials.listener(),
                credentials.peer().address().getAddress(),
                verified.attributes());
        return new Authentication.Accepted(
                new Principal(
                        subject,
                        "jwt:" + verified.issuer(),
                        verified.expiresAt(),
                        Map.of(AuthMethod.JWT, verified.keyThumbprint())),
                null);
    }

    /** RFC 8705, section 3.1. */
    private static boolean isBoundTo(@Nullable X509Certificate certificate, String thumbprint) {
        if (certificate == null) {
            return false;
        }
        try {
            byte[] hash = Fingerprint.bytes(certificate.getEncoded());
            return Base64.getUrlEncoder().withoutPadding().encodeToString(hash).equals(thumbprint);
        } catch (CertificateEncodingException e) {
            return false;
        }
    }

    /**
     * Whether the key that signed a principal's token is still one of its issuer's: asked about connected clients after a
     * change. True for one that did not use a token, while the keys of the issuer are not known, and where an issuer's
     * removed keys end nothing.
     */
    public boolean stands(Principal principal) {
        String proof = principal.proofs().get(AuthMethod.JWT);
        if (proof == null) {
            return true;
        }
        return principal.subject().values("jwt.iss").stream()
                .map(keys::get)
                .filter(Objects::nonNull)
                .anyMatch(set -> set.holds(proof));
    }

    /** How many tokens were checked by their signature, not found remembered. */
    public long signatures() {
        return signatures.sum();
    }
}
