package io.gatehouse.pki;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Looks whether each line of a journal is something that an authority does after what the lines before it say. The hashes
 * show that no line was changed after it was written; this shows what was written by something else, with good hashes.
 * Confined to one thread.
 *
 * <p>What an {@link Inventory} refuses stops every command; what it reads past is found here alone.
 */
final class JournalSteps {
    /** Whoever reads more reads on after these are mended. */
    private static final int MOST = 100;

    private final Path file;
    private final Inventory inventory = new Inventory();
    /** The key that asked last, of each id. */
    private final Map<String, String> applicants = new HashMap<>();

    private final List<String> faults = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private long found;
    /** Whether something came after the making; an init that was killed makes it again before that. */
    private boolean begun;

    private Instant last = Instant.MIN;

    JournalSteps(Path file) {
        this.file = file;
    }

    /** What no authority writes, each with its line: the first hundred. */
    List<String> faults() {
        return List.copyOf(faults);
    }

    /** How many there are. */
    long found() {
        return found;
    }

    /** What an authority writes whose clock was put back: the first hundred. */
    List<String> notes() {
        return List.copyOf(notes);
    }

    void take(long line, Journal.Entry entry) {
        Optional<String> fault;
        try {
            fault = fault(entry);
            begun |= !entry.action().equals(Journal.CREATE);
            inventory.apply(entry);
            clock(line, Instant.parse(entry.time()));
        } catch (UnfitEntry e) {
            fault = Optional.of(String.valueOf(e.getMessage()));
        } catch (DateTimeException | IllegalArgumentException e) {
            fault = Optional.of("a time, a number or a profile that is none");
        }
        if (fault.isPresent()) {
            found++;
            note(faults, line, fault.get());
        }
    }

    private void note(List<String> list, long line, String text) {
        if (list.size() < MOST) {
            list.add(file + ":" + line + ": " + text);
        }
    }

    private void clock(long line, Instant now) {
        if (now.plus(Doctor.LAG).isBefore(last)) {
            note(
                    notes,
                    line,
                    "it was written at " + now + ", and the line before at " + last + ": the clock was put back by "
                            + Duration.between(now, last).toMinutes() + " minutes");
        }
        last = now;
    }

    private Optional<String> fault(Journal.Entry entry) {
        return switch (entry.action()) {
            case Journal.CREATE -> when(begun, "a making of the authority after it did something");
            case "issue", "enrol" -> certificate(entry);
            case "revoke", "release", "retire" -> item(entry, false);
            case "activate" -> item(entry, true);
            case "crl" -> number(Long.parseLong(entry.detail()));
            case "token" ->
                when(inventory.token(entry.id(), entry.serial()).isPresent(), "a token that was made before");
            case "token-used", "token-revoked" -> token(entry);
            case "request" -> {
                applicants.put(entry.id(), entry.serial());
                yield Optional.empty();
            }
            case "request-approved", "request-refused" ->
                when(
                        !entry.serial().equals(applicants.get(entry.id())),
                        entry.action() + " of a key that did not wait for \"" + entry.id() + "\"");
            case "uri" -> uri(entry);
            default -> Optional.empty(); // of a group anything may be said; what is unknown the inventory refuses
        };
    }

    private static Optional<String> when(boolean wrong, String text) {
        return wrong ? Optional.of(text) : Optional.empty();
    }

    /** A line that says something else than the certificate in it hides that one from whoever revokes. */
    private static Optional<String> certificate(Journal.Entry entry) {
        X509Certificate certificate;
        try {
            byte[] der = Base64.getDecoder().decode(entry.detail());
            certificate = (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
        } catch (CertificateException | IllegalArgumentException e) {
            return Optional.of("no certificate in it");
        }
        boolean same = certificate.getSerialNumber().equals(new BigInteger(entry.serial(), 16))
                && certificate.getNotAfter().toInstant().equals(Instant.parse(entry.end()))
                && Authority.keyHash(certificate.getPublicKey()).equals(entry.key());
        return when(!same, "its serial, end or key is not that of the certificate in it");
    }

    private Optional<String> item(Journal.Entry entry, boolean pending) {
        Optional<Inventory.Item> known = inventory.bySerial(new BigInteger(entry.serial(), 16));
        if (known.isEmpty()) {
            return Optional.of(entry.action() + " of what was never issued");
        }
        Inventory.Item item = known.get();
        if (!item.id().equals(entry.id()) || !item.profile().word().equals(entry.profile())) {
            return Optional.of(entry.action() + " of serial " + entry.serial() + ", which is that of "
                    + item.profile().word() + " \"" + item.id() + "\"");
        }
        return when(pending && !item.pending(), "an activation of what was not pending");
    }

    private Optional<String> number(long number) {
        return when(
                number <= inventory.listNumber(),
                "list number " + number + " after " + inventory.listNumber() + "; they only grow");
    }

    private Optional<String> token(Journal.Entry entry) {
        Optional<Inventory.Token> known = inventory.token(entry.id(), entry.serial());
        if (known.isEmpty()) {
            return Optional.of(entry.action() + " of what was never made for \"" + entry.id() + "\"");
        }
        return when(known.get().used(), entry.action() + " of what was used or taken back before");
    }

    private Optional<String> uri(Journal.Entry entry) {
        try {
            inventory.requireOwn(Profile.ofWord(entry.profile()), entry.id(), new Labels(entry.detail(), null));
            return Optional.empty();
        } catch (PkiProblem e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }
}
