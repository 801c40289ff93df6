package io.gatehouse.pki;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What an authority revokes, as it does it: its journal read on and on, without its lock and without its passphrase. Any
 * thread.
 *
 * <p>Every line is checked against the chain of hashes before it counts. A journal that was put back from a backup is
 * another file, and is read anew.
 */
public final class RevocationFeed {
    private final AuthorityFolder folder;
    private final List<X509Certificate> issuers;
    private Map<BigInteger, Revoked> revoked = new ConcurrentHashMap<>();
    private Set<BigInteger> issued = ConcurrentHashMap.newKeySet();
    private Journal journal;
    private @Nullable Object identity;

    /** A certificate that was revoked. */
    public record Revoked(BigInteger serial, Instant at, RevocationReason reason) {}

    private RevocationFeed(AuthorityFolder folder) throws PkiProblem {
        this.folder = folder;
        this.issuers = List.of(folder.certificate("device"), folder.certificate("server"));
        this.journal = Journal.follow(folder.journal());
    }

    /** Reads what the authority of a folder did so far. */
    public static RevocationFeed open(Path path) throws PkiProblem {
        if (!Authority.exists(path)) {
            throw new PkiProblem(PkiProblem.Kind.NOT_FOUND, path + ": no authority here");
        }
        RevocationFeed feed = new RevocationFeed(new AuthorityFolder(path));
        feed.poll();
        return feed;
    }

    /**
     * Reads on.
     *
     * @return what was revoked since the last look
     * @throws PkiProblem if the journal cannot be read or was changed; what was known before stays known
     */
    public synchronized List<Revoked> poll() throws PkiProblem {
        Object now = attributes().fileKey();
        List<Revoked> fresh = new ArrayList<>();
        if (identity == null || Objects.equals(identity, now)) {
            journal.catchUp(entry -> apply(entry, revoked, issued, fresh));
        } else {
            Journal again = Journal.follow(folder.journal());
            Map<BigInteger, Revoked> revokedAgain = new ConcurrentHashMap<>();
            Set<BigInteger> issuedAgain = ConcurrentHashMap.newKeySet();
            again.catchUp(entry -> apply(entry, revokedAgain, issuedAgain, fresh));
            fresh.removeIf(one -> revoked.containsKey(one.serial()));
            journal = again;
            revoked = revokedAgain;
            issued = issuedAgain;
        }
        identity = now;
        return fresh;
    }

    private BasicFileAttributes attributes() throws PkiProblem {
        try {
            return Files.readAttributes(folder.journal(), BasicFileAttributes.class);
        } catch (IOException e) {
            throw new PkiProblem(PkiProblem.Kind.IO, folder.journal() + ": cannot be read: " + e.getMessage());
        }
    }

    private static void apply(
            Journal.Entry entry, Map<BigInteger, Revoked> revoked, Set<BigInteger> issued, List<Revoked> fresh) {
        if (entry.action().equals("issue") || entry.action().equals("enrol")) {
            issued.add(new BigInteger(entry.serial(), 16));
        } else if (entry.action().equals("revoke")) {
            Revoked one = new Revoked(
                    new BigInteger(entry.serial(), 16),
                    Instant.parse(entry.time()),
                    RevocationReason.ofWord(entry.detail()));
            if (revoked.putIfAbsent(one.serial(), one) == null) {
                fresh.add(one);
            }
        }
    }

    /** Whether the authority issued this number; looks once more at the journal before it says no. */
    public synchronized boolean knows(BigInteger serial) throws PkiProblem {
        if (issued.contains(serial)) {
            return true;
        }
        poll();
        return issued.contains(serial);
    }

    public synchronized Optional<Revoked> revoked(BigInteger serial) {
        return Optional.ofNullable(revoked.get(serial));
    }

    /** Its issuing authorities, whose numbers these are. */
    public List<X509Certificate> issuers() {
        return issuers;
    }

    /** Whether a certificate was issued by this authority: by one of its two issuers. */
    public boolean issued(X509Certificate authority) {
        return issuers.stream().anyMatch(issuer -> issuer.getPublicKey().equals(authority.getPublicKey()));
    }
}
