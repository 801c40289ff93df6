package io.gatehouse.pki;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a profile's file says: the certificate it makes, extension by extension. Immutable.
 *
 * @param issuedBy {@code self}, {@code root}, {@code device} or {@code server}
 * @param key what is made where a key is made
 * @param accepts what a request may bring
 * @param validity of a certificate if not told otherwise; {@link #WITHOUT_END}: none
 * @param most the longest that may be asked for
 * @param pathLength of an authority; null: none, or no authority
 * @param alternativeName what the subjectAltName holds
 * @param crlUrls of the CRL distribution points; empty: no extension
 * @param ocspUrls of the authority information access; empty: no extension
 */
record ProfileSettings(
        String name,
        String issuedBy,
        KeyKind key,
        Set<KeyKind> accepts,
        Duration validity,
        Duration most,
        Duration backdate,
        boolean authority,
        @Nullable Integer pathLength,
        List<String> keyUsage,
        List<String> extendedKeyUsage,
        boolean extendedKeyUsageCritical,
        boolean subjectKeyIdentifier,
        boolean authorityKeyIdentifier,
        Names alternativeName,
        List<String> crlUrls,
        List<String> ocspUrls,
        boolean ocspNoCheck) {

    /** A certificate that has no end: 99991231235959Z (RFC 5280, 4.1.2.5). */
    static final Duration WITHOUT_END = ChronoUnit.FOREVER.getDuration();

    /** What stands in a subjectAltName. */
    enum Names {
        NONE,
        URI,
        NAMES
    }

    ProfileSettings {
        accepts = Set.copyOf(accepts);
        keyUsage = List.copyOf(keyUsage);
        extendedKeyUsage = List.copyOf(extendedKeyUsage);
        crlUrls = List.copyOf(crlUrls);
        ocspUrls = List.copyOf(ocspUrls);
    }

    /** The same, that takes a kind of key besides. */
    ProfileSettings accepting(KeyKind kind) {
        Set<KeyKind> more = EnumSet.copyOf(accepts);
        more.add(kind);
        return new ProfileSettings(
                name,
                issuedBy,
                key,
                more,
                validity,
                most,
                backdate,
                authority,
                pathLength,
                keyUsage,
                extendedKeyUsage,
                extendedKeyUsageCritical,
                subjectKeyIdentifier,
                authorityKeyIdentifier,
                alternativeName,
                crlUrls,
                ocspUrls,
                ocspNoCheck);
    }

    /** As the file has it, in plain values. */
    Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("profile", name);
        fields.put("issuedBy", issuedBy);
        fields.put("key", key.word());
        fields.put("accepts", accepts.stream().sorted().map(KeyKind::word).toList());
        fields.put("validity", days(validity));
        fields.put("most", days(most));
        fields.put("backdate", backdate.toString());
        fields.put("ca", authority);
        if (pathLength != null) {
            fields.put("pathLength", pathLength);
        }
        fields.put("keyUsage", keyUsage);
        fields.put("extendedKeyUsage", extendedKeyUsage);
        fields.put("subjectKeyIdentifier", subjectKeyIdentifier);
        fields.put("authorityKeyIdentifier", authorityKeyIdentifier);
        fields.put("subjectAlternativeName", alternativeName.name().toLowerCase(Locale.ROOT));
        fields.put("crlUrls", crlUrls);
        fields.put("ocspUrls", ocspUrls);
        fields.put("ocspNoCheck", ocspNoCheck);
        return fields;
    }

    private static String days(Duration time) {
        return time.equals(WITHOUT_END) ? "none" : time.toDays() + "d";
    }

    boolean hasNoEnd() {
        return validity.equals(WITHOUT_END);
    }
}
