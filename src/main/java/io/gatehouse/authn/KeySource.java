package io.gatehouse.authn;

import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where an issuer's keys are: {@code jwks:} of the configuration. */
public sealed interface KeySource {

    /** A JWK set in a file, read at start and at a reload. */
    record File(Path path) implements KeySource {
        @Override
        public String toString() {
            return path.toString();
        }
    }

    /**
     * A JWK set behind an {@code https:} address.
     *
     * @param authorities whose certificates its server may have, PEM; null: those that the Java runtime trusts
     * @param revokesOnRemoval whether a key that leaves the set ends the connections that its tokens opened
     */
    record Https(URI address, @Nullable Path authorities, boolean revokesOnRemoval) implements KeySource {
        public Https {
            if (!"https".equals(address.getScheme()) || address.getHost() == null || address.getUserInfo() != null) {
                throw new IllegalArgumentException("a key set's address is https://HOST/..., not '" + address + "'");
            }
        }

        /** Of a server that the Java runtime trusts, whose removed keys open nothing more and end nothing. */
        public Https(URI address) {
            this(address, null, false);
        }

        @Override
        public String toString() {
            return address.toString();
        }
    }
}
