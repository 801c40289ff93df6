package io.gatehouse.policy;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.security.auth.x500.X500Principal;

/**
 * A distinguished name, as a condition asks for it or a certificate has it. Immutable; any thread.
 *
 * <p>Names are compared by their parts and not as text: a space after a comma, the case of {@code cn=} or another way to write
 * a letter is no other name (RFC 4514, RFC 5280 section 7.1). The order of the parts is the name's own.
 */
public final class DirectoryName {
    /** What OpenSSL prints and Java does not read by itself. */
    private static final Map<String, String> KEYWORDS = new TreeMap<>(Map.ofEntries(
            Map.entry("EMAILADDRESS", "1.2.840.113549.1.9.1"),
            Map.entry("SERIALNUMBER", "2.5.4.5"),
            Map.entry("SN", "2.5.4.4"),
            Map.entry("GN", "2.5.4.42"),
            Map.entry("TITLE", "2.5.4.12"),
            Map.entry("DESCRIPTION", "2.5.4.13"),
            Map.entry("INITIALS", "2.5.4.43"),
            Map.entry("GENERATIONQUALIFIER", "2.5.4.44"),
            Map.entry("DNQUALIFIER", "2.5.4.46"),
            Map.entry("PSEUDONYM", "2.5.4.65"),
            Map.entry("BUSINESSCATEGORY", "2.5.4.15"),
            Map.entry("POSTALCODE", "2.5.4.17"),
            Map.entry("ORGANIZATIONIDENTIFIER", "2.5.4.97"),
            Map.entry("JURISDICTIONL", "1.3.6.1.4.1.311.60.2.1.1"),
            Map.entry("JURISDICTIONST", "1.3.6.1.4.1.311.60.2.1.2"),
            Map.entry("JURISDICTIONC", "1.3.6.1.4.1.311.60.2.1.3")));

    private final String text;
    private final Optional<X500Principal> name;

    private DirectoryName(String text) {
        this.text = text;
        this.name = parsed(text);
    }

    static DirectoryName of(String text) {
        return new DirectoryName(text);
    }

    /** Whether a text can be a name at all: one with a part that is not known here may be. */
    public static boolean isName(String text) {
        return text.indexOf('=') > 0;
    }

    boolean isSame(DirectoryName other) {
        return text.equals(other.text) || name.isPresent() && name.equals(other.name);
    }

    private static Optional<X500Principal> parsed(String text) {
        try {
            return Optional.of(new X500Principal(text, KEYWORDS));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // a name with a part that only OpenSSL has a word for is compared as text
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
