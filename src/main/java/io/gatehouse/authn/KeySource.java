package io.gatehouse.authn;

import java.net.URI;
import java.nio.file.Path;

/** Where an issuer's keys are: {@code jwks:} of the configuration. */
public sealed interface KeySource {

    /** A JWK set in a file, read at start and at a reload. */
    record File(Path path) implements KeySource {
        @Override
        public String toString() {
            return path.toString();
        }
    }

    /** A JWK set behind an {@code https:} address. */
    record Https(URI address) implements KeySource {
        public Https {
            if (!"https".equals(address.getScheme()) || address.getHost() == null || address.getUserInfo() != null) {
                throw new IllegalArgumentException("a key set's address is https://HOST/..., not '" + address + "'");
            }
        }

        @Override
        public String toString() {
            return address.toString();
        }
    }
}
