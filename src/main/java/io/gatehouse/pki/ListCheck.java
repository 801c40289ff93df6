package io.gatehouse.pki;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Looks whether an authority's revocation lists say what its journal says, and for how long. Stateless. */
public final class ListCheck {
    private ListCheck() {}

    /**
     * What is wrong with the lists; empty if nothing is.
     *
     * @param ahead how long they must hold from now on
     */
    public static List<String> of(Path authority, Instant now, Duration ahead) throws PkiProblem {
        AuthorityFolder folder = new AuthorityFolder(authority);
        Inventory inventory = Authority.view(authority);
        List<String> findings = new ArrayList<>();
        for (String kind : List.of("device", "server")) {
            Path file = folder.revocationList(kind);
            if (!Files.exists(file)) {
                findings.add(file + ": there is none. Run: gatehouse certs crl");
                continue;
            }
            try (var in = Files.newInputStream(file)) {
                X509CRL list = (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(in);
                list.verify(folder.certificate(kind).getPublicKey());
                findings.addAll(judge(file, list, inventory, kind.equals("server"), now, ahead));
            } catch (IOException e) {
                throw new PkiProblem(PkiProblem.Kind.IO, file + ": cannot be read: " + e.getMessage());
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

    private static List<String> judge(
            Path file, X509CRL list, Inventory inventory, boolean servers, Instant now, Duration ahead) {
        List<String> findings = new ArrayList<>();
        Instant end = list.getNextUpdate() == null
                ? Instant.MIN
                : list.getNextUpdate().toInstant();
        if (now.isAfter(end)) {
            findings.add(file + ": out of date. Run: gatehouse certs crl");
        } else if (now.plus(ahead).isAfter(end)) {
            findings.add(file + ": holds until " + end + " only. Run: gatehouse certs crl");
        }
        Set<? extends X509CRLEntry> entries = list.getRevokedCertificates();
        Set<java.math.BigInteger> listed = entries == null
                ? Set.of()
                : entries.stream().map(X509CRLEntry::getSerialNumber).collect(Collectors.toSet());
        long missing = inventory.items().stream()
                .filter(item -> item.profile().isServer() == servers)
                .filter(item -> item.state(now) == Inventory.State.REVOKED
                        && item.notAfter().isAfter(now))
                .filter(item -> !listed.contains(item.serial()))
                .count();
        if (missing > 0) {
            findings.add(file + ": " + missing + " that the journal revoked are not in it. Run: gatehouse certs crl");
        }
        return findings;
    }
}
