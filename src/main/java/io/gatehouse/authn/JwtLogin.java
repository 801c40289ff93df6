package io.gatehouse.authn;

import java.util.List;

/** {@code jwt_login:} of the configuration. */
public record JwtLogin(List<JwtIssuer> issuers) {
    public JwtLogin {
        issuers = List.copyOf(issuers);
        if (issuers.isEmpty()) {
            throw new IllegalArgumentException("jwt_login needs an issuer");
        }
        if (issuers.stream().map(JwtIssuer::issuer).distinct().count() != issuers.size()) {
            throw new IllegalArgumentException("an issuer stands twice in jwt_login");
        }
    }
}
