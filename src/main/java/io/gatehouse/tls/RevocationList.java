package io.gatehouse.tls;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.CRLException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A revocation list that was checked: read whole, signed by an authority we trust, of now, complete, and with nothing
 * critical in it that is not understood. Immutable; any thread.
 *
 * @param source the file or address, for messages
 * @param number as its authority counts its lists; null if it does not
 */
record RevocationList(
        String source,
        X509CRL list,
        X509Certificate authority,
        @Nullable BigInteger number) {
    private static final Pattern PEM =
            Pattern.compile("-----BEGIN X509 CRL-----(.*?)-----END X509 CRL-----", Pattern.DOTALL);
    private static final Duration SKEW = Duration.ofMinutes(5);
    private static final String NUMBER = "2.5.29.20";

    /** Every list in a file or an answer: DER, or PEM with one or more. None is an error: never a list of nobody. */
    static List<RevocationList> read(String source, byte[] bytes, List<X509Certificate> authorities, Clock clock)
            throws UnusableTls {
        List<RevocationList> lists = new ArrayList<>();
        for (byte[] der : parts(source, bytes)) {
            lists.add(check(source, parse(source, der), authorities, clock));
        }
        return lists;
    }

    private static List<byte[]> parts(String source, byte[] bytes) throws UnusableTls {
        if (bytes.length > 0 && bytes[0] == 0x30) {
            return List.of(bytes);
        }
        List<byte[]> parts = new ArrayList<>();
        Matcher matcher = PEM.matcher(new String(bytes, StandardCharsets.ISO_8859_1));
        while (matcher.find()) {
            try {
                parts.add(Base64.getMimeDecoder().decode(matcher.group(1)));
            } catch (IllegalArgumentException e) {
                throw new UnusableTls(source + ": not a revocation list: " + e.getMessage(), e);
            }
        }
        if (parts.isEmpty()) {
            throw new UnusableTls(source + ": no revocation list in it");
        }
        return parts;
    }

    private static X509CRL parse(String source, byte[] der) throws UnusableTls {
        try {
            ByteArrayInputStream in = new ByteArrayInputStream(der);
            X509CRL list = (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(in);
            if (list == null || !Arrays.equals(list.getEncoded(), der)) {
                throw new UnusableTls(source + ": not a revocation list and nothing else");
            }
            return list;
        } catch (CRLException | CertificateException e) {
            throw new UnusableTls(source + ": not a revocation list: " + e.getMessage(), e);
        }
    }

    private static RevocationList check(String source, X509CRL list, List<X509Certificate> authorities, Clock clock)
            throws UnusableTls {
        // a delta list, one of only some certificates, one that speaks for other authorities: all say so critically
        Set<String> critical = list.getCriticalExtensionOIDs();
        if (critical != null && !critical.isEmpty()) {
            throw new UnusableTls(
                    source + ": the revocation list has a critical extension that is not understood: " + critical);
        }
        Set<? extends X509CRLEntry> entries = list.getRevokedCertificates();
        for (X509CRLEntry entry : entries == null ? Set.<X509CRLEntry>of() : entries) {
            if (entry.hasUnsupportedCriticalExtension() || entry.getCertificateIssuer() != null) {
                throw new UnusableTls(source + ": an entry of the revocation list has a critical extension");
            }
        }
        if (list.getThisUpdate().toInstant().isAfter(clock.instant().plus(SKEW))) {
            throw new UnusableTls(source + ": the revocation list is from the future: "
                    + list.getThisUpdate().toInstant());
        }
        for (X509Certificate authority : authorities) {
            if (authority.getSubjectX500Principal().equals(list.getIssuerX500Principal()) && signed(list, authority)) {
                return new RevocationList(source, list, authority, number(list));
            }
        }
        throw new UnusableTls(source + ": the revocation list is not signed by an authority of client_ca, but by \""
                + list.getIssuerX500Principal().getName() + "\" or somebody of that name");
    }

    private static boolean signed(X509CRL list, X509Certificate authority) {
        boolean[] usage = authority.getKeyUsage();
        if (usage != null && !usage[6] || !CertificateRules.isStrongSignature(list.getSigAlgOID())) {
            return false;
        }
        try {
            list.verify(authority.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false; // another authority of this name, perhaps
        }
    }

    /** The extension's value is an OCTET STRING with an INTEGER in it, of at most 20 octets (RFC 5280, 5.2.3). */
    private static @Nullable BigInteger number(X509CRL list) {
        byte[] value = list.getExtensionValue(NUMBER);
        if (value == null || value.length < 5 || value[2] != 2 || value.length != 4 + value[3]) {
            return null;
        }
        return new BigInteger(Arrays.copyOfRange(value, 4, value.length));
    }

    /** Whether this one was made before another of the same authority. */
    boolean isOlderThan(RevocationList other) {
        BigInteger mine = number;
        BigInteger its = other.number;
        if (mine != null && its != null) {
            return mine.compareTo(its) < 0;
        }
        return list.getThisUpdate().before(other.list.getThisUpdate());
    }

    /** When a newer one was due; the end of time if its authority does not say. */
    Instant due() {
        return list.getNextUpdate() == null ? Instant.MAX : list.getNextUpdate().toInstant();
    }
}
