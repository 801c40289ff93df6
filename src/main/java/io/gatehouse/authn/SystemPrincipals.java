package io.gatehouse.authn;

import java.util.Map;
import java.util.Set;

/**
 * The broker's own principals, for what it publishes itself. Stateless; any thread.
 *
 * <p>They pass through the authorizer like everybody else and have no right that a policy does not give. Their names
 * begin with {@code $}, which no login yields ({@link UserName}), and their realm is one that no login vouches for: a
 * rule about them can never be about a client.
 */
public final class SystemPrincipals {
    /** The realm of all of them. */
    public static final String REALM = "system";

    private SystemPrincipals() {}

    /** Who publishes the broker's figures below {@code $SYS}. */
    public static Principal sys() {
        return named("$sys");
    }

    /** Who publishes what an operator sends by the administration interface. */
    public static Principal admin() {
        return named("$admin");
    }

    /** Who tells devices what came of a request for their next certificate. */
    public static Principal enrolment() {
        return named("$enrolment");
    }

    private static Principal named(String name) {
        return new Principal(new Subject(name, Set.of(), "", null, Map.of()), REALM, null);
    }
}
