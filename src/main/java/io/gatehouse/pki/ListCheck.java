package io.gatehouse.pki;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CRLReason;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Looks whether an authority's revocation lists say what its journal says, and for how long. Stateless. */
public final class ListCheck {
    private ListCheck() {}

    /**
     * What is wrong with the lists; empty if nothing is.
     *
     * @param ahead how long they must hold from now on
     */
    public static List<String> of(Path authority, Instant now, Duration ahead) throws PkiProblem {
        return of(new AuthorityFolder(authority), Authority.view(authority), now, ahead, true);
    }

    /**
     * As that, for who has read the journal.
     *
     * @param wanted whether a list is missed that nobody needs yet: it was never published, and nothing would be on it
     */
    static List<String> of(AuthorityFolder folder, Inventory inventory, Instant now, Duration ahead, boolean wanted)
            throws PkiProblem {
        List<String> findings = new ArrayList<>();
        for (String kind : List.of("device", "server")) {
            Path file = folder.revocationList(kind);
            if (!Files.exists(file)) {
                if (wanted || isMissed(folder, kind, inventory)) {
                    findings.add(file + ": there is none. Run: gatehouse certs crl");
                }
                continue;
            }
            try (var in = Files.newInputStream(file)) {
                X509CRL list = (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(in);
                list.verify(folder.certificate(kind).getPublicKey());
                findings.addAll(judge(file, list, inventory, kind.equals("server"), now, ahead));
            } catch (IOException e) {
                throw new PkiProblem(PkiProblem.Kind.IO, file + ": cannot be read: " + FileFault.why(e));
            } catch (GeneralSecurityException e) {
                findings.add(file + ": not a revocation list of this authority. Run: gatehouse certs crl");
            }
        }
        int overlapped = inventory.overlapped(now).size();
        if (overlapped > 0) {
            findings.add(
                    folder.journal() + ": " + overlapped
                            + " are still accepted beside their successors, though their time is over. Run: gatehouse certs crl");
        }
        return findings;
    }

    /** Whether it was published once, or something would be on it. A standing authority publishes the devices' alone. */
    private static boolean isMissed(AuthorityFolder folder, String kind, Inventory inventory) {
        boolean servers = kind.equals("server");
        return !servers && inventory.listNumber() > 0
                || Files.exists(folder.revocationListPem(kind))
                || inventory.items().stream()
                        .anyMatch(item -> item.profile().isServer() == servers && item.revokedAt() != null);
    }

    private static List<String> judge(
            Path file, X509CRL list, Inventory inventory, boolean servers, Instant now, Duration ahead) {
        List<String> findings = new ArrayList<>();
        Instant end = list.getNextUpdate() == null
                ? Instant.MIN
                : list.getNextUpdate().toInstant();
        BigInteger number = RevocationLists.number(list);
        if (number.compareTo(BigInteger.valueOf(inventory.listNumber())) > 0) {
            findings.add(RevocationLists.older(file, number, inventory.listNumber()));
        }
        if (now.isAfter(end)) {
            findings.add(file + ": out of date. Run: gatehouse certs crl");
        } else if (now.plus(ahead).isAfter(end)) {
            findings.add(file + ": holds until " + end + " only. Run: gatehouse certs crl");
        }
        long missing = missing(list, inventory, servers, now);
        if (missing > 0) {
            findings.add(file + ": " + missing + " that the journal revoked are not in it. Run: gatehouse certs crl");
        }
        long changed = changed(list, inventory);
        if (changed > 0) {
            findings.add(file + ": " + changed + " in it were released since, or revoked for good after a hold. Run:"
                    + " gatehouse certs crl");
        }
        return findings;
    }

    /** How many the journal revoked that a list should have and has not. */
    static long missing(X509CRL list, Inventory inventory, boolean servers, Instant now) {
        return inventory.items().stream()
                .filter(item -> item.profile().isServer() == servers)
                .filter(item -> item.revokedAt() != null && item.notAfter().isAfter(now))
                .filter(item -> list.getRevokedCertificate(item.serial()) == null)
                .count();
    }

    /** How many of a list are no longer revoked, or for another reason. */
    static long changed(X509CRL list, Inventory inventory) {
        Set<? extends X509CRLEntry> entries = list.getRevokedCertificates();
        return entries == null
                ? 0
                : entries.stream()
                        .filter(entry -> inventory
                                .bySerial(entry.getSerialNumber())
                                .filter(item -> !says(entry, item.reason()))
                                .isPresent())
                        .count();
    }

    private static boolean says(X509CRLEntry entry, @Nullable RevocationReason reason) {
        CRLReason listed = entry.getRevocationReason();
        return reason != null
                && reason.code() == (listed == null ? 0 : listed.ordinal()); // in the order of their codes
    }
}
