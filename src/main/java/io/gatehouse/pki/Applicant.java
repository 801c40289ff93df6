package io.gatehouse.pki;

import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A device that asks for its first certificate without a token. Immutable.
 *
 * @param address where it asks from; of IPv6 the network that it is in
 * @param chain what it proved to hold the key of, leaf first; empty if nothing
 */
public record Applicant(String address, List<X509Certificate> chain) {
    public Applicant {
        chain = List.copyOf(chain);
    }
}
