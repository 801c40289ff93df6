package io.gatehouse.cli;

import io.gatehouse.pki.Inventory.State;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Profile;
import io.gatehouse.pki.Roll;
import io.gatehouse.pki.RollRow;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code certs list}: what was issued; needs no passphrase. */
@Command(name = "list", description = "List what was issued.", mixinStandardHelpOptions = true)
final class CertsList implements Runnable {
    @Option(
            names = "--expiring",
            paramLabel = CertsTime.LABEL,
            converter = CertsTime.class,
            description = "Active ones that end within a time, such as 30d.")
    private @Nullable Duration expiring;

    @Option(
            names = "--state",
            paramLabel = "STATE",
            description = "pending, active, superseded, held, revoked or expired.")
    private @Nullable State state;

    @Option(
            names = "--profile",
            paramLabel = "PROFILE",
            converter = CertsProfileWord.class,
            description = CertsProfileWord.WORDS + ".")
    private @Nullable Profile profile;

    @Option(names = "--id", paramLabel = "PATTERN", description = "With * for any characters, such as 'line-3-*'.")
    private String pattern = "*";

    @Option(
            names = "--where",
            paramLabel = "CONDITION",
            description = "FIELD, one of = != ~ < >, and a value; ~ takes * for any characters, < and > compare times."
                    + " Fields: id, group, profile, state, serial, reason, issued_at, not_after, revoked_at. Such as"
                    + " \"not_after<2030-01-31\". Repeat for more; all have to hold.")
    private List<String> conditions = List.of();

    @Option(names = "--csv", description = "As a table for other programs (RFC 4180).")
    private boolean csv;

    @Option(names = "--index", description = "As the index that `openssl ocsp -index` answers from.")
    private boolean index;

    @Option(names = "--exit-code", description = "End with 9 if the list is not empty; for watchers.")
    private boolean exitCode;

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Override
    public void run() {
        boolean json = common.json();
        if ((json ? 1 : 0) + (csv ? 1 : 0) + (index ? 1 : 0) > 1) {
            throw Failure.usage("--json, --csv and --index: give one of them");
        }
        Instant now = Clock.systemUTC().instant();
        try {
            Predicate<RollRow> wanted = wanted(now);
            CertsLines lines = new CertsLines(common.out(), now);
            BiConsumer<CertsLines, RollRow> form =
                    json ? CertsLines::json : index ? CertsLines::index : csv ? CertsLines::csv : CertsLines::text;
            Roll roll = Roll.of(common.folderToRead());
            roll.warning().ifPresent(common::warn);
            if (csv) {
                lines.heading();
            }
            long[] count = new long[1];
            roll.forEach(row -> {
                if (wanted.test(row)) {
                    form.accept(lines, row);
                    count[0]++;
                }
            });
            if (json) {
                lines.endOfJson();
            }
            lines.flush();
            if (!json && !csv && !index) {
                common.out().println(count[0] + (count[0] == 1 ? " certificate" : " certificates"));
                common.out().println("next: gatehouse certs inspect ID -d " + common.folder());
            }
            if (exitCode && count[0] > 0) {
                throw Failure.of(CertsCommand.FINDINGS, count[0] + " of them; renew with: gatehouse certs renew ID");
            }
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    private Predicate<RollRow> wanted(Instant now) {
        List<Predicate<RollRow>> all = new ArrayList<>();
        if (expiring != null) {
            Instant end = now.plus(expiring);
            all.add(row -> row.state(now) == State.ACTIVE && !row.notAfter().isAfter(end));
        }
        if (state != null) {
            all.add(row -> row.state(now) == state);
        }
        if (profile != null) {
            all.add(row -> row.profile() == profile);
        }
        if (!pattern.equals("*")) {
            Pattern ids = CertsWhere.like(pattern);
            all.add(row -> ids.matcher(row.id()).matches());
        }
        for (String condition : conditions) {
            CertsWhere where = CertsWhere.of(condition, now);
            all.add(row -> where.holds(row.group(), row.item()));
        }
        return row -> {
            for (Predicate<RollRow> one : all) {
                if (!one.test(row)) {
                    return false;
                }
            }
            return true;
        };
    }
}
