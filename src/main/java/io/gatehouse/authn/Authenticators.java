package io.gatehouse.authn;

import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Puts the methods of a listener together. Stateless. */
public final class Authenticators {
    private Authenticators() {}

    /**
     * The authenticator of a listener.
     *
     * @param methods what the configuration has; {@link AuthMethod#ANONYMOUS} needs no entry
     * @throws IllegalArgumentException if the plan names a method that is not among them
     */
    public static Authenticator of(LoginPlan plan, Map<AuthMethod, Authenticator> methods) {
        EnumMap<AuthMethod, Authenticator> used = new EnumMap<>(AuthMethod.class);
        for (AuthMethod method : plan.methods()) {
            Authenticator authenticator =
                    method == AuthMethod.ANONYMOUS ? new AnonymousAuthenticator() : methods.get(method);
            used.put(method, required(method, authenticator));
        }
        return new PlannedAuthenticator(plan, used);
    }

    private static Authenticator required(AuthMethod method, @Nullable Authenticator authenticator) {
        if (authenticator == null) {
            throw new IllegalArgumentException(
                    "'login: " + method.word() + "' needs a '" + method.word() + "_login:' section that says how");
        }
        return authenticator;
    }
}
