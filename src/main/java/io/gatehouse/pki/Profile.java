package io.gatehouse.pki;

import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * What a certificate may be made for, and what it then looks like: the only maker of {@link Permit}.
 *
 * <p>The extensions follow RFC 5280 and, for devices, the TLS 1.3 profile for the Internet of Things: a device's
 * certificate has one usage, exactly one URI, no subject key identifier and no pointers to revocation services.
 */
public enum Profile {
    DEVICE(Duration.ofDays(397)),
    ADMINISTRATOR(Duration.ofDays(397)),
    SERVER(Duration.ofDays(397));

    private static final int MAX_ID = 64;

    private final Duration defaultValidity;

    Profile(Duration defaultValidity) {
        this.defaultValidity = defaultValidity;
    }

    public Duration defaultValidity() {
        return defaultValidity;
    }

    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    public boolean isServer() {
        return this == SERVER;
    }

    /**
     * Permits a certificate, or says why not.
     *
     * @param id of a client its name, of a server its first name
     * @param dnsNames a server's
     * @param ipAddresses a server's, as literals
     */
    public Permit permit(String id, PublicKey key, List<String> dnsNames, List<String> ipAddresses, Duration validity)
            throws PkiProblem {
        requireId(id);
        requireKey(key);
        if (isServer() == (dnsNames.isEmpty() && ipAddresses.isEmpty())) {
            throw new PkiProblem(
                    PkiProblem.Kind.INPUT,
                    isServer() ? "a server's certificate needs a name: --dns or --ip" : "a client has no host names");
        }
        for (String name : dnsNames) {
            if (!name.matches(
                            "[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*")
                    || name.length() > 253) {
                throw new PkiProblem(PkiProblem.Kind.INPUT, "\"" + name + "\" is not a host name (no wildcards)");
            }
        }
        if (validity.isNegative() || validity.isZero() || validity.compareTo(Duration.ofDays(3650)) > 0) {
            throw new PkiProblem(
                    PkiProblem.Kind.POLICY, "a validity of " + validity.toDays() + " days; 1 to 3650 are possible");
        }
        return new Permit(this, id, key, List.copyOf(dnsNames), List.copyOf(ipAddresses), validity);
    }

    /** The names of clients are topic levels and file names too. */
    private static void requireId(String id) throws PkiProblem {
        boolean plain = !id.isEmpty()
                && id.length() <= MAX_ID
                && id.codePoints().allMatch(c -> c > 0x20 && c != 0x7F && "+#/\\\"<>;,=".indexOf(c) < 0)
                && !id.startsWith("$")
                && !id.startsWith(".");
        if (!plain) {
            throw new PkiProblem(
                    PkiProblem.Kind.INPUT,
                    "\"" + id.replaceAll("\\p{Cntrl}", "?") + "\" cannot be an id: 1 to " + MAX_ID
                            + " characters without space and + # / \\ \" < > ; , = and not starting with $ or .");
        }
    }

    private static void requireKey(PublicKey key) throws PkiProblem {
        boolean strong = key instanceof ECPublicKey ec
                        && (ec.getParams().getCurve().getField().getFieldSize() == 256
                                || ec.getParams().getCurve().getField().getFieldSize() == 384)
                || key instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() >= 3072;
        if (!strong) {
            throw new PkiProblem(
                    PkiProblem.Kind.POLICY, "the key is neither P-256, P-384 nor RSA of 3072 bits and more");
        }
    }
}
