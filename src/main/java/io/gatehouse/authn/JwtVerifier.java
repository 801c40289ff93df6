package io.gatehouse.authn;

import io.gatehouse.config.Quantity;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The checklist of a token, line by line. Confined to one token and to one thread at a time; never blocks, but costs
 * about a millisecond.
 *
 * <p>Two halves with the choice of the key between them, because the choice may have to wait: {@link #open} decides whose
 * key is asked for, {@link #close} believes the signature and then the claims. Who says what it is signed with is the
 * configuration: the token only names one of the algorithms that its issuer may use.
 */
final class JwtVerifier {
    private final Map<String, JwtIssuer> issuers;
    private final Clock clock;
    private final List<JwtStep> steps = new ArrayList<>();

    JwtVerifier(Map<String, JwtIssuer> issuers, Clock clock) {
        this.issuers = issuers;
        this.clock = clock;
    }

    /** A token that may be somebody's, before its signature is looked at. */
    record Opened(
            CompactToken token,
            JwtIssuer issuer,
            JwtAlgorithm algorithm,
            @Nullable String keyId) {}

    /** The token is refused: by which line, and why. */
    private static final class Stop extends Exception {
        private static final long serialVersionUID = 1L;
        private final JwtCheck check;

        Stop(JwtCheck check, String why) {
            super(why, null, false, false);
            this.check = check;
        }

        JwtVerdict.Refused refused() {
            return new JwtVerdict.Refused(check, String.valueOf(getMessage()));
        }
    }

    /** What {@link #open} found: one of the two is there. */
    record Opening(@Nullable Opened opened, JwtVerdict.@Nullable Refused refused) {}

    Opening open(byte[] bytes) {
        try {
            CompactToken token = shape(bytes);
            JwtIssuer issuer = issuer(token);
            JwtAlgorithm algorithm = algorithm(token, issuer);
            return new Opening(new Opened(token, issuer, algorithm, header(token, issuer)), null);
        } catch (Stop stop) {
            return new Opening(null, fail(stop));
        }
    }

    JwtVerdict close(Opened opened, KeyChoice choice) {
        try {
            if (choice instanceof KeyChoice.Unavailable unavailable) {
                steps.add(new JwtStep(JwtCheck.KEY, false, unavailable.why()));
                return new JwtVerdict.Unknown(unavailable.why());
            }
            if (!(choice instanceof KeyChoice.Found found)) {
                throw new Stop(JwtCheck.KEY, ((KeyChoice.NoKey) choice).why());
            }
            pass(JwtCheck.KEY, "found " + found.key());
            CompactToken token = opened.token();
            if (!found.key().verifies(opened.algorithm(), token.signingInput(), token.signature())) {
                throw new Stop(JwtCheck.SIGNATURE, "the signature is not that key's");
            }
            pass(JwtCheck.SIGNATURE, "is that key's");
            return believe(opened.issuer(), token.claims(), found.key());
        } catch (Stop stop) {
            return fail(stop);
        }
    }

    /** What was checked so far. */
    List<JwtStep> steps() {
        return List.copyOf(steps);
    }

    private CompactToken shape(byte[] bytes) throws Stop {
        try {
            CompactToken token = CompactToken.parse(bytes);
            pass(JwtCheck.SHAPE, "three segments of base64url, " + bytes.length + " bytes");
            return token;
        } catch (CompactToken.Malformed e) {
            throw new Stop(JwtCheck.SHAPE, String.valueOf(e.getMessage()));
        }
    }

    private JwtIssuer issuer(CompactToken token) throws Stop {
        if (!(token.claims().get("iss") instanceof String name)) {
            throw new Stop(JwtCheck.ISSUER, "there is no 'iss', or it is no text");
        }
        JwtIssuer issuer = issuers.get(name);
        if (issuer == null) {
            throw new Stop(JwtCheck.ISSUER, "the issuer '" + UserName.shown(name) + "' is not configured");
        }
        pass(JwtCheck.ISSUER, "'" + UserName.shown(name) + "'");
        return issuer;
    }

    private JwtAlgorithm algorithm(CompactToken token, JwtIssuer issuer) throws Stop {
        if (!(token.header().get("alg") instanceof String name)) {
            throw new Stop(JwtCheck.ALGORITHM, "there is no 'alg', or it is no text");
        }
        Optional<JwtAlgorithm> algorithm = JwtAlgorithm.of(name).filter(issuer.algorithms()::contains);
        if (algorithm.isEmpty()) {
            throw new Stop(
                    JwtCheck.ALGORITHM,
                    "'" + UserName.shown(name) + "' is not one of the issuer's " + issuer.algorithms());
        }
        pass(JwtCheck.ALGORITHM, name);
        return algorithm.get();
    }

    /** The rest of the header; returns its key id. What it says of keys ({@code jku}, {@code jwk}, ...) is not read. */
    private @Nullable String header(CompactToken token, JwtIssuer issuer) throws Stop {
        Map<String, Object> header = token.header();
        for (String name : List.of("crit", "b64", "enc", "zip")) {
            if (header.containsKey(name)) {
                throw new Stop(JwtCheck.HEADER, "'" + name + "' asks for something that is not understood");
            }
        }
        String type = issuer.type();
        if (type != null && !(header.get("typ") instanceof String given && isType(type, given))) {
            throw new Stop(JwtCheck.HEADER, "'typ' is not '" + type + "'");
        }
        if (!header.containsKey("kid")) {
            pass(JwtCheck.HEADER, "no kid");
            return null;
        }
        if (!(header.get("kid") instanceof String id)
                || id.isEmpty()
                || id.getBytes(StandardCharsets.UTF_8).length > VerificationKey.MAX_ID_BYTES) {
            throw new Stop(JwtCheck.HEADER, "'kid' is not a text of 1 to " + VerificationKey.MAX_ID_BYTES + " bytes");
        }
        pass(JwtCheck.HEADER, "kid '" + UserName.shown(id) + "'");
        return id;
    }

    /** Media types are compared without case and may leave "application/" out (RFC 7515, section 4.1.9). */
    private static boolean isType(String expected, String given) {
        return bare(given).equalsIgnoreCase(bare(expected));
    }

    private static String bare(String type) {
        return type.regionMatches(true, 0, "application/", 0, 12) ? type.substring(12) : type;
    }

    private JwtVerdict believe(JwtIssuer issuer, Map<String, Object> claims, VerificationKey key) throws Stop {
        audience(issuer, claims);
        Instant end = dates(issuer, claims);
        Map<String, List<String>> attributes;
        try {
            attributes = JwtClaims.attributes(claims);
            pass(JwtCheck.CLAIMS, attributes.size() + " for the policy");
        } catch (JwtClaims.Bad e) {
            throw new Stop(JwtCheck.CLAIMS, String.valueOf(e.getMessage()));
        }
        String user = user(issuer, claims);
        String thumbprint = thumbprint(claims);
        return new JwtVerdict.Verified(issuer.issuer(), user, attributes, end, thumbprint, key.thumbprint());
    }

    private void audience(JwtIssuer issuer, Map<String, Object> claims) throws Stop {
        try {
            List<String> audience = JwtClaims.strings(claims, "aud");
            if (audience.stream().noneMatch(issuer.audiences()::contains)) {
                throw new Stop(JwtCheck.AUDIENCE, "'aud' is not for " + issuer.audiences());
            }
            pass(JwtCheck.AUDIENCE, "for " + issuer.audiences());
        } catch (JwtClaims.Bad e) {
            throw new Stop(JwtCheck.AUDIENCE, String.valueOf(e.getMessage()));
        }
    }

    private Instant dates(JwtIssuer issuer, Map<String, Object> claims) throws Stop {
        Instant now = clock.instant();
        Duration skew = issuer.skew();
        Instant end = date(claims, "exp", JwtCheck.EXPIRY)
                .orElseThrow(() -> new Stop(JwtCheck.EXPIRY, "there is no 'exp': a token must end"));
        // no skew here: the connection ends at this instant, so one that begins after it makes no sense
        if (!now.isBefore(end)) {
            throw new Stop(JwtCheck.EXPIRY, "it ended at " + end + ", now is " + now);
        }
        pass(JwtCheck.EXPIRY, "ends at " + end);
        Optional<Instant> start = date(claims, "nbf", JwtCheck.NOT_BEFORE);
        if (start.isPresent() && now.plus(skew).isBefore(start.get())) {
            throw new Stop(JwtCheck.NOT_BEFORE, "it begins at " + start.get() + ", now is " + now);
        }
        pass(JwtCheck.NOT_BEFORE, start.map(s -> "begins at " + s).orElse("not given"));
        Optional<Instant> issued = date(claims, "iat", JwtCheck.ISSUED_AT);
        if (issued.isPresent() && now.plus(skew).isBefore(issued.get())) {
            throw new Stop(JwtCheck.ISSUED_AT, "it was issued at " + issued.get() + ", which is to come");
        }
        pass(JwtCheck.ISSUED_AT, issued.map(Instant::toString).orElse("not given"));
        // without iat, what is left of it is what can be known of its lifetime
        Duration lifetime = Duration.between(issued.orElse(now), end);
        if (lifetime.compareTo(issuer.maxLifetime()) > 0) {
            throw new Stop(
                    JwtCheck.LIFETIME,
                    "it lives for " + Quantity.print(lifetime) + ", the longest allowed is "
                            + Quantity.print(issuer.maxLifetime()));
        }
        pass(JwtCheck.LIFETIME, Quantity.print(lifetime) + " of at most " + Quantity.print(issuer.maxLifetime()));
        return end;
    }

    private static Optional<Instant> date(Map<String, Object> claims, String name, JwtCheck check) throws Stop {
        try {
            return JwtClaims.date(claims, name);
        } catch (JwtClaims.Bad e) {
            throw new Stop(check, String.valueOf(e.getMessage()));
        }
    }

    private String user(JwtIssuer issuer, Map<String, Object> claims) throws Stop {
        String claim = issuer.userClaim();
        Optional<String> user = JwtClaims.text(claims, claim);
        if (user.isEmpty()) {
            throw new Stop(JwtCheck.USER, "there is no '" + claim + "' to take the user name from, or it is no text");
        }
        Optional<String> fault = UserName.fault(user.get(), UserName.DEFAULT_MAX_BYTES);
        if (fault.isPresent()) {
            throw new Stop(JwtCheck.USER, "the user name in '" + claim + "' " + fault.get());
        }
        pass(JwtCheck.USER, "'" + UserName.shown(user.get()) + "' from '" + claim + "'");
        return user.get();
    }

    /** A token bound to a key must not be taken from whoever holds the token only. */
    private @Nullable String thumbprint(Map<String, Object> claims) throws Stop {
        if (!claims.containsKey("cnf")) {
            pass(JwtCheck.BINDING, "not bound to a certificate");
            return null;
        }
        if (claims.get("cnf") instanceof Map<?, ?> confirmation
                && confirmation.size() == 1
                && confirmation.get("x5t#S256") instanceof String thumbprint) {
            pass(JwtCheck.BINDING, "bound to the certificate " + UserName.shown(thumbprint));
            return thumbprint;
        }
        throw new Stop(JwtCheck.BINDING, "'cnf' binds it in a way that is not understood; x5t#S256 is");
    }

    private void pass(JwtCheck check, String text) {
        steps.add(new JwtStep(check, true, text));
    }

    private JwtVerdict.Refused fail(Stop stop) {
        JwtVerdict.Refused refused = stop.refused();
        steps.add(new JwtStep(refused.check(), false, refused.why()));
        return refused;
    }
}
