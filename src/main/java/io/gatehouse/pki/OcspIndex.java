package io.gatehouse.pki;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * Certificates and their states in the form that {@code openssl ocsp -index} answers from, so that an authority's answers come
 * from its journal. Stateless.
 */
public final class OcspIndex {
    private static final DateTimeFormatter SHORT =
            DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter LONG =
            DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
    /** From here on two digits mean the last century (RFC 5280, 4.1.2.5.1). */
    private static final Instant TWO_DIGITS_END = Instant.parse("2050-01-01T00:00:00Z");

    private OcspIndex() {}

    /** The line of a certificate: state, end, revocation, number, file, name. */
    public static String line(Inventory.Item item) {
        String number = item.serial().toString(16).toUpperCase(Locale.ROOT);
        RevocationReason reason = item.reason();
        Instant at = item.revokedAt();
        String revocation = at == null || reason == null
                ? ""
                : time(at) + (reason == RevocationReason.UNSPECIFIED ? "" : "," + reason.word());
        return String.join(
                "\t",
                at == null ? "V" : "R",
                time(item.notAfter()),
                revocation,
                number.length() % 2 == 0 ? number : "0" + number,
                "unknown",
                "/CN=" + item.id() + "/serialNumber=" + number); // openssl wants them all to be different
    }

    private static String time(Instant instant) {
        return (instant.isBefore(TWO_DIGITS_END) ? SHORT : LONG).format(instant);
    }
}
