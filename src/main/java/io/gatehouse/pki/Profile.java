package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.security.PublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What kinds of certificates there are, and the only maker of {@link Permit}. Immutable.
 *
 * <p>The extensions follow RFC 5280 and, for devices, the TLS 1.3 profile for the Internet of Things: a device's
 * certificate has one usage, at most one URI, no subject key identifier and no pointers to revocation services.
 */
public enum Profile {
    DEVICE,
    /** A device's certificate of the factory, without an end. */
    IDEVID,
    ADMINISTRATOR,
    SERVER,
    NODE,
    /** Signs answers about certificates of the device authority. */
    OCSP_DEVICE,
    /** Signs answers about certificates of the server authority. */
    OCSP_SERVER;

    /** RFC 5280 upper bounds: ub-common-name. */
    private static final int MAX_ID = 64;

    /** Names of clients are topic levels, file names, parts of a URI and cells of a table, without any quoting. */
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._~:@-]{0," + (MAX_ID - 1) + "}");

    private static final Pattern DEVICE_SERIAL = Pattern.compile("[A-Za-z0-9][A-Za-z0-9 ()+,./:=?-]{0,63}");
    private static final String LABEL = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
    private static final Pattern HOST = Pattern.compile(LABEL + "(\\." + LABEL + ")*");

    /** A whole label, the first, above two that are not: RFC 9525, 6.3, and no certificate for all of a country. */
    private static final Pattern WILDCARD = Pattern.compile("\\*(\\." + LABEL + "){2,}");

    /** How long a certificate of the built-in profile is valid if nothing else is said. */
    public Duration defaultValidity() {
        return ProfileBook.builtIn().of(kind()).validity();
    }

    public String word() {
        return kind().word();
    }

    /** Whether the server authority signs it; else the device authority does. */
    public boolean isServer() {
        return kind().isSignedByServerAuthority();
    }

    /** Whether it is a client's that logs in: one holder has one that is in force. */
    public boolean isClient() {
        return this == DEVICE || this == IDEVID || this == ADMINISTRATOR;
    }

    /** Whether host names and addresses stand in it. */
    public boolean hasHostNames() {
        return this == SERVER || this == NODE;
    }

    ProfileKind kind() {
        return ProfileKind.valueOf(name());
    }

    ProfileSettings settings(ProfileBook book) {
        return book.of(kind());
    }

    /** The one URI of a client's certificate; empty if the authority gives none. */
    String uri(String template, String id) {
        return template.replace("{profile}", word()).replace("{id}", id);
    }

    static Profile ofWord(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    /** As {@link #permit(Request, ProfileBook)}, by the built-in profile. */
    public Permit permit(Request request) throws PkiProblem {
        return permit(request, ProfileBook.builtIn());
    }

    /**
     * Permits a certificate.
     *
     * @param book the profiles of the authority that is to sign
     * @throws PkiProblem if it may not be, saying which rule is against it
     */
    public Permit permit(Request request, ProfileBook book) throws PkiProblem {
        ProfileSettings settings = settings(book);
        requireId(request.id());
        requireKey(request.key(), settings);
        requireNames(request);
        request.labels().require(this);
        requireRow(request.validity(), request.deviceSerial(), book);
        return new Permit(this, settings, request);
    }

    /** What can be judged before there is a key, by the built-in profile. */
    void requireRow(Duration validity, @Nullable String serial) throws PkiProblem {
        requireRow(validity, serial, ProfileBook.builtIn());
    }

    void requireRow(Duration validity, @Nullable String serial, ProfileBook book) throws PkiProblem {
        Duration most = settings(book).most();
        if (validity.isNegative() || validity.isZero() || validity.compareTo(most) > 0) {
            boolean endless = validity.equals(ProfileSettings.WITHOUT_END);
            throw new PkiProblem(
                    Kind.POLICY,
                    "a validity " + (endless ? "without an end" : "of " + validity.toDays() + " days") + "; 1 to "
                            + most.toDays() + " days are possible for the profile " + word());
        }
        if (serial != null && (!isClient() || !DEVICE_SERIAL.matcher(serial).matches())) {
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
        if (hasHostNames() && none) {
            throw new PkiProblem(Kind.INPUT, "a server's certificate needs a name: --dns HOST or --ip ADDRESS");
        }
        if (!hasHostNames() && !none) {
            throw new PkiProblem(Kind.POLICY, "a certificate of the profile " + word() + " has no host names");
        }
        for (String name : request.dnsNames()) {
            if (LintFacts.isAddress(name)) { // no client looks for an address among the names (RFC 9525, 3)
                throw new PkiProblem(
                        Kind.INPUT,
                        "\"" + name + "\" is an address, not a host name. Give it as one: --ip " + name
                                + "; in a request, IP:" + name);
            }
            boolean wildcard = WILDCARD.matcher(name).matches();
            if (!wildcard && !HOST.matcher(name).matches() || name.length() > 253) {
                throw new PkiProblem(
                        Kind.INPUT,
                        "\"" + shown(name) + "\" is not a host name"
                                + (name.contains("*") ? ", nor a wildcard such as *.mqtt.example.com" : ""));
            }
            if (wildcard && !request.wildcards()) {
                throw new PkiProblem(
                        Kind.POLICY,
                        "\"" + name + "\" is a wildcard: whoever has this key is every server below that name. Name the"
                                + " hosts, or say --allow-wildcard");
            }
        }
        for (String address : request.ipAddresses()) {
            if (!org.bouncycastle.util.IPAddress.isValid(address)) {
                throw new PkiProblem(Kind.INPUT, "\"" + shown(address) + "\" is not an IP address");
            }
        }
    }

    private void requireKey(PublicKey key, ProfileSettings settings) throws PkiProblem {
        Optional<KeyKind> known = KeyKind.of(key);
        if (known.filter(settings.accepts()::contains).isEmpty()) {
            boolean may = known.filter(KeyKind.RSA2048::equals).isPresent() && kind().mayHaveRsa2048();
            throw new PkiProblem(
                    Kind.POLICY,
                    "the key is " + Curves.describe(key) + "; the profile " + settings.name() + " certifies "
                            + settings.accepts().stream()
                                    .sorted()
                                    .map(KeyKind::word)
                                    .collect(Collectors.joining(", "))
                            + (may
                                    ? ". For hardware that can do no better: gatehouse certs sign --allow-rsa2048"
                                    : ""));
        }
        if (key instanceof RSAPublicKey rsa) {
            Optional<String> fault = WeakRsa.fault(rsa);
            if (fault.isPresent()) {
                throw new PkiProblem(Kind.POLICY, "the key is not certified: " + fault.get());
            }
        }
    }

    static String shown(String text) {
        String plain = text.replaceAll("[^\\p{Print}]", "?");
        return plain.length() > 80 ? plain.substring(0, 80) + "..." : plain;
    }
}
