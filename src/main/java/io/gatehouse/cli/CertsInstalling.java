package io.gatehouse.cli;

import io.gatehouse.config.CertificatePlace;
import io.gatehouse.config.Problem;
import io.gatehouse.pki.AtomicFiles;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Draft;
import io.gatehouse.pki.FileFault;
import io.gatehouse.pki.Issued;
import io.gatehouse.pki.Pem;
import io.gatehouse.pki.PkiProblem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Puts a server's key and certificate where a broker reads them. Confined to its command.
 *
 * <p>It replaces what this authority issued, and never a certificate from elsewhere.
 */
final class CertsInstalling {
    private static final Pattern LISTENER = Pattern.compile("^listener \"([^\"]*)\"");

    /** Of a certificate's id. */
    private static final int MAX_ID = 64;

    private final Authority authority;
    private final CertsReport report;

    CertsInstalling(Authority authority, CertsReport report) {
        this.authority = authority;
        this.report = report;
    }

    /** A certificate that a configuration wants, and the names it is for. */
    record Wanted(CertificatePlace place, String name, List<String> dns, List<String> ips) {
        Draft draft(java.time.Duration validity, boolean wildcards) {
            return Draft.server(name, dns, ips, validity).withWildcards(wildcards);
        }
    }

    /**
     * What a configuration wants; all its problems at once are the failure.
     *
     * @param name what the certificates are called in lists; empty: each by its first name
     */
    static List<Wanted> wanted(Path configuration, Optional<String> name, List<String> dns, List<String> ips) {
        CertificatePlace.Result result = CertificatePlace.read(configuration);
        if (!result.problems().isEmpty()) {
            throw Failure.of(
                    3, result.problems().stream().map(Problem::toString).collect(Collectors.joining("\n")));
        }
        List<Wanted> all = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        for (CertificatePlace place : result.places()) {
            List<String> hosts = new ArrayList<>(place.names());
            if (!place.forOneName()) {
                dns.stream().filter(one -> !hosts.contains(one)).forEach(hosts::add);
                ips.stream().filter(one -> !hosts.contains(one)).forEach(hosts::add);
            }
            if (hosts.isEmpty()) {
                throw Failure.of(
                        3,
                        configuration + ": " + String.join(", ", place.wantedBy())
                                + " is on every address and does not say what clients call it. Write tls: {names:"
                                + " [mqtt.example.com]}, or give --dns HOST");
            }
            List<String> addresses =
                    hosts.stream().filter(CertsInstalling::isAddress).toList();
            List<String> names = hosts.stream().filter(one -> !isAddress(one)).toList();
            String called =
                    place.forOneName() || name.isEmpty() ? (names.isEmpty() ? addresses : names).get(0) : name.get();
            String id = called.replaceFirst("^\\*\\.", "").replaceFirst("^:+", "ip-");
            all.add(new Wanted(place, alone(id, place, ids), names, addresses));
        }
        return all;
    }

    /**
     * An id of its own for every place: of two certificates by one, the first would count as replaced by the second, and
     * renewal and revocation would mean one of them. The first keeps it, the others are called after what wants them too.
     */
    private static String alone(String id, CertificatePlace place, Set<String> ids) {
        Matcher listener = LISTENER.matcher(place.wantedBy().get(0));
        String name = listener.find() ? listener.group(1).replaceAll("[^A-Za-z0-9_-]", "-") : "enrolment";
        String of = "-" + name.substring(0, Math.min(name.length(), MAX_ID / 2));
        String longer = id.substring(0, Math.min(id.length(), MAX_ID - of.length() - 3)) + of;
        String free = id;
        for (int i = 1; !ids.add(free); i++) {
            free = i == 1 ? longer : longer + "-" + i;
        }
        return free;
    }

    private static boolean isAddress(String name) {
        return name.matches("[0-9.]+") || name.contains(":");
    }

    /** Refuses to write over what somebody else issued, before anything is issued. */
    void requireOurs(Path certificate) {
        if (!Files.exists(certificate)) {
            return;
        }
        try {
            Pem.certificates(certificate).get(0).verify(authority.serverIssuer().getPublicKey());
        } catch (PkiProblem | GeneralSecurityException e) {
            throw Failure.of(
                    4,
                    certificate
                            + ": not a certificate of this authority's; it is never overwritten. Move it away first");
        }
    }

    /** Refuses, before anything is issued, what could not be written. */
    void requireRoom(CertificatePlace place) {
        for (Path file : List.of(place.certificate(), place.key())) {
            CertsPlace.requireRoom(Objects.requireNonNull(file.toAbsolutePath().getParent()));
        }
    }

    /** Writes a certificate, its key, and the authority of clients if the configuration wants one that is not there. Says them, and more. */
    void place(Wanted wanted, Issued issued, BiConsumer<Issued, Map<String, Object>> more) {
        CertificatePlace place = wanted.place();
        try {
            issued.install(place.certificate(), place.key());
        } catch (IOException e) {
            throw CertsPlace.unwritten(authority, issued, place.certificate(), e);
        }
        Map<String, Object> made = new LinkedHashMap<>();
        made.put("id", issued.id());
        made.put("serial", issued.serial());
        made.put("notAfter", issued.certificate().getNotAfter().toInstant().toString());
        made.put(
                "names",
                java.util.stream.Stream.concat(wanted.dns().stream(), wanted.ips().stream())
                        .toList());
        made.put("certificate", place.certificate().toString());
        made.put("key", place.key().toString());
        made.put("for", place.wantedBy());
        more.accept(issued, made);
        report.add("certificates", made);
        report.say("made the certificate of " + String.join(", ", place.wantedBy()) + ": " + made.get("names")
                + ", serial " + issued.serial() + ", valid until " + made.get("notAfter"));
        report.wrote(place.certificate());
        report.wrote(place.key(), "0600");
        place.clientCa().filter(file -> !Files.exists(file)).ifPresent(file -> {
            write(file, Pem.of(authority.deviceIssuer()));
            report.wrote(file, "whose clients are let in");
        });
    }

    /** Copies a certificate, its key and the authorities into a broker's folder. */
    void copy(Issued issued, Path folder) {
        try {
            issued.install(folder.resolve("cert.pem"), folder.resolve("key.pem"));
        } catch (IOException e) {
            throw unwritten(folder.resolve("cert.pem"), e);
        }
        write(folder.resolve("ca.pem"), Pem.of(authority.root()));
        write(folder.resolve("client-ca.pem"), Pem.of(authority.deviceIssuer()));
        report.wrote(folder.resolve("cert.pem"));
        report.wrote(folder.resolve("key.pem"), "0600");
        report.wrote(folder.resolve("ca.pem"), "what clients trust");
        report.wrote(folder.resolve("client-ca.pem"), "whose clients are let in");
    }

    private static void write(Path file, String pem) {
        try {
            AtomicFiles.makeInstallFolder(
                    Objects.requireNonNull(file.toAbsolutePath().getParent()));
            AtomicFiles.install(file, pem.getBytes(StandardCharsets.US_ASCII), false);
        } catch (IOException e) {
            throw unwritten(file, e);
        }
    }

    private static Failure unwritten(Path file, IOException why) {
        return Failure.of(
                1,
                file + ": cannot be written: " + FileFault.why(why)
                        + ". The certificate and its key are written; make room, and give the same command again");
    }
}
