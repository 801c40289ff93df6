package io.gatehouse;

import io.gatehouse.authn.AuthMethod;
import io.gatehouse.authn.AuthenticationPool;
import io.gatehouse.authn.Authenticator;
import io.gatehouse.authn.Authenticators;
import io.gatehouse.authn.CertificateAuthenticator;
import io.gatehouse.authn.CertificateLogin;
import io.gatehouse.authn.CertificateSource;
import io.gatehouse.authn.JwtAlgorithm;
import io.gatehouse.authn.JwtAuthenticator;
import io.gatehouse.authn.JwtIssuer;
import io.gatehouse.authn.JwtLogin;
import io.gatehouse.authn.KeySource;
import io.gatehouse.authn.LoginPlan;
import io.gatehouse.authn.PasswordAuthenticator;
import io.gatehouse.authn.PasswordLogin;
import io.gatehouse.authn.Principal;
import io.gatehouse.authn.Unusable;
import io.gatehouse.config.Configuration;
import io.gatehouse.config.Configuration.Combination;
import io.gatehouse.config.Configuration.Login;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The ways to log in, made from the configuration: a part of the composition. Any thread after it is made. */
final class Logins implements AutoCloseable {
    private final Map<AuthMethod, Authenticator> methods = new EnumMap<>(AuthMethod.class);
    private final List<AuthenticationPool> pools = new ArrayList<>();
    private Optional<PasswordAuthenticator> passwords = Optional.empty();
    private Optional<JwtAuthenticator> tokens = Optional.empty();

    // of the thread that reloads
    private long keyGenerations;

    private Logins() {}

    static Logins of(Configuration configuration, Clock clock) throws Unusable {
        Logins logins = new Logins();
        try {
            Configuration.CertificateLogin certificates = configuration.certificateLogin();
            logins.methods.put(
                    AuthMethod.CERTIFICATE,
                    new CertificateAuthenticator(new CertificateLogin(
                            CertificateSource.parse(String.join(" | ", certificates.user())),
                            certificates.prefix().isEmpty() ? null : certificates.prefix(),
                            certificates.spiffeTrustDomain().orElse(null),
                            certificates.maxNameBytes())));
            if (configuration.passwordLogin().isPresent()) {
                Configuration.PasswordLogin login =
                        configuration.passwordLogin().get();
                // passwords and tokens wait apart: a check of a millisecond never stands behind a hash
                PasswordAuthenticator made = PasswordAuthenticator.open(
                        new PasswordLogin(login.file(), login.allowWeakHashes(), login.min()),
                        logins.pool("password"),
                        clock);
                logins.passwords = Optional.of(made);
                logins.methods.put(AuthMethod.PASSWORD, made);
            }
            if (configuration.jwtLogin().isPresent()) {
                List<JwtIssuer> issuers = new ArrayList<>();
                for (Configuration.Issuer issuer :
                        configuration.jwtLogin().get().issuers()) {
                    issuers.add(issuer(issuer));
                }
                JwtAuthenticator made = JwtAuthenticator.open(new JwtLogin(issuers), logins.pool("token"), clock);
                logins.tokens = Optional.of(made);
                logins.methods.put(AuthMethod.JWT, made);
            }
            return logins;
        } catch (Unusable e) {
            logins.close();
            throw e;
        }
    }

    private AuthenticationPool pool(String name) {
        AuthenticationPool pool = AuthenticationPool.standard(name);
        pools.add(pool);
        return pool;
    }

    private static JwtIssuer issuer(Configuration.Issuer issuer) {
        return new JwtIssuer(
                issuer.iss(),
                issuer.remote()
                        ? new KeySource.Https(
                                URI.create(issuer.jwks()),
                                issuer.authorities().orElse(null),
                                issuer.revokeOnKeyRemoval())
                        : new KeySource.File(Path.of(issuer.jwks())),
                Set.of(issuer.audience()),
                issuer.algorithms().stream()
                        .map(word -> JwtAlgorithm.of(word).orElseThrow())
                        .toList(),
                issuer.user(),
                issuer.type().orElse(null),
                JwtIssuer.DEFAULT_SKEW,
                issuer.maxLifetime());
    }

    Authenticator authenticator(Login login) {
        Set<AuthMethod> used = new LinkedHashSet<>();
        for (String word : login.methods()) {
            used.add(word.equals("none") ? AuthMethod.ANONYMOUS : AuthMethod.valueOf(word.toUpperCase(Locale.ROOT)));
        }
        LoginPlan plan = used.size() == 1
                ? new LoginPlan.One(used.iterator().next())
                : login.combination() == Combination.ALL
                        ? new LoginPlan.All(used, login.sameUser())
                        : new LoginPlan.Any(used);
        return Authenticators.of(plan, methods);
    }

    /** Reads passwords and keys again; the last good ones stay if a file is not. */
    void reload() throws Unusable {
        if (passwords.isPresent()) {
            passwords.get().reload();
        }
        if (tokens.isPresent()) {
            tokens.get().reload();
        }
    }

    /**
     * Fetches key sets anew whose removed keys end connections, when it is time, without waiting for them.
     *
     * @return whether one is another than at the last call
     */
    boolean keysChanged() {
        long now = tokens.map(JwtAuthenticator::tend).orElse(0L);
        boolean changed = now != keyGenerations;
        keyGenerations = now;
        return changed;
    }

    /** Whether what somebody logged in with is still good. */
    boolean stands(Principal principal) {
        return passwords.map(one -> one.stands(principal)).orElse(true)
                && tokens.map(one -> one.stands(principal)).orElse(true);
    }

    @Override
    public void close() {
        pools.forEach(AuthenticationPool::close);
    }
}
