package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What kinds of certificates there are, and the only maker of {@link Permit}. Immutable.
 *
 * <p>The extensions follow RFC 5280 and, for devices, the TLS 1.3 profile for the Internet of Things: a device's
 * certificate has one usage, at most one URI, no subject key identifier and no pointers to revocation services.
 */
public enum Profile {
    DEVICE,
    ADMINISTRATOR,
    SERVER;

    /** What browsers accept of servers, and a bit more than a year for devices that somebody visits once a year. */
    private static final Duration DEFAULT_VALIDITY = Duration.ofDays(397);

    private static final Duration MAX_VALIDITY = Duration.ofDays(3650);

    /** RFC 5280 upper bounds: ub-common-name. */
    private static final int MAX_ID = 64;

    /** Names of clients are topic levels, file names, parts of a URI and cells of a table, without any quoting. */
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._~:@-]{0," + (MAX_ID - 1) + "}");

    private static final Pattern DEVICE_SERIAL = Pattern.compile("[A-Za-z0-9][A-Za-z0-9 ()+,./:=?-]{0,63}");
    private static final String LABEL = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
    private static final Pattern HOST = Pattern.compile(LABEL + "(\\." + LABEL + ")*");

    public Duration defaultValidity() {
        return DEFAULT_VALIDITY;
    }

    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    public boolean isServer() {
        return this == SERVER;
    }

    /** The one URI of a client's certificate; empty if the authority gives none. */
    String uri(String template, String id) {
        return template.replace("{profile}", word()).replace("{id}", id);
    }

    static Profile ofWord(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT));
    }

    /**
     * Permits a certificate.
     *
     * @throws PkiProblem if it may not be, saying which rule is against it
     */
    public Permit permit(Request request) throws PkiProblem {
        requireId(request.id());
        requireKey(request.key());
        requireNames(request);
        requireRow(request.validity(), request.deviceSerial());
        return new Permit(this, request);
    }

    /** What can be judged before there is a key. */
    void requireRow(Duration validity, @Nullable String serial) throws PkiProblem {
        if (validity.isNegative() || validity.isZero() || validity.compareTo(MAX_VALIDITY) > 0) {
            throw new PkiProblem(
                    Kind.POLICY,
                    "a validity of " + validity.toDays() + " days; 1 to " + MAX_VALIDITY.toDays() + " are possible");
        }
        if (serial != null && (isServer() || !DEVICE_SERIAL.matcher(serial).matches())) {
            throw new PkiProblem(
                    Kind.INPUT,
                    "\"" + shown(serial) + "\" cannot be the serial number of a device (printable, 1 to 64)");
        }
    }

    static void requireId(String id) throws PkiProblem {
        if (!ID.matcher(id).matches()) {
            throw new PkiProblem(
                    Kind.INPUT,
                    "\"" + shown(id) + "\" cannot be an id: 1 to " + MAX_ID
                            + " letters, digits and . _ ~ - : @, beginning with a letter or a digit");
        }
    }

    private void requireNames(Request request) throws PkiProblem {
        boolean none = request.dnsNames().isEmpty() && request.ipAddresses().isEmpty();
        if (isServer() && none) {
            throw new PkiProblem(Kind.INPUT, "a server's certificate needs a name: --dns HOST or --ip ADDRESS");
        }
        if (!isServer() && !none) {
            throw new PkiProblem(Kind.POLICY, "a client's certificate has no host names");
        }
        for (String name : request.dnsNames()) {
            if (!HOST.matcher(name).matches() || name.length() > 253) {
                throw new PkiProblem(
                        Kind.INPUT, "\"" + shown(name) + "\" is not a host name (wildcards are not issued)");
            }
        }
        for (String address : request.ipAddresses()) {
            if (!org.bouncycastle.util.IPAddress.isValid(address)) {
                throw new PkiProblem(Kind.INPUT, "\"" + shown(address) + "\" is not an IP address");
            }
        }
    }

    private static void requireKey(PublicKey key) throws PkiProblem {
        if (key instanceof ECPublicKey ec) {
            String curve = Curves.name(ec);
            if (curve.equals("P-256") || curve.equals("P-384")) {
                return;
            }
            throw new PkiProblem(Kind.POLICY, "the key is on the curve " + curve + "; P-256 and P-384 are certified");
        }
        if (key instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() >= 3072) {
            return;
        }
        throw new PkiProblem(
                Kind.POLICY,
                "the key is " + Curves.describe(key) + "; P-256, P-384 and RSA of 3072 bits or more are certified");
    }

    static String shown(String text) {
        String plain = text.replaceAll("[^\\p{Print}]", "?");
        return plain.length() > 80 ? plain.substring(0, 80) + "..." : plain;
    }
}
