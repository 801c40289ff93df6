package io.gatehouse.pki;

import java.security.PublicKey;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a certificate is asked for before there is a key: all that a {@link Request} has besides. Immutable.
 *
 * @param id of a client its name, of a server what it is called in lists
 * @param dnsNames a server's
 * @param ipAddresses a server's, as literals
 * @param deviceSerial the manufacturer's number of a device, if the certificate is to say it
 * @param wildcards whether a server's names may have wildcards
 * @param labels what is said of its holder besides
 */
public record Draft(
        String id,
        List<String> dnsNames,
        List<String> ipAddresses,
        Duration validity,
        @Nullable String deviceSerial,
        boolean wildcards,
        Labels labels) {
    public Draft {
        dnsNames = List.copyOf(dnsNames);
        ipAddresses = List.copyOf(ipAddresses);
    }

    public static Draft client(String id, Duration validity, @Nullable String deviceSerial) {
        return new Draft(id, List.of(), List.of(), validity, deviceSerial, false, Labels.NONE);
    }

    public static Draft server(String id, List<String> dnsNames, List<String> ipAddresses, Duration validity) {
        return new Draft(id, dnsNames, ipAddresses, validity, null, false, Labels.NONE);
    }

    public Draft with(Labels said) {
        return new Draft(id, dnsNames, ipAddresses, validity, deviceSerial, wildcards, said);
    }

    public Draft withWildcards(boolean allowed) {
        return new Draft(id, dnsNames, ipAddresses, validity, deviceSerial, allowed, labels);
    }

    Request with(PublicKey key) {
        return new Request(id, key, dnsNames, ipAddresses, validity, deviceSerial, wildcards, labels);
    }
}
