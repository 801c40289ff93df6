package io.gatehouse.authn;

/**
 * Whom a session belongs to: a user within the realm that vouches for the name.
 *
 * <p>The realm keeps apart equal names of different sources: {@code certificate}, {@code password}, {@code jwt:ISSUER},
 * {@code anonymous}, {@code system}.
 */
public record Owner(String user, String realm) {
    @Override
    public String toString() {
        return user + " (" + realm + ")";
    }
}
