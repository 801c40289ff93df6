package io.gatehouse.authn;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One entry of {@code jwt_login: {issuers: [...]}}: whose tokens are taken, and under which conditions.
 *
 * @param issuer what {@code iss} must be, exactly
 * @param keys where its keys are
 * @param audiences what {@code aud} must hold one of
 * @param algorithms what {@code alg} must be one of, exactly
 * @param userClaim the claim that is the user name
 * @param type what {@code typ} must be, such as {@code at+jwt}; null: it is not looked at
 * @param skew how far clocks may differ, a minute at most
 * @param maxLifetime the longest time from {@code iat} to {@code exp}
 */
public record JwtIssuer(
        String issuer,
        KeySource keys,
        Set<String> audiences,
        List<JwtAlgorithm> algorithms,
        String userClaim,
        @Nullable String type,
        Duration skew,
        Duration maxLifetime) {
    public static final Duration DEFAULT_SKEW = Duration.ofSeconds(30);
    public static final Duration MAX_SKEW = Duration.ofSeconds(60);
    public static final Duration DEFAULT_MAX_LIFETIME = Duration.ofHours(24);

    public JwtIssuer {
        audiences = Set.copyOf(audiences);
        algorithms = List.copyOf(algorithms);
        if (issuer.isEmpty()) {
            throw new IllegalArgumentException("an issuer needs a name (iss)");
        }
        if (audiences.isEmpty()) {
            throw new IllegalArgumentException("issuer '" + issuer + "' needs an audience (aud): without one, a token"
                    + " made for any other service would open the broker");
        }
        if (algorithms.isEmpty()) {
            throw new IllegalArgumentException("issuer '" + issuer + "' needs algorithms (algs)");
        }
        if (algorithms.stream().map(JwtAlgorithm::isSymmetric).distinct().count() > 1) {
            throw new IllegalArgumentException("issuer '" + issuer + "' mixes HS algorithms with others: a public key"
                    + " could then be used as a secret");
        }
        if (skew.isNegative() || skew.compareTo(MAX_SKEW) > 0) {
            throw new IllegalArgumentException("skew is 0 to 60 seconds");
        }
        if (maxLifetime.isNegative() || maxLifetime.isZero()) {
            throw new IllegalArgumentException("max_lifetime is more than nothing");
        }
    }

    /** With the defaults: user from {@code sub}, any {@code typ}. */
    public static JwtIssuer of(String issuer, KeySource keys, String audience, List<JwtAlgorithm> algorithms) {
        return new JwtIssuer(
                issuer, keys, Set.of(audience), algorithms, "sub", null, DEFAULT_SKEW, DEFAULT_MAX_LIFETIME);
    }
}
