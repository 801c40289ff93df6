package io.gatehouse.pki;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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
    /** Read, and not told yet. */
    private final Map<BigInteger, Revoked> fresh = new LinkedHashMap<>();

    private final Set<BigInteger> released = new LinkedHashSet<>();
    private Journal journal;
    private @Nullable Object identity;

    /** A certificate that was revoked; with {@link RevocationReason#CERTIFICATE_HOLD}, for the time being. */
    public record Revoked(BigInteger serial, Instant at, RevocationReason reason) {}

    /** What the authority did since the last look: whom it revoked or put on hold, and whose hold it lifted. */
    public record News(List<Revoked> revoked, List<BigInteger> released) {}

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
        AuthorityFolder folder = new AuthorityFolder(path);
        folder.requireTrusted();
        RevocationFeed feed = new RevocationFeed(folder);
        feed.poll();
        return feed;
    }

    /**
     * Reads on.
     *
     * @return what was revoked and released since the last look
     * @throws PkiProblem if the journal cannot be read or was changed; what was known before stays known
     */
    public synchronized News poll() throws PkiProblem {
        read();
        return news();
    }

    private void read() throws PkiProblem {
        Object now = identity();
        if (identity == null || Objects.equals(identity, now)) {
            journal.catchUp(entry -> apply(entry, revoked, issued, fresh, released));
        } else {
            Journal again = Journal.follow(folder.journal());
            Map<BigInteger, Revoked> revokedAgain = new ConcurrentHashMap<>();
            Set<BigInteger> issuedAgain = ConcurrentHashMap.newKeySet();
            again.catchUp(entry -> apply(entry, revokedAgain, issuedAgain, new LinkedHashMap<>(), new HashSet<>()));
            revokedAgain.values().stream()
                    .filter(one -> !one.equals(revoked.get(one.serial())))
                    .forEach(one -> fresh.put(one.serial(), one));
            revoked.keySet().stream()
                    .filter(serial -> !revokedAgain.containsKey(serial))
                    .forEach(released::add);
            journal = again;
            revoked = revokedAgain;
            issued = issuedAgain;
        }
        identity = now;
    }

    /** What was read and not told yet: after a {@link #poll} that failed, what came before the line that it failed at. */
    public synchronized News news() {
        News news = new News(List.copyOf(fresh.values()), List.copyOf(released));
        fresh.clear();
        released.clear();
        return news;
    }

    /** Which file the journal is; null: it is missing, as {@link Journal#catchUp} says. */
    private @Nullable Object identity() throws PkiProblem {
        try {
            return Files.readAttributes(folder.journal(), BasicFileAttributes.class)
                    .fileKey();
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            throw new PkiProblem(PkiProblem.Kind.IO, folder.journal() + ": cannot be read: " + FileFault.why(e));
        }
    }

    private static void apply(
            Journal.Entry entry,
            Map<BigInteger, Revoked> revoked,
            Set<BigInteger> issued,
            Map<BigInteger, Revoked> fresh,
            Set<BigInteger> released) {
        switch (entry.action()) {
            case "issue", "enrol" -> issued.add(new BigInteger(entry.serial(), 16));
            case "revoke" -> {
                BigInteger serial = new BigInteger(entry.serial(), 16);
                Revoked before = revoked.get(serial);
                RevocationReason reason = RevocationReason.following(
                        before == null ? null : before.reason(), RevocationReason.ofWord(entry.detail()));
                if (before == null || before.reason() != reason) {
                    Instant since = before == null ? Instant.parse(entry.time()) : before.at();
                    Revoked one = new Revoked(serial, since, reason);
                    revoked.put(serial, one);
                    fresh.put(serial, one);
                    released.remove(serial);
                }
            }
            case "release" -> {
                BigInteger serial = new BigInteger(entry.serial(), 16);
                Revoked before = revoked.get(serial);
                RevocationReason.requireHold(before == null ? null : before.reason());
                revoked.remove(serial);
                fresh.remove(serial);
                released.add(serial);
            }
            default -> {
                // of no interest here
            }
        }
    }

    /** Whether the authority issued this number; looks once more at the journal before it says no. */
    public synchronized boolean knows(BigInteger serial) throws PkiProblem {
        if (issued.contains(serial)) {
            return true;
        }
        read(); // what it brings is for whoever polls
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
