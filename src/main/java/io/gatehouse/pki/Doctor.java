package io.gatehouse.pki;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Looks an authority's folder over: modes, journal, validity, keys, revocation lists, profiles, left-overs. Confined to one
 * thread.
 */
public final class Doctor {
    private static final Duration SOON = Duration.ofDays(90);

    /** What clocks of two machines that write one folder may be apart. */
    static final Duration LAG = Duration.ofMinutes(5);

    private final AuthorityFolder folder;
    private final Instant now;
    private final List<String> findings = new ArrayList<>();

    private Doctor(AuthorityFolder folder, Instant now) {
        this.folder = folder;
        this.now = now;
    }

    /** Which library makes keys and signatures on this machine, for people. */
    public static String maker() {
        return BoringSsl.describe();
    }

    /** What is wrong, each with its mend; empty if all is well. */
    public static List<String> examine(Path path, Instant now) throws PkiProblem {
        return examine(path, now, Optional.empty());
    }

    /**
     * As that.
     *
     * @param passphrase of the authority; without it, only that is seen of its keys which can be seen without it
     */
    public static List<String> examine(Path path, Instant now, Optional<char[]> passphrase) throws PkiProblem {
        Doctor doctor = new Doctor(new AuthorityFolder(path), now);
        Authority.requireWhole(doctor.folder);
        Inventory inventory = new Inventory();
        Instant[] last = {Instant.MIN};
        Journal.view(
                doctor.folder.journal(),
                entry -> { // names a changed line
                    inventory.apply(entry);
                    last[0] = Instant.parse(entry.time());
                });
        doctor.clock(last[0]);
        TornTail.of(path).ifPresent(tail -> doctor.findings.add(tail.said()));
        try {
            doctor.modes();
            doctor.authorities();
            doctor.findings.addAll(KeyCheck.of(doctor.folder, passphrase));
            doctor.findings.addAll(ListCheck.of(doctor.folder, inventory, now, Duration.ZERO, false));
            doctor.findings.addAll(ProfileBook.faults(path));
            doctor.holds(inventory);
            doctor.leftOvers(inventory);
        } catch (IOException e) {
            throw new PkiProblem(PkiProblem.Kind.IO, path + ": cannot be read: " + FileFault.why(e));
        }
        return doctor.findings;
    }

    /** Validity is counted from the clock, so one that went back makes certificates that begin too early and end too late. */
    private void clock(Instant last) {
        if (now.plus(LAG).isBefore(last)) {
            findings.add(folder.journal() + ": its last line was written at " + last + ", and the clock says " + now
                    + "; is it right?");
        }
    }

    private void modes() throws IOException {
        try (Stream<Path> files = Files.walk(folder.path())) {
            for (Path file : files.toList()) {
                if (Files.isSymbolicLink(file)) {
                    findings.add(file + ": a link inside the authority's folder; replace it by what it points to");
                    continue;
                }
                Set<PosixFilePermission> modes = Files.getPosixFilePermissions(file);
                String name = String.valueOf(file.getFileName());
                boolean secret = name.endsWith(".key")
                        || name.equals("key.pem")
                        || name.equals("journal")
                        || name.equals("index")
                        || name.equals(StoredPassphrase.NAME);
                if (modes.contains(PosixFilePermission.OTHERS_WRITE)
                        || modes.contains(PosixFilePermission.GROUP_WRITE)) {
                    findings.add(file + ": others can write it. Run: chmod go-w " + file);
                }
                if (secret
                        && (modes.contains(PosixFilePermission.OTHERS_READ)
                                || modes.contains(PosixFilePermission.GROUP_READ))) {
                    findings.add(file + ": others can read it. Run: chmod 600 " + file);
                }
            }
        }
    }

    private void authorities() throws PkiProblem {
        X509Certificate root = folder.certificate("root");
        for (String name : List.of("root", "device", "server")) {
            X509Certificate one = folder.certificate(name);
            try {
                one.verify(root.getPublicKey());
            } catch (GeneralSecurityException e) {
                findings.add(folder.certificateOf(name) + ": not signed by this root; restore it from a backup");
            }
            Instant end = one.getNotAfter().toInstant();
            if (now.isBefore(one.getNotBefore().toInstant())) {
                findings.add(folder.certificateOf(name) + ": not valid yet; is the clock right? It says " + now);
            } else if (now.isAfter(end)) {
                findings.add(folder.certificateOf(name) + ": expired " + Lint.day(end) + "; make a new authority");
            } else if (now.plus(SOON).isAfter(end)) {
                findings.add(folder.certificateOf(name) + ": expires " + Lint.day(end));
            }
            Lint.of(one)
                    .forEach(lint -> findings.add(folder.certificateOf(name) + ": " + lint.id() + ": not so: "
                            + lint.rule() + " (" + lint.clause() + ")"));
        }
    }

    /** A hold is for finding something out; one that nobody ends is forgotten. */
    private void holds(Inventory inventory) {
        for (Inventory.Item item : inventory.items()) {
            Instant since = item.revokedAt();
            if (item.isHeld() && since != null && now.isBefore(item.notAfter()) && now.isAfter(since.plus(SOON))) {
                findings.add(folder.journal() + ": \"" + item.id() + "\", serial "
                        + item.serial().toString(16) + ", is on hold since " + Lint.day(since)
                        + ". Run: gatehouse certs release " + item.id() + ", or revoke it for good");
            }
        }
    }

    private void leftOvers(Inventory inventory) throws IOException {
        Path out = folder.path().resolve("out");
        if (Files.isDirectory(out)) {
            Set<String> invited =
                    inventory.tokens().stream().map(Inventory.Token::id).collect(Collectors.toSet());
            try (Stream<Path> folders = Files.list(out)) {
                folders.filter(one -> {
                            String name = String.valueOf(one.getFileName());
                            return inventory.byId(name).isEmpty() && !invited.contains(name);
                        })
                        .forEach(one -> findings.add(one + ": the journal knows nobody of this name; remove it"));
            }
        }
        try (Stream<Path> files = Files.list(folder.path())) {
            files.filter(one -> String.valueOf(one.getFileName()).startsWith("journal.torn-"))
                    .forEach(one -> findings.add(
                            one + ": a line a crash tore; nothing was issued by it. Look, then remove it"));
        }
    }
}
