package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An authority's journal for those who audit it: verified line by line as it is read, without the lock and without the
 * passphrase. Stateless.
 */
public final class Ledger {
    /**
     * A journal whose lines are all as they were written.
     *
     * @param lastHash whoever notes it elsewhere can show later that no line before it was changed or cut off
     * @param holds whether one of its lines has the hash that was asked for
     * @param impossible how many of its lines no authority writes after those before them
     * @param faults which these are, and why: the first hundred
     * @param notes what is possible and strange: a clock that was put back
     */
    public record Verified(
            long lines, String lastHash, boolean holds, long impossible, List<String> faults, List<String> notes) {}

    private Ledger() {}

    /** @param noted the hash of a line, noted at an earlier time */
    public static Verified verify(Path authority, Optional<String> noted) throws PkiProblem {
        Journal journal = open(authority);
        AtomicBoolean holds = new AtomicBoolean(noted.isEmpty());
        JournalSteps steps = new JournalSteps(new AuthorityFolder(authority).journal());
        journal.catchUp(entry -> {
            steps.take(journal.count(), entry);
            if (noted.filter(journal.lastHash()::equals).isPresent()) {
                holds.set(true);
            }
        });
        return new Verified(
                journal.count(), journal.lastHash(), holds.get(), steps.found(), steps.faults(), steps.notes());
    }

    /** Hands every line on as fields with names; what a line does not say is left out. */
    public static void export(Path authority, Consumer<Map<String, Object>> reader) throws PkiProblem {
        Journal journal = open(authority);
        journal.catchUp(entry -> {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("line", journal.count());
            put(fields, "time", entry.time());
            put(fields, "actor", entry.actor());
            put(fields, "action", entry.action());
            put(fields, "profile", entry.profile());
            put(fields, "id", entry.id());
            put(fields, nameOfSerial(entry.action()), entry.serial());
            put(fields, "end", entry.end());
            put(fields, "key", entry.key());
            put(fields, isIssue(entry) ? "certificate" : "detail", entry.detail());
            fields.put("hash", journal.lastHash());
            reader.accept(fields);
        });
    }

    private static String nameOfSerial(String action) {
        return action.startsWith("token") ? "tokenHash" : action.startsWith("request") ? "fingerprint" : "serial";
    }

    private static void put(Map<String, Object> fields, String name, String value) {
        if (!value.equals(Journal.NOTHING)) {
            fields.put(name, value);
        }
    }

    /** Hands on every certificate that was issued, oldest first, with its holder. */
    public static void certificates(Path authority, BiConsumer<String, X509Certificate> reader) throws PkiProblem {
        Journal journal = open(authority);
        AtomicReference<@Nullable PkiProblem> problem = new AtomicReference<>();
        journal.catchUp(entry -> hand(journal, entry, reader, problem));
        require(problem.get());
    }

    private static void hand(
            Journal journal,
            Journal.Entry entry,
            BiConsumer<String, X509Certificate> reader,
            AtomicReference<@Nullable PkiProblem> problem) {
        if (isIssue(entry) && problem.get() == null) {
            try {
                reader.accept(entry.id(), certificate(entry.detail()));
            } catch (CertificateException | IllegalArgumentException e) {
                problem.set(new PkiProblem(
                        Kind.CORRUPT, "line " + journal.count() + " of the journal holds no certificate"));
            }
        }
    }

    private static void require(@Nullable PkiProblem found) throws PkiProblem {
        if (found != null) {
            throw found;
        }
    }

    /**
     * Hands on every certificate of one holder, oldest first.
     *
     * @return what became of them
     */
    public static Inventory certificates(Path authority, String id, Consumer<X509Certificate> reader)
            throws PkiProblem {
        Inventory inventory = new Inventory();
        Journal journal = open(authority);
        AtomicReference<@Nullable PkiProblem> problem = new AtomicReference<>();
        journal.catchUp(entry -> {
            if (entry.id().equals(id)) {
                inventory.apply(entry);
                hand(journal, entry, (holder, certificate) -> reader.accept(certificate), problem);
            }
        });
        require(problem.get());
        return inventory;
    }

    private static X509Certificate certificate(String base64) throws CertificateException {
        byte[] der = Base64.getDecoder().decode(base64);
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
    }

    private static boolean isIssue(Journal.Entry entry) {
        return entry.action().equals("issue") || entry.action().equals("enrol");
    }

    private static Journal open(Path authority) throws PkiProblem {
        AuthorityFolder folder = new AuthorityFolder(authority);
        folder.requireTrusted();
        return Journal.follow(folder.journal());
    }
}
