package io.gatehouse.tls;

import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.function.Function;

/**
 * Whom one authority revoked for good, by number: for who is not there to show a certificate. Any thread.
 *
 * @param when since when, and why, a certificate is revoked; empty: it is not, by this source, or is on hold
 */
public record RevokedOf(X509Certificate authority, Function<BigInteger, Optional<String>> when) {}
