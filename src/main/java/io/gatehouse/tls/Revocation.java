package io.gatehouse.tls;

import io.gatehouse.config.Configuration;
import io.gatehouse.config.Configuration.Stale;
import io.gatehouse.pki.RevocationReason;
import io.gatehouse.tls.CertificateRefused.Code;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.CRLReason;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Who of a listener's clients is revoked, by lists from files and addresses, by the journal of an attached authority, and
 * by what OCSP said before. Immutable but for the journal and OCSP's memory; any thread.
 *
 * <p>Of each authority the newest list counts. One past its next update is enforced all the same, with an alarm, for as
 * long as the settings say; after that whoever its authority issued is refused, because nobody knows who should be.
 */
final class Revocation {
    private final Configuration.Revocation settings;
    private final List<RevocationList> fromFiles;
    private final Map<URI, List<RevocationList>> fromAddresses;
    private final Map<PublicKey, RevocationList> current;
    private final @Nullable AttachedAuthority attached;
    private final @Nullable Ocsp ocsp;
    private final Clock clock;

    private Revocation(
            Configuration.Revocation settings,
            List<RevocationList> fromFiles,
            Map<URI, List<RevocationList>> fromAddresses,
            @Nullable AttachedAuthority attached,
            @Nullable Ocsp ocsp,
            Clock clock) {
        this.settings = settings;
        this.fromFiles = List.copyOf(fromFiles);
        this.fromAddresses = Map.copyOf(fromAddresses);
        this.current = new HashMap<>();
        this.attached = attached;
        this.ocsp = ocsp;
        this.clock = clock;
        Stream.concat(fromFiles.stream(), fromAddresses.values().stream().flatMap(List::stream))
                .forEach(one -> current.merge(
                        one.authority().getPublicKey(), one, (old, other) -> old.isOlderThan(other) ? other : old));
    }

    /** Reads the files; nothing has come from the addresses yet. */
    static Revocation load(
            Configuration.Revocation settings,
            List<X509Certificate> authorities,
            @Nullable AttachedAuthority attached,
            @Nullable Ocsp ocsp,
            Clock clock)
            throws UnusableTls {
        return new Revocation(settings, files(settings, authorities, clock), Map.of(), attached, ocsp, clock);
    }

    /**
     * Reads the files again.
     *
     * @throws UnusableTls also if a list is older than one that was in force, or one is gone: nobody un-revokes so
     */
    Revocation reload(List<X509Certificate> authorities) throws UnusableTls {
        List<RevocationList> fresh = files(settings, authorities, clock);
        for (RevocationList old : fromFiles) {
            if (authorities.stream()
                    .noneMatch(one -> one.getPublicKey().equals(old.authority().getPublicKey()))) {
                continue; // its authority is not trusted any more, and neither are its certificates
            }
            List<RevocationList> same = fresh.stream()
                    .filter(one -> one.authority()
                            .getPublicKey()
                            .equals(old.authority().getPublicKey()))
                    .toList();
            if (same.isEmpty()) {
                throw new UnusableTls(old.source() + ": the revocation list of \""
                        + old.list().getIssuerX500Principal().getName() + "\" is gone");
            }
            if (same.stream().allMatch(one -> one.isOlderThan(old))) {
                throw new UnusableTls(
                        same.get(0).source() + ": the revocation list is older than the one in force (number "
                                + same.get(0).number() + " after " + old.number() + ")");
            }
        }
        Map<URI, List<RevocationList>> still = new HashMap<>();
        fromAddresses.forEach((address, lists) -> still.put(
                address,
                lists.stream()
                        .filter(list -> authorities.stream()
                                .anyMatch(one -> one.getPublicKey()
                                        .equals(list.authority().getPublicKey())))
                        .toList()));
        return new Revocation(settings, fresh, still, attached, ocsp, clock);
    }

    /** With what an address sent. */
    Revocation fetched(URI address, List<RevocationList> lists) throws UnusableTls {
        for (RevocationList old : fromAddresses.getOrDefault(address, List.of())) {
            if (lists.stream()
                    .noneMatch(one -> one.authority()
                                    .getPublicKey()
                                    .equals(old.authority().getPublicKey())
                            && !one.isOlderThan(old))) {
                throw new UnusableTls(address + ": the revocation list is older than the one in force");
            }
        }
        Map<URI, List<RevocationList>> all = new HashMap<>(fromAddresses);
        all.put(address, List.copyOf(lists));
        return new Revocation(settings, fromFiles, all, attached, ocsp, clock);
    }

    /** With what had come from the addresses meanwhile. */
    Revocation withAddressesOf(Revocation other) {
        return new Revocation(settings, fromFiles, other.fromAddresses, attached, ocsp, clock);
    }

    private static List<RevocationList> files(
            Configuration.Revocation settings, List<X509Certificate> authorities, Clock clock) throws UnusableTls {
        List<RevocationList> lists = new ArrayList<>();
        for (Path path : settings.files()) {
            try {
                if (!Files.isDirectory(path)) {
                    lists.addAll(RevocationList.read(path.toString(), Files.readAllBytes(path), authorities, clock));
                    continue;
                }
                List<Path> inside;
                try (Stream<Path> files = Files.list(path)) {
                    inside = files.filter(Revocation::looksLikeAList).sorted().toList();
                }
                if (inside.isEmpty()) {
                    throw new UnusableTls(path + ": no revocation list in this folder (*.crl, *.pem, *.der)");
                }
                for (Path file : inside) {
                    lists.addAll(RevocationList.read(file.toString(), Files.readAllBytes(file), authorities, clock));
                }
            } catch (IOException e) {
                throw new UnusableTls(path + ": cannot be read: " + e.getMessage(), e);
            }
        }
        return lists;
    }

    private static boolean looksLikeAList(Path file) {
        String name = file.getFileName().toString();
        return !name.startsWith(".")
                && (name.endsWith(".crl") || name.endsWith(".pem") || name.endsWith(".der"))
                && Files.isRegularFile(file);
    }

    /** Refuses a path, leaf first, with a revoked certificate, and one that nobody can tell about any more. */
    void require(List<X509Certificate> path, X509Certificate authority) throws CertificateRefused {
        for (int i = 0; i < path.size(); i++) {
            X509Certificate issuer = i + 1 < path.size() ? path.get(i + 1) : authority;
            requireByList(path.get(i), issuer);
            if (attached != null) {
                attached.require(path.get(i), issuer, settings.unknown());
            }
            if (ocsp != null) {
                ocsp.requireNotKnownRevoked(path.get(i), issuer);
            }
        }
    }

    private void requireByList(X509Certificate certificate, X509Certificate issuer) throws CertificateRefused {
        RevocationList list = current.get(issuer.getPublicKey());
        if (list == null) {
            if (fromAddresses.size() < settings.addresses().size()) {
                throw new CertificateRefused(
                        Code.CERT_CRL_STALE,
                        certificate,
                        "the revocation list of its authority could not be fetched yet");
            }
            return;
        }
        X509CRLEntry entry = list.list().getRevokedCertificate(certificate.getSerialNumber());
        if (entry != null) {
            throw CertificateRefused.revoked(
                    certificate,
                    entry.getRevocationDate().toInstant(),
                    reason(entry),
                    entry.getRevocationReason() == CRLReason.KEY_COMPROMISE);
        }
        Instant now = clock.instant();
        Instant due = list.due();
        boolean late = now.isAfter(due);
        if (late && (settings.stale() == Stale.FAIL || now.isAfter(due.plus(settings.staleGrace())))) {
            throw new CertificateRefused(
                    Code.CERT_CRL_STALE, certificate, "the revocation list of its authority was due " + due);
        }
    }

    private static String reason(X509CRLEntry entry) {
        CRLReason reason = entry.getRevocationReason();
        return reason == null ? "" : word(reason);
    }

    /** Whom the lists and the journal name for good, by authority. What OCSP would say is not asked for. */
    List<RevokedOf> revoked() {
        List<RevokedOf> all = new ArrayList<>();
        for (RevocationList list : current.values()) {
            all.add(new RevokedOf(
                    list.authority(),
                    serial -> Optional.ofNullable(list.list().getRevokedCertificate(serial))
                            .filter(entry -> entry.getRevocationReason() != CRLReason.CERTIFICATE_HOLD)
                            .map(entry -> CertificateRefused.since(
                                    entry.getRevocationDate().toInstant(), reason(entry)))));
        }
        if (attached != null) {
            all.addAll(attached.revoked());
        }
        return all;
    }

    /** As the journal calls it, where it does. */
    private static String word(CRLReason reason) {
        return reason == CRLReason.CERTIFICATE_HOLD ? RevocationReason.CERTIFICATE_HOLD.word() : reason.toString();
    }

    /** What somebody should look at: lists that are due. */
    List<String> alarms() {
        List<String> alarms = new ArrayList<>();
        for (RevocationList list : current.values()) {
            if (clock.instant().isAfter(list.due())) {
                alarms.add(list.source() + ": a newer revocation list was due " + list.due()
                        + (settings.stale() == Stale.FAIL
                                ? "; its authority's certificates are refused"
                                : "; its authority's certificates are refused after "
                                        + list.due().plus(settings.staleGrace())));
            }
        }
        return alarms;
    }

    /** When the first list is due; the end of time if there is none. */
    Instant firstDue() {
        return current.values().stream()
                .map(RevocationList::due)
                .min(Instant::compareTo)
                .orElse(Instant.MAX);
    }
}
