package io.gatehouse.pki;

import java.security.PublicKey;
import java.time.Duration;
import java.util.List;

/** The proof that a certificate may be signed. Minted by {@link Profile#permit} only. */
public final class Permit {
    private final Profile profile;
    private final String id;
    private final PublicKey key;
    private final List<String> dnsNames;
    private final List<String> ipAddresses;
    private final Duration validity;

    Permit(
            Profile profile,
            String id,
            PublicKey key,
            List<String> dnsNames,
            List<String> ipAddresses,
            Duration validity) {
        this.profile = profile;
        this.id = id;
        this.key = key;
        this.dnsNames = dnsNames;
        this.ipAddresses = ipAddresses;
        this.validity = validity;
    }

    public Profile profile() {
        return profile;
    }

    public String id() {
        return id;
    }

    public PublicKey key() {
        return key;
    }

    public List<String> dnsNames() {
        return dnsNames;
    }

    public List<String> ipAddresses() {
        return ipAddresses;
    }

    public Duration validity() {
        return validity;
    }
}
