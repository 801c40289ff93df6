package io.gatehouse.pki;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.time.Duration;
import java.time.Instant;
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

    /** Whether it must be published anew: it is missing, a day old, or is not what the journal says. */
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
            long revocations = authority.inventory().revocations();
            if (written.equals(wholeAt) && revocations == wholeWith) {
                return false;
            }
            X509CRL list = list(file);
            if (ListCheck.missing(list, authority.inventory(), false, now) > 0
                    || ListCheck.changed(list, authority.inventory()) > 0) {
                return true;
            }
            wholeAt = written;
            wholeWith = revocations;
            return false;
        } catch (IOException e) {
            throw new PkiProblem(PkiProblem.Kind.IO, file + ": cannot be read: " + FileFault.why(e));
        } catch (GeneralSecurityException e) {
            return true; // not a list: it is written over
        }
    }

    private static X509CRL list(Path file) throws IOException, GeneralSecurityException {
        try (var in = Files.newInputStream(file)) {
            return (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(in);
        }
    }
}
