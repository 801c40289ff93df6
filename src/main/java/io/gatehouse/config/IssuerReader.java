package io.gatehouse.config;

import io.gatehouse.config.Configuration.Issuer;
import io.gatehouse.config.Configuration.JwtLogin;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Reads {@code jwt_login}: whose tokens are taken. */
final class IssuerReader {
    private static final Set<String> SYMMETRIC = Set.of("HS256", "HS384", "HS512");
    private static final Set<String> ALGORITHMS = Set.of(
            "EdDSA", "ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "HS256", "HS384",
            "HS512");
    private static final Duration YEAR = Duration.ofDays(366);

    private final List<Problem> problems;

    IssuerReader(List<Problem> problems) {
        this.problems = problems;
    }

    JwtLogin read(Section section) {
        List<Issuer> issuers = section.sections("issuers", this::issuer);
        if (issuers.isEmpty()) {
            problems.add(Problem.error(section.place(), "\"jwt_login\" needs at least one of \"issuers\""));
        }
        Map<String, Integer> seen = new HashMap<>();
        issuers.forEach(issuer -> seen.merge(issuer.iss(), 1, Integer::sum));
        seen.forEach((iss, times) -> {
            if (times > 1) {
                problems.add(Problem.error(section.place(), "issuer \"" + iss + "\" is listed " + times + " times"));
            }
        });
        return new JwtLogin(issuers);
    }

    /** Where the keys are. */
    private record Keys(String location, boolean remote, Optional<Path> authorities, boolean revoke) {}

    private Issuer issuer(Section section) {
        for (String key : List.of("iss", "jwks", "aud", "algs")) {
            if (!section.has(key)) {
                problems.add(Problem.error(section.place(), "an issuer needs \"" + key + "\""));
            }
        }
        Keys keys = keys(section);
        List<String> algorithms = algorithms(section);
        return new Issuer(
                filled(section, "iss", ""),
                keys.location(),
                keys.remote(),
                filled(section, "aud", ""),
                algorithms,
                filled(section, "user", "sub"),
                section.optionalText("typ"),
                section.duration("max_lifetime", Duration.ofMinutes(1), YEAR, Duration.ofDays(1)),
                keys.authorities(),
                keys.revoke());
    }

    private static String filled(Section section, String key, String defaultValue) {
        String text = section.text(key, defaultValue);
        if (text.isEmpty() && section.has(key)) {
            section.error(key, "\"" + key + "\" is empty");
        }
        return text;
    }

    private static Keys keys(Section section) {
        String jwks = section.text("jwks", "");
        boolean remote = jwks.startsWith("https:");
        String location = jwks;
        if (jwks.startsWith("http:")) {
            section.error(
                    "jwks", "\"" + jwks + "\" is not https: a key set that can be changed on its way opens the door");
        } else if (remote) {
            requireAddress(section, jwks);
        } else if (section.has("jwks")) {
            Optional<Path> path = section.path("jwks");
            path.ifPresent(file -> ConfigurationReader.requireFile(section, "jwks", file));
            location = path.map(Path::toString).orElse("");
        }
        Optional<Path> authorities = section.path("jwks_ca");
        authorities.ifPresent(file -> ConfigurationReader.requireFile(section, "jwks_ca", file));
        if (authorities.isPresent() && !remote) {
            section.error("jwks_ca", "\"jwks_ca\" is for an https address, and \"jwks\" is a file");
        }
        boolean revoke = section.bool("revoke_on_key_removal", !remote);
        if (!revoke && !remote && section.has("revoke_on_key_removal")) {
            section.error(
                    "revoke_on_key_removal",
                    "a key that is taken out of a file always ends what logged in with it; it cannot be false here");
        }
        return new Keys(location, remote, authorities, revoke);
    }

    private static void requireAddress(Section section, String text) {
        try {
            URI uri = URI.create(text);
            if (uri.getUserInfo() != null) {
                section.error("jwks", "an address for \"jwks\" holds no user name and no password");
                return;
            }
            if (uri.getHost() != null) {
                return;
            }
        } catch (IllegalArgumentException e) {
            // told of below, as any other text that is no address
        }
        section.error("jwks", "\"" + text + "\" is not an address like https://HOST/keys");
    }

    private static List<String> algorithms(Section section) {
        List<String> algorithms = section.texts("algs", List.of());
        if (algorithms.isEmpty() && section.has("algs")) {
            section.error("algs", "\"algs\" is empty: no token could ever be taken");
        }
        for (String algorithm : algorithms) {
            if (!ALGORITHMS.contains(algorithm)) {
                section.error(
                        "algs",
                        "algorithm \"" + algorithm + "\" is not one of "
                                + String.join(", ", new TreeSet<>(ALGORITHMS)));
            }
        }
        boolean symmetric = algorithms.stream().anyMatch(SYMMETRIC::contains);
        if (symmetric && !SYMMETRIC.containsAll(algorithms)) {
            section.error("algs", "an issuer uses either secret keys (HS...) or public ones, never both");
        }
        return algorithms;
    }
}
