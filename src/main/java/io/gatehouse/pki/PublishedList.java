package io.gatehouse.pki;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The devices' revocation list as it lies in an authority's folder. Confined to the authority's thread.
 *
 * <p>A revocation is journalled first and published then, and in between the process may die or the disk be full. So what
 * is published is asked of the file itself.
 */
final class PublishedList {
    private static final Duration AGE = Duration.ofDays(1);

    private final Authority authority;

    // when it was last found whole: it is read again only if one of these is another
    private @Nullable FileTime wholeAt;
    private long wholeWith;

    PublishedList(Authority authority) {
        this.authority = authority;
    }

    /** Whether it must be published anew: it is missing, a day old, or lacks what the journal revoked. */
    boolean isDue(Instant now) throws PkiProblem {
        Path file = authority.folder().revocationList(Profile.DEVICE.word());
        try {
            if (!Files.exists(file)) {
                return true;
            }
            FileTime written = Files.getLastModifiedTime(file);
            if (written.toInstant().isBefore(now.minus(AGE))) {
                return true;
            }
            long revoked = authority.inventory().items().stream()
                    .filter(PublishedList::isRevokedDevice)
                    .count();
            if (written.equals(wholeAt) && revoked == wholeWith) {
                return false;
            }
            if (!serials(file).containsAll(toBeListed(now))) {
                return true;
            }
            wholeAt = written;
            wholeWith = revoked;
            return false;
        } catch (IOException e) {
            throw new PkiProblem(PkiProblem.Kind.IO, file + ": cannot be read: " + e.getMessage());
        } catch (GeneralSecurityException e) {
            return true; // not a list: it is written over
        }
    }

    private Set<BigInteger> toBeListed(Instant now) {
        return authority.inventory().items().stream()
                .filter(PublishedList::isRevokedDevice)
                .filter(item -> item.notAfter().isAfter(now))
                .map(Inventory.Item::serial)
                .collect(Collectors.toSet());
    }

    private static boolean isRevokedDevice(Inventory.Item item) {
        return !item.profile().isServer() && item.revokedAt() != null;
    }

    private static Set<BigInteger> serials(Path file) throws IOException, GeneralSecurityException {
        try (var in = Files.newInputStream(file)) {
            X509CRL list = (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(in);
            Set<? extends X509CRLEntry> entries = list.getRevokedCertificates();
            return entries == null
                    ? Set.of()
                    : entries.stream().map(X509CRLEntry::getSerialNumber).collect(Collectors.toSet());
        }
    }
}
