package io.gatehouse.pki;

import java.security.PublicKey;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a certificate is asked for; a {@link Profile} judges it.
 *
 * @param id of a client its name, of a server what it is called in lists
 * @param dnsNames a server's
 * @param ipAddresses a server's, as literals
 * @param deviceSerial the manufacturer's number of a device, if the certificate is to say it
 * @param wildcards whether a server's names may have wildcards, which somebody has to want in so many words
 * @param labels what is said of its holder besides
 */
public record Request(
        String id,
        PublicKey key,
        List<String> dnsNames,
        List<String> ipAddresses,
        Duration validity,
        @Nullable String deviceSerial,
        boolean wildcards,
        Labels labels) {
    public Request {
        dnsNames = List.copyOf(dnsNames);
        ipAddresses = List.copyOf(ipAddresses);
    }

    /** Without wildcards and labels. */
    public Request(
            String id,
            PublicKey key,
            List<String> dnsNames,
            List<String> ipAddresses,
            Duration validity,
            @Nullable String deviceSerial) {
        this(id, key, dnsNames, ipAddresses, validity, deviceSerial, false, Labels.NONE);
    }

    /** With the manufacturer's number of a device, which no request brings along. */
    public Request withDeviceSerial(@Nullable String serial) {
        return new Request(id, key, dnsNames, ipAddresses, validity, serial, wildcards, labels);
    }

    public Request with(Labels said) {
        return new Request(id, key, dnsNames, ipAddresses, validity, deviceSerial, wildcards, said);
    }

    public Request withWildcards(boolean allowed) {
        return new Request(id, key, dnsNames, ipAddresses, validity, deviceSerial, allowed, labels);
    }

    public static Request client(String id, PublicKey key, Duration validity) {
        return new Request(id, key, List.of(), List.of(), validity, null);
    }
}
